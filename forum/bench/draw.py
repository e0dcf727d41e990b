"""Which thread is read next: by Zipf's law, as people read, or uniformly, nothing hot."""

import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


class Zipf:
    """Draws ranks 0 to n - 1, of which the k-th (from 1) comes with a weight of 1 / k ** exponent."""

    def __init__(self, n: int, exponent: float = 1.0) -> None:
        self.sums = list(accumulate(1 / k**exponent for k in range(1, n + 1)))

    def draw(self, dice: random.Random) -> int:
        return min(bisect_left(self.sums, dice.random() * self.sums[-1]), len(self.sums) - 1)


def zipf(things: Sequence[T], count: int, dice: random.Random) -> list[T]:
    """`count` of the things by Zipf's law; which of them is read most is drawn too."""
    shuffled = dice.sample(things, len(things))
    law = Zipf(len(shuffled))
    return [shuffled[law.draw(dice)] for _ in range(count)]


def uniform(things: Sequence[T], count: int, dice: random.Random) -> list[T]:
    """`count` of the things, each as likely as any other."""
    return [things[dice.randrange(len(things))] for _ in range(count)]
