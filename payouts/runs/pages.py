"""`/p/{project}/payouts` and its runs, the policy under Settings, and each person's own `/u/{username}/payouts`."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.responses import Response

from categories.support.inbox.pages import team_project
from forum.database.engine import Row
from forum.projects.settings_links import Link
from forum.threads.pages import asked_id
from forum.web.errors import Conflict, Invalid, NotFound
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route
from payouts.runs import actions, queries
from payouts.runs.forms import read_policy, typed_of
from payouts.runs.rules import FIXED_MOST, LABEL_MOST, REFERENCE_MOST, Line
from payouts.runs.shown import bar, bar_label, shown_lines, state_of, ways
from payouts.thanks.pages import require_self


async def owners_project(request: Request) -> Row:
    """The project in the path, for its owners. Raises NotFound for strangers, Forbidden for the rest of its team."""
    project = await team_project(request)
    actions.require_owner(request.reader, project["id"])
    return project


def asked_below(request: Request) -> int | None:
    asked = request.query_params.get("below", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None


async def split_of(lines: list[Line], currency: str, kept: int) -> dict[str, Any] | None:
    """What `split.html` shows of lines; None where there are none."""
    if not lines:
        return None
    people = await queries.names_of([line.person for line in lines if line.person])
    return {
        "bar": bar(lines),
        "label": bar_label(lines),
        "lines": shown_lines(lines, people, currency, kept),
        "pool": sum(line.amount for line in lines),
        "currency": currency,
    }


def shown_run(run: Row) -> dict[str, Any]:
    """A row of the list, with its state in a word."""
    word, look = state_of(run)
    return dict(run) | {"word": word, "look": look}


async def payouts_page(request: Request, project: Row, *, status: int = 200, problem: str = "") -> Response:
    """The pool, what a run would divide now, and the runs."""
    runs = await queries.runs_of(project["id"], below=asked_below(request), limit=queries.A_PAGE + 1)
    waits = await queries.open_run(project["id"])
    proposal = None if waits else await queries.proposal_of(project)
    return await page(
        request,
        "runs/payouts.html",
        status,
        project=project,
        active="dashboard",
        base=f"/p/{project['slug']}/payouts",
        figures=await queries.figures_of(project),
        waits=shown_run(waits) if waits else None,
        split=await split_of(proposal.lines, project["currency"], proposal.kept) if proposal else None,
        runs=[shown_run(run) for run in runs[: queries.A_PAGE]],
        older=runs[queries.A_PAGE - 1]["id"] if len(runs) > queries.A_PAGE else 0,
        problem=problem,
    )


async def payouts(request: Request) -> Response:
    """`/p/{project}/payouts`, for the owner."""
    return await payouts_page(request, await owners_project(request))


async def draft(request: Request) -> Response:
    """Draft a run, and look at it."""
    project = await owners_project(request)
    try:
        run = await actions.draft_run(request.reader, project["id"])
    except Conflict as problem:
        return await payouts_page(request, project, status=409, problem=problem.message)
    return redirect(request, f"/p/{project['slug']}/payouts/{run}")


async def run_page(
    request: Request,
    project: Row,
    *,
    status: int = 200,
    problem: str = "",
    faults: tuple[int, dict[str, str]] = (0, {}),
) -> Response:
    """One run, line by line; `faults`: the line whose form had them, and which."""
    run = await queries.run_of(project["id"], asked_id(request, "run"))
    rows = (await queries.lines_of([run["id"]]))[run["id"]]
    lines = [queries.line_in(row) for row in rows]
    pool, is_dated = run["pool"], False
    if run["state"] in ("draft", "approved"):
        pool = await queries.pool_of(project)
    if run["state"] == "draft" and pool == run["pool"]:
        now = await queries.proposal_of(project)
        is_dated = (now.kept, now.lines) != (run["kept"], lines)
    typed = {name: request.fields.get(name, "") for name in ("how", "reference")} if faults[0] else {}
    return await page(
        request,
        "runs/run.html",
        status,
        project=project,
        active="dashboard",
        base=f"/p/{project['slug']}/payouts",
        run=shown_run(run),
        split=await split_of(lines, run["currency"], run["kept"]),
        owed=[row for row in rows if row["person_id"] and row["amount"] and not row["paid_at"]],
        paid=[row for row in rows if row["paid_at"]],
        is_stale=pool != run["pool"],
        pool=pool,
        is_dated=is_dated,
        ways=ways(),
        way_names=dict(ways()),
        reference_most=REFERENCE_MOST,
        problem=problem,
        faults=faults,
        typed=typed,
    )


async def run(request: Request) -> Response:
    """`/p/{project}/payouts/{run}`, for the owner."""
    return await run_page(request, await owners_project(request))


async def done(request: Request, act: Callable[[], Awaitable[Any]], notice: str) -> Response:
    """Do something to the run in the path and show it; what the state of things does not allow is told on its page."""
    project = await owners_project(request)
    run = await queries.run_of(project["id"], asked_id(request, "run"))
    try:
        await act()
    except Conflict as problem:
        return await run_page(request, project, status=409, problem=problem.message)
    return redirect(request, f"/p/{project['slug']}/payouts/{run['id']}", notice)


async def approve(request: Request) -> Response:
    """Approve a draft."""
    act = partial(actions.approve_run, request.reader, asked_id(request, "run"))
    return await done(request, act, _("Approved. Nothing has moved yet: book it."))


async def book(request: Request) -> Response:
    """Book an approved run."""
    act = partial(actions.book_run, request.reader, asked_id(request, "run"))
    return await done(request, act, _("Booked. Now pay each person, and mark it here."))


async def cancel(request: Request) -> Response:
    """Cancel a run that is not booked."""
    act = partial(actions.cancel_run, request.reader, asked_id(request, "run"))
    return await done(request, act, _("Cancelled."))


async def payment(request: Request) -> Response:
    """Mark a line of a booked run as paid out."""
    project = await owners_project(request)
    run, line = asked_id(request, "run"), asked_id(request, "line")
    if line not in [row["id"] for row in (await queries.lines_of([run]))[run]]:
        raise NotFound
    how, reference = request.fields.get("how", ""), request.fields.text("reference", limit=1000, required=False)
    act = partial(actions.mark_paid, request.reader, line, how=how, reference=reference)
    try:
        return await done(request, act, _("Marked as paid out."))
    except Invalid as invalid:
        return await run_page(request, project, status=422, faults=(line, invalid.errors))


async def policy(request: Request) -> Response:
    """`/p/{project}/settings/payouts`: how pools are divided; what it would do to today's is shown before it is saved."""
    project = await owners_project(request)
    stands = await queries.policy_of(project["id"])
    typed, tried = await typed_of(stands, project["currency"]), stands
    faults: dict[str, str] = {}
    if request.method == "POST":
        form = request.fields
        typed, tried = await read_policy(form, project["currency"])
        faults = form.errors
        if not faults and "preview" not in form:
            await actions.set_policy(request.reader, project["id"], tried)
            return redirect(request, f"/p/{project['slug']}/settings/payouts", _("Saved."))
    proposal = None if faults else await queries.proposal_of(project, tried)
    return await page(
        request,
        "runs/policy.html",
        422 if faults else 200,
        project=project,
        active="settings",
        typed=typed.as_shown(),
        faults=faults,
        is_tried=tried != stands,
        pool=proposal.pool if proposal else 0,
        split=await split_of(proposal.lines, project["currency"], proposal.kept) if proposal else None,
        fixed_most=FIXED_MOST,
        label_most=LABEL_MOST,
    )


async def own_payouts(request: Request) -> Response:
    """`/u/{username}/payouts`: what runs gave oneself, for oneself alone; `?below=` goes on below a line."""
    require_self(request)
    rows = await queries.payouts_of(request.reader.person, below=asked_below(request))
    shown = rows[: queries.A_PAGE]
    return await page(
        request,
        "runs/own.html",
        rows=[
            dict(row) | {"why": shown_lines([queries.line_in(row)], {}, row["currency"], row["kept"])[0]["why"]}
            for row in shown
        ],
        sums=await queries.sums_of(request.reader.person) if rows else [],
        way_names=dict(ways()),
        older=shown[-1]["id"] if len(rows) > queries.A_PAGE else 0,
        here="payouts",
    )


SETTINGS = Link("payouts", lambda: _("Payouts"), "pay_out")

routes = [
    route("/p/{project}/payouts", payouts, access="team"),
    route("/p/{project}/payouts", draft, access="team", methods=("POST",)),
    route("/p/{project}/payouts/{run}", run, access="team"),
    route("/p/{project}/payouts/{run}/approval", approve, access="team", methods=("POST",)),
    route("/p/{project}/payouts/{run}/booking", book, access="team", methods=("POST",)),
    route("/p/{project}/payouts/{run}/delete", cancel, access="team", methods=("POST",)),
    route("/p/{project}/payouts/{run}/lines/{line}/payment", payment, access="team", methods=("POST",)),
    route("/p/{project}/settings/payouts", policy, access="team", methods=("GET", "POST")),
    route("/u/{username}/payouts", own_payouts, access="signed_in"),
]
