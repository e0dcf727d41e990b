"""Labels say of what kind an issue is: while nobody here has touched its thread, it stands where they put it."""

from forum.database.engine import fetch_one
from forum.threads.actions import put_into
from importers.github.place import Place, kind_of
from importers.github.records import Issue

# Whoever here wrote, edited, moved, or did anything else to it (a question that waits for an answer, too) has seen it, and
# where it stands since is their decision; so has the bot's commander.
HERE = """
select t.*, c.kind as category_kind, c.visibility as category_visibility,
       exists (select 1 from post p where p.thread_id = t.id and p.origin = 'local')
    or exists (select 1 from thread_act a join person w on w.id = a.actor_id where a.thread_id = t.id and w.kind = 'local')
    or exists (select 1 from post p join post_revision r on r.post_id = p.id join person w on w.id = r.editor_id
                where p.thread_id = t.id and w.kind = 'local')
    or exists (select 1 from ticket k where k.thread_id = t.id)
    or exists (select 1 from github_move m where m.thread_id = t.id) as is_touched
  from thread t join category c on c.id = t.category_id where t.id = $1
"""


async def follow_labels(place: Place, issue: Issue, thread: int) -> bool:
    """Put a locked thread into the category that its issue's labels say now; whether that is another one. It comes before
    no other readers than it had, and no ticket comes of it, as none came of bringing it in."""
    if issue.section is not None:
        return False
    wanted = kind_of(issue)
    where = await fetch_one(HERE, thread)
    to = await fetch_one("select id, name, kind, visibility from category where id = $1", place.categories[wanted])
    assert where is not None and to is not None
    if where["is_touched"] or where["category_kind"] == wanted or to["kind"] != wanted:
        return False
    if where["is_private"] or {where["visibility"], where["category_visibility"]} != {to["visibility"]}:
        return False
    await put_into(where, to, None)
    return True
