"""Reading notices: each asks the visibility of its thread, and of its post, when it is shown and when it is mailed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from markupsafe import Markup, escape

from forum.accounts.rules import plain_name
from forum.database.engine import Row, fetch, fetch_one
from forum.notifications.kinds import kinds
from forum.threads.visibility import in_team, visible_post, visible_thread
from forum.web.look import draw_title

log = structlog.get_logger()

# `n` is a notice; what it is about comes along as far as its person may see it now, and a notice about something that
# they may not see any more is not there.
MAY_SEE = f"""(n.thread_id is null or {visible_thread("t", "n.person_id")})
   and (n.post_number is null or (o.id is not null and o.deleted_at is null and {visible_post("o", "t", "n.person_id")}))"""
# The bell looks at so many, the newest: to whoever has thousands of what they may not see any more, no page is slow.
BELL_LOOKS_AT = 200
# Stands for a thread's title in a sentence until it is HTML: a letter of nobody.
TITLE = "\ue000"
# The bell counts them, on every page: those that are there. It is asked within the statement that tells the reader.
UNREAD = f"""select n.id from newest_unread({{person}}, {BELL_LOOKS_AT}) n left join thread t on t.id = n.thread_id
  left join post o on o.thread_id = n.thread_id and o.number = n.post_number
 where {MAY_SEE}"""
SHOWN = f"""
select {{more}}n.id, n.person_id, n.kind, n.project_id, n.thread_id, n.post_number, n.said, n.created_at, n.read_at,
       t.title, t.slug, t.version, j.name as project_name, j.slug as project_slug, o.id as post_id,
       coalesce(nullif(a.name, ''), a.username) as name
  from {{source}}
  left join thread t on t.id = n.thread_id
  left join project j on j.id = coalesce(n.project_id, t.project_id)
  left join post o on o.thread_id = n.thread_id and o.number = n.post_number
  left join person w on w.id = o.author_id
  left join person a on a.id = coalesce(w.same_as, w.id)
 where {{which}}
   and {MAY_SEE}
"""
NEWEST = (
    SHOWN.format(more="", source="notice n", which="n.person_id = $1 and ($2::bigint is null or n.id < $2)")
    + " order by n.id desc limit $3"
)
ONE = SHOWN.format(
    more=f"""(select me.locale from person me where me.id = n.person_id) as locale, o.html, o.markdown, o.purpose, o.reply_to, n.mailed_at,
       (select f.id from post f where f.thread_id = t.id and f.number = 1) as first_post,
       (select r.id from post r where r.thread_id = t.id and r.number = o.reply_to and not r.is_whisper) as parent_post,
       {in_team("t", "n.person_id")} as is_team,
       exists (select 1 from thread_participant tp join person tw on tw.id = tp.person_id where tp.thread_id = t.id
                and tp.kind in ('requester', 'reporter') and n.person_id in (tw.id, tw.same_as))
         or exists (select 1 from person ta where ta.id = t.author_id and n.person_id in (ta.id, ta.same_as)) as asks,
       l.level, """,
    source="notice n left join thread_level l on l.thread_id = n.thread_id and l.person_id = n.person_id",
    which="n.id = $1 and coalesce(l.level, '') <> 'mute'",
)
# What a digest tells: not what was mailed, nor what was read, nor what came after it was begun.
WAITING = (
    SHOWN.format(
        more="left(o.html, 1500) as html, ",
        source="unnest($1::bigint[], $2::timestamptz[]) d(person, until) join notice n on n.person_id = d.person",
        which="n.mailed_at is null and n.read_at is null and n.created_at <= d.until and not exists (select 1"
        " from thread_level l where l.thread_id = n.thread_id and l.person_id = n.person_id and l.level = 'mute')",
    )
    + " order by n.person_id, n.id"
)


async def newest_notices(person: int, *, below: int | None, limit: int) -> list[Row]:
    """A person's notices, newest first, below an id. One statement."""
    return await fetch(NEWEST, person, below, limit)


async def notice_to_mail(notice: int) -> Row | None:
    """A notice with all that its mail says; None where its person may not see what it is about, or has muted it."""
    return await fetch_one(ONE, notice)


async def notices_for_digests(people: Sequence[int], until: Sequence[datetime]) -> list[Row]:
    """What waits for the digests of these people, each up to a moment, oldest first. One statement."""
    return await fetch(WAITING, list(people), list(until))


def sentence_of(row: Row, *, in_mail: bool = False, title: str = "") -> str:
    """What a notice says, in the language of the moment; "" for a kind that this release does not know, or not with
    these values. `in_mail`: where
    programs make links of names that look like one (trust.md C51). `title` stands in the place of the thread's."""
    kind = kinds.get(row["kind"])
    if kind is None:
        return ""
    said: dict[str, Any] = {"title": title or row["title"] or "", "name": row["name"] or "", **row["said"]}
    if in_mail:
        said |= {each: plain_name(str(said[each])) for each in ("name", "by") if said.get(each)}
    try:
        return kind.sentence(said)
    except (LookupError, TypeError, ValueError) as error:
        # told by another release, which said it with other values: no page and nobody else's digest waits for that
        log.warning("a notice cannot be worded", kind=row["kind"], notice=row["id"], error=type(error).__name__)
        return ""


def sentence_shown(row: Row) -> Markup:
    """The same as HTML, with the code in the thread's title."""
    if not row["title"]:
        return escape(sentence_of(row))
    return escape(sentence_of(row, title=TITLE)).replace(TITLE, draw_title(row["title"]))


def address_of(row: Row) -> str:
    """The path that a notice leads to: its post, its thread, or the page that was named with it; "" for none."""
    if row["thread_id"] is None:
        path = str(row["said"].get("path", ""))
        return path if path.startswith("/") and not path.startswith("//") else ""
    number = row["post_number"]
    below = f"/{number}#post_{number}" if number and number > 1 else ""
    return f"/t/{row['slug']}/{row['thread_id']}{below}"


async def preference_of(person: int) -> Row | None:
    """How a person hears by mail; None where they never chose."""
    return await fetch_one("select * from mail_preference where person_id = $1", person)


async def projects_of_team(person: int) -> list[Row]:
    """The projects on whose team a person is: (id, name, hears: whether every new ticket is mailed to them)."""
    return await fetch(
        "select j.id, j.name, x.person_id is not null as hears from project_member m join project j on j.id = m.project_id"
        " left join new_ticket_mail x on x.project_id = j.id and x.person_id = m.person_id"
        " where m.person_id = $1 order by lower(j.name)",
        person,
    )
