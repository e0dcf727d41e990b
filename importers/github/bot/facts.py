"""The figures that the bot tells: the expected range, and the place in the queue that a question would have now."""

from categories.support.queries import expected_of, project_expected, queue_state
from categories.support.rules import Line, position
from forum.settings import settings
from importers.github.bot.texts import Facts


async def facts_of(
    project: int, *, repository: str, author: str, link: str, bot: str, project_name: str, project_slug: str
) -> Facts:
    """What the variables of the bot's words stand for in a project now."""
    chosen = settings()
    expected = expected_of(await project_expected(project))
    queue = await queue_state(project)
    last = queue.unpaid + 1
    place = position(Line.UNPAID, last, queue.due, queue.paid, last, queue.share, queue.credit)
    return Facts(
        site=chosen.site_name,
        base_url=chosen.base_url,
        project=project_name,
        repository=repository,
        author=author,
        bot=bot,
        link=link,
        raising=f"{chosen.base_url}/p/{project_slug}/plans",
        line=(place, queue.total + 1),
        days=(expected.from_, expected.to),
    )
