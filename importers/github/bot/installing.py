"""Where the App is installed and on which repositories, kept current by what GitHub tells and by asking it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from forum import audit
from forum.database.engine import action, execute, fetch
from forum.outside.github import App
from forum.outside.github_app import Installed, installations
from forum.web.reader import Reader
from importers.github.records import ID_MOST, REPOSITORY, person_of

NUMBER_MOST = ID_MOST


def number_of(told: Any) -> int | None:
    """GitHub's number out of an object of a payload."""
    number = told.get("id") if isinstance(told, dict) else None
    return number if type(number) is int and 0 < number < NUMBER_MOST else None


def repository_in(told: Any) -> tuple[int, str, bool] | None:
    """A repository out of a payload: its number, OWNER/REPO, whether it is private (unless it says that it is not)."""
    number = number_of(told)
    name = told.get("full_name") if number else None
    if number is None or not isinstance(name, str) or not REPOSITORY.fullmatch(name):
        return None
    return number, name, told.get("private") is not False


async def installation(act: str, told: dict[str, Any]) -> None:
    """The App was installed, taken away, suspended, or given other permissions."""
    about = told.get("installation")
    number = number_of(about)
    if number is None:
        return
    if act == "deleted":
        # what was set up for its repositories stays, for when it comes back
        await execute("delete from github_installation where id = $1", number)
        return
    assert isinstance(about, dict)
    await keep_installation(number, about, is_suspended=act == "suspend" or about.get("suspended_at") is not None)
    await keep_repositories(number, read_all(told.get("repositories")))


async def installation_repositories(_act: str, told: dict[str, Any]) -> None:
    """Repositories came to an installation, or left it."""
    about = told.get("installation")
    number = number_of(about)
    if number is None or not isinstance(about, dict):
        return
    await keep_installation(number, about, is_suspended=about.get("suspended_at") is not None)
    await keep_repositories(number, read_all(told.get("repositories_added")))
    gone = [one[0] for one in read_all(told.get("repositories_removed"))]
    await execute(
        "update github_repository set installation_id = null where installation_id = $1 and id = any($2::bigint[])",
        number,
        gone,
    )


async def repository(act: str, told: dict[str, Any]) -> None:
    """A repository has another name or owner, became private or public, or is gone. Its number stays, and with it what
    was set up for it."""
    one = repository_in(told.get("repository"))
    if one is None:
        return
    number, name, is_private = one
    if act == "deleted":
        await execute("update github_repository set installation_id = null where id = $1", number)
    if act in ("renamed", "transferred", "privatized", "publicized"):
        await free_names([one])
        await execute("update github_repository set name = $2, is_private = $3 where id = $1", number, name, is_private)


def read_all(told: Any) -> list[tuple[int, str, bool]]:
    rows = told if isinstance(told, list) else ()
    return [one for row in rows if (one := repository_in(row)) is not None]


async def keep_installation(number: int, about: dict[str, Any], *, is_suspended: bool) -> None:
    """Write down an installation as it is told."""
    account, permissions = person_of(about.get("account")), about.get("permissions")
    await execute(
        "insert into github_installation (id, account, permissions, is_suspended) values ($1, $2, $3, $4)"
        " on conflict (id) do update set account = excluded.account, permissions = excluded.permissions,"
        " is_suspended = excluded.is_suspended, seen_at = now()",
        number,
        account.login if account else "",
        permissions if isinstance(permissions, dict) else {},
        is_suspended,
    )


async def keep_repositories(installation: int, repositories: Iterable[tuple[int, str, bool]]) -> None:
    """Write down repositories of an installation; what was set up for them stays."""
    rows = list(repositories)
    if not rows:
        return
    await free_names(rows)
    numbers, names, private = zip(*rows, strict=True)
    await execute(
        "insert into github_repository (id, name, installation_id, is_private)"
        " select n.id, n.name, $1, n.is_private from unnest($2::bigint[], $3::text[], $4::boolean[])"
        " n(id, name, is_private) on conflict (id) do update set name = excluded.name,"
        " installation_id = excluded.installation_id, is_private = excluded.is_private",
        installation,
        list(numbers),
        list(names),
        list(private),
    )


async def free_names(rows: Iterable[tuple[int, str, bool]]) -> None:
    """Take these names away from repositories of other numbers, which gave them up there."""
    numbers, names, _private = zip(*rows, strict=True)
    await execute(
        "update github_repository r set name = '~' || r.id || '/gone' from unnest($1::bigint[], $2::text[]) n(id, name)"
        " where lower(r.name) = lower(n.name) and r.id <> n.id",
        list(numbers),
        list(names),
    )


async def refresh(reader: Reader, app: App) -> int:
    """Ask GitHub where the App is installed, and write it down; how many repositories there are. Raises Refused,
    Limited, Unsure."""
    found = await installations(app, datetime.now(UTC))
    return await store_installations(reader, found)


@action
async def store_installations(reader: Reader, found: list[Installed]) -> int:
    """Let what stands here be what GitHub told, whole."""
    await execute("delete from github_installation where id <> all($1::bigint[])", [one.id for one in found])
    for one in found:
        about = {"account": {"login": one.account}, "permissions": one.permissions}
        await keep_installation(one.id, about, is_suspended=one.is_suspended)
        if not one.is_suspended:
            await execute(
                "update github_repository set installation_id = null where installation_id = $1"
                " and id <> all($2::bigint[])",
                one.id,
                [number for number, _name, _private in one.repositories],
            )
            await keep_repositories(one.id, one.repositories)
    await audit.record("github_refreshed", actor=reader.person, installations=len(found))
    rows = await fetch("select id from github_repository where installation_id is not null")
    return len(rows)
