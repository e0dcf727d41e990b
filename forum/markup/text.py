"""Text before and after cooking: length and density limits, unwanted characters, plain text out of cooked HTML."""

import re
from html import unescape

MAX_LENGTH = 100_000
"""The most characters a post may have; GitHub's own limit for a body is 65,536."""

EXCERPT_LENGTH = 300

# Parsing costs about the same for each mark that may open something, whatever it turns out to be. What one
# weighs was measured: the slowest mixture below the limit takes half a second. Of 9,800 real bodies the
# heaviest weighs 2,300.
_WEIGHTS = {"[": 2, "://": 3, "|": 2, "\n": 2, "<": 2} | dict.fromkeys(":*_~`&\\!>-@#]", 1)
_MAX_WEIGHT = 20_000
_MAX_TAGS = 2_000
_MAX_CELLS = 20_000
_MAX_SHORT = 4_000

# Never shown and never meant: control characters (XML feeds cannot hold them), what overrides the direction of
# the text around it (CVE-2021-42574), and non-characters. The left-to-right and right-to-left marks stay.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG_START = re.compile(r"<[/a-zA-Z]")
_TABLE_RULE = re.compile(r"^[ \t>]*[|:-][|: \t-]*\|[|: \t-]*$", re.M)

# A tag as the sanitiser writes it: lower case, every value in double quotes, no < or > in a value unescaped.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)([^">]*(?:"[^"]*"[^">]*)*)>')
_ALT = re.compile(r'\salt="([^"]*)"')
_BLOCK_NAMES = """blockquote br caption details div h1 h2 h3 h4 h5 h6 hr li ol p pre summary table tbody tfoot thead
    tr ul"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())


class TooLong(ValueError):
    """The Markdown has more than MAX_LENGTH characters."""

    def __init__(self, length: int) -> None:
        super().__init__(f"{length} characters, at most {MAX_LENGTH} are allowed")
        self.length = length


def tidy(markdown: str) -> str:
    """The Markdown with `\\n` line ends and without characters that no post may hold; raises TooLong."""
    if len(markdown) > MAX_LENGTH:
        raise TooLong(len(markdown))
    return strip_unwanted(_SURROGATE.sub("\ufffd", markdown.replace("\r\n", "\n").replace("\r", "\n")))


def strip_unwanted(text: str) -> str:
    """The text without control characters, direction overrides and non-characters (tab and newline stay)."""
    return _UNWANTED.sub("", text)


def is_too_dense(markdown: str) -> bool:
    """Whether so much of the text is markup that parsing it would take long; no prose, table or log comes near."""
    if "|" in markdown and _cells(markdown) > _MAX_CELLS:
        return True
    if len(markdown) < _MAX_SHORT:
        return False
    weight = sum(weight * markdown.count(mark) for mark, weight in _WEIGHTS.items())
    return weight > _MAX_WEIGHT or len(_TAG_START.findall(markdown)) > _MAX_TAGS


def _cells(markdown: str) -> int:
    """How many table cells the text may make at most: rows that are too short get empty ones."""
    total = 0
    for rule in _TABLE_RULE.finditer(markdown):
        end = markdown.find("\n\n", rule.end())
        total += (rule[0].count("|") + 1) * markdown.count("\n", rule.end(), end if end >= 0 else len(markdown))
        if total > _MAX_CELLS:
            break
    return total


def plain(html: str) -> str:
    """The text of cooked HTML, one line for each block, for search; without the headers of quotes and code boxes."""
    lines = (" ".join(line.split()) for line in _text(html, len(html), quotes=True).split("\n"))
    return "\n".join(line for line in lines if line)


def excerpt(html: str, length: int = EXCERPT_LENGTH) -> str:
    """The beginning of cooked HTML as one line of at most `length` characters, whole words, without what it quotes."""
    words = " ".join(_text(html, length + 1, quotes=False).split())
    if not words:
        words = " ".join(_text(html, length + 1, quotes=True).split())
    if len(words) <= length:
        return words
    cut = words.rfind(" ", 0, length)
    return words[: cut if cut > 0 else length - 1].rstrip() + "…"


def _text(html: str, enough: int, *, quotes: bool) -> str:
    """Text of cooked HTML up to `enough` characters that are not white space (or a little more)."""
    out: list[str] = []
    size = end = hidden = 0
    for tag in _TAG.finditer(html):
        name = tag[2]
        if not hidden and tag.start() > end:
            out.append(unescape(html[end : tag.start()]))
            size += len("".join(out[-1].split()))
            if size >= enough:
                return "".join(out)
        end = tag.end()
        if name == "header" or (name == "blockquote" and not quotes):
            hidden = max(0, hidden + (-1 if tag[1] else 1))
        elif hidden:
            continue
        elif name in _BLOCKS:
            out.append("\n")
        elif name in ("td", "th"):
            out.append(" ")
        elif name == "img" and (alt := _ALT.search(tag[3])):
            out.append(unescape(alt[1]))
    if not hidden:
        out.append(unescape(html[end:]))
    return "".join(out)
