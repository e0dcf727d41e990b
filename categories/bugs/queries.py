"""Reading promotions: what is known of a thread's issue, what keeps it from one, and the posts that an issue is made of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from categories.bugs.rules import MARKER, Said
from categories.bugs.states import OVERDUE, State
from forum.database.engine import Row, fetch, fetch_value
from forum.database.together import Together, asked
from forum.outside.github import is_configured, repository_of
from forum.settings import Settings
from forum.threads.queries import PERSON
from forum.threads.visibility import visible_post, visible_thread
from forum.web.errors import NotFound
from forum.web.reader import Reader

# The kinds of categories whose threads may become issues.
PROMOTED = ("bugs", "features")

FACTS = Together(f"""
select asked.n, t.id as thread_id, t.title as thread_title, t.slug, t.visibility, t.origin, t.accepted_number, t.project_id,
       c.kind as category_kind, c.visibility as category_visibility, p.slug as project_slug, p.name as project_name,
       p.repository as project_repository, m.state, m.repository, m.title, m.body, m.wanted_at, m.tries, m.next_at,
       m.problem, m.detail, m.number, m.url, m.labels as promotion_labels, g.state as issue_state, g.reason as issue_reason,
       g.milestone, g.labels, coalesce(g.is_locked, false) as is_locked, g.repository as issue_repository,
       g.number as issue_number, t.origin_url,
       exists (select 1 from github_repository r where r.project_id = p.id) as has_mapped
  from {asked(thread="bigint", reader="bigint")} join thread t on t.id = asked.thread
  join category c on c.id = t.category_id join project p on p.id = t.project_id
  left join promotion m on m.thread_id = t.id left join github_issue g on g.thread_id = t.id
 where {visible_thread("t", "asked.reader")}
""")


HAS_ISSUE = """exists (select 1 from promotion m where m.thread_id = t.id)
            or exists (select 1 from github_issue g where g.thread_id = t.id)"""


async def facts_of(reader: Reader, thread: int) -> Row:
    """A thread, its project's repository, and its promotion (state None where there is none). Raises NotFound."""
    row = await FACTS.fetch_one(thread, reader.id)
    if row is None:
        raise NotFound
    return row


def obstacle(facts: Row, settings: Settings, known: Sequence[str] | None = None) -> str:
    """What keeps a thread from being promoted (states.OBSTACLES), "" where nothing does. `known`: the repositories it may
    go to, None where that is not worth a statement."""
    # a thread is what its category is, or narrower: what is not public in either way never leaves the site
    if facts["visibility"] != "public" or facts["category_visibility"] != "public":
        return "not-public"
    if facts["category_kind"] not in PROMOTED:
        return "not-bug"
    if facts["origin"] == "github":
        return "imported"
    if not is_configured(settings):
        return "no-app"
    has_one = bool(known) if known is not None else facts["has_mapped"] or repository_of(facts["project_repository"])
    return "" if has_one else "no-repository"


def is_overdue(facts: Row, now: datetime) -> bool:
    """Whether a try should have begun long ago: its job is lost or held, and it may be started by hand."""
    due = facts["next_at"] or facts["wanted_at"]
    return facts["state"] in (State.WANTED, State.CREATING) and bool(due + OVERDUE < now)


POSTS = f"""
select p.number, p.markdown, p.origin, a.username, p.author_id = t.author_id or a.id = o.id as by_author,
       exists (select 1 from project_member m where m.project_id = t.project_id and m.person_id = a.id)
           and p.purpose in ('reply', 'resolve') as by_team
  from post p join thread t on t.id = p.thread_id
  {PERSON.format(w="w", a="a", author="p.author_id")}
  {PERSON.format(w="v", a="o", author="t.author_id")}
 where p.thread_id = $1 and p.deleted_at is null and {visible_thread("t", "null")} and {visible_post("p", "t", "null")}
   and (p.number in (1, t.accepted_number) or a.id = o.id or exists
        (select 1 from project_member m where m.project_id = t.project_id and m.person_id = a.id))
 order by p.number in (1, t.accepted_number) desc, p.number desc limit 60
"""


async def posts_for(thread: int) -> list[Said]:
    """What everybody may read of a thread and an issue may be made of, in order: the first post, the accepted answer,
    the latest words of its author and of the team."""
    rows = await fetch(POSTS, thread)
    return [
        Said(
            row["number"],
            row["markdown"],
            row["username"],
            by_author=row["by_author"],
            by_team=row["by_team"],
            is_home=row["origin"] == "local",
        )
        for row in sorted(rows, key=lambda row: int(row["number"]))
    ]


async def thread_of_marker(repository: str, body: str) -> int | None:
    """The thread that an issue of this repository (OWNER/REPO, casefolded) was made of, by the marker in its body, as
    long as no issue is known for it: whoever copies a marker later gets nothing by it."""
    found = MARKER.search(body)
    if found is None:
        return None
    thread: int | None = await fetch_value(
        "select thread_id from promotion where thread_id = $1 and key = $2 and lower(repository) = $3"
        " and state <> 'linked' and sent_at is not null and not exists (select 1 from origin_alias a"
        " where a.source = 'github' and a.kind = 'thread' and a.row_id = thread_id)",
        int(found[1]),
        UUID(found[2]),
        repository,
    )
    return thread


def as_json(facts: Row) -> dict[str, Any]:
    """A promotion as `/api/v1` tells it."""
    linked = facts["state"] == State.LINKED
    return {
        "thread": facts["thread_id"],
        "state": facts["state"],
        "repository": facts["repository"],
        "number": facts["number"] if linked else None,
        "url": facts["url"] if linked else None,
        "problem": facts["problem"] or None,
    }
