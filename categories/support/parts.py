"""What tickets put on other rooms' pages: the strip and the facts of a thread, the aside of the home page, the inbox
in the top bar; and the live streams that keep them right."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from categories.forms.queries import answers_of, asking_of, fields_of
from categories.forms.rules import LOG_MOST
from categories.support import queries
from categories.support.joining.parts import panel_of
from categories.support.promises.facts import promise_facts
from categories.support.promises.workdays import Expected
from categories.support.queries import (
    Place,
    QueueState,
    expected_of,
    head_start_text,
    place_in,
    queue_state,
    unpaid_reason,
)
from categories.support.rules import position_unpaid, unpaid_within
from categories.support.silence import closing_day, day_of
from forum.database.engine import Row, fetch, fetch_one
from forum.live.streams import News
from forum.projects.pages import cooked
from forum.projects.queries import unaccepted_terms
from forum.projects.roles import may
from forum.projects.terms import still_ticked, to_accept
from forum.threads.visibility import visible_thread
from forum.web import parts
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.templates import environment, fragment

environment.globals["promise_facts"] = promise_facts
environment.globals["head_start_text"] = head_start_text
environment.globals["unpaid_reason"] = unpaid_reason

STROKES = 60
# What a strip becomes in an open browser when there is nothing to say any more; a later one finds its place by it.
EMPTY = Markup('<section class="strip" id="queue" hidden></section>')


def letters(state: QueueState, most: int = STROKES) -> tuple[str, list[int]]:
    """The queue as at most `most` letters (d, p, f), each for an equal part, and the last position of each part."""
    shown = min(state.total, most)
    ends = [state.total * (i + 1) // shown for i in range(shown)]
    drawn, owed, before = [], 0.0, 0
    for end in ends:
        size = end - before
        if before < state.due:
            drawn.append("d")
        else:
            lines = (state.paid, state.unpaid, state.share, state.credit)
            free = unpaid_within(end - state.due, *lines) - unpaid_within(before - state.due, *lines)
            owed += free / size
            drawn.append("f" if owed >= 0.5 or free == size else "p")
            owed -= drawn[-1] == "f"
        before = end
    return "".join(drawn), ends


def stroke_of(position: int, ends: Sequence[int]) -> int:
    """Which stroke, from 1, a position lies in."""
    return next((i + 1 for i, end in enumerate(ends) if position <= end), len(ends))


async def newcomers_place(project: int, expected: Expected) -> dict[str, Any]:
    """Where an unpaid ticket that is submitted now would stand in the queue, and what it may expect. One statement."""
    state = await queue_state(project)
    position = position_unpaid(state.unpaid + 1, state.due, state.paid, state.share, state.credit)
    joined = replace(state, unpaid=state.unpaid + 1, total=state.total + 1)
    line, ends = letters(joined)
    return {
        "position": position,
        "waiting": joined.total,
        "line": line,
        "stroke": stroke_of(position, ends),
        "share": state.share,
        "expected": expected,
    }


async def strip_of(reader: Reader, ticket: Row, *, is_team: bool) -> Markup:
    """The strip above a thread: the place for requester and team, the expected range for everybody else, and nothing
    for them where nobody waits; nothing for a draft. What a requester may do there, upper packages put."""
    if ticket["state"] == "draft" or not (ticket["is_requester"] or is_team or ticket["state"] == "waiting"):
        return Markup("")
    place = place_in(ticket)
    return fragment(
        "support/strip.html",
        ticket=ticket,
        reader=reader,
        place=place,
        expected=expected_of(ticket, ticket["rank_amount"]),
        closing=closes_on(ticket),
        act=await parts.load("strip_act", ticket) if ticket["is_requester"] and reader.is_signed_in else "",
        **(track_of(place.queue, place) if place else {}),
    )


def closes_on(ticket: Row) -> str:
    """The day on which a ticket that its requesters were told of closes by itself, in words; "" where it does not."""
    if ticket["warned_at"] is None or ticket["state"] not in ("answered", "needs_facts"):
        return ""
    days = (ticket["silence_days"], ticket["silence_warning_days"])
    day = closing_day(ticket["warned_at"], ticket["last_word_at"], *days)
    return day_of(day.isoformat())


async def form_of(request: Request, ticket: Row, errors: Mapping[str, str] | None) -> Markup:
    """To a requester, the short form that a draft needs to be submitted, and one that was taken in asks for later."""
    if not ticket["is_requester"] or ticket["capacity"] is not None:
        return Markup("")
    asked = request.query_params
    typed = {name: request.fields.get(name, asked.get(name, "")) for name in ("capacity", "only_team", "on_behalf")}
    asks = await asks_of(request, ticket) if ticket["state"] == "draft" else {"labels": {}}
    offers = await parts.load("ask_offers", ticket["project_id"]) if ticket["state"] == "draft" else Markup("")
    terms = await unaccepted_terms(request.reader.person, ticket["project_id"])
    return fragment(
        "support/draft.html",
        ticket=ticket,
        reader=request.reader,
        terms=to_accept(terms),
        ticked=still_ticked(request.fields, terms),
        errors=errors or {},
        csrf=request.csrf_token,
        typed_capacity=typed["capacity"] or ticket["capacity"],
        capacity_project=await parts.load("capacity_project", request, ticket["project_id"], typed),
        **asks,
        expected=expected_of(ticket),
        offers=offers,
        place=await newcomers_place(ticket["project_id"], expected_of(ticket)) if offers else None,
    )


async def asks_of(request: Request, ticket: Row) -> dict[str, Any]:
    """What the form of a draft's category asks, with what was sent just now, else what the draft was told before."""
    where = await fetch_one(
        "select t.category_id, t.is_private, t.visibility, p.name, p.guideline from thread t"
        " join project p on p.id = t.project_id where t.id = $1",
        ticket["thread_id"],
    )
    assert where is not None
    fields = await fields_of(where["category_id"])
    form = request.fields
    if "fields_of" in form:
        typed = {name: form.get(f"{name}-file", "").strip("\n") or form[name] for name in form}
    else:
        typed = {f"field-{each.field}": each.answer for each in await answers_of(ticket["thread_id"])}
        typed["only_team"] = "1" if where["is_private"] else ""
    return {
        "project": where,
        "guideline": cooked(where["guideline"]),
        "fields": fields,
        "labels": {field.name: field.label for field in fields},
        "fields_of": str(where["category_id"]),
        "log_most": LOG_MOST,
        "asking": await asking_of(ticket["project_id"]),
        # a thread that is public already, since it was imported, cannot be for the team alone
        "asks_team": where["visibility"] == "author",
        "typed": {"only_team": ""} | typed,
    }


def track_of(state: QueueState, place: Place | None) -> dict[str, Any]:
    """What the track macro draws of a queue."""
    line, ends = letters(state) if state.total else ("", [])
    return {"line": line, "stroke": stroke_of(place.position, ends) if place else None, "state": state}


async def asked_for(request: Request, ticket: Row | None, *, is_team: bool) -> Markup:
    """To requester and team, for which open-source project a ticket is asked; only such a ticket costs a statement."""
    if ticket is None or ticket["capacity"] != "project" or not (ticket["is_requester"] or is_team):
        return Markup("")
    return await parts.load("asked_for", request, ticket)


async def thread_ticket(request: Request, head: Row, errors: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Strip, facts and live stream of the ticket whose home is this thread; nothing for a thread without."""
    reader = request.reader
    is_team = reader.is_team(head["project_id"])
    stamp = head["ticket_stamp"]
    if stamp and not reader.is_signed_in and not stamp[2]:
        # a guest's page is worth no statement where it only says what to listen for
        return {"streams": [f"place:{stamp[0]}@{stamp[1]}"]}
    ticket = await queries.ticket_of_thread(reader, head["id"], is_team=is_team) if stamp else None
    if ticket is None or (ticket["state"] == "draft" and not ticket["is_requester"]):
        claim = await parts.load("imported_draft", request, head, False) if ticket else Markup("")
        return {"aside": await aside_of(request, head, None), "notes": claim}
    is_imported = ticket["state"] == "draft" and not ticket["is_native"]
    confirm = await parts.load("imported_draft", request, head, True) if is_imported else Markup("")
    return {
        "strip": confirm + await strip_of(reader, ticket, is_team=is_team) + await form_of(request, ticket, errors),
        "aside": await aside_of(request, head, ticket),
        "streams": [f"place:{ticket['id']}@{ticket['queue_version']}"]
        + ([f"writing:{head['id']}@0"] if is_team else []),
    }


async def aside_of(request: Request, head: Row, ticket: Row | None) -> Markup:
    """The facts of a ticket, what may be done with it, and what it is joined with; nothing to the many who may do nothing
    and are told nothing."""
    reader = request.reader
    if not reader.is_signed_in:
        return Markup("")
    project, is_public = head["project_id"], head["visibility"] == "public"
    is_team = reader.is_team(project)
    powers = {
        "may_close": may(reader, "close", project)
        or may(reader, "close_own", project, own=head["is_own"])
        or may(reader, "moderate", project, public=is_public),
        "may_move": may(reader, "move", project, assigned=head["is_assigned"], public=is_public),
        "may_take_in": may(reader, "take_in", project),
    }
    joined = await panel_of(request, head, ticket)
    is_told = ticket is not None and (ticket["is_requester"] or is_team)
    if not (is_told or any(powers.values())):
        return joined
    shown = fragment(
        "support/aside.html",
        head=head,
        asked_for=await asked_for(request, ticket, is_team=is_team),
        ticket=ticket,
        reader=reader,
        csrf=request.csrf_token,
        may_promise=ticket is not None and may(reader, "edit_project", project),
        may_claim=may(reader, "claim", project),
        may_join=may(reader, "merge", project, assigned=head["is_assigned"]),
        may_split=may(reader, "split", project, assigned=head["is_assigned"], public=is_public),
        is_team=is_team,
        **powers,
    )
    return shown + joined


async def home_aside(request: Request) -> dict[str, Any]:
    """Your tickets with their places, and the projects with what waits there."""
    reader = request.reader
    own = await queries.own_tickets(reader) if reader.is_signed_in else []
    mine = [{"ticket": t, "place": place_in(t), "expected": expected_of(t, t["rank_amount"])} for t in own]
    return {"mine": mine, "projects": await queries.busiest_projects()}


async def top_bar(reader: Reader) -> dict[str, Any] | None:
    """The inbox of the team with most waiting, for those who are on a team."""
    if not reader.roles:
        return None
    queues = await queries.waiting_in(list(reader.roles))
    if not queues:
        return None
    waiting = sum(row["waiting"] or 0 for row in queues)
    return {"url": f"/p/{queues[0]['slug']}/inbox", "waiting": waiting}


async def place_since(ticket: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
    """The strip of a ticket for each reader whose version of the queue is older than the queue. What requester and
    team see, and what everybody else sees, is asked for once each, however many look on."""
    onlookers = await who_looks_on(ticket, {reader.id for reader, _version in asked.values()})
    answers: dict[int, News] = {}
    strips: dict[tuple[bool, bool, bool], News] = {}
    for n, (reader, version) in asked.items():
        if reader.id not in onlookers:
            continue
        current, is_requester, is_team = onlookers[reader.id]
        if version >= current:
            answers[n] = News(current, ())
            continue
        kind = (reader.is_signed_in, is_requester, is_team)
        if kind not in strips:
            row = await queries.ticket_by_id(reader, ticket, is_team=is_team)
            strip = await strip_of(reader, row, is_team=is_team) or EMPTY
            items = [{"id": "queue", "html": strip}]
            if is_requester or is_team:
                items.append({"id": "ticketfacts", "inner": fragment("support/facts.html", ticket=row)})
            strips[kind] = News(row["queue_version"], items)
        answers[n] = strips[kind]
    return answers


async def who_looks_on(ticket: int, readers: set[int | None]) -> dict[int | None, tuple[int, bool, bool]]:
    """Of these readers, those who may see the ticket's thread: the queue's version, whether it is their own ticket,
    and whether they are of the team."""
    rows = await fetch(
        "select r.id, coalesce(q.version, 0) as version, exists (select 1 from ticket_requester x join person w"
        " on w.id = x.person_id where x.ticket_id = k.id and r.id in (w.id, w.same_as)) as is_requester,"
        " exists (select 1 from project_member m where m.project_id = k.project_id and m.person_id = r.id) as is_team"
        " from unnest($2::bigint[]) r(id), ticket k join thread t on t.id = k.thread_id"
        f" left join queue q on q.project_id = k.project_id where k.id = $1 and {visible_thread('t', 'r.id')}",
        ticket,
        list(readers),
    )
    return {row["id"]: (row["version"], row["is_requester"], row["is_team"]) for row in rows}


async def place_wakes_with(ticket: int) -> str | None:
    """The hint that wakes a place's stream: its project's queue."""
    row = await fetch_one("select project_id from ticket where id = $1", ticket)
    return f"queue:{row['project_id']}" if row else None
