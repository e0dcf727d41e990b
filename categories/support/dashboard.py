"""`/p/{project}/dashboard`: what the team wants to know of its support, each figure out of rows, none guessed."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from starlette.responses import Response

from categories.support.inbox.pages import team_project
from categories.support.promises.calendars import calendar_of
from categories.support.promises.workdays import (
    ENOUGH_FOR_MEDIAN,
    ENOUGH_FOR_P90,
    Calendar,
    Responses,
    responses,
    workdays_between,
)
from categories.support.queries import expected_of, project_expected
from forum.database.engine import Row, fetch, fetch_one
from forum.web import parts
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route

MONTHS = 12
LATELY = timedelta(days=90)

RESPONSES = """
select date_trunc('month', first_response_at at time zone 'UTC')::date as month, rank_amount > 0 as paid, submitted_at,
       first_response_at
  from ticket where project_id = $1 and is_native and submitted_at is not null and first_response_at >= $2
"""
STATES = """
select count(*) filter (where state = 'waiting') as waiting,
       count(*) filter (where state = 'waiting' and rank_amount > 0) as paid,
       count(*) filter (where state = 'needs_facts') as needs_facts,
       count(*) filter (where state = 'answered') as answered
  from ticket where project_id = $1
"""
IS_TEAM = """exists (select 1 from project_member m join person w on w.id = p.author_id
                where m.project_id = k.project_id and m.person_id = coalesce(w.same_as, w.id))"""
# Of the tickets of the last days: whose public reply to somebody else came first, whose was accepted. For the team alone,
# who sees that there are tickets; which is not told.
ANSWERED = f"""
select count(*) as asked, count(*) filter (where first.by_team) as first_team,
       count(*) filter (where not first.by_team) as first_community,
       count(*) filter (where accepted.by_team) as accepted_team,
       count(*) filter (where not accepted.by_team) as accepted_community
  from ticket k join thread t on t.id = k.thread_id
  left join lateral (
      select {IS_TEAM} as by_team from post p
       where p.thread_id = t.id and p.number > 1 and p.purpose in ('reply', 'resolve') and p.deleted_at is null
         and not exists (select 1 from ticket_requester r join person x on x.id = r.person_id join person y
                on coalesce(y.same_as, y.id) = coalesce(x.same_as, x.id) where r.ticket_id = k.id and y.id = p.author_id)
       order by p.number limit 1) first on true
  left join lateral (
      select {IS_TEAM} as by_team from post p where p.thread_id = t.id and p.number = t.accepted_number) accepted on true
 where k.project_id = $1 and k.is_native and k.submitted_at >= $2
"""


async def months_of(project: int, now: datetime, calendar: Calendar) -> list[dict[str, Any]]:
    """First responses by month, this one first, each with its unpaid and paid line, none left out, in the project's workdays. One statement."""
    this = now.year * 12 + now.month - 1
    months = [date(n // 12, n % 12 + 1, 1) for n in range(this, this - MONTHS, -1)]
    since = datetime.combine(months[-1], datetime.min.time(), UTC)
    durations: dict[tuple[date, bool], list[Fraction]] = defaultdict(list)
    for row in await fetch(RESPONSES, project, since):
        took = workdays_between(row["submitted_at"], row["first_response_at"], calendar)
        durations[row["month"], row["paid"]].append(took)
    return [
        {"month": month, "unpaid": responses(durations[month, False]), "paid": responses(durations[month, True])}
        for month in months
    ]


async def answered_lately(project: int, now: datetime) -> Row:
    """(asked, first_team, first_community, accepted_team, accepted_community) of the last 90 days."""
    row = await fetch_one(ANSWERED, project, now - LATELY)
    assert row is not None
    return row


def written(figure: Fraction | None) -> str:
    """Workdays with one decimal; "" where nothing can be said."""
    return "" if figure is None else f"{float(figure):.1f}"


def shown(months: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The months from the first in which anything was answered on, as the table shows them."""

    def cell(line: Responses) -> dict[str, Any]:
        return {"count": line.count, "median": written(line.median), "p90": written(line.p90)}

    most = max([each["unpaid"].count + each["paid"].count for each in months], default=0)
    rows = [
        {
            "month": each["month"],
            "unpaid": cell(each["unpaid"]),
            "paid": cell(each["paid"]),
            "count": each["unpaid"].count + each["paid"].count,
            "share": round(100 * (each["unpaid"].count + each["paid"].count) / most, 1) if most else 0,
        }
        for each in months
    ]
    while rows and not rows[-1]["count"]:
        rows.pop()
    return rows


async def dashboard(request: Request) -> Response:
    """`/p/{project}/dashboard`: response times, what is open, who answered; for the team."""
    project = await team_project(request)
    now = datetime.now(UTC)
    calendar = await calendar_of(project["id"])
    return await page(
        request,
        "support/dashboard.html",
        project=project,
        active="dashboard",
        states=await fetch_one(STATES, project["id"]),
        months=shown(await months_of(project["id"], now, calendar)),
        expected=expected_of(await project_expected(project["id"])),
        lately=await answered_lately(project["id"], now),
        days=LATELY.days,
        enough=(ENOUGH_FOR_MEDIAN, ENOUGH_FOR_P90),
        more=await parts.load("dashboard", request, project, calendar=calendar),
    )


routes = [route("/p/{project}/dashboard", dashboard, access="team")]
