"""Pure rules of threads: slugs, pages by post number, limits."""

import re
import unicodedata
from typing import Final

from forum.markup import TooLong, cook

TITLE_LEAST: Final = 3
TITLE_MOST: Final = 160
POSTS_A_PAGE: Final = 20
THREADS_A_PAGE: Final = 30
TAGS_MOST: Final = 5
FACES: Final = 5
PURPOSES: Final = ("reply", "thanks", "facts", "resolve", "whisper")
REACTIONS: Final = ("like", "same", "thanks")


def slug_of(title: str) -> str:
    """The words of a title for its URL: small ASCII letters, digits, dashes; never empty, never digits alone."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > 60:
        words = words[:60].rsplit("-", 1)[0].strip("-")
    if not words:
        return "thread"
    return f"thread-{words}" if words.replace("-", "").isdigit() else words


def page_of(number: int) -> int:
    """The page, from 1, on which a post number stands. Numbers do not move, so pages do not either."""
    return (max(number, 1) - 1) // POSTS_A_PAGE + 1


# Of threads of at most so many posts it is known of whom none is (`is_plain`); of longer ones, of a page alone.
WHOLE_MOST = 100


def numbers_on(page: int) -> tuple[int, int]:
    """First and last post number of a page."""
    return (page - 1) * POSTS_A_PAGE + 1, page * POSTS_A_PAGE


def pages_in(last_number: int) -> int:
    """How many pages a thread has whose last post has this number."""
    return page_of(last_number)


# What a post quotes, innermost first; a quote within a quote is taken in a second round.
_QUOTED = re.compile(r"\[quote(?:=[^\]\n]{0,200})?\](?:(?!\[quote).)*?\[/quote\]\s*", re.IGNORECASE | re.DOTALL)


def without_quotes(markdown: str) -> str:
    """A text without what it quotes of other posts, unless it is nothing else."""
    text = markdown
    for _round in range(8):
        shorter = _QUOTED.sub("", text)
        if shorter == text:
            break
        text = shorter
    return text.strip() or markdown.strip()


def quote_of(username: str, number: int, thread: int, markdown: str) -> str:
    """A text as a quote of a post, as Discourse writes it, and a blank line to go on behind it.

    What the text quotes itself is left out, unless it is nothing else.
    """
    text = without_quotes(markdown)
    if fence := open_fence(text):
        # it would swallow the end of the quote
        text += f"\n{fence}"
    start, end = f'[quote="{username}, post:{number}, topic:{thread}"]\n', "\n[/quote]\n\n"
    if not is_closed(start + text + end):
        # so would a tag or a comment that is not closed, or half a quote: then all of them are shown as they were typed
        text = text.replace("<", "&lt;").replace("[", "&#91;")
    return start + text + end


def is_closed(quote: str) -> bool:
    """Whether it is shown as one quote, and what is written behind it stands outside."""
    try:
        html = cook(quote + "behind").html
    except TooLong:
        return True
    return html.startswith("<blockquote><header>") and "behind" in html.rpartition("</blockquote>")[2]


def open_fence(markdown: str) -> str:
    """The marks of a code fence that is not closed before the text ends; "" where there is none."""
    fence = ""
    for line in markdown.split("\n"):
        rest = line.lstrip(" \t>")
        if rest.startswith(("```", "~~~")):
            marks = rest[: len(rest) - len(rest.lstrip(rest[0]))]
            if not fence:
                fence = marks
            elif marks.startswith(fence) and not rest[len(marks) :].strip():
                fence = ""
    return fence


def clean_title(title: str) -> str:
    """One line, without control characters and doubled spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in title).split())


def with_quote(draft: str, quote: str) -> str:
    """A draft with a quote behind what stands in it already; asked for again, it is there once."""
    if not quote or quote.strip() in draft:
        return draft
    return (draft.rstrip() + "\n\n" if draft.strip() else "") + quote
