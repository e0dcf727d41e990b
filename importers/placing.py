"""Where a source may stand: one project that has categories others may read, and the same one every time."""

from forum.database.engine import Row, execute, fetch, fetch_value


class NoPlace(Exception):
    """The source cannot stand there; the message says why."""


async def find_project(slug: str) -> tuple[int, list[Row]]:
    """A project's id, and its categories that others may read as (id, kind, name, slug), the most public first. Raises NoPlace."""
    project = await fetch_value("select id from project where slug = $1", slug.lower())
    if project is None:
        raise NoPlace(f"there is no project {slug}")
    rows = await fetch(
        "select id, kind, name, slug from category where project_id = $1 and kind <> 'security' and visibility <> 'private'"
        " order by visibility <> 'public', position, id",
        project,
    )
    if not rows:
        raise NoPlace(f"the project {slug} has no category that others may read")
    return project, rows


async def check_free(source: str, name: str, shown: str, project: int) -> None:
    """Raises NoPlace where what is known by `name` (and called `shown`) stands in another project already."""
    other = await fetch_value(
        "select p.slug from import_source s join project p on p.id = s.project_id"
        " where s.source = $1 and s.name = $2 and s.project_id <> $3",
        source,
        name,
        project,
    )
    if other is not None:
        raise NoPlace(f"{shown} stands in the project {other} already")


async def take(source: str, name: str, project: int) -> None:
    """Remember that it stands in this project."""
    await execute(
        "insert into import_source (source, name, project_id) values ($1, $2, $3) on conflict do nothing",
        source,
        name,
        project,
    )
