"""How Meilisearch reads queries and matches words: phrases, what is left out, typing errors, beginnings, words joined.

After the engine's published source (milli: query_term/parse_query.rs, compute_derivations.rs) and documentation. Texts
are split at whatever is no letter or digit; scripts without spaces are not taken apart, as the server would.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

MOST_TERMS = 10
_SPLIT = re.compile(r"([^\W_]+)")
Words = Sequence[str]


def normal(text: str) -> str:
    """Small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def words_of(text: object) -> list[str]:
    """The words of an attribute's value."""
    return _SPLIT.findall(normal(" ".join(map(str, text)) if isinstance(text, list) else str(text or "")))


@dataclass(frozen=True)
class Term:
    """A word that must occur, or a phrase: words in a row, each exactly so. `joined`: neighbours written as one word,
    which may have so many errors less."""

    words: tuple[str, ...]
    is_phrase: bool = False
    may_go_on: bool = False
    joined: int = 0


@dataclass
class Asked:
    """A query taken apart as the server does; what comes behind the tenth term is not read."""

    terms: list[Term] = field(default_factory=list)
    without: list[Term] = field(default_factory=list)

    @cached_property
    def readings(self) -> list[list[Term]]:
        return joinings(self.terms)


def parse(query: str) -> Asked:
    asked = Asked()
    pieces = [piece for piece in _SPLIT.split(normal(query)) if piece]
    phrase: list[str] | None = None
    is_without = minus = False
    after_space = True
    for at, piece in enumerate(pieces):
        if len(asked.terms) >= MOST_TERMS:
            return asked
        if _SPLIT.fullmatch(piece):
            if phrase is not None:
                phrase.append(piece)
            elif minus:
                asked.without.append(Term((piece,)))
                minus = False
            else:
                asked.terms.append(Term((piece,), may_go_on=at == len(pieces) - 1))
        else:
            for sign in piece:
                if sign == '"':
                    if phrase is None:
                        phrase, is_without = [], minus
                    else:
                        keep(asked, phrase, is_without)
                        phrase = None
                    minus = False
                elif phrase is None:
                    minus = sign == "-" and after_space
                after_space = sign.isspace()
            continue
        after_space = False
    if phrase:
        keep(asked, phrase, is_without)
    return asked


def keep(asked: Asked, phrase: list[str], is_without: bool) -> None:
    if phrase:
        (asked.without if is_without else asked.terms).append(Term(tuple(phrase), is_phrase=True))


# --- matching ------------------------------------------------------------------------------------------------------


def typos_allowed(word: str) -> int:
    """By bytes: one from five on, two from nine on."""
    return 0 if len(word.encode()) < 5 else 1 if len(word.encode()) < 9 else 2


def distance(asked: str, word: str, most: int, is_prefix: bool) -> int | None:
    """Errors between what was typed and a word (or a beginning of it): a letter too many, too few, another one, two
    exchanged; the first letter counts twice. None above `most`."""
    if word == asked or (is_prefix and word.startswith(asked)):
        return 0
    if not most or (not is_prefix and abs(len(word) - len(asked)) > most):
        return None
    rows = [list(range(len(word) + 1))]
    for i, a in enumerate(asked, 1):
        row = [i]
        for j, b in enumerate(word, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == word[j - 2] and asked[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    found = min(rows[-1]) if is_prefix else rows[-1][-1]
    if found and word[:1] != asked[:1]:
        found += 1
    return found if found <= most else None


@dataclass(frozen=True)
class Match:
    """How a document matches: its errors, the best attribute, the places of its terms there, terms that are exact."""

    typos: int
    attribute: int
    places: tuple[int, ...]
    exact: int


def places_of(term: Term, words: Words) -> list[tuple[int, int]]:
    """Where a term stands in an attribute, and with how many errors."""
    if term.is_phrase:
        n = len(term.words)
        return [(at, 0) for at in range(len(words) - n + 1) if tuple(words[at : at + n]) == term.words]
    asked = term.words[0]
    found = []
    for at, word in enumerate(words):
        errors = distance(asked, word, max(0, typos_allowed(asked) - term.joined), term.may_go_on)
        if errors is not None:
            found.append((at, errors))
        elif at + 1 < len(words) and word + words[at + 1] == asked:
            # written as one word, standing there as two
            found.append((at, 1))
    return found


def match(asked: Asked, attributes: Sequence[Words]) -> Match | None:
    """The best way in which all terms occur in these attributes, None where they do not."""
    if any(places_of(term, words) for term in asked.without for words in attributes):
        return None
    best: Match | None = None
    for terms in asked.readings:
        typos = exact = 0
        attribute = 0
        places: list[int] = []
        for term in terms:
            found = [(errors, n, at) for n, words in enumerate(attributes) for at, errors in places_of(term, words)]
            if not found:
                break
            errors, n, at = min(found)
            typos += errors
            exact += not errors and not (term.may_go_on and attributes[n][at] != term.words[0])
            attribute = max(attribute, n)
            places.append(at)
        else:
            made = Match(typos + len(asked.terms) - len(terms), attribute, tuple(places), exact)
            if best is None or (made.typos, made.attribute) < (best.typos, best.attribute):
                best = made
    return best


def joinings(terms: list[Term]) -> list[list[Term]]:
    """The terms, and with two or three neighbours written as one word."""
    if not terms:
        return [[]]
    made = [[terms[0], *rest] for rest in joinings(terms[1:])]
    for n in (2, 3):
        some = terms[:n]
        if len(some) == n and not any(term.is_phrase for term in some):
            joined = Term(("".join(term.words[0] for term in some),), may_go_on=some[-1].may_go_on, joined=n - 1)
            made += [[joined, *rest] for rest in joinings(terms[n:])]
    return made
