"""The language of queries: words, "phrases", -without, in:project, tag:name, is:solved, is:open, @person."""

import re
from dataclasses import dataclass

LONGEST = 300
MOST_WORDS = 16
# Words that say what a question is about.
TELLING = 10

_PIECE = re.compile(r'(-(?!-)|)(?:(in|tag|is):)?(?:"([^"]*)(?:"|$)|(\S+))', re.IGNORECASE)
# Two words or more in one piece, such as pelican.errors.FooterError: they must follow each other.
_JOINED = re.compile(r"[^\W_](?:[./:@+&<~=#%]+)[^\W_]")
_WORD = re.compile(r"\w")
_NAME = re.compile(r"[\w.@+-]{1,100}")


@dataclass(frozen=True)
class Query:
    """A query taken apart. `words` must all occur, in any order; `phrases` word by word; `without` not at all.

    `projects` are handles, `people` usernames; `solved` None where both will do.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    solved: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing: then nothing is found."""
        return not (self.words or self.projects or self.tags or self.people or self.solved is not None)

    @property
    def is_plain(self) -> bool:
        """Whether it is words alone, so that people may be meant as well."""
        return bool(self.words) and not (self.projects or self.tags or self.people or self.without)


def clean(text: str, limit: int) -> str:
    """At most `limit` characters, without what no database takes (NUL, lone surrogates)."""
    return text[:limit].replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")


def parse(text: str) -> Query:
    """Take a query apart. Any text is a query: what is no word asks for nothing, what is too much is left out."""
    words: list[str] = []
    phrases: list[str] = []
    without: list[str] = []
    named: dict[str, list[str]] = {"in": [], "tag": [], "@": []}
    solved: bool | None = None
    for minus, key, quoted, bare in _PIECE.findall(clean(text, LONGEST)):
        piece = quoted or bare
        key = key.lower()
        if key in ("in", "tag") and not minus:
            named[key].append(piece.lower().strip("#"))
        elif key == "is" and not minus and piece.lower() in ("solved", "open", "unsolved"):
            solved = piece.lower() == "solved"
        elif bare.startswith("@") and not minus and _NAME.fullmatch(bare[1:]):
            named["@"].append(bare[1:].lower())
        elif not _WORD.search(piece) or piece.lower() in ("in:", "tag:", "is:"):
            continue
        elif minus and not key:
            without.append(piece)
        else:
            piece = f"{key}:{piece}" if key else piece
            words.append(piece)
            if (quoted and len(piece.split()) > 1) or _JOINED.search(piece):
                phrases.append(piece)
    return Query(
        words=tuple(words[:MOST_WORDS]),
        phrases=tuple(phrases[:MOST_WORDS]),
        without=tuple(without[:MOST_WORDS]),
        projects=tuple(named["in"][:1]),
        tags=tuple(named["tag"][:5]),
        people=tuple(named["@"][:5]),
        solved=solved,
    )


# Words that tell nothing about what a thread is about; for similar threads alone, a search takes every word it is given.
_SILENT_WORDS = """a about after all also am an and any are as at be been before but by can cannot could did do does doesn done for
    from get gets got had has have how i if in into is isn it its just like make me my need no not of off on one only or
    our out please should since so some than that the their them then there these they this to too try trying up use
    used using via want was way we were what when where which while who why will with won work working works would you
    your yours hello hi thanks thank help question problem issue der die das und ist nicht ein eine wie le la les des un
    une est et pour dans de du que qui el los las es en por para con"""
_SILENT = frozenset(_SILENT_WORDS.split())
_TOKEN = re.compile(r"[^\W_](?:[\w.:/-]*[^\W_])?")
_CODE = re.compile(r"[_.:]|[a-z][A-Z]|\d[a-zA-Z]|[a-zA-Z]\d|^[A-Z]{2,}")


def telling_words(title: str, body: str) -> list[tuple[str, float]]:
    """What a question is about, as (word, weight), heaviest first: the words of its title, then the names of code in
    its body and the words that stand there several times."""
    weights: dict[str, float] = {}
    for word in _TOKEN.findall(clean(title, 300)):
        if worth(word):
            weights.setdefault(word.lower(), 1.5 if _CODE.search(word) else 1.0)
    counts: dict[str, int] = {}
    names: dict[str, bool] = {}
    for word in _TOKEN.findall(clean(body, 4000)):
        if worth(word) and len(word) > 3 and "://" not in word:
            counts[word.lower()] = counts.get(word.lower(), 0) + 1
            names[word.lower()] = bool(_CODE.search(word))
    of_body = sorted(counts, key=lambda w: (-names[w], -counts[w]))
    title_words = list(weights)[:8]
    chosen = [(word, weights[word]) for word in title_words]
    return chosen + [(w, 0.6 if names[w] else 0.3) for w in of_body if w not in weights][: TELLING - len(chosen)]


def worth(word: str) -> bool:
    """Whether a word says anything: no stop word, no number, not endless."""
    return 1 < len(word) <= 60 and not word.isdigit() and word.lower() not in _SILENT
