"""What posts have beyond CommonMark: mentions, issue references, emoji, task boxes, sourced quotes, and brakes."""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pkgutil import resolve_name
from typing import Any

from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MAX_DEPTH = 26
"""Blocks within blocks (a list item counts twice); what lies deeper is shown as written, and nothing is lost."""

PARSER_DEPTH = 32
"""The parser's own limit, above ours: at it the parser would drop text."""

MAX_LABEL_STEPS = 20_000
"""Steps spent in one post on looking for the ends of link texts; of 9,800 real bodies the busiest takes 1,200."""

# A URL that linkify-it looks at is copied; long enough for any, short enough for a text full of them.
_LONGEST_URL = 4_000

_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,57}[A-Za-z0-9_])?"
_HOST = r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z0-9-]{2,63}"
_MARK = re.compile(
    rf"(?<![\w@/])@(?P<name>{_NAME}(?:@{_HOST})?)(?![\w@]|/\w)"  # not a@b, not @scope/package
    r"|(?<![\w/#&@-])#(?P<issue>[1-9][0-9]{0,8})(?!\w)"  # not owner/repo#12, not a colour, not a fragment
    r"|(?<![\w:])(?P<emoji>(?::[a-z0-9_+-]{1,60}:)+)(?![\w:])"  # not 12:30:45, not std::vector
)
_MARK_HINT = re.compile("[@#:]")
_NO_MARKS_WITHIN = re.compile(r"<(/?)(?:a|code|kbd|pre|samp)\b", re.I)
_SCHEME = re.compile(r"(?<![a-z0-9.+-])https?$", re.I)

_QUOTE_OPEN = re.compile(r'\[quote(?:="?(?P<source>[^"\]\n]{0,200})"?)?\]', re.I)
_QUOTE_CLOSE = re.compile(r"\[/quote\]", re.I)


@dataclass(slots=True)
class Findings:
    """What one run of the parser is told, and what it found; the parser's rules share it as `env["found"]`."""

    people: Container[str] = frozenset()
    issue_url: Callable[[int], str | None] | None = None
    mentions: set[str] = field(default_factory=set)
    own_mentions: set[str] = field(default_factory=set)
    issues: set[int] = field(default_factory=set)
    quotes: list[tuple[int | None, int | None, str]] = field(default_factory=list)
    quote_ends: dict[int, int] = field(default_factory=dict)
    quote_misses: int = 0
    coloured: int = 0
    label_steps: int = 0
    raw: bool = False


# --- mentions, issue references, emoji ---------------------------------------------------------------------------


_BOXES: dict[bool | None, str] = {
    True: '<label><input type="checkbox" disabled checked> ',
    False: '<label><input type="checkbox" disabled> ',
}


def decorate(state: StateCore) -> None:
    """Core rule: finds marks in text, not in code or links; collects quotes; gives task boxes their labels."""
    found: Findings = state.env["found"]
    depth = 0
    box = ""
    for token in state.tokens:
        kind = token.type
        if kind == "inline":
            if _MARK_HINT.search(token.content) and token.children:
                token.children = _with_marks(token.children, found, quoted=depth > 0)
            if box and token.children is not None:
                token.children = [_html(box), *token.children, _html("</label>")]
            box = ""
        elif kind == "blockquote_open":
            depth += 1
            if "source" in token.meta:
                found.quotes.append(token.meta["source"].quote)
        elif kind == "blockquote_close":
            depth -= 1
        elif kind == "list_item_open":
            box = _BOXES.get(token.meta.get("checked"), "")


def _with_marks(children: list[Token], found: Findings, *, quoted: bool) -> list[Token]:
    out: list[Token] = []
    links = closed = 0
    for token in children:
        if token.type == "text" and not closed and _MARK_HINT.search(token.content):
            _split(token, out, found, quoted=quoted, in_link=links > 0)
            continue
        out.append(token)
        if token.type == "link_open":
            links += 1
        elif token.type == "link_close":
            links -= 1
        elif token.type == "html_inline" and (tag := _NO_MARKS_WITHIN.match(token.content)):
            closed = max(0, closed - 1) if tag[1] else closed + 1
    return out


def _split(token: Token, out: list[Token], found: Findings, *, quoted: bool, in_link: bool) -> None:
    text = token.content
    end = 0
    for mark in _MARK.finditer(text):
        shown = mark[0]
        if mark["emoji"]:
            new = _text(_with_emoji(shown))
        elif in_link:
            continue
        elif name := mark["name"]:
            key = name.casefold()
            found.mentions.add(key)
            if not quoted:
                found.own_mentions.add(key)
            if key not in found.people:
                continue
            new = _html(f'<a class="mention" href="/u/{key}">{shown}</a>')
        else:
            number = int(mark["issue"])
            found.issues.add(number)
            url = found.issue_url(number) if found.issue_url else None
            if not url:
                continue
            new = _html(f'<a class="issue" href="{escape(url)}">{shown}</a>')
        if mark.start() > end:
            out.append(_text(text[end : mark.start()]))
        out.append(new)
        end = mark.end()
    out.append(_text(text[end:]) if end else token)


def _with_emoji(run: str) -> str:
    """`:tada:` or `:tada::+1:` with the names that are known replaced."""
    names = _emoji()
    return "".join(names.get(name, f":{name}:") for name in run[1:-1].split("::"))


@cache
def _emoji() -> dict[str, str]:
    """Shortcode without colons to emoji, aliases as GitHub and Slack have them included.

    The package is resolved by name at the first shortcode: it reads half a megabyte, 30 ms of the program's start.
    """
    table: dict[str, dict[str, Any]] = resolve_name("emoji:EMOJI_DATA")
    names: dict[str, str] = {}
    for char, data in table.items():
        if data["status"] <= 2:  # a component or fully qualified
            for name in (data["en"], *data.get("alias", ())):
                names.setdefault(name.strip(":").lower(), char)
    return names


def _text(content: str) -> Token:
    token = Token("text", "", 0)
    token.content = content
    return token


def _html(content: str) -> Token:
    """Our own markup within a line; apart from `html_inline`, which is what authors write."""
    token = Token("own_html", "", 0)
    token.content = content
    return token


# --- quotes ------------------------------------------------------------------------------------------------------


def prepare_quotes(markdown: str, found: Findings) -> str:
    """Puts each `[quote]` and `[/quote]` that begins or ends a line onto a line of its own, and pairs them up.

    The pairs are line numbers in the Markdown returned, in `found.quote_ends`; tags in fenced code are left alone.
    Linear, so that a thousand tags that are never closed cost no more than a thousand lines of prose.
    """
    lines: list[str] = []
    opened: list[int] = []
    fence = ""
    for line in markdown.split("\n"):
        prefix = line[: len(line) - len(line.lstrip(" \t>"))]
        rest = line[len(prefix) :]
        if rest.startswith(("```", "~~~")):
            run = rest[: len(rest) - len(rest.lstrip(rest[0]))]
            if not fence:
                fence = run
            elif run.startswith(fence) and not rest[len(run) :].strip():
                fence = ""
        elif not fence:
            while tag := _QUOTE_OPEN.match(rest):
                opened.append(len(lines))
                lines.append(prefix + tag[0])
                rest = rest[tag.end() :].lstrip()
            closers = 0
            while closers < len(opened) and (stripped := rest.rstrip()).lower().endswith("[/quote]"):
                closers += 1
                rest = stripped[: -len("[/quote]")]
            if closers or (opened and opened[-1] == len(lines) - 1):
                if rest.strip():
                    lines.append(prefix + rest)
                for _ in range(closers):
                    found.quote_ends[opened.pop()] = len(lines)
                    lines.append(prefix + "[/quote]")
                continue
        lines.append(line)
    return "\n".join(lines)


def quote_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Block rule: `[quote="name, post:4, topic:12"]` … `[/quote]`, as Discourse writes them."""
    found: Findings = state.env["found"]
    close = found.quote_ends.get(start)
    if close is None or close >= end or state.is_code_block(start) or found.quote_misses > 100:
        return False
    opening = _QUOTE_OPEN.fullmatch(_line(state, start))
    inside = range(start + 1, close + 1)
    if (
        opening is None
        or not _QUOTE_CLOSE.fullmatch(_line(state, close))
        or any(state.sCount[line] < state.blkIndent and not state.isEmpty(line) for line in inside)
    ):
        found.quote_misses += 1
        return False
    if silent:
        return True
    token = state.push("blockquote_open", "blockquote", 1)
    token.map = [start, close + 1]
    token.meta = {"source": _source(opening["source"] or "")}
    before = state.parentType, state.lineMax
    state.parentType, state.lineMax = "blockquote", close
    state.md.block.tokenize(state, start + 1, close)
    state.parentType, state.lineMax = before
    state.push("blockquote_close", "blockquote", -1)
    state.line = close + 1
    return True


@dataclass(frozen=True, slots=True)
class Source:
    """Who is quoted: `quote` as (thread id, post number, name of the account), and the name to show."""

    quote: tuple[int | None, int | None, str]
    shown: str

    def header(self) -> str:
        """A header linked to the post where that is known; empty when nobody is named."""
        thread, post, _ = self.quote
        shown = escape(", ".join(part for part in (self.shown, f"post {post}" if post is not None else "") if part))
        if thread is not None:
            href = f"/t/{thread}" if post is None else f"/t/{thread}/{post}"
        elif post is not None:
            href = f"#post_{post}"
        else:
            return f"<header>{shown}</header>" if shown else ""
        return f'<header><a href="{href}">{shown or href}</a></header>'


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()


def _source(text: str) -> Source:
    """`Name, post:4, topic:12, username:login`; everything may be missing."""
    name, *rest = (part.strip() for part in text.split(","))
    values = dict(part.split(":", 1) for part in rest if ":" in part)
    thread, post = (_number(values.get(key, "")) for key in ("topic", "post"))
    return Source((thread, post, values.get("username", "").strip() or name), name)


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# --- brakes and small rules --------------------------------------------------------------------------------------


def too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Block rule, first of all: below MAX_DEPTH everything up to an empty line is one paragraph, as written."""
    if state.level < MAX_DEPTH or silent:
        return False
    line = start + 1
    while line < end and not state.isEmpty(line) and state.sCount[line] >= state.blkIndent:
        line += 1
    state.push("paragraph_open", "p", 1)
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, line, state.blkIndent, False).strip()
    token.children = []
    state.push("paragraph_close", "p", -1)
    state.line = line
    return True


def comment(state: StateInline, silent: bool) -> bool:
    """Inline rule: an HTML comment is dropped, found by a search and not by the parser's quadratic expression."""
    pos = state.pos
    if not state.src.startswith("<!--", pos):
        return False
    if state.src.startswith((">", "->"), pos + 4):
        close = state.src.index(">", pos + 4) + 1
    else:
        close = -1 if state.html_terminator_last("-->") < pos + 4 else state.src.find("-->", pos + 4) + 3
    if close < 0 or close > state.posMax:
        return False
    state.pos = close
    return True


def link_label(state: StateInline, start: int, disableNested: bool = False) -> int:
    """markdown-it's search for the `]` that closes a `[`, with a bound on its steps: brackets in brackets multiply."""
    found: Findings = state.env["found"]
    before = state.pos
    state.pos = start + 1
    level = 1
    end = -1
    while state.pos < state.posMax and found.label_steps < MAX_LABEL_STEPS:
        found.label_steps += 1
        marker = state.src[state.pos]
        if marker == "]":
            level -= 1
            if level == 0:
                end = state.pos
                break
        at = state.pos
        state.md.inline.skipToken(state)
        if marker == "[":
            if at == state.pos - 1:
                level += 1
            elif disableNested:
                break
    state.pos = before
    return end


def autolink(state: StateInline, silent: bool) -> bool:
    """Inline rule: http:// and https:// addresses in text, ended where linkify-it says; bounded look back and ahead."""
    pos = state.pos
    if state.src[pos : pos + 3] != "://" or state.linkLevel or not state.md.linkify:
        return False
    scheme = _SCHEME.search(state.src[max(0, pos - 6) : pos])
    if scheme is None or not state.pending.endswith(scheme[0]):
        return False
    start = pos - len(scheme[0])
    link = state.md.linkify.match_at_start(state.src[start : min(state.posMax, start + _LONGEST_URL)])
    if link is None:
        return False
    url: str = link.url.rstrip("*")
    href = state.md.normalizeLink(url)
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos += len(url) - len(scheme[0])
    return True
