"""The expected range of workdays, measured from what really happened."""

from datetime import UTC, datetime

from categories.support.policy import policy_of
from categories.support.tuning.queries import measured
from forum.database.engine import action, execute, fetch, fetch_one
from forum.events import hint
from forum.jobs import enqueue


async def measure_all() -> None:
    """Have every project measured that ever had a queue: answers grow older than 90 days, whether new ones come or not."""
    for row in await fetch("select project_id from queue order by project_id"):
        await enqueue("measure_expected", once=f"measure_expected:{row['project_id']}", project=row["project_id"])


@action
async def measure_expected(project: int) -> None:
    """Write down both lines' ranges of first team responses to native tickets of the last 90 days.

    Null where fewer than 20 were answered: then the configured range holds (product.md, "The expected response time").
    """
    policy = await policy_of(project)
    ranges: list[int | None] = []
    for line in await measured(project, policy.expected_least, datetime.now(UTC)):
        ranges += [line.from_, line.to] if line else [None, None]
    before = await fetch_one(
        "select paid_from, paid_to, unpaid_from, unpaid_to from queue where project_id = $1", project
    )
    if before is None or list(before) == ranges:
        return
    await execute(
        "update queue set paid_from = $2, paid_to = $3, unpaid_from = $4, unpaid_to = $5, version = version + 1"
        " where project_id = $1",
        project,
        *ranges,
    )
    await execute("update project set version = version + 1 where id = $1", project)
    hint("queue", project)
