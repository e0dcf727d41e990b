"""Labels say of what kind an issue is, sections where a discussion belongs: a thread stands where they put it, until
somebody here says otherwise."""

from forum.database.engine import Row, fetch_one
from forum.threads.actions import put_into
from importers.github.place import Place, kind_of
from importers.github.records import Issue

# Whoever here wrote, edited, moved, or did anything else to it (a question that waits for an answer, too) has seen it, and
# where it stands since is their decision; so has the bot's commander. A section is no guess as a kind is: somebody there
# chose it, so that only a move here, or a ticket, counts more (`is_placed`).
HERE = """
select t.*, c.kind as category_kind, c.visibility as category_visibility, h.is_moved or h.has_ticket as is_placed,
       h.is_moved or h.has_ticket
    or exists (select 1 from post p where p.thread_id = t.id and p.origin = 'local')
    or exists (select 1 from thread_act a join person w on w.id = a.actor_id where a.thread_id = t.id and w.kind = 'local')
    or exists (select 1 from post p join post_revision r on r.post_id = p.id join person w on w.id = r.editor_id
                where p.thread_id = t.id and w.kind = 'local') as is_touched
  from thread t join category c on c.id = t.category_id cross join lateral (
       select exists (select 1 from thread_act a join person w on w.id = a.actor_id
                       where a.thread_id = t.id and a.kind = 'move' and w.kind = 'local')
           or exists (select 1 from github_move m where m.thread_id = t.id) as is_moved,
              exists (select 1 from ticket k where k.thread_id = t.id) as has_ticket) h
 where t.id = $1
"""


async def follow_labels(place: Place, issue: Issue, thread: int) -> bool:
    """Put a locked thread into the category that its issue's labels say now; whether that is another one."""
    if issue.section is not None:
        return False
    wanted = kind_of(issue)
    where, to = await where_and_to(thread, place.categories[wanted])
    if where["is_touched"] or where["category_kind"] == wanted or to["kind"] != wanted:
        return False
    return await put(where, to)


async def follow_section(place: Place, issue: Issue, thread: int) -> bool:
    """Put a locked thread into the category that its discussion's section says now; whether that is another one."""
    if issue.section is None:
        return False
    where, to = await where_and_to(thread, place.category_of(issue))
    if where["is_placed"] or where["category_id"] == to["id"]:
        return False
    return await put(where, to)


async def where_and_to(thread: int, category: int) -> tuple[Row, Row]:
    where = await fetch_one(HERE, thread)
    to = await fetch_one("select id, name, kind, visibility from category where id = $1", category)
    assert where is not None and to is not None
    return where, to


async def put(where: Row, to: Row) -> bool:
    """It comes before no other readers than it had, and no ticket comes of it, as none came of bringing it in."""
    if where["is_private"] or {where["visibility"], where["category_visibility"]} != {to["visibility"]}:
        return False
    await put_into(where, to, None)
    return True
