"""What a merge makes of two waits and two due times, and what undoing it leaves (pure).

Source: product.md, "A ticket's life": the older `waiting_since` and the earlier due time stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")
At = datetime | None


def earlier(one: At, other: At) -> At:
    """The earlier of two times; None is none."""
    times = [at for at in (one, other) if at is not None]
    return min(times) if times else None


@dataclass(frozen=True)
class Change:
    """What one merge did to one time of its target: `given` by the source, `before` and `after`."""

    given: At
    before: At
    after: At


def without(changes: Sequence[Change], gone: int, now: At) -> tuple[At, list[Change]]:
    """The target's time once the merge `gone` (an index) of all that stand, oldest first, is undone, and what those after
    it changed then. A time that something else has changed since a merge (an answer, a reply) stays as it is."""
    value = changes[gone].before
    left: list[Change] = list(changes[:gone])
    link = changes[gone].after
    for change in changes[gone + 1 :]:
        if change.before == link:
            again = Change(change.given, value, earlier(value, change.given))
            link, value = change.after, again.after
            left.append(again)
        else:
            # something else set it in between: from here on nothing is left of the undone merge
            return now, [*left, *changes[len(left) + 1 :]]
    return (value if now == link else now), left


@dataclass(frozen=True)
class Added:
    """Whom one merge made a requester (or participant) of its target, and who asks in its source."""

    people: frozenset[int]
    asks: frozenset[int]


def people_without(merges: Sequence[Added], gone: int) -> tuple[frozenset[int], list[frozenset[int]]]:
    """Who leaves the target once the merge `gone` is undone, and whom each of the others has brought then: somebody who
    asks in a ticket merged later stays, and is that one's from now on."""
    leaving = set(merges[gone].people)
    brought = [set(merge.people) for merge in merges]
    for n, merge in enumerate(merges):
        if n > gone:
            kept = leaving & merge.asks
            brought[n] |= kept
            leaving -= kept
    return frozenset(leaving), [frozenset(people) for n, people in enumerate(brought) if n != gone]
