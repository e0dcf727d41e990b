"""Reading response templates, and the values of their variables for one thread."""

from typing import Any

from categories.support.queries import expected_of, place_in, ticket_of_thread
from categories.support.replies.rules import plain_words, versions_in
from forum.database.engine import Row, fetch, fetch_one
from forum.markup import plain
from forum.projects.queries import project_by_slug
from forum.projects.roles import may
from forum.settings import settings
from forum.threads.post_queries import posts_between, quotable_post
from forum.threads.rules import quote_of
from forum.threads.visibility import visible_thread
from forum.web.errors import NotFound
from forum.web.look import workdays
from forum.web.reader import Reader
from search.interface import Similar, current

# The reader's own and the project's, as far as they are there; which of them may be seen is nobody else's to ask.
TEMPLATES = """
select r.id, r.project_id, r.owner_id, r.word, r.title, r.markdown, r.purpose, r.uses, r.used_at, r.changed_at, r.version,
       r.deleted_at, coalesce(nullif(w.name, ''), w.username) as changed_by
  from response_template r join person w on w.id = r.changed_by
 where (r.owner_id is null or r.owner_id = $1)
"""


async def templates_of(reader: Reader, project: int) -> list[Row]:
    """The project's templates and the reader's own, the most used first. For the team, which is asked here: nobody
    else has any."""
    if not may(reader, "use_templates", project):
        return []
    return await fetch(
        TEMPLATES + " and r.project_id = $2 and r.deleted_at is null order by r.uses desc, r.title, r.id",
        reader.person,
        project,
    )


async def template_for(reader: Reader, project: int, template: int, *, deleted: bool = False) -> Row:
    """A template that the reader may use. Raises NotFound for everybody and everything else."""
    row = None
    if reader.is_signed_in and may(reader, "use_templates", project):
        row = await fetch_one(
            TEMPLATES + " and r.project_id = $2 and r.id = $3 and ($4 or r.deleted_at is null)",
            reader.person,
            project,
            template,
            deleted,
        )
    if row is None:
        raise NotFound
    return row


async def template_by_word(reader: Reader, project: int, word: str) -> Row:
    """The template behind a word: one's own before the project's. Raises NotFound."""
    row = None
    if reader.is_signed_in and may(reader, "use_templates", project):
        row = await fetch_one(
            TEMPLATES + " and r.project_id = $2 and r.word = $3 and r.deleted_at is null"
            " order by r.owner_id is null limit 1",
            reader.person,
            project,
            word,
        )
    if row is None:
        raise NotFound
    return row


def may_edit(reader: Reader, template: Row | dict[str, Any]) -> bool:
    """Whether a reader may change a template that they may use: their own, or as a maintainer the project's."""
    if template["owner_id"] is not None:
        return bool(template["owner_id"] == reader.id)
    return may(reader, "edit_project", template["project_id"])


async def values_for(reader: Reader, head: Row) -> dict[str, str]:
    """What every variable stands for in a thread (a row of thread_head) that the reader may see; "" where it stands for
    nothing. Values are Markdown: names and titles are words alone."""
    project = await project_by_slug(head["project_slug"])
    ticket = await ticket_of_thread(reader, head["id"], is_team=True)
    place = place_in(ticket) if ticket else None
    expected = expected_of(ticket, ticket["rank_amount"]) if ticket else None
    first = await posts_between(reader, head["id"], 1, 1)
    text = plain(first[0]["html"]) if first and not first[0]["deleted_at"] else ""
    asker = await fetch_one(
        "select coalesce(nullif(s.name, ''), s.username) as name from ticket_requester r join person w on w.id = r.person_id"
        " join person s on s.id = coalesce(w.same_as, w.id) where r.ticket_id = $1 order by r.since, r.person_id limit 1",
        ticket["id"] if ticket else 0,
    )
    return {
        "asker": plain_words(asker["name"] if asker else head["author_name"] or head["username"]),
        "me": plain_words(reader.name or reader.username),
        "project": plain_words(head["project_name"]),
        "title": plain_words(head["title"]),
        "link": f"{settings().base_url}/t/{head['id']}",
        "versions": plain_words(", ".join(versions_in(text))),
        "position": str(place.position) if place else "",
        "waiting": str(place.waiting) if place else "",
        "expected": workdays(expected.from_, expected.to) if expected else "",
        "website": project["website"] if project["website"].startswith(("https://", "http://")) else "",
    }


async def recent_threads(reader: Reader, project: int) -> list[Row]:
    """Tickets to try a template with: those of the project that wait longest, as far as the reader may see them."""
    return await fetch(
        "select t.id, t.title from ticket k join thread t on t.id = k.thread_id where k.project_id = $1"
        f" and k.state <> 'draft' and {visible_thread('t', '$2')}"
        " order by k.state = 'waiting' desc, k.waiting_since desc nulls last, k.id desc limit 25",
        project,
        reader.id,
    )


async def solved_like(reader: Reader, head: Row, limit: int = 4) -> list[Similar]:
    """Solved threads about the same that whoever reads the answer can open: public ones."""
    first = await posts_between(reader, head["id"], 1, 1)
    body = plain(first[0]["html"])[:4000] if first and not first[0]["deleted_at"] else ""
    found = await current().similar(
        reader, head["title"], body, project=head["project_id"], exclude=head["id"], limit=12
    )
    solved = [each for each in found if each.is_solved]
    rows = await fetch(
        f"select t.id from thread t where t.id = any($1) and {visible_thread('t', 'null')}",
        [each.thread for each in solved],
    )
    public = {row["id"] for row in rows}
    return [each for each in solved if each.thread in public][:limit]


async def start_from(reader: Reader, thread: int) -> str:
    """The accepted answer of a public thread as a quote with its source, to begin an answer with. Raises NotFound."""
    row = await fetch_one(
        "select t.id, t.title, t.slug, t.accepted_number from thread t"
        f" where t.id = $1 and t.accepted_number is not null and {visible_thread('t', 'null')}",
        thread,
    )
    post = await quotable_post(reader, thread, row["accepted_number"]) if row else None
    if row is None or post is None:
        raise NotFound
    source = f"{settings().base_url}/t/{row['slug']}/{row['id']}/{row['accepted_number']}"
    return f"[{plain_words(row['title'])}]({source}):\n\n" + quote_of(
        post["username"], post["number"], thread, post["markdown"]
    )
