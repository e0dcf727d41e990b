"""What open inboxes hear: the head of the queue, and how much lies in each bucket. Asked once for the whole team."""

from collections.abc import Mapping, Sequence
from typing import Any

from categories.support import queries
from categories.support.holding import team_at
from categories.support.inbox.buckets import A_PAGE, MINE, counts_for_all
from categories.support.inbox.filters import WHOLE
from categories.support.inbox.pages import free_of, pane_of
from categories.support.inbox.suggesting import yours_next
from categories.support.inbox.view_counts import counted_views, views_for
from categories.support.policy import policy_of
from categories.support.queries import EXPECTED, QueueState, Standing, queue_slice, queue_state
from forum.database.engine import Row, fetch, fetch_one
from forum.live.streams import News
from forum.threads.visibility import visible_thread
from forum.web.reader import Reader
from forum.web.templates import fragment

Asked = Mapping[int, tuple[Reader, int]]


async def team_among(project: int, readers: Sequence[Reader]) -> dict[int, Row]:
    """Of these readers, those on the team, by person: how many open tickets they have that are not snoozed (mine), and
    how many wait in all teams that they are on (waiting)."""
    rows = await fetch(
        "select m.person_id, (select count(*) from ticket k where k.project_id = $1 and k.assignee_id = m.person_id"
        f" and k.{MINE}) as mine,"
        " (select coalesce(sum(q.paid + q.unpaid), 0)::int from project_member o join queue q on q.project_id = o.project_id"
        " where o.person_id = m.person_id) as waiting"
        " from project_member m where m.project_id = $1 and m.person_id = any($2)",
        project,
        [reader.id for reader in readers if reader.id is not None],
    )
    return {row["person_id"]: row for row in rows}


def count_items(counts: Mapping[str, Any], views: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each count of the buckets and of one person's views, by the id of the element that shows it."""
    shown = {f"n_{name}": n for name, n in counts.items() if name != "tags"}
    shown |= {f"n_tag_{tag}": n for tag, n in counts["tags"]} | {f"n_view_{view['id']}": view["n"] for view in views}
    return [{"id": name, "inner": str(n or "")} for name, n in shown.items()]


def around(state: QueueState, member: Row) -> list[dict[str, Any]]:
    """How many wait, as the bars around the page say it: in this project, and in all teams of one person."""
    bars = {"bar_inbox": False, "dock_inbox": True}
    shown = {
        name: fragment("support/bar_count.html", waiting=member["waiting"], in_dock=in_dock)
        for name, in_dock in bars.items()
    }
    return [{"id": name, "inner": inner} for name, inner in {"n_tab": str(state.total or ""), **shown}.items()]


async def news_for(project: int, asked: Asked, *, with_queue: bool) -> dict[int, News]:
    """The counts, and the first page of the queue if wanted, for each of the team whose version is older."""
    state = await queue_state(project)
    team = await team_among(project, [reader for reader, _version in asked.values()])
    late = {n: reader for n, (reader, have) in asked.items() if reader.id in team and have < state.version}
    answers = {n: News(state.version, ()) for n, (reader, _have) in asked.items() if reader.id in team}
    if not late:
        return answers
    counts = await counts_for_all(project, state)
    views = await counted_views(project, sorted({reader.person for reader in late.values()}))
    shown = await heads(project, state, list(late.values())) if with_queue else {}
    for n, reader in late.items():
        own = counts | {"mine": team[reader.person]["mine"]}
        items = count_items(own, views_for(reader.person, views, own))
        answers[n] = News(state.version, [*shown.get(reader.person, ()), *items, *around(state, team[reader.person])])
    return answers


async def heads(project: int, state: QueueState, readers: Sequence[Reader]) -> dict[int, list[dict[str, Any]]]:
    """The first page of the queue for each of these, and who is theirs next; who may read the same of it shares it."""
    row = await fetch_one(
        f"select p.id, p.slug, p.currency, {EXPECTED}, coalesce(s.assigning, 'pick') as assigning"
        " from project p left join queue q on q.project_id = p.id left join support_policy s on s.project_id = p.id"
        " where p.id = $1",
        project,
    )
    assert row is not None
    expected = queries.expected_of(row)
    named = {"id": project, "slug": row["slug"], "currency": row["currency"]}
    named |= {"answer_from": expected.from_, "answer_to": expected.to}
    standings = await queue_slice(project, state, 1, A_PAGE)
    people = {reader.person: reader for reader in readers}
    readable = await who_reads([s.ticket for s in standings], list(people))
    shared: dict[frozenset[int], dict[str, Any]] = {}
    for person, reader in people.items():
        sees = readable[person]
        if sees not in shared:
            shared[sees] = await head_of(reader, named, state, standings)
    panes = {person: shared[readable[person]] for person in people}
    drawn = {sees: fragment("support/queue.html", project=named, chosen=None, **pane) for sees, pane in shared.items()}
    said = await suggestions(named, panes) if row["assigning"] != "pick" else {}
    return {
        person: [{"id": "inbox_queue", "html": drawn[readable[person]]}, *said.get(person, ())] for person in people
    }


async def suggestions(
    project: Mapping[str, Any], panes: Mapping[int, Mapping[str, Any]]
) -> dict[int, list[dict[str, Any]]]:
    """The line above the queue for each of these people, asked once for all. Four statements."""
    policy = await policy_of(project["id"])
    team = await team_at(project["id"])
    # who has what is the same for all; only titles differ
    given = await yours_next(project["id"], policy, free_of(next(iter(panes.values()))["rows"]), team)
    found = {}
    for person, pane in panes.items():
        mine = given(person)
        found[person] = fragment(
            "support/yours.html",
            project=project,
            policy=policy,
            me=next((each for each in team if each["person_id"] == person), None),
            yours=next((r["ticket"] for r in pane["rows"] if r["ticket"]["id"] == mine), None),
        )
    return {person: [{"id": "yours", "html": html}] for person, html in found.items()}


async def who_reads(tickets: Sequence[int], people: Sequence[int]) -> dict[int, frozenset[int]]:
    """Which of these tickets each of these people may read: person → tickets."""
    rows: list[Row] = await fetch(
        "select r.id as person, array_agg(k.id) as tickets from unnest($2::bigint[]) r(id), ticket k"
        f" join thread t on t.id = k.thread_id where k.id = any($1) and {visible_thread('t', 'r.id')} group by r.id",
        list(tickets),
        list(people),
    )
    found = {row["person"]: frozenset(row["tickets"]) for row in rows}
    return {person: found.get(person, frozenset()) for person in people}


async def head_of(
    reader: Reader, project: Mapping[str, Any], state: QueueState, standings: Sequence[Standing]
) -> dict[str, Any]:
    tickets = await queries.tickets_for_team(reader, [s.ticket for s in standings])
    rows = [
        {"ticket": tickets[s.ticket], "position": s.position, "line": str(s.line)}
        for s in standings
        if s.ticket in tickets
    ]
    return pane_of(project, state, WHOLE, rows)


async def inbox_since(project: int, asked: Asked) -> dict[int, News]:
    """The stream `inbox`: for pages that show the head of the queue."""
    return await news_for(project, asked, with_queue=True)


async def buckets_since(project: int, asked: Asked) -> dict[int, News]:
    """The stream `buckets`: for pages of the inbox that show something else."""
    return await news_for(project, asked, with_queue=False)


async def inbox_wakes_with(project: int) -> str | None:
    """The hint that wakes both: their project's queue."""
    return f"queue:{project}"
