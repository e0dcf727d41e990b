"""What somebody wrote, told from what their mail program put below and around it; pure, and linear in the text.

Each line is given a letter (as discourse/email_reply_trimmer does, whose rules these follow where they agree with what
people mean): e empty, t text, q quoted, a "somebody wrote", o "original message", h header of an older mail, s "sent from
my phone", d the line above a signature. The letters then decide. What is cut is kept, in its order.
"""

import re
from dataclasses import dataclass
from typing import Final

from forum.mail.reading.marks import (
    DATED,
    FENCE,
    FIRST,
    FORWARDED,
    FROM_LINE,
    HEADER,
    LAST,
    MAILED,
    OLD_MAIL,
    RULE,
    SENT_FROM,
    SIGNATURE,
    VERB,
    ZOHO,
)

# "On ..., somebody wrote:" may be broken into so many lines, of so many characters in all.
SPAN_LINES: Final = 7
SPAN_MOST: Final = 500
TRIES_MOST: Final = 400
LINES_MOST: Final = 20_000
LINE_LOOKED_AT: Final = 600
# A signature, where only a rule of dashes stands above it, has so few lines, and none longer than this.
SHORT_LINES, SHORT_LINE = 8, 80
# Some programs quote with initials ("JD> ").
NAMED_QUOTE: Final = re.compile(r"[A-Z]{1,3}>(?:\s|$)")
# A quoted line of this length may have been broken by a program that forgot the mark on its second half.
WRAPPED: Final = 60


@dataclass(frozen=True)
class Split:
    """`text`: what was written for this mail · `cut`: the rest (quotations, signature), "" where there is none."""

    text: str
    cut: str


def split_reply(text: str) -> Split:
    """Tell a reply from what it quotes and from its signature. Where nothing would be left of a mail that says something,
    nothing is cut but its signature."""
    lines = text.split("\n")
    rest = lines[LINES_MOST:]
    lines = lines[:LINES_MOST]
    letters = lettered(lines)
    kept = kept_lines(letters)
    written = "\n".join(line for line, keep in zip(lines, kept, strict=True) if keep).strip("\n")
    cut = "\n".join([line for line, keep in zip(lines, kept, strict=True) if not keep] + rest).strip("\n")
    if not written.strip("> \t\n"):
        written = ""
    return Split(stripped(written), stripped(cut) if cut.strip() else "")


def stripped(text: str) -> str:
    """Without empty lines around it; the spaces before its first word stay, since they may make it code."""
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines).rstrip()


def lettered(lines: list[str]) -> str:
    """A letter for each line."""
    letters = ["t"] * len(lines)
    fenced = fenced_lines(lines)
    at, tries = 0, 0
    while at < len(lines):
        line = lines[at][:LINE_LOOKED_AT]
        if at in fenced:
            at += 1
            continue
        span = attribution(lines, at) if tries < TRIES_MOST else 0
        tries += 1 if span or FIRST.match(line) else 0
        if span:
            letters[at : at + span] = "a" * span
            at += span
            continue
        letters[at] = letter_of(line, at)
        at += 1
    for at in range(1, len(letters) - 1):
        if letters[at - 1 : at + 2] == ["q", "t", "q"] and len(lines[at - 1]) >= WRAPPED:
            letters[at] = "q"
    rules_between(lines, letters)
    return headers_whole("".join(letters))


def letter_of(line: str, at: int) -> str:
    bare = line.strip()
    if not bare:
        return "e"
    if OLD_MAIL.match(line) or FORWARDED.match(line):
        return "o"
    if bare.startswith((">", "|> ")) or NAMED_QUOTE.match(bare):
        return "q"
    if SENT_FROM.match(line):
        return "s"
    if SIGNATURE.match(line):
        return "d"
    if RULE.match(line):
        return "r"
    if HEADER.match(line):
        return "H" if FROM_LINE.match(line) else "h"
    return "t"


def fenced_lines(lines: list[str]) -> set[int]:
    """The lines of code blocks that are closed again: nothing in them is a mark."""
    found: set[int] = set()
    opened: tuple[int, str] | None = None
    for at, line in enumerate(lines):
        fence = FENCE.match(line)
        if fence is None:
            continue
        if opened is None:
            opened = at, fence[1]
        elif line.strip().startswith(opened[1]) and not line.strip().strip(opened[1][0]):
            found.update(range(opened[0], at + 1))
            opened = None
    return found


def attribution(lines: list[str], at: int) -> int:
    """How many lines from `at` on say "on that day somebody wrote"; 0 for none."""
    line = lines[at][:LINE_LOOKED_AT]
    if ZOHO.match(line):
        return 1
    if DATED.match(line):
        return 1
    if "@" in line and line.rstrip().endswith((":", "：")) and MAILED.match(line):
        return 1
    # Gmail's, broken before the address
    below = lines[at + 1][:LINE_LOOKED_AT].strip() if at + 1 < len(lines) else ""
    if "@" in below and re.match(r"[>\s]*\d{4}[-/]\d", line) and MAILED.match(f"{line.rstrip()} {below}"):
        return 2
    if not FIRST.match(line):
        return 0
    whole = ""
    for n, each in enumerate(lines[at : at + SPAN_LINES]):
        whole = f"{whole} {each.strip(' >*_')}".strip() if n else each.strip(" *_")
        if len(whole) > SPAN_MOST:
            return 0
        if VERB.search(whole) and LAST.search(whole) and (re.search(r"\d", whole) or "@" in whole):
            return n + 1
        if n and not each.strip() and not lines[at + n - 1].strip():
            return 0
    return 0


def rules_between(lines: list[str], letters: list[str]) -> None:
    """A rule of dashes is a mark where an older mail's headers follow it, or only a short signature; else it is text."""
    after: list[str] = []
    words_below = long_below = 0
    for at in range(len(lines) - 1, -1, -1):
        if letters[at] == "r":
            following = next((letter for letter in reversed(after) if letter != "e"), "")
            above = next((lines[n] for n in range(at - 1, -1, -1) if lines[n].strip()), "")
            stands_apart = at == 0 or not lines[at - 1].strip() or not above
            is_table = bool(above) and not stands_apart
            if following in ("H", "h", "o", "a"):
                letters[at] = "x"
            elif (following == "" and not is_table) or (
                not is_table and words_below <= SHORT_LINES and not long_below and set(after) <= set("tesdx")
            ):
                letters[at] = "d"
            else:
                letters[at] = "t"
        if lines[at].strip():
            words_below += 1
            long_below += len(lines[at]) > SHORT_LINE
        after.append(letters[at])


def headers_whole(letters: str) -> str:
    """Three headers together (some may span lines, empty lines may stand between) that name a sender are an older mail's;
    others are somebody's own list with colons."""
    made = list(letters)
    for block in re.finditer(r"[Hh](?:[Hh]|[te]{1,2}(?=[Hh]))*", letters):
        count = len(re.findall("[Hh]", block[0]))
        whole = count >= 3 and "H" in block[0]
        made[block.start() : block.end()] = ["h" if whole else ("e" if c == "e" else "t") for c in block[0]]
    return "".join(made)


def kept_lines(letters: str) -> list[bool]:
    """Which lines are what was written."""
    kept = [letter != "s" for letter in letters]

    def drop(start: int, end: int | None = None) -> None:
        for at in range(start, len(letters) if end is None else end):
            kept[at] = False

    seen = "".join(letter if keep else "e" for letter, keep in zip(letters, kept, strict=True))
    # all below the line above a signature
    if (mark := re.search("d", seen)) and re.search("[tq]", seen[: mark.start()]):
        drop(mark.start())
        seen = seen[: mark.start()]
    elif mark:
        drop(mark.start(), mark.start() + 1)
        seen = seen[: mark.start()] + "e" + seen[mark.start() + 1 :]
    end = len(seen)
    # an older mail, by its mark or its headers, below something that was written
    if mark := re.search(r"x?[eq]*o|x?e*h{2,}", seen):
        if re.search("t", seen[: mark.start()]):
            end = mark.start()
        elif mark[0].endswith("o") or "h" in mark[0]:
            # nothing but what was forwarded: it is the text, without its headers
            head = re.match(r"[eqxoh]*h|[eqxo]*o", seen[mark.start() :])
            drop(mark.start(), mark.start() + len(head[0]) if head else mark.end())
    seen = seen[:end]
    drop(end)
    # "somebody wrote" with text above: what follows is theirs, unless an answer stands between or below quoted lines
    for mark in re.finditer("a+", seen):
        above, below = seen[: mark.start()], seen[mark.end() :]
        if "t" in above and "q" not in below:
            drop(mark.start())
            seen = above
            break
        if "t" in above and re.fullmatch(r"[eqax]*[te]*", below) and not re.search(r"q[eqax]*t", below):
            drop(mark.start())
            seen = above
            break
    for at, letter in enumerate(seen):
        if letter in "ax":
            kept[at] = False
    if mark := re.search(r"t[eax]*((?:[qe]|[ax])*q[eqax]*)$", seen):
        drop(mark.start(1), len(seen))
    elif "t" in seen and (mark := re.match(r"e*a+[eqa]*(?=t)", seen)) and "q" in mark[0]:
        # the answer stands below all that it answers
        drop(0, mark.end())
    if not any(keep and letter in "tqh" for keep, letter in zip(kept, letters, strict=True)):
        kept = [letter not in "sdx" and (letter != "a" or "q" not in letters) for letter in letters]
    return kept
