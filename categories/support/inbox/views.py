"""Saved views of the inbox: a filter under a name, somebody's own or the whole team's; made, changed, put in order."""

from categories.support.inbox.filters import Filter
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.projects.roles import may, require
from forum.web.errors import Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

NAME_MOST = 40
# so many one person, and a team, has at most
MOST = 20


def may_edit_shared(reader: Reader, project: int) -> bool:
    """Views of the whole team are its maintainers' to change, as templates and tags are."""
    return may(reader, "edit_project", project)


def named(name: str) -> str:
    """A name as it is kept. Raises Invalid."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MOST:
        raise Invalid({"name": _("A name of 1 to %(most)d characters.") % {"most": NAME_MOST}})
    return name


@action
async def save_view(reader: Reader, project: int, name: str, chosen: Filter, *, shared: bool) -> int:
    """Keep a filter under a name, for oneself or for the whole team; the id. Raises Invalid, Forbidden."""
    require(reader, "claim", project)
    if shared and not may_edit_shared(reader, project):
        raise Forbidden(_("Views of the whole team are its maintainers' to make."))
    owner = None if shared else reader.person
    # two at once would both be the last
    await fetch_one("select id from project where id = $1 for update", project)
    have = await fetch_value(
        "select count(*) from inbox_view where project_id = $1 and person_id is not distinct from $2", project, owner
    )
    if have >= MOST:
        raise Invalid({"name": _("There are %(most)d views already; delete one first.") % {"most": MOST}})
    made: int = await fetch_value(
        "insert into inbox_view (project_id, person_id, name, bucket, line, tag, place, made_by)"
        " select $1, $2, $3, $4, $5, $6, coalesce(max(place), 0) + 1, $7 from inbox_view"
        " where project_id = $1 and person_id is not distinct from $2 returning id",
        project,
        owner,
        named(name),
        chosen.bucket,
        chosen.line,
        chosen.tag,
        reader.person,
    )
    return made


async def own_view(reader: Reader, project: int, view: int) -> Row:
    """A view that the reader may change, locked. Raises NotFound (somebody else's), Forbidden (the team's)."""
    row = await fetch_one(
        "select * from inbox_view where id = $1 and project_id = $2 and (person_id is null or person_id = $3) for update",
        view,
        project,
        reader.person,
    )
    if row is None:
        raise NotFound
    if row["person_id"] is None and not may_edit_shared(reader, project):
        raise Forbidden(_("Views of the whole team are its maintainers' to change."))
    return row


@action
async def change_view(reader: Reader, project: int, view: int, name: str, chosen: Filter) -> None:
    """Give a view another name and filter. Raises NotFound, Forbidden, Invalid."""
    await own_view(reader, project, view)
    await execute(
        "update inbox_view set name = $2, bucket = $3, line = $4, tag = $5 where id = $1",
        view,
        named(name),
        chosen.bucket,
        chosen.line,
        chosen.tag,
    )


@action
async def delete_view(reader: Reader, project: int, view: int) -> None:
    """Take a view away; the tickets stay where they are. Raises NotFound, Forbidden."""
    await own_view(reader, project, view)
    await execute("delete from inbox_view where id = $1", view)


@action
async def move_view(reader: Reader, project: int, view: int, step: int) -> None:
    """Put a view one place up (-1) or down (1) among its own kind. Raises NotFound, Forbidden."""
    row = await own_view(reader, project, view)
    rows = await fetch(
        "select id from inbox_view where project_id = $1 and person_id is not distinct from $2 order by place, id for update",
        project,
        row["person_id"],
    )
    order = [each["id"] for each in rows]
    at = order.index(view)
    to = min(max(at + step, 0), len(order) - 1)
    order.insert(to, order.pop(at))
    await execute(
        "update inbox_view v set place = o.n from unnest($1::bigint[]) with ordinality o(id, n) where v.id = o.id",
        order,
    )
