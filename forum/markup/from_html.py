"""HTML from elsewhere as Markdown that cooks to the same words, links and code; pure, and safe for any input.

The cleaner brings the HTML into order first, so that here only well-formed tags of a short list are met. What Markdown
cannot say exactly (emphasis that begins with punctuation inside a word, keys, sub- and superscript) stays a tag.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from urllib.parse import urljoin

import nh3

from forum.markup.inline import Inline
from forum.markup.sanitise import is_safe

TAGS = frozenset(
    [
        "a",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "ul",
    ]
)
_GONE = {"script", "style", "svg", "math", "template", "iframe", "object", "noscript", "title", "textarea", "select"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "blockquote": {"class"},
    "code": {"class"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "pre": {"class"},
    "td": {"style", "align"},
    "th": {"style", "align"},
}
_cleaner = nh3.Cleaner(tags=set(TAGS), clean_content_tags=_GONE, attributes=_ATTRIBUTES, link_rel=None)

# As the cleaner writes it: lower case, every value in double quotes, < and > in values escaped.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s[a-z-]+="[^"]*")*)\s*/?>')
_VALUE = re.compile(r'\s([a-z-]+)="([^"]*)"')
_LANGUAGE = re.compile(r"(?:^|\s)lang(?:uage)?-([A-Za-z0-9+#_-]{1,30})(?:\s|$)")
_MARKS = {"em": "em", "i": "em", "strong": "strong", "b": "strong", "s": "s", "del": "s", "strike": "s"}
_KEPT = {"kbd", "sub", "sup"}
# Containers within each other; what is deeper stands in the innermost of these.
DEPTH = 30


@dataclass
class Box:
    """A container while its blocks come in. `last`: what the last block was; `is_loose`: paragraphs stand in it."""

    tag: str
    blocks: list[tuple[str, str]] = field(default_factory=list)
    is_loose: bool = False
    start: int = 1
    is_spoiler: bool = False
    rows: list[list[str]] = field(default_factory=list)
    aligns: list[str] = field(default_factory=list)
    has_head: bool = False


def to_markdown(html: str, base: str = "") -> str:
    """Markdown that says what the HTML says; links that are relative are taken from `base`. Never raises."""
    clean = _cleaner.clean(html.replace("\r\n", "\n").replace("\r", "\n"))
    if len(clean) > 4 * len(html) + 10_000:
        # formatting that is open over many blocks is copied into each of them
        clean = escape(html, quote=False)
    return _Writer(base).written(clean)


def tokens(html: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """("text", its words, {}), ("open" or "close", tag, attributes) in order."""
    end = 0
    for tag in _TAG.finditer(html):
        if tag.start() > end:
            yield "text", unescape(html[end : tag.start()]), {}
        end = tag.end()
        values = {name: unescape(value) for name, value in _VALUE.findall(tag[3])} if tag[3] else {}
        yield "close" if tag[1] else "open", tag[2], values
    if end < len(html):
        yield "text", unescape(html[end:]), {}


class _Writer:
    """Takes tokens in order and writes Markdown block by block."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.boxes = [Box("root")]
        self.line = Inline()
        self.code: list[str] | None = None
        self.language: str | None = None
        self.is_pre = False
        self.heading = 0

    def written(self, html: str) -> str:
        for kind, told, values in tokens(html):
            if kind == "text":
                self.text(told)
            elif kind == "open":
                self.opened(told, values)
            else:
                self.closed(told)
        self.flush()
        while len(self.boxes) > 1:
            self.close_box()
        return joined(self.boxes[0].blocks)

    # --- tokens -----------------------------------------------------------------------------------------------------

    def text(self, words: str) -> None:
        if self.code is not None:
            self.code.append(words)
        elif self.boxes[-1].tag not in ("table", "tr") or words.strip():
            self.line.text(words)

    def opened(self, tag: str, values: dict[str, str]) -> None:
        if self.code is not None:
            if tag == "br":
                self.code.append("\n")
            if self.is_pre and tag == "code" and not self.language:
                self.language = language_of(values)
        elif tag == "pre":
            self.flush()
            self.code, self.is_pre, self.language = [], True, language_of(values)
        elif tag in ("code", "tt"):
            self.code, self.is_pre = [], False
        elif tag in _MARKS:
            self.line.open(_MARKS[tag])
        elif tag in _KEPT:
            self.line.open(tag)
        elif tag == "a":
            self.line.open("a", self.link(values.get("href", "")), values.get("title", ""))
        elif tag == "img":
            if src := self.link(values.get("src", "")):
                self.line.image(values.get("alt", ""), src)
            else:
                self.line.text(values.get("alt", ""))
        elif tag == "br":
            self.line.text(" ") if self.heading else self.line.line_break()
        elif tag == "hr":
            self.flush()
            self.add("hr", "___" if self.boxes[-1].tag == "li" else "---")
        elif tag in ("ul", "ol", "blockquote", "li", "table", "tr", "td", "th"):
            self.open_box(tag, values)
        elif tag in ("p", "div", "dd", "dt") or tag[0] == "h":
            self.flush()
            self.heading = int(tag[1]) if tag[0] == "h" else 0
            if tag == "p" and self.boxes[-1].tag == "li":
                self.boxes[-1].is_loose = True
            if tag == "dt":
                self.line.open("strong")

    def closed(self, tag: str) -> None:
        if self.code is not None:
            if tag == "pre" or (tag in ("code", "tt") and not self.is_pre):
                self.end_code()
        elif tag in _MARKS or tag in _KEPT or tag == "a":
            self.line.close(_MARKS.get(tag, tag))
        elif tag in ("p", "div", "dd", "dt") or (tag[0] == "h" and tag != "hr"):
            if tag == "dt":
                self.line.close("strong")
            self.flush()
            self.heading = 0
        elif any(box.tag == tag for box in self.boxes[1:]):
            self.flush()
            while self.boxes[-1].tag != tag:
                self.close_box()
            self.close_box()

    def link(self, url: str) -> str:
        """A whole address, or "" for one that may not stand in a post."""
        try:
            whole = urljoin(self.base, url.strip()) if url.strip() else ""
        except ValueError:
            return ""
        whole = re.sub(
            r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]", lambda c: "%20" if c[0] == " " else "", whole
        )
        return whole if is_safe(whole.translate(_ENCODED)) else ""

    def end_code(self) -> None:
        code, self.code = "".join(self.code or ()), None
        if not self.is_pre:
            self.line.code(code)
            return
        self.is_pre = False
        fence = "`" * max(3, 1 + longest_run(code))
        self.add(
            "code",
            f"{fence}{self.language or ''}\n{code}{'' if code.endswith(chr(10)) or not code else chr(10)}{fence}",
        )

    # --- blocks -----------------------------------------------------------------------------------------------------

    def add(self, kind: str, text: str) -> None:
        self.boxes[-1].blocks.append((kind, text))

    def flush(self) -> None:
        """End the paragraph that is being written."""
        text = self.line.end(one_line=bool(self.heading) or self.boxes[-1].tag in ("td", "th"))
        if text:
            heading = self.heading and "#" * self.heading + " "
            self.add("heading" if heading else "text", f"{heading or ''}{text}")

    def open_box(self, tag: str, values: dict[str, str]) -> None:
        self.flush()
        if len(self.boxes) > DEPTH:
            return
        box = Box(tag)
        if tag == "ol":
            told = values.get("start", "1")
            box.start = int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 1
        if tag == "blockquote":
            box.is_spoiler = "spoiler" in values.get("class", "").split()
        if tag in ("td", "th"):
            table = next((b for b in reversed(self.boxes) if b.tag == "table"), None)
            if table is not None and len(table.rows) == 0:
                told = values.get("align") or values.get("style", "")
                table.aligns.append("---:" if "right" in told else ":---:" if "center" in told else "---")
                table.has_head = table.has_head or tag == "th"
        self.boxes.append(box)

    def close_box(self) -> None:
        box, up = self.boxes.pop(), self.boxes[-1]
        text = joined(box.blocks)
        if box.tag in ("td", "th"):
            up.blocks.append(("cell", cell_of(text)))
        elif box.tag == "tr":
            table = next((b for b in reversed(self.boxes) if b.tag == "table"), None)
            if table is not None:
                table.rows.append([text for _kind, text in box.blocks])
            elif text:
                up.blocks.append(("text", text))
        elif box.tag == "table":
            if box.rows:
                up.blocks.append(("table", table_of(box)))
            up.blocks += box.blocks
        elif box.tag == "li":
            if up.tag not in ("ul", "ol"):
                up.blocks += box.blocks
            else:
                up.blocks.append(("item", item_of(box)))
                up.is_loose = up.is_loose or box.is_loose
        elif box.tag in ("ul", "ol") and box.blocks:
            before = up.blocks[-1][0] if up.blocks else ""
            up.blocks.append(list_of(box, before))
        elif box.tag == "blockquote" and text:
            up.blocks.append(("quote", spoiler(text) if box.is_spoiler else prefixed(text, "> ", "> ")))


_ENCODED = str.maketrans({"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", '"': "%22", "\\": "%5C", "`": "%60"})


def language_of(values: dict[str, str]) -> str:
    found = _LANGUAGE.search(values.get("class", ""))
    return "" if found is None or found[1] in ("none", "default") else found[1]


def longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def joined(blocks: list[tuple[str, str]]) -> str:
    return "\n\n".join(text for _kind, text in blocks)


def prefixed(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        (rest if n else first) + line if line else (rest if n else first).rstrip() for n, line in enumerate(lines)
    )


def item_of(box: Box) -> str:
    """An item's text: a list may follow its first line directly, all else stands apart."""
    kinds = [kind for kind, _text in box.blocks]
    if (
        not box.is_loose
        and len(kinds) == 2
        and kinds[0] == "text"
        and kinds[1].startswith("list")
        and kinds[1][-4:] != "late"
    ):
        return "\n".join(text for _kind, text in box.blocks)
    box.is_loose = box.is_loose or len(kinds) > 1
    return joined(box.blocks)


def list_of(box: Box, before: str) -> tuple[str, str]:
    """A list's kind and text; one that follows another of its kind has other marks, or they would be one list."""
    kind = f"list {box.tag}"
    other = before.startswith(kind) and " again" not in before
    items = []
    for n, (_kind, text) in enumerate(box.blocks):
        mark = ("* " if other else "- ") if box.tag == "ul" else f"{box.start + n}{')' if other else '.'} "
        items.append(prefixed(text, mark, " " * len(mark)))
    # a list that begins with another number than 1 does not interrupt a paragraph
    kind += (" again" if other else "") + (" late" if box.start != 1 else "")
    return kind, ("\n\n" if box.is_loose else "\n").join(items)


def spoiler(text: str) -> str:
    return f"<details><summary>Spoiler</summary>\n\n{text}\n\n</details>"


def cell_of(text: str) -> str:
    """A cell on one line."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", re.sub(r"\s*\n\s*", "<br>", text.strip()))


def table_of(box: Box) -> str:
    width = max(len(row) for row in box.rows)
    rows = [row + [""] * (width - len(row)) for row in box.rows]
    if not box.has_head:
        rows.insert(0, [""] * width)
    aligns = (box.aligns + ["---"] * width)[:width]
    return "\n".join("| " + " | ".join(row) + " |" for row in (rows[0], aligns, *rows[1:]))
