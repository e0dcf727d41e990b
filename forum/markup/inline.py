"""One paragraph of Markdown out of words, emphasis, links and code: escaped as little as exactness allows."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

SIGNS = {"em": "*", "strong": "**", "s": "~~"}
_SPACE = re.compile(r"[ \t\n\r\f]+")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
# What begins a line and would make it something else than text.
_LINE_START = re.compile(r"#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=]+\s*$|(?:- ?){3,}$|(?:_ ?){3,}$")
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_URL_ENCODED = str.maketrans(
    {"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", '"': "%22", "\\": "%5C", "`": "%60", " ": "%20", "|": "%7C"}
)

Kind = Literal["text", "open", "close", "code", "image", "break"]


@dataclass
class Piece:
    """Words, code, a picture, a line break, or where a mark (emphasis, link, tag) opens or closes."""

    kind: Kind
    text: str = ""
    url: str = ""
    title: str = ""
    # of a pair: the other one
    other: "Piece | None" = field(default=None, repr=False)
    # of a mark: written as a tag, since signs would not be read as meant
    is_tag: bool = False


class Inline:
    """The paragraph that is being written; marks that are open at its end are open in the next one again."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.marks: list[Piece] = []
        self.is_spaced = True

    # --- what comes -------------------------------------------------------------------------------------------------

    def text(self, words: str) -> None:
        words = _SPACE.sub(" ", words)
        if self.is_spaced:
            words = words.lstrip(" ")
        if words:
            self.is_spaced = words[-1] == " "
            if self.pieces and self.pieces[-1].kind == "text":
                self.pieces[-1].text += words
            else:
                self.pieces.append(Piece("text", words))

    def code(self, words: str) -> None:
        words = _SPACE.sub(" ", words)
        if words.strip():
            self.pieces.append(Piece("code", words))
            self.is_spaced = False

    def image(self, alt: str, src: str) -> None:
        self.pieces.append(Piece("image", _SPACE.sub(" ", alt).strip(), src))
        self.is_spaced = False

    def line_break(self) -> None:
        self.pieces.append(Piece("break"))
        self.is_spaced = True

    def open(self, tag: str, url: str = "", title: str = "") -> None:
        if any(mark.text == tag for mark in self.marks):
            # emphasis within the same emphasis says nothing more
            self.marks.append(Piece("open", ""))
            return
        mark = Piece("open", tag, url, _SPACE.sub(" ", title).strip())
        self.marks.append(mark)
        self.pieces.append(mark)

    def close(self, tag: str) -> None:
        if not any(mark.text in (tag, "") for mark in self.marks):
            return
        while self.marks:
            mark = self.marks.pop()
            if mark.text:
                self.close_mark(mark)
            if mark.text in (tag, ""):
                return

    def close_mark(self, mark: Piece) -> None:
        mark.other = Piece("close", mark.text, mark.url, mark.title, mark)
        self.pieces.append(mark.other)

    # --- what it says -----------------------------------------------------------------------------------------------

    def end(self, *, one_line: bool = False) -> str:
        """The paragraph, "" where nothing was said; a new one begins."""
        again = self.marks
        for mark in reversed(again):
            if mark.text:
                self.close_mark(mark)
        pieces, self.pieces, self.marks, self.is_spaced = self.pieces, [], [], True
        said = written(tidied(pieces), one_line)
        for mark in again:
            if mark.text:
                self.open(mark.text, mark.url, mark.title)
            else:
                self.marks.append(mark)
        return said


def is_nothing(pieces: list[Piece]) -> bool:
    return not any(p.kind in ("code", "image") or (p.kind == "text" and p.text.strip(" ")) for p in pieces)


def tidied(pieces: list[Piece]) -> list[Piece]:
    """Without marks around nothing; spaces at the edge of a mark stand outside of it."""
    if is_nothing(pieces):
        return []
    out: list[Piece] = []
    for piece in pieces:
        if piece.kind == "close":
            opened = piece.other
            spaces = ""
            if out and out[-1].kind == "text" and out[-1].text.endswith(" "):
                spaces, out[-1].text = " ", out[-1].text.rstrip(" ")
                if not out[-1].text:
                    out.pop()
            if out and out[-1] is opened:
                out.pop()
                if opened.url and opened.text == "a":
                    spaces = ""
            else:
                out.append(piece)
            if spaces:
                append_text(out, spaces)
        elif piece.kind == "text":
            append_text(out, piece.text)
        else:
            out.append(piece)
    while out and out[0].kind == "break":
        out.pop(0)
    while out and (out[-1].kind == "break" or (out[-1].kind == "text" and not out[-1].text.strip(" "))):
        out.pop()
    return out


def append_text(out: list[Piece], words: str) -> None:
    if out and out[-1].kind == "text":
        if out[-1].text.endswith(" "):
            words = words.lstrip(" ")
        out[-1].text += words
    elif words:
        out.append(Piece("text", words))


def written(pieces: list[Piece], one_line: bool) -> str:
    """Markdown of tidied pieces."""
    choose_tags(pieces)
    shown: list[str] = []
    in_link = 0
    skip_to: Piece | None = None
    for at, piece in enumerate(pieces):
        if skip_to is not None:
            if piece is skip_to:
                skip_to = None
            continue
        if piece.kind == "text":
            after = pieces[at + 1] if at + 1 < len(pieces) else None
            shown.append(escaped(piece.text, after, in_link=in_link > 0))
        elif piece.kind == "code":
            shown.append(code_span(piece.text))
        elif piece.kind == "image":
            alt = escaped(piece.text, None, in_link=True)
            shown.append(f"![{alt}]({piece.url.translate(_URL_ENCODED)})")
        elif piece.kind == "break":
            shown.append("<br>" if one_line else "\n")
        elif piece.text == "a":
            if not piece.url:
                continue
            if piece.kind == "open":
                inner = pieces[at + 1]
                if inner.kind == "text" and pieces[at + 2] is piece.other and is_plain_url(inner.text, piece.url):
                    shown.append(f"<{piece.url}>")
                    skip_to = piece.other
                    continue
                in_link += 1
                shown.append("[")
            else:
                in_link -= 1
                title = ' "' + piece.title.replace("\\", "\\\\").replace('"', '\\"') + '"' if piece.title else ""
                shown.append(f"]({piece.url.translate(_URL_ENCODED)}{title})")
        elif piece.is_tag or piece.text not in SIGNS:
            shown.append(f"<{'/' if piece.kind == 'close' else ''}{piece.text}>")
        else:
            shown.append(SIGNS[piece.text])
    lines = [line_start(line.strip(" ")) for line in "".join(shown).split("\n")]
    if len(lines) > 1:
        # two lines could be read as a table
        lines = [re.sub(r"(?<!\\)\|", r"\\|", line) if "`" not in line else line for line in lines]
    return "\n".join(line for line in lines if line)


def is_plain_url(text: str, url: str) -> bool:
    return text == url and re.fullmatch(r"https?://[^\s<>%]+", url) is not None


def choose_tags(pieces: list[Piece]) -> None:
    """Signs that would not be read as meant become tags: by CommonMark's rule of flanking, and where signs touch."""
    for at, piece in enumerate(pieces):
        if piece.kind not in ("open", "close") or piece.text not in SIGNS or piece.other is None:
            continue
        before = pieces[at - 1] if at else None
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        left, right = last_of(before), first_of(after)
        inner, outer = (right, left) if piece.kind == "open" else (left, right)
        touches = any(p is not None and p.kind in ("open", "close") and p.text in SIGNS for p in (before, after))
        fits = (
            bool(inner) and not inner.isspace() and (inner.isalnum() or not outer or outer.isspace() or is_punct(outer))
        )
        if touches or not fits:
            piece.is_tag = piece.other.is_tag = True


def last_of(piece: Piece | None) -> str:
    """The last character that a piece writes; "" for the beginning of a line."""
    if piece is None or piece.kind == "break":
        return ""
    return piece.text[-1:] if piece.kind == "text" else "`"


def first_of(piece: Piece | None) -> str:
    if piece is None or piece.kind == "break":
        return ""
    return piece.text[:1] if piece.kind == "text" else "`"


def is_punct(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character).startswith("P")


# What may mean something within a line; most of it does only beside certain others.
_SPECIAL = re.compile(
    r"[`*\[]|\\(?=[!-/:-@\[-`{-~]|$)|\](?P<bracket>)|_(?P<under>)|~(?:(?<=~~)|(?=~|$))|<(?=[A-Za-z/!?]|$)"
    r"|&(?=#?\w{1,40};)|:(?=[a-z0-9_+-]+:)|!(?P<bang>$)"
)


def escaped(text: str, after: Piece | None, *, in_link: bool) -> str:
    """Words as Markdown that says just them. `after`: what follows them."""

    def one(found: re.Match[str]) -> str:
        at = found.start()
        if found["bracket"] is not None and not in_link:
            return "]"
        if found["under"] is not None and text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum():
            return "_"
        if found["bang"] is not None and (after is None or after.kind not in ("open", "image")):
            return "!"
        return "\\" + found[0]

    return _SPECIAL.sub(one, text)


def code_span(code: str) -> str:
    """Code between as many backticks as it takes."""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", code)), default=0))
    needs_room = code[0] == "`" or code[-1] == "`" or (code[0] == code[-1] == " ")
    return f"{fence} {code} {fence}" if needs_room else f"{fence}{code}{fence}"


def line_start(line: str) -> str:
    """A line whose beginning is not taken for a heading, a quote, an item or a rule."""
    if _LINE_START.match(line):
        return "\\" + line
    return _NUMBERED.sub(r"\1\\\2", line, count=1) if _NUMBERED.match(line) else line
