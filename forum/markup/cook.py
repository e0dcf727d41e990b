"""Cooking: Markdown in, safe HTML out, with what the text mentions, quotes and links to; pure functions."""

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.helpers import parseLinkDestination, parseLinkTitle
from markdown_it.token import Token

from forum.markup import plugins
from forum.markup.highlight import HIGHLIGHT_LENGTH, code_box
from forum.markup.plugins import Findings
from forum.markup.sanitise import finish
from forum.markup.text import excerpt, is_too_dense, tidy

COOK_VERSION = 1
"""Raised whenever the same Markdown gives other HTML; rows cooked by an older version are cooked again."""

Quote = tuple[int | None, int | None, str]
"""Thread id, post number, name, as far as the quote says."""

# Browsers and nh3 copy the formatting elements that are open into each following block, one for each different set of
# attributes: a short text could become megabytes. Without attributes at most three of a kind are copied.
_FORMATTING = re.compile(r"<(b|big|code|del|em|font|i|ins|nobr|s|small|strike|strong|tt|u)(?=[\s/])[^>]{0,1000}>", re.I)
_CLEAN_URL = re.compile(r"(?:[A-Za-z0-9;/?:@&=+$,\-_.!~*'()#]|%[0-9A-Fa-f]{2})++")


@dataclass(frozen=True, slots=True)
class Cooked:
    """A post as it is shown, and what stands in it.

    `html`: safe to show as it is. `excerpt`: one line of plain text, at most 300 characters, whole words, no quotes.
    `mentions`: casefolded names after an @ outside quotes, code and links, whether known or not. `issue_numbers`: of
    `#123`. `quotes`: of `[quote=…]` blocks, in order. `links`: http and https URLs linked to, in order, each once.
    """

    html: str
    excerpt: str
    mentions: frozenset[str]
    issue_numbers: frozenset[int]
    quotes: tuple[Quote, ...]
    links: tuple[str, ...]


def cook(
    markdown: str,
    *,
    people: Container[str] = frozenset(),
    issue_url: Callable[[int], str | None] | None = None,
) -> Cooked:
    """Markdown as safe HTML. Raises TooLong above MAX_LENGTH characters, and nothing else, whatever the text is.

    `people`: casefolded handles that exist (`find_mentions` says which to look up); only they become links.
    `issue_url`: where `#123` leads, None if nowhere; a URL that is not http, https or a path loses its link.
    """
    found = Findings(people=people, issue_url=issue_url)
    text = tidy(markdown)
    if is_too_dense(text):
        html, links = finish(code_box(text, "text", budget=0), raw=False)
    else:
        env: dict[str, Any] = {"found": found}
        rendered: str = _parser.renderer.render(_parse(text, env), _parser.options, env)
        html, links = finish(_FORMATTING.sub(r"<\1>", rendered) if found.raw else rendered, raw=found.raw)
    return Cooked(
        html=html,
        excerpt=excerpt(html),
        mentions=frozenset(found.own_mentions),
        issue_numbers=frozenset(found.issues),
        quotes=tuple(found.quotes),
        links=links,
    )


def find_mentions(markdown: str) -> frozenset[str]:
    """Casefolded names (`ines`, `ines@host.example`) that `cook` would link if they were known; raises TooLong."""
    text = tidy(markdown)
    if "@" not in text or is_too_dense(text):
        return frozenset()
    found = Findings()
    _parse(text, {"found": found})
    return frozenset(found.mentions)


def _parse(text: str, env: dict[str, Any]) -> list[Token]:
    if "[quote" in text.lower():
        text = plugins.prepare_quotes(text, env["found"])
    return _parser.parse(text, env)


# --- rendering ---------------------------------------------------------------------------------------------------
# Signature of all of these: (renderer, tokens, index, options, env).


def _fence(_self: Any, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
    token, found = tokens[at], env["found"]
    box = code_box(token.content, unescapeAll(token.info), budget=HIGHLIGHT_LENGTH - found.coloured)
    found.coloured += len(token.content)
    return box


def _blockquote_open(_self: Any, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    source = tokens[at].meta.get("source")
    return "<blockquote>" + (source.header() if source else "") + "\n"


def _list_item_open(_self: Any, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    return '<li class="task">' if "checked" in tokens[at].meta else "<li>"


def _cell_open(_self: Any, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    token = tokens[at]
    return f'<{token.tag} class="n">' if "right" in str(token.attrGet("style") or "") else f"<{token.tag}>"


def _own_html(_self: Any, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    return tokens[at].content


def _raw_html(_self: Any, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
    content = tokens[at].content
    if content.lstrip().startswith("<!--") and content.find("-->") == len(content.rstrip()) - 3:
        return ""
    env["found"].raw = True
    return content


class _Parser(MarkdownIt):
    """The parser with a short way for URLs that need no encoding, which are nearly all; the long one takes 60 us."""

    def normalizeLink(self, url: str) -> str:
        return url if _CLEAN_URL.fullmatch(url) else super().normalizeLink(url)


def _make_parser() -> MarkdownIt:
    parser = _Parser(
        "commonmark",
        {
            "html": True,
            "breaks": True,
            "tasklists": True,
            "xhtmlOut": False,
            "maxNesting": plugins.PARSER_DEPTH,
        },
    )
    parser.enable(["table", "strikethrough"])
    helpers: Any = SimpleNamespace(
        parseLinkLabel=plugins.link_label,
        parseLinkDestination=parseLinkDestination,
        parseLinkTitle=parseLinkTitle,
    )
    parser.helpers = helpers
    parser.block.ruler.before("table", "too_deep", plugins.too_deep)
    parser.block.ruler.before(
        "blockquote", "quote", plugins.quote_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.inline.ruler.before("autolink", "comment", plugins.comment)
    parser.inline.ruler.after("text", "http", plugins.autolink)
    parser.core.ruler.before("text_join", "decorate", plugins.decorate)
    for name, rule in (
        ("fence", _fence),
        ("code_block", _fence),
        ("blockquote_open", _blockquote_open),
        ("list_item_open", _list_item_open),
        ("th_open", _cell_open),
        ("td_open", _cell_open),
        ("own_html", _own_html),
        ("html_inline", _raw_html),
        ("html_block", _raw_html),
    ):
        parser.add_render_rule(name, rule)
    return parser


_parser = _make_parser()
