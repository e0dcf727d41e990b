"""`/p/{project}/settings/queue`: every figure of the queue in a sentence, and what other ones would do to it today."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from starlette.responses import Response

from categories.support.policy import Assigning, Policy, WaitsSince, policy_of
from categories.support.promises.calendars import calendar_of, horizon_of, written
from categories.support.promises.workdays import Expected, add_workdays
from categories.support.queries import QueueState, queue_state
from categories.support.rules import turns_of
from categories.support.tuning.actions import BOUNDS, DEED, faults_in, save_policy
from categories.support.tuning.queries import (
    A_LINE,
    A_LINE_OF_WORDS,
    measured,
    pace_of,
    titles_of,
    touched,
    waiting_tickets,
)
from categories.support.tuning.simulation import Figures, Wait, moves, newcomer
from forum.projects.queries import project_by_slug
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.reader import Reader
from forum.web.requests import Form, Request
from forum.web.routing import route

SHOWN = 20  # tickets of the order that would be
OPTIONAL = ("guarantee_paid", "guarantee_unpaid")


@dataclass(frozen=True)
class Typed:
    """The figures of the form: the policy, and the fair share in percent."""

    policy: Policy
    share: int

    def fields(self) -> dict[str, str]:
        found = asdict(self.policy) | {"share": self.share}
        return {name: "" if value is None else str(value) for name, value in found.items()}


def read_policy(form: Form) -> Typed:
    """What was typed. Raises Invalid with every fault of reading."""
    typed: dict[str, Any] = {}
    for name, (least, most) in BOUNDS.items():
        if name in OPTIONAL and not form.get(name, "").strip():
            typed[name] = None
        else:
            typed[name] = form.integer(name, least=least, most=most)
            if name in form.errors:
                form.errors[name] = _("A whole number from %(least)d to %(most)d is needed.") % {
                    "least": least,
                    "most": most,
                }
    typed["assigning"] = form.choice("assigning", get_args(Assigning))
    typed["waits_since"] = form.choice("waits_since", get_args(WaitsSince))
    form.check()
    share = typed.pop("share")
    policy = Policy(**typed)
    if faults := faults_in(policy, share):
        raise Invalid(faults)
    return Typed(policy, share)


async def queue_policy(request: Request) -> Response:
    """The form, and below it what these figures do to the tickets that wait now. With the figures in the address it
    shows what they would do, and saves nothing."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, DEED, project["id"])
    state = await queue_state(project["id"])
    configured = Expected(project["expected_from"], project["expected_to"])
    stands = tried = Typed(await policy_of(project["id"]), state.share)
    fields, faults = stands.fields(), dict[str, str]()
    asked = {name: request.query_params.getlist(name) for name in request.query_params}
    if request.method == "POST" or asked:
        # a figure that the address leaves out stays as it is
        form = request.fields if request.method == "POST" else Form({n: [v] for n, v in fields.items()} | asked)
        fields = {name: form.get(name, "") for name in fields}
        try:
            tried = read_policy(form)
            if request.method == "POST" and "preview" not in form:
                await save_policy(request.reader, project["id"], tried.policy, tried.share)
                return redirect(request, f"/p/{project['slug']}/settings/queue", _("Saved."))
        except Invalid as invalid:
            faults = dict(invalid.errors)
    return await page(
        request,
        "support/queue_policy.html",
        422 if faults else 200,
        project=project,
        active="settings",
        typed=fields,
        faults=faults,
        is_tried=tried != stands,
        state=state,
        bounds=BOUNDS,
        configured=configured,
        **await effect(request.reader, project["id"], state, stands, tried, configured),
    )


async def effect(
    reader: Reader, project: int, state: QueueState, stands: Typed, tried: Typed, configured: Expected
) -> Mapping[str, Any]:
    """What the figures tried do today, beside those that stand: the order, the waits, and whom each figure touches."""
    now = datetime.now(UTC)
    calendar = await calendar_of(project)
    pace = await pace_of(project, now)
    most = A_LINE if figures(tried).waits_since == figures(stands).waits_since else A_LINE_OF_WORDS
    held = await waiting_tickets(project, most)
    then = figures(tried, tried.policy.head_start if tried.policy.head_start != stands.policy.head_start else None)
    order = moves(held, figures(stands), then, state.credit, await horizon_of(project, now))
    verified = [each for each in held if each.head_start is not None]
    places = {each.id: each for each in order}
    shown = order[:SHOWN]
    titles = await titles_of(reader, [each.id for each in shown])
    silent, held = await touched(project, tried.policy, now)
    return {
        "order": [{"move": each, "line": str(each.line), "ticket": titles.get(each.id)} for each in shown],
        "moved": sum(each.by != 0 for each in order),
        "waiting": len(order),
        "cut": most if max(state.paid, state.unpaid) > most else 0,
        "verified": len(verified),
        "earlier": sum(places[each.id].by > 0 for each in verified),
        "tries_head_start": then.head_start is not None,
        "pace": pace,
        "rate": f"{float(pace.rate):.1f}",
        "wait": wait_of(state, tried, pace.rate),
        "wait_before": wait_of(state, stands, pace.rate),
        "silent": silent,
        "held": held,
        "ranges": ranges_of(await measured(project, tried.policy.expected_least, now), configured),
        "dues": {
            name: written(add_workdays(now, days, calendar), calendar.zone)
            for name in OPTIONAL
            if (days := getattr(tried.policy, name)) is not None
        },
        "turns": turns_of(tried.share),
    }


def figures(typed: Typed, head_start: int | None = None) -> Figures:
    return Figures(typed.share, typed.policy.waits_since, head_start)


def wait_of(state: QueueState, typed: Typed, rate: Any) -> Wait:
    return newcomer(state.due, state.paid, state.unpaid, typed.share, state.credit, rate)


def ranges_of(found: tuple[Expected | None, Expected | None], configured: Expected) -> dict[str, tuple[Expected, bool]]:
    """By line the range that askers would be told, and whether it is measured."""
    return {name: (each or configured, each is not None) for name, each in zip(("paid", "unpaid"), found, strict=True)}


SETTINGS = Link("queue", lambda: _("Queue"), DEED)

routes = [route("/p/{project}/settings/queue", queue_policy, access="signed_in", methods=("GET", "POST"))]
