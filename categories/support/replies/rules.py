"""Variables of response templates: which there are, how a text is filled, how a value stays plain words (pure)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forum.web.i18n import _

PURPOSES = ("reply", "facts", "resolve")
WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
TITLE_MOST, TEXT_MOST = 100, 20_000
# A project has so many of its own, and so has each person: a list that nobody reads helps nobody.
TEMPLATES_MOST = 200
# What stands where a variable has no value, for the person who sends it to see.
NOTHING = "…"

# `{{` and `}}` are braces; `{word}` is a variable; every other brace is itself.
_PIECE = re.compile(r"\{\{|\}\}|\{([a-z_]{1,30})\}")


def variables() -> dict[str, str]:
    """Every variable with what it stands for."""
    return {
        "asker": _("the name of whoever asked"),
        "me": _("the name of whoever answers"),
        "project": _("the name of the project"),
        "title": _("the title of the thread"),
        "link": _("the address of the thread"),
        "versions": _("the version numbers that the question names"),
        "position": _("the place of the ticket in the queue"),
        "waiting": _("how many tickets wait"),
        "expected": _("the expected range, such as 3–4 workdays"),
        "website": _("the website of the project"),
    }


def used_in(markdown: str) -> list[str]:
    """The variables that a template names, each once, in order."""
    return list(dict.fromkeys(name for found in _PIECE.finditer(markdown) if (name := found[1])))


def unknown_in(markdown: str) -> list[str]:
    """Those of them that there are not."""
    known = variables()
    return [name for name in used_in(markdown) if name not in known]


@dataclass(frozen=True)
class Filled:
    """A template's text for one thread, and the variables that had no value there."""

    markdown: str
    missing: tuple[str, ...] = ()


def fill(markdown: str, values: Mapping[str, str]) -> Filled:
    """Put values, which are Markdown already, where the variables stand; an unknown variable stays as it is written."""
    missing: list[str] = []

    def piece(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return found[0][0]
        if name not in values:
            return found[0]
        if not values[name]:
            missing.append(name)
        return values[name] or NOTHING

    return Filled(_PIECE.sub(piece, markdown), tuple(dict.fromkeys(missing)))


# Entities where a backslash would not do: inside HTML that a template may hold.
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "\\": "&#92;", "`": "&#96;"}
_MARKS = re.compile(r"""[<>&"\\`*_{}\[\]()#!|~@:^$=+]|(?<=\w)\.(?=[^\W\d])""")
_AT_FIRST = re.compile(r"^(\d{1,9})([.)])|^([-.])")


def plain_words(text: str, most: int = 200) -> str:
    """A name or title as Markdown that is shown as those words and nothing else: no link, no mention, no emphasis, no
    quote, no list, whatever it is made of. One line of at most `most` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]
    marked = _MARKS.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), line)
    return _AT_FIRST.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", marked)


_VERSION = re.compile(
    r"(?<![\w/.@-])((?:[A-Za-z][\w+#-]{1,30}[ :=]{1,2})?v?\d{1,4}\.\d{1,4}(?:\.\d{1,6}){0,2}(?:[-.]?(?:rc|a|b|alpha|beta|dev|post)\.?\d*)?)(?![\w/]|\.\d)",
    re.IGNORECASE,
)
# Words that stand before a number without naming what has it.
_NO_NAME = ("version", "and", "or", "with", "on", "is", "to", "from", "using", "in", "at", "the", "of", "than", "a")


def versions_in(text: str, most: int = 6) -> list[str]:
    """The version numbers that a plain text names, each with the word before it where that is a name: "Python 3.12.1"."""
    found: dict[str, None] = {}
    for match in _VERSION.finditer(text[:20_000]):
        words = match[1].replace("=", " ").replace(":", " ").split()
        if len(words) == 2 and words[0].lower() in _NO_NAME:
            words = words[1:]
        found.setdefault(" ".join(words))
    return list(found)[:most]
