"""What a comment tells the bot to do (pure): a mention and a command on one line, outside of code and quotes.

Whoever writes to a person writes freely; what acts must be said in one of few forms: `@bot +support` (words of politeness
may stand around it), or `@bot support` as the whole line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from forum.markup.text import MAX_LENGTH, is_too_dense, strip_unwanted

Command = Literal["support", "bugs", "features", "security"]
COMMANDS: Final[dict[str, Command]] = {
    "support": "support",
    "question": "support",
    "help": "support",
    "bug": "bugs",
    "feature": "features",
    "security": "security",
}
_WORDS: Final = "|".join(COMMANDS)
_SIGNED: Final = re.compile(rf"(?<![\w+])\+(?P<word>{_WORDS})(?![\w-])", re.IGNORECASE)
_ALONE: Final = re.compile(rf"@[a-z0-9-]+(?:\[bot\])?[ ,:]+\+(?:{_WORDS})(?: please)?[.!]?", re.IGNORECASE)
_QUOTED: Final = re.compile(r"^ {0,3}>.*$", re.MULTILINE)
_SLUG: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_parser = MarkdownIt("commonmark")


def command_in(markdown: str, names: Iterable[str]) -> Command | None:
    """The command that a comment gives to the bot that is called one of `names` (without @), or None.

    Of several the first counts, unless one is about security, which is the most careful. Code, quotes, HTML, links and
    comments to nobody say nothing; never raises.
    """
    known = [re.escape(name) for name in names if _SLUG.fullmatch(name)]
    if not known or "@" not in markdown or len(markdown) > MAX_LENGTH:
        return None
    mention = re.compile(rf"(?<![\w@/.+-])@(?:{'|'.join(known)})(?:\[bot\])?(?![\w-])", re.IGNORECASE)
    alone = re.compile(rf"\s*{mention.pattern}[\s,:]+(?P<word>{_WORDS})(?:\s+please)?[\s.!]*", re.IGNORECASE)
    found: list[Command] = []
    for line in lines_of(markdown):
        if not mention.search(line):
            continue
        words = [said["word"] for said in _SIGNED.finditer(line)]
        if not words and (said := alone.fullmatch(line)):
            words = [said["word"]]
        found += [COMMANDS[word.lower()] for word in words]
    if "security" in found:
        return "security"
    return found[0] if found else None


def may_command(markdown: str) -> bool:
    """Whether a text may hold a command to anybody: a cheap look before the careful one."""
    folded = markdown.casefold()
    return "@" in folded and any(word in folded for word in COMMANDS)


def is_command_alone(markdown: str) -> bool:
    """Whether a comment is `@name +command` and nothing else: said to a bot, and no word to people."""
    return _ALONE.fullmatch(markdown.strip()) is not None


def lines_of(markdown: str) -> Iterator[str]:
    """The lines of running text, as people read them."""
    # what a mail program quotes stays a quote where a line of one's own follows at once
    text = _QUOTED.sub("", strip_unwanted(markdown.replace("\r\n", "\n").replace("\r", "\n")))
    if is_too_dense(text):
        return
    depth = 0
    for token in _parser.parse(text):
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "inline" and not depth:
            yield from "".join(pieces(token.children or ())).split("\n")


def pieces(tokens: Sequence[Token]) -> Iterator[str]:
    """The text of a paragraph, with a mark where something stands that is no text."""
    links = 0
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            links += token.nesting
        if token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "text" and not links:
            yield token.content
        elif token.type not in ("em_open", "em_close", "strong_open", "strong_close"):
            yield "\ufffc"
