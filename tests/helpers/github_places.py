"""A repository of a project with a question that moved here, without GitHub."""

from datetime import UTC, datetime
from uuid import uuid4

from forum.database.engine import execute, fetch_value
from importers.github.bot.bringing import bring
from importers.github.bot.moves import begin
from tests.helpers.github import issue, rest
from tests.helpers.world import World

REPOSITORY = 4242


async def repository_on_github(world: World) -> str:
    """The address of the thread of an issue that was moved."""
    await execute(
        "insert into github_installation (id, account, permissions) values (77, 'heron', '{\"issues\": \"read\"}')"
    )
    await execute(
        "insert into github_repository (id, name, installation_id, project_id, offers_labels, is_private) values"
        " ($1, 'heron/Pond', 77, $2, '{question}', false), (2, 'heron/a-repository-with-a-long-name', null, null, '{}', true)",
        REPOSITORY,
        world.project,
    )
    await execute(
        "insert into github_move (repository_id, issue, purpose, kind, login, key) values ($1, 1, 'move', 'support', 'mia', $2)",
        REPOSITORY,
        uuid4(),
    )
    now = datetime.now(UTC)
    one = await begin(await fetch_value("select id from github_move"), now)
    assert one is not None
    thread = await bring(one, rest(issue(1, "How do I run two pumps?")), [], now)
    await execute("update github_move set state = 'done', reply_id = 1, next_at = null")
    return f"/t/how-do-i-run-two-pumps/{thread}"
