"""What changed between two texts, word by word; pure, and bounded in time however long and unlike they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "gone", "come", "gap"]
# Lines and words: both keep every character, so that the pieces of a diff put together are the texts again.
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# Steps of the search; past them, what is left is told as taken away and added whole. Well under 100 ms.
STEPS = 150_000
# Lines shown around a change.
AROUND = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that stayed (`same`), was taken away (`gone`) or added (`come`); `gap` stands for what is not shown."""

    kind: Kind
    text: str


class Budget:
    """How many steps the search may still make; one for several texts bounds them all together."""

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps


def diff(old: str, new: str, budget: Budget | None = None) -> list[Piece]:
    """The pieces that lead from `old` to `new`, in order: `same` and `gone` are the old text, `same` and `come` the new.

    Lines are compared first, then the words of the lines that differ.
    """
    budget = budget or Budget()
    pieces: list[Piece] = []
    for kind, a, b in _compare(_LINES.findall(old), _LINES.findall(new), budget):
        if kind == "same":
            pieces.append(Piece("same", "".join(a)))
        else:
            pieces.extend(_by_words("".join(a), "".join(b), budget))
    return _joined(pieces)


def _by_words(old: str, new: str, budget: Budget) -> list[Piece]:
    """The pieces between two stretches of lines; told whole where little but white space stayed."""
    runs = _compare(_WORDS.findall(old), _WORDS.findall(new), budget) if old and new else []
    pieces: list[Piece] = []
    kept = 0
    for kind, a, b in runs:
        gone, come = "".join(a), "".join(b)
        # a blank or a comma alone between two changes ties nothing together
        if kind == "same" and (len(gone) > 2 or any(c.isalnum() for c in gone) or not pieces):
            pieces.append(Piece("same", gone))
            kept += len(gone.strip())
        else:
            pieces += [Piece("gone", gone), Piece("come", come)]
    if kept * 4 < min(len(old.strip()), len(new.strip())) or not pieces:
        return [Piece("gone", old), Piece("come", new)]
    return pieces


Run = tuple[Literal["same", "other"], Sequence[str], Sequence[str]]


def _compare(a: Sequence[str], b: Sequence[str], budget: Budget) -> list[Run]:
    """Runs of equal and of different tokens, by the greedy search of Myers (1986, "An O(ND) difference algorithm")."""
    start = 0
    least = min(len(a), len(b))
    while start < least and a[start] == b[start]:
        start += 1
    end = 0
    while end < least - start and a[-1 - end] == b[-1 - end]:
        end += 1
    middle = _search(a[start : len(a) - end], b[start : len(b) - end], budget)
    runs: list[Run] = [
        ("same", a[:start], b[:start]),
        *middle,
        ("same", a[len(a) - end :], b[len(b) - end :]),
    ]
    return [run for run in runs if run[1] or run[2]]


def _search(a: Sequence[str], b: Sequence[str], budget: Budget) -> list[Run]:
    whole: list[Run] = [("other", a, b)]
    if not a or not b:
        return whole
    trace: list[dict[int, int]] = []
    far = {1: 0}
    for d in range(len(a) + len(b) + 1):
        trace.append(far)
        last, far = far, {}
        for k in range(-d, d + 1, 2):
            down = k == -d or (k != d and last.get(k - 1, -1) < last.get(k + 1, -1))
            x = before = last[k + 1] if down else last[k - 1] + 1
            y = x - k
            while x < len(a) and y < len(b) and a[x] == b[y]:
                x += 1
                y += 1
            far[k] = x
            budget.steps -= 4 + x - before
            if x >= len(a) and y >= len(b):
                return _runs(a, b, trace)
        if budget.steps < 0:
            return whole
    return whole


def _runs(a: Sequence[str], b: Sequence[str], trace: list[dict[int, int]]) -> list[Run]:
    """Walk the search back from its end: the tokens that stayed, and between them what did not."""
    x, y = len(a), len(b)
    matches: list[tuple[int, int, int]] = []
    for d in range(len(trace) - 1, -1, -1):
        far, k = trace[d], x - y
        down = k == -d or (k != d and far.get(k - 1, -1) < far.get(k + 1, -1))
        from_k = k + 1 if down else k - 1
        from_x = far[from_k] if d else 0
        start = from_x if down else from_x + 1
        if d == 0:
            start = 0
        if x > start:
            matches.append((start, start - k, x - start))
        x, y = from_x, from_x - from_k
    runs: list[Run] = []
    at_a = at_b = 0
    for in_a, in_b, length in [*reversed(matches), (len(a), len(b), 0)]:
        if in_a > at_a or in_b > at_b:
            runs.append(("other", a[at_a:in_a], b[at_b:in_b]))
        if length:
            runs.append(("same", a[in_a : in_a + length], b[in_b : in_b + length]))
        at_a, at_b = in_a + length, in_b + length
    return runs


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Without empty pieces, neighbours of a kind as one, and of a change first all that is gone, then all that came."""
    out: list[Piece] = []
    gone: list[str] = []
    come: list[str] = []

    def close() -> None:
        out.extend(piece for piece in (Piece("gone", "".join(gone)), Piece("come", "".join(come))) if piece.text)
        gone.clear()
        come.clear()

    for piece in pieces:
        if not piece.text:
            continue
        if piece.kind == "same":
            close()
            if out and out[-1].kind == "same":
                out[-1] = Piece("same", out[-1].text + piece.text)
            else:
                out.append(piece)
        else:
            (gone if piece.kind == "gone" else come).append(piece.text)
    close()
    return out


def shortened(pieces: Sequence[Piece], around: int = AROUND) -> list[Piece]:
    """The same pieces, with `gap` for lines that stayed and lie further than `around` lines from a change."""
    out: list[Piece] = []
    for index, piece in enumerate(pieces):
        lines = piece.text.splitlines(keepends=True) if piece.kind == "same" else []
        head = around + 1 if index else 0
        tail = around + 1 if index < len(pieces) - 1 else 0
        if len(lines) <= head + tail + 1:
            out.append(piece)
            continue
        if head:
            out.append(Piece("same", "".join(lines[:head])))
        out.append(Piece("gap", ""))
        if tail:
            out.append(Piece("same", "".join(lines[-tail:])))
    return out
