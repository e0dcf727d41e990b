"""Reading forms, answers, pinned links, and what a project says about asking: one function a question."""

from dataclasses import dataclass
from typing import Any

from categories.forms.rules import Answered, Field, log_address
from forum.database.engine import Row, fetch, fetch_one
from forum.threads.visibility import visible_thread
from forum.web.reader import Reader


@dataclass(frozen=True)
class Asking:
    """How a project is asked: who reads a ticket (`private_tickets`: never, choice, always private), what an answer
    takes somebody (minutes, None: not told), and how many are on the team."""

    private_tickets: str = "never"
    answer_minutes: int | None = None
    team: int = 0


async def asking_of(project: int) -> Asking:
    """A project's own words on it, else the defaults. One statement."""
    row = await fetch_one(
        "select coalesce(a.private_tickets, 'never') as private_tickets, a.answer_minutes,"
        " (select count(*) from project_member m where m.project_id = p.id) as team"
        " from project p left join asking a on a.project_id = p.id where p.id = $1",
        project,
    )
    return Asking(**row) if row else Asking()


async def fields_of(category: int) -> list[Field]:
    """What a category's form asks, in order. One statement."""
    rows = await fetch(
        "select id, kind, label, help, options, is_required from ask_field where category_id = $1 and retired_at is null"
        " order by position, id",
        category,
    )
    return [field_in(row) for row in rows]


def field_in(row: Row) -> Field:
    return Field(row["id"], row["kind"], row["label"], row["help"], tuple(row["options"]), row["is_required"])


async def fields_of_project(project: int) -> list[dict[str, Any]]:
    """The fields of all categories that anybody may ask in, as programs read them."""
    rows = await fetch(
        "select f.*, c.slug as category from ask_field f join category c on c.id = f.category_id"
        " where c.project_id = $1 and f.retired_at is null and c.visibility = 'public'"
        " order by c.position, c.id, f.position, f.id",
        project,
    )
    return [
        {
            "id": row["id"],
            "category": row["category"],
            "kind": row["kind"],
            "label": row["label"],
            "help": row["help"],
            "options": row["options"],
            "required": row["is_required"],
        }
        for row in rows
    ]


async def answers_of(thread: int) -> list[Answered]:
    """What the form was told about a thread, in the form's order."""
    rows = await fetch(
        "select a.field_id, a.kind, a.label, a.answer from ask_answer a join ask_field f on f.id = a.field_id"
        " where a.thread_id = $1 order by f.position, f.id",
        thread,
    )
    return [Answered(row["field_id"], row["kind"], row["label"], row["answer"]) for row in rows]


async def log_of(reader: Reader, thread: int, field: int) -> Row | None:
    """A log as it was given, (label, answer), for those who may see its thread, as long as its author's words lead to it:
    who takes the link out of the post takes the log away. None where there is nothing for this reader."""
    return await fetch_one(
        "select a.label, a.answer from ask_answer a join thread t on t.id = a.thread_id"
        " where a.thread_id = $1 and a.field_id = $2 and a.kind = 'log'"
        " and exists (select 1 from post p where p.thread_id = t.id and p.deleted_at is null and not p.is_whisper"
        "   and p.author_id in (select person_id from thread_participant where thread_id = t.id and kind = 'requester'"
        "     union select t.author_id) and position($4 in p.markdown) > 0)"
        f" and {visible_thread('t', '$3')}",
        thread,
        field,
        reader.id,
        f"({log_address(thread, field)})",
    )


async def pinned_of(project: int) -> list[Row]:
    """What a project wants read first: (id, title, url), in order."""
    return await fetch("select id, title, url from pinned_link where project_id = $1 order by position, id", project)


async def publication_of(thread: int, reader: Reader) -> Row | None:
    """How far the publication of a private ticket is: who asked for it (null: nobody), how many requesters have not
    agreed, whether the reader is one of them; None for a thread that is not private by wish."""
    return await fetch_one(
        "select t.is_private, c.visibility as category_visibility, p.asked_at, coalesce(nullif(a.name, ''), a.username)"
        " as asked_by, n.requesters, n.agreed, n.is_requester, n.has_agreed"
        " from thread t join category c on c.id = t.category_id left join publication p on p.thread_id = t.id"
        " left join person a on a.id = p.asked_by"
        " cross join lateral (select count(*) as requesters, count(x.person_id) as agreed,"
        "   coalesce(bool_or(r.person = $2), false) as is_requester,"
        "   coalesce(bool_or(r.person = $2 and x.person_id is not null), false) as has_agreed from"
        "   (select distinct coalesce(w.same_as, w.id) as person from person w where w.id = t.author_id or w.id in"
        "     (select person_id from thread_participant where thread_id = t.id and kind = 'requester')) r"
        "   left join publication_consent x on x.thread_id = t.id and x.person_id = r.person) n"
        f" where t.id = $1 and t.is_private and t.visibility <> 'author' and {visible_thread('t', '$2')}",
        thread,
        reader.id,
    )
