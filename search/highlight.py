"""Shows why something was found: the words of a text that match in `<mark>`, and the piece of it where they stand."""

import re
import unicodedata
from collections.abc import Collection, Iterable

from markupsafe import Markup, escape

EXCERPT = 260
# What is marked in is never read further than this; the match may stand behind it, then the beginning is shown.
READ = 20_000

_WORD = re.compile(r"[^\W_]+(?:[-_]+[^\W_]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+|[^\W_]")
# An index keeps the stem of a word; in a text the word goes on with one of these.
_ENDING = re.compile(
    r"e|y|s|es|ed|d|er|ers|or|ors|ing|ings|ly|y|al|ally|able|ible|ion|ions|ation|ations|ment|ments|ness|ive|ance|ence"
    r"|ity|ful|less|ize|izes|ized|ise|ised|ic|ical|ate|ates|ated|ating|ator|i?es|i?ed|'?s"
)
_LEXEME = re.compile(r"'((?:[^']|'')+)'(:\*)?")


def stems_of(query: str) -> tuple[frozenset[str], frozenset[str]]:
    """The stems in PostgreSQL's text of a query such as `'resampl':* & 'window'`: whole ones, and beginnings."""
    whole: set[str] = set()
    begun: set[str] = set()
    for lexeme, star in _LEXEME.findall(query):
        (begun if star else whole).add(lexeme.replace("''", "'"))
    return frozenset(whole), frozenset(begun)


def fold(word: str) -> str:
    """A word as the index knows it: small letters without accents, joined by nothing."""
    plain = unicodedata.normalize("NFKD", word)
    return "".join(c for c in plain if not unicodedata.combining(c) and c.isalnum()).lower()


class Marker:
    """Marks the words of texts that match one query: the stems in its PostgreSQL text, or its words as typed."""

    def __init__(self, query: str, words: Iterable[str] = ()) -> None:
        self.whole, self.begun = stems_of(query)
        self.typed = {fold(part[0]) for word in words for part in _WORD.finditer(word)}
        self.known: dict[str, bool] = {}

    def matches(self, word: str) -> bool:
        """Whether a word is one of those looked for."""
        known = self.known.get(word)
        if known is None:
            known = self.known[word] = self.compare(fold(word))
        return known

    def compare(self, word: str) -> bool:
        if word in self.whole or word in self.typed or any(word.startswith(stem) for stem in self.begun):
            return True
        for cut in range(max(2, len(word) - 7), len(word)):
            stem, rest = word[:cut], word[cut:]
            if (stem in self.whole or stem + "i" in self.whole) and _ENDING.fullmatch(rest):
                return True
            # running, dropped: the last letter doubled
            if len(rest) > 2 and stem in self.whole and rest[0] == stem[-1] and rest[1:] in ("ing", "ed", "er"):
                return True
        return False

    def spots(self, text: str) -> list[tuple[int, int]]:
        """Where matching words stand: whole names first, else the parts that match."""
        found = []
        for word in _WORD.finditer(text[:READ]):
            if self.matches(word[0]):
                found.append(word.span())
                continue
            for part in _PART.finditer(word[0]):
                if part[0] != word[0] and self.matches(part[0]):
                    found.append((word.start() + part.start(), word.start() + part.end()))
        return found

    def mark(self, text: str) -> Markup:
        """All of a text, safe, with what matches in `<mark>`."""
        return marked(text, self.spots(text))

    def excerpt(self, text: str, length: int = EXCERPT) -> Markup:
        """The piece of a text of about `length` characters in which most matches stand, safe and marked."""
        text = " ".join(text.split())
        spots = self.spots(text)
        start = densest(spots, length)
        if start + length >= len(text):
            start = max(0, len(text) - length)
        if start:
            start = text.find(" ", start, start + 40) + 1 or start
        end = len(text) if start + length >= len(text) else text.rfind(" ", start, start + length)
        end = end if end > start else start + length
        piece = marked(text[start:end], [(a - start, b - start) for a, b in spots if a >= start and b <= end])
        return Markup("…" if start else "") + piece + Markup("…" if end < len(text) else "")


def densest(spots: Collection[tuple[int, int]], length: int) -> int:
    """Where a window of `length` should begin so that most spots stand in it, with a little before the first."""
    starts = [a for a, _ in spots]
    best, most, last = 0, 0, 0
    for first, at in enumerate(starts):
        while last < len(starts) and starts[last] < at + length * 3 // 4:
            last += 1
        if last - first > most:
            best, most = at, last - first
    return max(0, best - length // 4)


def marked(text: str, spots: Collection[tuple[int, int]]) -> Markup:
    """A text with the spots in `<mark>`; everything else is escaped, the inside of the marks too."""
    parts: list[Markup] = []
    at = 0
    for start, end in spots:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(text[at:])])
