"""The team's inbox: the queue in its strict order, each rank with its reason, and one chosen ticket beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from categories.support import parts, queries
from categories.support.holding import team_at
from categories.support.inbox import buckets, filters
from categories.support.inbox.buckets import A_PAGE, counts_of, listed
from categories.support.inbox.filters import Filter, filter_name, read_filter
from categories.support.inbox.suggesting import yours_next
from categories.support.inbox.view_counts import counted_views, views_for
from categories.support.policy import policy_of
from categories.support.queries import Place, head_start_text, place_in, queue_slice, queue_state
from categories.support.rules import Line, last_paid
from categories.support.snoozing.pages import choices
from forum.database.engine import Row
from forum.projects.queries import project_by_slug
from forum.projects.roles import may
from forum.threads.fragments import powers_in, render_posts
from forum.threads.pages import asked_id
from forum.threads.post_queries import acts_between, post_of, posts_between
from forum.threads.queries import thread_head
from forum.web import parts as places
from forum.web.errors import NotFound
from forum.web.i18n import _, ngettext
from forum.web.money import money
from forum.web.pages import page, swap
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.routing import route

# what is shown of a long thread: the first post, and the end of it
TAIL = 12


async def team_project(request: Request) -> Row:
    """The project in the path, for members of its team. Raises NotFound for everybody else."""
    project = await project_by_slug(request.path_params["project"])
    if not request.reader.is_team(project["id"]):
        raise NotFound
    return project


def asked_filter(request: Request) -> Filter:
    """The filter in the address, with its page. Raises NotFound where it names none that there is."""
    chosen = read_filter(request.query_params)
    if chosen is None:
        raise NotFound
    # the queue itself goes by places
    return chosen if chosen.is_whole else replace(chosen, page=request.page_number(most=buckets.DEEPEST))


async def queue_context(reader: Reader, project: Row, chosen: Filter, first: int = 1) -> dict[str, Any]:
    """The middle pane: a stretch of the queue with its track, or a page of what a filter leaves of it."""
    state = await queue_state(project["id"])
    more, older = 0, False
    if chosen.is_whole:
        # the queue may have become shorter since the way here was shown
        first = min(first, max(state.total - 1, 0) // A_PAGE * A_PAGE + 1)
        standings = await queue_slice(project["id"], state, first, first + A_PAGE - 1)
        found: list[dict[str, Any]] = [
            {"ticket": s.ticket, "position": s.position, "line": str(s.line)} for s in standings
        ]
        more = first + A_PAGE if first + A_PAGE <= state.total else 0
    else:
        found, older = await listed(reader, project["id"], chosen, chosen.page)
    tickets = await queries.tickets_for_team(reader, [one["ticket"] for one in found])
    rows = [one | {"ticket": tickets[one["ticket"]]} for one in found if one["ticket"] in tickets]
    return pane_of(project, state, chosen, rows) | {
        "first": first,
        "more": more,
        "newer": chosen.page > 1,
        "older": older,
    }


def pane_of(
    project: Row | Mapping[str, Any], state: queries.QueueState, chosen: Filter, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the middle pane shows beside where its pages begin and end. What is snoozed keeps its place in the queue, and
    is not in the way."""
    shown = [one for one in rows if not (chosen.is_whole and one["ticket"]["is_snoozed"])]
    return {
        "rows": shown,
        "asleep": len(rows) - len(shown),
        "filter": chosen,
        "view": chosen.bucket,
        "title": filter_name(chosen),
        "state": state,
        "line": parts.track_of(state, None)["line"],
        "currency": project["currency"],
        "answer": (project["answer_from"], project["answer_to"]),
        "first": 1,
        "a_page": A_PAGE,
        "more": A_PAGE + 1 if state.total > A_PAGE else 0,
    }


def reason_of(place: Place, rank: int, currency: str) -> str:
    """Why a ticket stands where it stands, in a sentence; `rank` from 1 within its line (product.md, "The queue")."""
    ahead = rank - 1
    if place.line is Line.DUE:
        return _("Its guarantee ends this workday or has ended: that goes before everything else.")
    if place.line is Line.PAID:
        amount = money(place.rank_amount, currency)
        if not ahead:
            return _("Raised by %(amount)s, and nobody has paid more.") % {"amount": amount}
        return ngettext(
            "Raised by %(amount)s; for %(num)d other more was paid, or as much and longer ago.",
            "Raised by %(amount)s; for %(num)d others more was paid, or as much and longer ago.",
            ahead,
        ) % {"amount": amount, "num": ahead}
    longer = (
        ngettext("%(num)d unpaid one has waited longer", "%(num)d unpaid ones have waited longer", ahead)
        % {"num": ahead}
        if ahead
        else _("no unpaid one has waited longer")
    )
    if place.position > last_paid(*place.queue.lines):
        return _("Nothing was paid for it; %(longer)s.") % {"longer": longer}
    return _("Nothing was paid for it: at least %(share)d\u00a0%% of the answers go to such, and %(longer)s.") % {
        "share": place.queue.share,
        "longer": longer,
    }


async def ticket_of(request: Request, project: Row, ticket: int) -> Row:
    """The ticket, where it stands in this project's inbox. Raises NotFound."""
    row = await queries.ticket_by_id(request.reader, ticket)
    if row["project_id"] != project["id"] or row["state"] == "draft":
        raise NotFound
    return row


async def ticket_context(request: Request, ticket: int, project: Row, **kept: Any) -> dict[str, Any]:
    """The right pane: a ticket's head with its actions, its posts, and the answer form."""
    reader = request.reader
    row = await ticket_of(request, project, ticket)
    head = await thread_head(reader, row["thread_id"])
    last = head["last_number"]
    start = max(2, last - TAIL + 1)
    powers = powers_in(reader, head)
    rows = await posts_between(reader, head["id"], 1, 1) + await posts_between(reader, head["id"], start, last)
    posts = list(map(post_of, rows))
    acts = await acts_between(reader, head["id"], start if start > 2 else 1, last)
    place = place_in(row)
    is_mine = row["assignee_id"] == reader.id
    return {
        "ticket": row,
        "head": head,
        "first_post": render_posts(posts[:1], [], head, powers, reader),
        "between": start - 2,
        "rest": render_posts(posts[1:], acts, head, powers, reader),
        "place": place,
        "reason": reason_of(place, row["place_rank"], project["currency"]) if place else "",
        "ahead": head_start_text(row["head_start"]) if place and place.line is not Line.DUE else "",
        "told": kept.get("told") or request.query_params.get("told", "")
        if row["assignee_id"] not in (None, reader.id)
        else "",
        "may_assign": may(reader, "assign", project["id"], assigned=is_mine),
        "may_move": may(reader, "move", project["id"], assigned=is_mine),
        "may_join": may(reader, "merge", project["id"], assigned=is_mine),
        "may_split": may(reader, "split", project["id"], assigned=is_mine),
        "offered": await choices(project["id"]),
        "tools": kept.get("tools") or await places.load("composer", request, head, back="inbox"),
        "send": kept.get("send", ""),
        "new_key": kept.get("key") or uuid4(),
        "draft": kept.get("draft", head["draft"] or ""),
        "note": kept.get("note", ""),
        "purpose": kept.get("purpose", head["draft_purpose"] or ""),
        "draft_version": head["draft_version"] or 0,
        "errors": kept.get("errors", []),
        "plan": await places.load("inbox_plan", request, row),
        "actions": await places.load("inbox_actions", request, row, head),
        "composer": await places.load("inbox_composer", request, row, head),
        "notes": await places.load("inbox_notes", request, row, head),
    }


async def inbox(request: Request) -> Response:
    """`/p/{project}/inbox`: the queue, and beside it whoever is next for the reader."""
    project, chosen_by = await team_project(request), asked_filter(request)
    queue = await queue_context(request.reader, project, chosen_by, request.page_number("from", 10**8))
    if not queue["rows"] and chosen_by.page > 1:
        # what stood on this page was done meanwhile
        queue = await queue_context(request.reader, project, chosen_by.beginning)
    readable = [r["ticket"] for r in queue["rows"] if r["ticket"]["title"] is not None]
    # what others have is theirs; it stands in the list all the same
    free = [ticket for ticket in readable if ticket["assignee_id"] in (None, request.reader.id)]
    head = (free or readable)[:1]
    chosen = await ticket_context(request, head[0]["id"], project) if head else None
    return await inbox_page(request, project, queue, chosen, is_list=True)


async def inbox_ticket(request: Request) -> Response:
    """`/p/{project}/inbox/{ticket}`: one ticket beside the queue; a phone sees the ticket alone. A row of the queue that is
    pressed brings its pane alone."""
    project = await team_project(request)
    chosen = await ticket_context(request, asked_id(request, "ticket"), project)
    if request.is_htmx:
        return await swap(
            request,
            "support/ticket.html",
            project=project,
            chosen=chosen,
            filter=asked_filter(request),
            team=await team_at(project["id"]),
            policy=await policy_of(project["id"]),
        )
    queue = await queue_context(request.reader, project, asked_filter(request), around(chosen["place"]))
    return await inbox_page(request, project, queue, chosen, is_list=False)


def around(place: Place | None) -> int:
    """Where the page of the queue begins on which a place stands."""
    return (place.position - 1) // A_PAGE * A_PAGE + 1 if place else 1


async def inbox_page(
    request: Request,
    project: Row,
    queue: Mapping[str, Any],
    chosen: Mapping[str, Any] | None,
    *,
    is_list: bool,
    status: int = 200,
) -> Response:
    """All three panes."""
    reader, version = request.reader, queue["state"].version
    left = await left_pane(reader, project, queue["state"])
    whole, policy, team = queue["filter"].is_whole, left["policy"], left["team"]
    given = await yours_next(project["id"], policy, free_of(queue["rows"]), team) if whole else None
    suggested = given(reader.person) if given else None
    # what comes live is the head of the queue; other stretches and lists rest until they are loaded again, but for counts
    is_head = queue["filter"].is_whole and queue["first"] == 1
    return await page(
        request,
        "support/inbox.html",
        status,
        project={**dict(project), "waiting": queue["state"].total},
        chosen=chosen,
        yours=next((r["ticket"] for r in queue["rows"] if r["ticket"]["id"] == suggested), None),
        is_list=is_list,
        streams=f"{'inbox' if is_head else 'buckets'}:{project['id']}@{version}",
        page_modules=("live.js", "composer.js", "inbox.js"),
        **left,
        **queue,
    )


async def left_pane(reader: Reader, project: Row, state: queries.QueueState) -> dict[str, Any]:
    """The left pane: how much lies in each bucket and view, and who of the team is there and holds how much."""
    team = await team_at(project["id"])
    counts = await counts_of(project["id"], reader.person, state)
    return {
        "counts": counts,
        "views": views_for(reader.person, await counted_views(project["id"], [reader.person]), counts),
        "team": team,
        "me": next((each for each in team if each["person_id"] == reader.id), None),
        "policy": await policy_of(project["id"]),
        "buckets": [(name, filters.bucket_name(name)) for name in filters.BUCKETS],
        "lines": [(name, filters.line_name(name)) for name in filters.LINES],
        "made": Filter,
    }


def free_of(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Of the rows of a queue those that nobody has, in its order."""
    return [r["ticket"]["id"] for r in rows if r["position"] and r["ticket"]["assignee_id"] is None]


routes = [
    route("/p/{project}/inbox", inbox, access="team"),
    route("/p/{project}/inbox/{ticket}", inbox_ticket, access="team"),
]
