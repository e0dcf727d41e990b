"""The last step of cooking: an allow-list of tags, attributes, classes and URLs, kept by nh3."""

import re
from html import escape, unescape

import nh3

from forum.markup.text import strip_unwanted

# What GitHub's issues use, plus what our own parser writes. Everything else goes; its text stays.
_TAG_NAMES = """a b blockquote br caption code del details div em h3 h4 h5 h6 header hr i img input ins kbd label li ol
    p pre s samp span strong sub summary sup table tbody td tfoot th thead tr ul"""
TAGS = frozenset(_TAG_NAMES.split())
# Of these the text goes too: it was never meant to be read.
_GONE_WITH_CONTENT = frozenset({"script", "style", "svg", "math", "template", "iframe", "object", "noscript"})

_CLASSES = {
    "a": frozenset({"mention", "issue", "image"}),
    "div": frozenset({"codebox", "scroll"}),
    "li": frozenset({"task"}),
    "span": frozenset({"k", "s", "c", "m", "image"}),
    "table": frozenset({"table"}),
    "td": frozenset({"n"}),
    "th": frozenset({"n"}),
}
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # without this entry nh3 adds lang and title
    "a": {"href", "title", "class", "rel"},
    "details": {"open"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "img": {"src", "alt", "title", "width", "height"},
    "input": {"type", "disabled", "checked"},
    "li": {"class"},
    "ol": {"start"},
    "pre": {"tabindex", "role", "aria-label"},
    "span": {"class"},
    "table": {"class"},
    "td": {"class", "colspan", "rowspan"},
    "th": {"class", "colspan", "rowspan"},
}
_ALWAYS = {
    "img": {"loading": "lazy"},
    "input": {"type": "checkbox", "disabled": ""},
    "pre": {"tabindex": "0"},
}
REL = "nofollow ugc noopener"
_FIXED = {"rel": REL, "role": "group", "tabindex": "0"}

# No white space, no control or invisible character anywhere: browsers drop some of them before they read the scheme.
_URL = re.compile(
    r"(?:https?://|mailto:|/(?![/\\])|#)[^\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff\\<>\"]*", re.I
)
_OUTSIDE = re.compile(r"https?://", re.I)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)

# On HTML as the cleaner or our renderer writes it: values in double quotes, < > & and " in them escaped.
_TOUCHED = re.compile(r'<(/?)(a|h[1-6]|img|input|table)\b([^">]*(?:"[^"]*"[^">]*)*)>')
_VALUE = re.compile(r'\s(href|src|alt|class)="([^"]*)"')


def is_safe(url: str) -> bool:
    """Whether a URL may stand in a post: http, https, mailto, a path on this site, or a fragment of the page."""
    return _URL.fullmatch(url) is not None


def _filter(tag: str, name: str, value: str) -> str | None:
    match name:
        case "href":
            return value if is_safe(value) else None
        case "src":
            return value if value.startswith("/") and is_safe(value) else None
        case "class":
            return " ".join(word for word in value.split() if word in _CLASSES.get(tag, ())) or None
        case "start" | "width" | "height" | "colspan" | "rowspan":
            return value if _NUMBER.fullmatch(value) else None
        case "type":
            return "checkbox"
        case "disabled" | "checked":
            return ""
        case "rel" | "role" | "tabindex":
            return value if value == _FIXED[name] else None
        case _:
            return value


def _draft_filter(tag: str, name: str, value: str) -> str | None:
    return value if name == "src" and _OUTSIDE.match(value) and is_safe(value) else _filter(tag, name, value)


_SCHEMES = {"http", "https", "mailto"}
_final = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(_GONE_WITH_CONTENT),
    attributes=ATTRIBUTES,
    attribute_filter=_filter,
    link_rel=None,
    set_tag_attribute_values=_ALWAYS,
    url_schemes=_SCHEMES,
)
# Before links and headings are rewritten raw HTML is brought into order, with pictures and headings as written.
_draft = nh3.Cleaner(
    tags=set(TAGS) | {"h1", "h2"},
    clean_content_tags=set(_GONE_WITH_CONTENT),
    attributes=ATTRIBUTES,
    attribute_filter=_draft_filter,
    link_rel=None,
    set_tag_attribute_values=_ALWAYS,
    url_schemes=_SCHEMES,
)


def sanitise(html: str) -> str:
    """The HTML with only what the allow-list names; its own output comes back unchanged."""
    html = strip_unwanted(html)
    for _ in range(4):
        before, html = html, _final.clean(html)
        if html == before:
            return html
    # Some broken nestings change with each parse (mutation XSS lives there). Then nothing of it is markup.
    return f"<p>{_final.clean(escape(html, quote=False))}</p>"


def finish(html: str, *, raw: bool) -> tuple[str, tuple[str, ...]]:
    """Rendered Markdown as safe HTML, and the outside URLs it links to, in order, each once.

    `raw` says that the author wrote HTML, so that nothing about its shape is known. Headings move down (a post never
    has an h1 or h2, and no level is left out), outside links get a rel, pictures from elsewhere become links (they would tell their host who
    reads what, and the content security policy blocks them), tables may scroll.
    """
    if raw:
        html = strip_unwanted(_draft.clean(html.strip()))
    rewriter = _Rewriter()
    html = strip_unwanted(_TOUCHED.sub(rewriter, html)).strip()
    return sanitise(html) if raw else _final.clean(html), tuple(rewriter.links)


class _Rewriter:
    """Called for each tag of interest; remembers whether it is inside a link, because links do not nest."""

    def __init__(self) -> None:
        self.links: dict[str, None] = {}
        self._in_link = False
        self._open_levels: list[int] = []

    def __call__(self, tag: re.Match[str]) -> str:
        shown: str = tag[0]
        closing, name, attributes = tag.groups()
        if name == "a":
            self._in_link = not closing
            return shown if closing else self._link(shown, attributes)
        if name == "img":
            return self._picture(shown, attributes)
        if name == "input":
            # In one order: the cleaner adds missing attributes in any.
            checked = ' checked=""' if " checked" in attributes else ""
            return f'<input type="checkbox" disabled=""{checked}>'
        if name == "table":
            if closing:
                return "</table></div>"
            return f'<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="table"{attributes}>'
        return f"<{closing}h{self._level(int(name[1]), is_new=not closing)}>"

    def _level(self, written: int, *, is_new: bool) -> int:
        """The level of a heading below the page's own two; it never skips one, as authors do and outlines must not."""
        if is_new:
            while self._open_levels and self._open_levels[-1] >= written:
                self._open_levels.pop()
            self._open_levels.append(written)
        return min(len(self._open_levels) + 2, 6)

    def _link(self, tag: str, attributes: str) -> str:
        values: dict[str, str] = dict(_VALUE.findall(attributes))
        href = values.get("href", "")
        if not _OUTSIDE.match(href):
            return tag
        if values.get("class") != "issue":
            self.links[unescape(href)] = None
        return f'{tag[:-1]} rel="{REL}">'

    def _picture(self, tag: str, attributes: str) -> str:
        values: dict[str, str] = dict(_VALUE.findall(attributes))
        source = values.get("src", "")
        if source.startswith("/") and is_safe(unescape(source)):
            return tag
        text = values.get("alt", "").strip()
        if not (_OUTSIDE.match(source) and is_safe(unescape(source))):
            return text
        text = text or source.split("?")[0].rstrip("/").rpartition("/")[2]
        if self._in_link:
            return f'<span class="image">{text}</span>'
        self.links[unescape(source)] = None
        return f'<a class="image" href="{source}" rel="{REL}">{text}</a>'
