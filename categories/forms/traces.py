"""Pasted traces, logs and compiler output are recognised and become code blocks; what is code already stays (pure).

A text is read line by line. Where one of the recognisers says that a stretch begins, the longest stretch is fenced;
nothing inside a fence, a quote or a `pre` is looked at, and no character of the text is changed.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

Lines = Sequence[str]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_BLANK = re.compile(r"\s*$")
# What must follow one another in a log before it is taken for one.
LOG_LEAST: Final = 3
LOOKED_AT: Final = 1000


@dataclass(frozen=True)
class Fenced:
    """A text with its code blocks, and what was recognised in it, in order, each once (a name of RECOGNISERS)."""

    text: str
    found: tuple[str, ...] = ()


def fenced(markdown: str) -> Fenced:
    """The text with a fence around every trace, log and compiler's output that stood bare in it."""
    lines = markdown.replace("\r\n", "\n").split("\n")
    # however long a line is, its beginning says what it is
    short = [line[:LOOKED_AT] for line in lines]
    # a fence that stands further down is somebody's own: nothing reaches over it
    fences = [n for n, line in enumerate(short) if _FENCE.match(line)] + [len(lines)]
    out: list[str] = []
    found: list[str] = []
    at = 0
    while at < len(lines):
        if end := _closed_off(short, at):
            out += lines[at:end]
            at = end
            continue
        kind, end = _recognised(short, at, fences[bisect_left(fences, at)])
        if not kind:
            out.append(lines[at])
            at += 1
            continue
        block = lines[at:end]
        marks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", "\n".join(block))), default=0))
        if out and not _is_blank(out[-1]):
            out.append("")
        out += [marks + LANGUAGES.get(kind, "text"), *block, marks]
        if end < len(lines) and not _is_blank(lines[end]):
            out.append("")
        found.append(kind)
        at = end
    if not found:
        return Fenced(markdown)
    return Fenced("\n".join(out), tuple(dict.fromkeys(found)))


def _is_blank(line: str) -> bool:
    return _BLANK.match(line) is not None


def _closed_off(lines: Lines, at: int) -> int:
    """Where what begins at this line and is not looked into ends (a fence, a quote, a `pre`); 0 where none begins."""
    line = lines[at]
    if opened := _FENCE.match(line):
        marks = opened[1]
        if marks[0] == "`" and "`" in opened[2]:
            return 0
        for n in range(at + 1, len(lines)):
            closing = _FENCE.match(lines[n])
            if closing and closing[1].startswith(marks) and not closing[2].strip():
                return n + 1
        return len(lines)
    for opening, closing_tag in (("[quote", "[/quote]"), ("<pre", "</pre>")):
        if line.lstrip().lower().startswith(opening):
            return next((n + 1 for n in range(at, len(lines)) if closing_tag in lines[n].lower()), len(lines))
    return 0


def _recognised(lines: Lines, at: int, stop: int) -> tuple[str, int]:
    """The longest stretch that begins at a line: its kind and where it ends; ("", at) where there is none."""
    line = lines[at]
    if _is_blank(line) or line.startswith(("    ", "\t", ">")):
        return "", at
    best, kind = at, ""
    for name, recognise in RECOGNISERS:
        end = recognise(lines, at, stop)
        while end > at and _is_blank(lines[end - 1]):
            end -= 1
        if end - at > 1 and end > best:
            best, kind = end, name
    return kind, best


def _while(lines: Lines, at: int, stop: int, matches: Callable[[str], object]) -> int:
    while at < stop and matches(lines[at]):
        at += 1
    return at


def _skip_blank(lines: Lines, at: int, stop: int) -> int:
    return _while(lines, at, stop, _is_blank)


# --- Python --------------------------------------------------------------------------------------------------------

_PY_HEAD = re.compile(r" {0,3}(?:\+ Exception Group )?Traceback \(most recent call last\):")
_PY_LAST = re.compile(r"[A-Za-z_][\w.]*(?::( .*)?)?$")
_PY_LINK = re.compile(
    r"(During handling of the above exception, another exception occurred"
    r"|The above exception was the direct cause of the following exception):"
)


def _python(lines: Lines, at: int, stop: int) -> int:
    head, whole = at, at
    while head < stop and _PY_HEAD.match(lines[head]):
        end = _while(lines, head + 1, stop, lambda line: line[:1] in (" ", "\t") and not _is_blank(line))
        if end == head + 1:
            break
        if end < stop and _PY_LAST.match(lines[end]):
            end += 1
        whole = end
        link = _skip_blank(lines, end, stop)
        if link == stop or not _PY_LINK.match(lines[link]):
            break
        head = _skip_blank(lines, link + 1, stop)
    return whole


# --- what says "at": Java, JavaScript, .NET ------------------------------------------------------------------------

_AT = re.compile(r"\s+at (?:async |new )?\S.*$")
_PLACE = re.compile(r"\(.*\)|:\d+(:\d+)?\)?$|:line \d+")
_AT_HEAD = re.compile(
    r" {0,3}(?:Exception in thread \"[^\"]*\" |Unhandled exception[.:] |Uncaught )?(?:\[?[\w$.]+[./])?[\w$]*(?:Error|Exception|Throwable|Fault)\b"
)
_AT_MORE = re.compile(
    r"\s+at |\s*(Caused by|Suppressed): |\s*\.\.\. \d+ (more|common frames omitted)|\s*-+> |\s+--- End of |--- End of "
)
_NODE_PLACE = re.compile(r"(?:file://)?[^\s:]*[/\\][^\s:]*\.[cm]?[jt]sx?:\d+$|node:\S+:\d+$")


def _at_frames(lines: Lines, head: int, stop: int) -> int:
    """Where the trace ends whose first line is `head`; `head` itself where none follows."""
    if not _AT_HEAD.match(lines[head]):
        return head
    # a message may go on for some lines before the first frame
    first = next((n for n in range(head + 1, min(stop, head + 6)) if _AT.match(lines[n])), 0)
    if not first or any(_is_blank(line) for line in lines[head:first]) or not _PLACE.search(lines[first]):
        return head
    end = _while(lines, first, stop, _AT_MORE.match)
    if lines[end - 1].rstrip().endswith("{"):
        closing = next((n for n in range(end, min(stop, end + 30)) if lines[n].rstrip() == "}"), 0)
        end = closing + 1 if closing else end
    return end


def _family(lines: Lines, at: int, end: int) -> str:
    text = "\n".join(lines[at:end])
    if re.search(r"\.(java|kt|scala|groovy):\d+\)|\(Native Method\)|\(Unknown Source\)", text):
        return "java"
    if re.search(r":line \d+|\bat System\.|\bat Microsoft\.", text):
        return "dotnet"
    return "node"


def _of_family(name: str) -> Callable[[Lines, int, int], int]:
    def recognise(lines: Lines, at: int, stop: int) -> int:
        end = _at_frames(lines, at, stop)
        return end if end > at and _family(lines, at, end) == name else at

    return recognise


def _node(lines: Lines, at: int, stop: int) -> int:
    """With the place and the piece of source that Node.js puts before the error."""
    if _NODE_PLACE.match(lines[at]):
        for head in range(at + 1, min(stop, at + 8)):
            end = _at_frames(lines, head, stop)
            if end > head:
                return end + 2 if end + 1 < stop and lines[end + 1].startswith("Node.js v") else end
        return at
    end = _of_family("node")(lines, at, stop)
    return end + 2 if end > at and end + 1 < stop and lines[end + 1].startswith("Node.js v") else end


# --- Rust, Go, PHP -------------------------------------------------------------------------------------------------

_RUST_HEAD = re.compile(r" {0,3}thread '[^']*'(?: \(\d+\))? panicked at ")
_RUST_MORE = re.compile(r"\s+\d+: |\s+at |stack backtrace:|note: |\s+left: |\s+right: |\s+as expected")


def _rust(lines: Lines, at: int, stop: int) -> int:
    if not _RUST_HEAD.match(lines[at]):
        return at
    # since 1.73 the message stands on lines of its own
    message = at + 1 if lines[at].rstrip().endswith(":") else at
    end = next(
        (n for n in range(message, min(stop, message + 20)) if n > at and _RUST_MORE.match(lines[n])), message + 1
    )
    if any(_is_blank(line) for line in lines[at : min(end, stop)]):
        end = message + 1
    return _while(lines, min(end, stop), stop, _RUST_MORE.match)


_GO_HEAD = re.compile(r" {0,3}(?:panic: |fatal error: |runtime: |SIG[A-Z]+: )")
_GO_ROUTINE = re.compile(r"goroutine \d+ (?:gp=\S+ .*)?\[.*\]:$")
_GO_FRAME = re.compile(
    r"[\w./*(){}\[\]%@~-]+\(.*\)$|\t\S+\.(?:go|s):\d+|created by |\[signal |exit status \d|\s+panic: "
)


def _go(lines: Lines, at: int, stop: int) -> int:
    end = at
    if _GO_HEAD.match(lines[at]):
        end = next((n for n in range(at + 1, min(stop, at + 8)) if _GO_ROUTINE.match(lines[n])), at)
    elif not _GO_ROUTINE.match(lines[at]):
        return at
    if not _GO_ROUTINE.match(lines[end]):
        return at
    while end < stop and _GO_ROUTINE.match(lines[end]):
        end = _while(lines, end + 1, stop, _GO_FRAME.match)
        after = _skip_blank(lines, end, stop)
        if after < stop and (_GO_ROUTINE.match(lines[after]) or lines[after].startswith("exit status ")):
            end = after
    return _while(lines, end, stop, _GO_FRAME.match)


_PHP_HEAD = re.compile(
    r" {0,3}(?:PHP )?(?:Fatal error|Parse error|Warning|Notice): .* in \S+(?::\d+| on line \d+)|.*\bStack trace:$"
)
_PHP_MORE = re.compile(r"#\d+ |\s+thrown in |Stack trace:|PHP Stack trace:|PHP +\d+\. |Next \S|.* in \S+:\d+$")


def _php(lines: Lines, at: int, stop: int) -> int:
    if not _PHP_HEAD.match(lines[at]):
        return at
    if not any(re.match(r"#0 |PHP +1\. ", line) for line in lines[at : min(stop, at + 6)]):
        return at
    return _while(lines, at + 1, stop, _PHP_MORE.match)


# --- compilers, logs -----------------------------------------------------------------------------------------------

_DIAGNOSTIC = re.compile(
    r"(?:[\w./\\@+-]+:\d+(?::\d+)?:? (?:fatal error|error|warning|note|undefined|cannot)\b"
    r"|[\w./\\-]+\.[cm]?[jt]sx?(?:\(\d+,\d+\)|:\d+:\d+)(?::| -) error\b"
    r"|[\w./\\-]+\.(?:cs|vb|fs)\(\d+,\d+\): (?:error|warning) [A-Z]+\d+"
    r"|\.?[\w./-]+\.go:\d+:\d+: \S"
    r"|(?:error|warning)(?:\[E\d{4}\])?: \S.*$)"
)
_COMPILER_MORE = re.compile(
    r"\s*\d* *\||\s+-->|\s+= |\s+\^|\s+[~^]|In file included from |In function |[\w./-]+: In |make(?:\[\d+\])?: |collect2: |ninja: |\d+ errors?\b"
    r"|error: (?:could not compile|aborting)|For more information about this error|\s{2,}\S"
)


def _compiler(lines: Lines, at: int, stop: int) -> int:
    first = lines[at]
    if not (
        _DIAGNOSTIC.match(first) or first.startswith("In file included from ") or re.match(r"[\w./-]+: In ", first)
    ):
        return at
    if not any(_DIAGNOSTIC.match(line) for line in lines[at : min(stop, at + 12)]):
        return at
    if re.match(r"(error|warning)", first) and not (at + 1 < stop and re.match(r"\s+--> ", lines[at + 1])):
        return at
    end = at + 1
    while end < stop:
        if _DIAGNOSTIC.match(lines[end]) or _COMPILER_MORE.match(lines[end]):
            end += 1
            continue
        after = _skip_blank(lines, end, stop)
        goes_on = (
            after > end
            and after < stop
            and (_DIAGNOSTIC.match(lines[after]) or lines[after].startswith("For more information"))
        )
        if not goes_on:
            break
        end = after
    return end


_STAMPED = re.compile(
    r"\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?|\d\d:\d\d:\d\d[.,]?\d*[\] ]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d )"
)


def _log(lines: Lines, at: int, stop: int) -> int:
    if not _STAMPED.match(lines[at]):
        return at
    end, stamped = at, 0
    while end < stop:
        if _STAMPED.match(lines[end]):
            stamped += 1
            end += 1
            continue
        inner = max((recognise(lines, end, stop) for _name, recognise in TRACES), default=end)
        if inner > end:
            end = inner
        elif lines[end][:1] in (" ", "\t") and not _is_blank(lines[end]):
            end += 1
        else:
            break
    return end if stamped >= LOG_LEAST else at


TRACES: tuple[tuple[str, Callable[[Lines, int, int], int]], ...] = (
    ("python", _python),
    ("java", _of_family("java")),
    ("dotnet", _of_family("dotnet")),
    ("node", _node),
    ("rust", _rust),
    ("go", _go),
    ("php", _php),
)
RECOGNISERS = (*TRACES, ("compiler", _compiler), ("log", _log))
# The languages that the highlighter colours; the rest is plain text.
LANGUAGES: Final = {"python": "pytb"}
