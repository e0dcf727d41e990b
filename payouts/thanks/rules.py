"""Who hears what a bump made (pure). Source: product.md, "Money out"."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Final

# An answer is a public reply that was sent as one of these, or was accepted as the answer whatever it was sent as.
ANSWERS: Final = ("reply", "resolve")


@dataclass(frozen=True)
class Wrote:
    """What somebody wrote publicly in a ticket's home thread behind its question: `person` with claimed placeholders
    resolved; `purpose` of the post; `was_accepted`: it is the answer, or was; `asks`: they are a requester of the ticket;
    `has_account`: somebody here can hear of it."""

    person: int
    purpose: str = "reply"
    was_accepted: bool = False
    asks: bool = False
    has_account: bool = True

    @property
    def is_answer(self) -> bool:
        """Whoever asked does not answer themselves."""
        return not self.asks and (self.was_accepted or self.purpose in ANSWERS)


def who_hears(bumps: Iterable[tuple[int, int]], wrote: Iterable[Wrote], *, team_answered: bool) -> Set[tuple[int, int]]:
    """Pairs (bump, person): everybody who answered, for each paid bump given as (bump, payer), once the team has answered
    or an answer was accepted.

    Every fact it goes by stays true once it is (paid, answered, accepted, also where that was taken back), so each order
    of events ends with the same pairs, and told once is told for good.
    """
    answers = [each for each in wrote if each.is_answer]
    if not (team_answered or any(each.was_accepted for each in answers)):
        return frozenset()
    people = {each.person for each in answers if each.has_account}
    return {(bump, person) for bump, payer in bumps for person in people if person != payer}
