"""The figures of a project's desk, as it set them or as they come."""

from dataclasses import dataclass, fields
from typing import Literal

from forum.database.engine import fetch_one

Assigning = Literal["pick", "suggest", "round_robin"]
WaitsSince = Literal["submission", "last_word"]


@dataclass(frozen=True)
class Policy:
    """Figures of one project; the defaults are product.md's.

    `claim_workdays`: workdays without a word after which a claim ends · `claims_most`: tickets one person holds ·
    `silence_days`, `silence_warning_days`: days · `expected_least`: workdays · `waits_since`: what a ticket's wait
    counts from (product.md, "The queue", rule 3) · `guarantee_paid`, `guarantee_unpaid`: workdays within which an answer is
    promised to everybody of that line, None for no promise · `head_start`: days by which a ticket that is asked for a verified
    open-source project counts as waiting longer.
    """

    claim_workdays: int = 2
    claims_most: int = 5
    assigning: Assigning = "pick"
    silence_days: int = 30
    silence_warning_days: int = 3
    expected_least: int = 1
    waits_since: WaitsSince = "submission"
    guarantee_paid: int | None = None
    guarantee_unpaid: int | None = None
    head_start: int = 0

    def guarantee(self, rank_amount: int) -> int | None:
        """What is promised to everybody of the line of this amount, in workdays; None for nothing."""
        return self.guarantee_paid if rank_amount > 0 else self.guarantee_unpaid


DEFAULT = Policy()


async def policy_of(project: int) -> Policy:
    """A project's figures. One statement."""
    row = await fetch_one("select * from support_policy where project_id = $1", project)
    return Policy(**{each.name: row[each.name] for each in fields(Policy)}) if row else DEFAULT
