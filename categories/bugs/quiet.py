"""Text for GitHub that calls nobody there and closes nothing: mentions, references and keywords lose their effect (pure).

Names here are not names there, and `#12` of somewhere else is another issue: whoever is called by chance is a stranger.
What is code stays as it is, letter by letter; GitHub looks for nothing there either.
"""

import re
from collections.abc import Iterable
from typing import Final

from markdown_it import MarkdownIt

from forum.markup.text import is_too_dense, tidy

# Nothing to see, and no part of a name or number: a zero-width space, as GitHub's own bots do it.
BREAK: Final = "\u200b"
# GitHub's own address for links that leave no trace on what they lead to.
ELSEWHERE: Final = "https://redirect.github.com/"

_parser = MarkdownIt("commonmark")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# docs.github.com, "Using keywords in issues and pull requests"
_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|duplicate of)\b[\s:*_]*$", re.IGNORECASE)
_MARK = re.compile(
    r"(?P<url>https?://[^\s<>\"'`]+)"
    r"|(?<!\w)@(?P<name>[A-Za-z0-9])"
    r"|(?<![\w/])(?P<repo>[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100})#(?P<there>[0-9])"
    r"|(?<![\w/&])(?P<hash>#|GH-)(?P<here>[0-9])",
    re.IGNORECASE,
)
_GITHUB = re.compile(
    r"https?://(?:www\.)?github\.com/(?P<repo>[^/\s]+/[^/\s]+)/(?:issues|pull|discussions|commit)/", re.IGNORECASE
)
_TICKS = re.compile(r"`+")
_TO_SITE = re.compile(r"(\]\(\s*<?)/(?![/\\])")


def quiet(markdown: str, *, repository: str, base_url: str, is_home: bool) -> str:
    """The text as it may stand in an issue of `repository` (OWNER/REPO), without HTML comments.

    `is_home`: its `#12` mean issues of that repository, and stay references unless a word before them would close
    what they lead to. Links to paths lead to this site, `base_url`.
    """
    text = tidy(markdown)
    home = repository.casefold() if is_home else ""
    code = sorted(code_spans(text))
    parts: list[str] = []
    end = 0
    for first, last in [*code, (len(text), len(text))]:
        parts += [hushed(text[end:first], home, base_url), text[first:last]]
        end = max(end, last)
    return "".join(parts).strip("\n").rstrip()


def hushed(text: str, home: str, base_url: str) -> str:
    """Prose without what GitHub would act upon; `home`: whose references may stay, casefolded, "" for nobody's."""

    def calm(found: re.Match[str]) -> str:
        closes = _CLOSING.search(text, max(0, found.start() - 40), found.start()) is not None
        shown = found[0]
        if found["url"]:
            there = _GITHUB.match(shown)
            if there is None or (there["repo"].casefold() == home and not closes):
                return shown
            return ELSEWHERE + shown.partition("github.com/")[2]
        if found["name"]:
            return f"@{BREAK}{found['name']}"
        if found["repo"]:
            is_ours = found["repo"].casefold() == home and not closes
            return shown if is_ours else f"{found['repo']}#{BREAK}{found['there']}"
        return shown if home and not closes else f"{found['hash']}{BREAK}{found['here']}"

    # a comment that does not end would hide all that follows
    # (behind the last end none can, and looking for it at each beginning takes the square of their number)
    ended, mark, rest = text.rpartition("-->")
    text = (_COMMENT.sub("", ended + mark) + rest).replace("<!--", "&lt;!--")
    return _TO_SITE.sub(rf"\g<1>{base_url}/", _MARK.sub(calm, text))


def code_spans(text: str) -> Iterable[tuple[int, int]]:
    """Where code stands, as far as that is certain: blocks by the parser, spans within lines where nothing else that
    binds as strongly is about."""
    if is_too_dense(text):
        return
    starts = [0]
    for line in text.split("\n"):
        starts.append(min(starts[-1] + len(line) + 1, len(text)))
    for token in _parser.parse(text):
        if token.map is None:
            continue
        first, last = (starts[min(line, len(starts) - 1)] for line in token.map)
        if token.type in ("fence", "code_block"):
            yield first, last
        elif token.type == "inline" and not re.search(r"\||\\`|<[a-z/!?]", text[first:last], re.IGNORECASE):
            yield from tick_spans(text, first, last)


def tick_spans(text: str, first: int, last: int) -> Iterable[tuple[int, int]]:
    """Spans between two equally long runs of backticks, as CommonMark pairs them."""
    runs = [found.span() for found in _TICKS.finditer(text, first, last)]
    at = 0
    while at < len(runs):
        size = runs[at][1] - runs[at][0]
        ends = next((n for n in range(at + 1, len(runs)) if runs[n][1] - runs[n][0] == size), None)
        if ends is None:
            at += 1
            continue
        yield runs[at][0], runs[ends][1]
        at = ends + 1
