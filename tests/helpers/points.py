"""A project's points: who has how many, and questions with answers to earn them with."""

from forum.database.engine import fetch, fetch_value
from forum.threads.actions import react
from forum.threads.writing import post_reply
from tests.helpers.site import Browser
from tests.helpers.world import World


async def points(world: World, period: str = "all") -> dict[str, int]:
    """Everybody's public points in a period, who has none left out."""
    rows = await fetch(
        "select p.username, t.points from reputation_total t join person p on p.id = t.person_id"
        " where t.project_id = $1 and t.period = $2 and t.points <> 0",
        world.project,
        period,
    )
    return {row["username"]: row["points"] for row in rows}


async def reply(browser: Browser, thread: int, purpose: str = "reply") -> tuple[int, int]:
    """A reply: (post, number)."""
    posted = await post_reply(await browser.reader(), thread, "So it is done.", purpose=purpose)
    return posted.post, posted.number


async def like(browser: Browser, post: int, kind: str = "like", *, on: bool = True) -> None:
    await react(await browser.reader(), post, kind, on=on)


async def events() -> int:
    count: int = await fetch_value("select count(*) from reputation_event")
    return count
