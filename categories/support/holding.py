"""Who holds what: room for one more ticket, who of a team is there, and what they say about that."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from categories.support.policy import policy_of
from categories.support.promises.workdays import Calendar, workdays_between
from categories.support.sharing import Member, Presence
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.web.errors import Conflict
from forum.web.i18n import _, ngettext
from forum.web.look import month_text
from forum.web.reader import Reader


class Full(Conflict):
    """Somebody holds as many tickets as one person may."""


class Taken(Conflict):
    """Somebody else has the ticket."""


async def held_by(person: int, project: int) -> int:
    """How many tickets that wait for the team a person holds in a project. Those with the asker do not count."""
    found: int = await fetch_value(
        "select count(*) from ticket where project_id = $1 and assignee_id = $2 and state = 'waiting'", project, person
    )
    return found


async def require_room(person: int, project: int, *, name: str = "") -> None:
    """Hold the person's membership until the transaction ends, so that two claims at once count each other.

    Raises Full where they hold as many as the project's policy lets one person hold; `name` where it is not the reader.
    """
    await execute("select 1 from project_member where project_id = $1 and person_id = $2 for update", project, person)
    most = (await policy_of(project)).claims_most
    if await held_by(person, project) < most:
        return
    if name:
        raise Full(
            _("%(name)s holds %(n)d tickets that wait, as many as one person may here.") % {"name": name, "n": most}
        )
    said = ngettext(
        "You hold %(num)d ticket that waits for you, as many as one person may here. Answer it or put it back first.",
        "You hold %(num)d tickets that wait for you, as many as one person may here. Answer one or put one back first.",
        most,
    )
    raise Full(said % {"num": most})


# What a claim's silence is counted from: it was made, its holder said something, the ticket came back from the asker.
SILENT_SINCE = "greatest(k.claimed_at, k.spoke_at, k.state_since)"


def silent(ticket: Row, since: datetime, at: datetime, calendar: Calendar) -> Fraction:
    """How many workdays a locked ticket's holder has said nothing, without the time for which it slept."""
    slept, woke = ticket["slept_at"], ticket["woke_at"]
    before = Fraction(ticket["claim_spent"], 100) if slept is not None and since < slept else Fraction(0)
    start = since if woke is None else max(since, woke)
    return before + (workdays_between(start, at, calendar) if start < at else 0)


# Whose clock somebody's days are of: the one they chose for their mails, else their team's. UTC is what nobody chose.
ZONE = "coalesce(nullif(z.zone, 'UTC'), c.zone, 'UTC')"
PRESENCE = f"""
select m.person_id, m.role, p.username, coalesce(nullif(p.name, ''), p.username) as name,
       v.weekdays, v.is_away, v.away_until, {ZONE} as zone, coalesce(u.given, 0) as given,
       coalesce(extract(epoch from u.last_at)::float8, 0) as last,
       (select count(*) from ticket k where k.project_id = m.project_id and k.assignee_id = m.person_id
          and k.state = 'waiting') as held
  from project_member m join person p on p.id = m.person_id
  left join availability v on v.person_id = m.person_id
  left join mail_preference z on z.person_id = m.person_id left join support_calendar c on c.project_id = m.project_id
  left join queue_turn u on u.project_id = m.project_id and u.person_id = m.person_id
 where m.project_id = $1
 order by array_position(array['owner','maintainer','triager','supporter'], m.role), m.since, p.id
"""


def presence_in(row: Row) -> Presence:
    """What somebody said out of a row that has the columns of `availability`, null where they said nothing."""
    if row["weekdays"] is None:
        return Presence(zone=row["zone"])
    return Presence(frozenset(row["weekdays"]), row["is_away"], row["away_until"], row["zone"])


def absence_in(presence: Presence, day: date) -> str:
    """Why somebody is not there on a day, in words: away, or just not working then; "" where they are."""
    if presence.is_there(day):
        return ""
    if not presence.is_away_on(day):
        return _("not working today")
    if presence.away_until is None:
        return _("away")
    until = presence.away_until
    month = month_text(until.month, until.year if until.year != day.year else None)
    return _("away until %(day)s %(month)s") % {"day": until.day, "month": month}


async def team_at(project: int, now: datetime | None = None) -> list[dict[str, Any]]:
    """The team, owners first: (person_id, username, name, role, held, presence, is_there, absence, member). One statement."""
    at = now or datetime.now(UTC)
    found = []
    for row in await fetch(PRESENCE, project):
        presence = presence_in(row)
        day = presence.day_at(at)
        member = Member(row["person_id"], presence.is_there(day), row["held"], row["given"], row["last"])
        said = {"presence": presence, "is_there": member.is_there, "absence": absence_in(presence, day)}
        found.append(dict(row) | said | {"member": member})
    return found


async def presence_of(person: int, project: int | None = None) -> Presence:
    """When somebody said that they are there; in a project, whose team's clock is theirs where they chose none."""
    row = await fetch_one(
        f"select v.weekdays, v.is_away, v.away_until, {ZONE} as zone from person p"
        " left join availability v on v.person_id = p.id left join mail_preference z on z.person_id = p.id"
        " left join support_calendar c on c.project_id = $2 where p.id = $1",
        person,
        project,
    )
    return presence_in(row) if row else Presence()


@action
async def be_there(reader: Reader, weekdays: Sequence[int], *, is_away: bool, away_until: date | None) -> None:
    """Say on which weekdays one is there, and whether away and until which day (that day too)."""
    await execute(
        "insert into availability (person_id, weekdays, is_away, away_until) values ($1, $2, $3, $4)"
        " on conflict (person_id) do update set weekdays = $2, is_away = $3, away_until = $4",
        reader.person,
        sorted(set(weekdays)),
        is_away,
        away_until if is_away else None,
    )
