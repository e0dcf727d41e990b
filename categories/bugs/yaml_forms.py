"""Reads as much YAML as GitHub's issue forms are written in; anything else is refused, never guessed (pure).

Mappings and lists by indentation, one-line lists, plain and quoted texts, block texts (`|` and `>`), comments. No anchors,
tags, nor several documents. Source: YAML 1.2, "Block Styles"; docs.github.com, "Syntax for issue forms".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

# Forms are small; GitHub's own limit is beyond this.
LINES_MOST: Final = 2000
DEPTH_MOST: Final = 20
# A quoted text over several lines is looked at anew with each.
QUOTED_MOST: Final = 5000
# No pattern here gives back what it took: whoever writes a form must not make this process wait.
_KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*+"\s*+|'(?:[^']|'')*+'\s*+|[^\s#\-?:&*!|>'"%@`\[\]{},][^#:]*+|-[^\s][^#:]*+):(?:\s++|$)"""
)
_MEMBER = re.compile(r"""\s*+("(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+'|[^,"'\[\]{}\s][^,\[\]{}]*+|)\s*+(?:,|$)""")
_BLOCK = re.compile(r"([|>])([+-]?)([1-9]?)([+-]?)(?:\s+#.*)?$")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")


class NotRead(ValueError):
    """The text is more than this reader knows, or is no YAML; the message says where."""


@dataclass
class Lines:
    """The lines of a text, and the next one to be read."""

    lines: list[str]
    at: int = 0

    def peek(self) -> tuple[int, str] | None:
        """Indentation and content of the next line that says something; None at the end."""
        while self.at < len(self.lines):
            text = self.lines[self.at]
            content = text.lstrip(" ")
            if content and not content.startswith("#") and content.strip() not in ("---", "...", ""):
                if content.startswith("\t"):
                    self.fail("a tab indents it")
                return len(text) - len(content), content.rstrip()
            self.at += 1
        return None

    def fail(self, why: str) -> NoReturn:
        raise NotRead(f"line {self.at + 1}: {why}")


def read(text: str) -> Any:
    """The value of a text. Raises NotRead."""
    lines = Lines(text.replace("\r\n", "\n").lstrip("\ufeff").split("\n"))
    if len(lines.lines) > LINES_MOST:
        raise NotRead("it is too long")
    first = lines.peek()
    if first is None:
        return None
    value = block(lines, first[0], 0)
    if lines.peek() is not None:
        lines.fail("this belongs to nothing")
    return value


def block(lines: Lines, indent: int, depth: int) -> Any:
    """What begins at the next line, at this indentation."""
    if depth > DEPTH_MOST:
        lines.fail("this is nested too deeply")
    found = lines.peek()
    assert found is not None
    if found[1] == "-" or found[1].startswith("- "):
        return sequence(lines, indent, depth)
    if _KEY.match(found[1]):
        return mapping(lines, indent, depth)
    lines.at += 1
    return scalar(lines, found[1], indent - 1)


def sequence(lines: Lines, indent: int, depth: int) -> list[Any]:
    found: list[Any] = []
    while (here := lines.peek()) is not None and here[0] == indent and (here[1] == "-" or here[1].startswith("- ")):
        rest = here[1][1:]
        inner = indent + 1 + len(rest) - len(rest.lstrip(" "))
        if not rest.strip() or rest.strip().startswith("#"):
            lines.at += 1
            found.append(below(lines, indent + 1, depth))
        elif _KEY.match(rest.strip()) or rest.strip().startswith("- "):
            # its first key stands beside the dash: the others below it
            lines.lines[lines.at] = " " * inner + rest.strip()
            found.append(block(lines, inner, depth + 1))
        else:
            lines.at += 1
            found.append(scalar(lines, rest.strip(), indent))
    return found


def mapping(lines: Lines, indent: int, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while (here := lines.peek()) is not None and here[0] == indent:
        key = _KEY.match(here[1])
        if key is None:
            break
        name = quoted(lines, key[1]) if key[1][0] in "\"'" else key[1].strip()
        rest = here[1][key.end() :].strip()
        lines.at += 1
        if not rest or rest.startswith("#"):
            # a list may stand at the indentation of its own key
            found[name] = below(lines, indent + 1, depth, list_at=indent)
        else:
            found[name] = scalar(lines, rest, indent)
    if here is not None and here[0] > indent:
        lines.fail("this is indented further than what it belongs to")
    return found


def below(lines: Lines, least: int, depth: int, list_at: int | None = None) -> Any:
    """The block under a key or a dash; None where there is none."""
    here = lines.peek()
    if here is None:
        return None
    if here[0] >= least:
        return block(lines, here[0], depth + 1)
    if list_at is not None and here[0] == list_at and (here[1] == "-" or here[1].startswith("- ")):
        return sequence(lines, list_at, depth + 1)
    return None


def scalar(lines: Lines, text: str, indent: int) -> Any:
    """A value that begins on a line that was just read, within what stands at `indent`."""
    if found := _BLOCK.match(text):
        return block_text(lines, found, indent)
    if text[0] in "\"'":
        while not is_whole(text):
            if lines.at >= len(lines.lines):
                lines.fail("a text does not end")
            more = lines.lines[lines.at].strip()
            lines.at += 1
            if not more or text.endswith((" ", "\\")):
                lines.fail("a quoted text of several paragraphs is not read here")
            text += f" {more}"
            if len(text) > QUOTED_MOST:
                lines.fail("a quoted text is too long")
        return quoted(lines, text)
    if text[0] == "[":
        while text.count("[") > text.count("]") and lines.at < len(lines.lines):
            text += " " + uncommented(lines.lines[lines.at]).strip()
            lines.at += 1
        return [plain(each) for each in flow(lines, text)]
    if text[0] in "&*!%@`{|>":
        lines.fail("this is not read here")
    text = uncommented(text)
    for more in folded(lines, indent):
        text += " " + uncommented(more)
    return plain(text.strip())


def folded(lines: Lines, indent: int) -> Iterator[str]:
    """Further lines of a plain text."""
    while (here := lines.peek()) is not None and here[0] > indent:
        if _KEY.match(here[1]):
            lines.fail("a text goes on where a key stands")
        lines.at += 1
        yield here[1]


def block_text(lines: Lines, head: re.Match[str], indent: int) -> str:
    """`|` keeps its lines, `>` folds them; `-` drops the end of the last line, `+` keeps all."""
    taken: list[str] = []
    inner = indent + int(head[3]) if head[3] else 0
    while lines.at < len(lines.lines):
        text = lines.lines[lines.at]
        if text.strip():
            at = len(text) - len(text.lstrip(" "))
            inner = inner or at
            if at <= indent or at < inner:
                break
        taken.append(text[inner:] if inner else "")
        lines.at += 1
    ends = 0
    while taken and not taken[-1].strip():
        taken.pop()
        ends += 1
    chomp = head[2] or head[4]
    if head[1] == "|":
        body = "\n".join(taken)
    else:
        body = re.sub(r"(?<=[^\n\s])\n(?=[^\n\s])", " ", "\n".join(taken))
        body = re.sub(r"(?<=[^\n])\n\n(?=[^\n\s])", "\n", body)
    if not body or chomp == "-":
        return body
    return body + ("\n" * (ends + 1) if chomp == "+" else "\n")


def is_whole(text: str) -> bool:
    return bool(re.fullmatch(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?""", text, re.DOTALL))


def quoted(lines: Lines, text: str) -> str:
    found = re.match(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?$""", text, re.DOTALL)
    if found is None:
        lines.fail("a quotation mark does not end")
    told = found[1]
    if told[0] == "'":
        return told[1:-1].replace("''", "'")
    try:
        return str(json.loads(told))
    except ValueError:
        lines.fail("this escape is not read here")


def flow(lines: Lines, text: str) -> list[str]:
    """The members of a list on one line, as they are written."""
    text = uncommented(text).strip()
    if not text.endswith("]"):
        lines.fail("a list does not end")
    inner, at = text[1:-1], 0
    found: list[str] = []
    while at < len(inner):
        member = _MEMBER.match(inner, at)
        if member is None:
            lines.fail("this list is not read here")
        found.append(member[1].strip())
        at = member.end()
    return [each for each in found if each]


def uncommented(text: str) -> str:
    """A line without its comment, and without the space before that."""
    return _COMMENT.sub("", text).rstrip()


def plain(text: str) -> Any:
    """A plain or quoted text as what it means."""
    if text[:1] in ("'", '"'):
        return quoted(Lines([text]), text)
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text in ("", "~") or text.lower() == "null":
        return None
    return int(text) if _INTEGER.fullmatch(text) else text
