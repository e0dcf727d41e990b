"""Who holds what: room for one more ticket, who of a team is there, and what they say about that."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from categories.support.policy import policy_of
from categories.support.sharing import Member, Presence
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.web.errors import Conflict
from forum.web.i18n import _, ngettext
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


PRESENCE = """
select m.person_id, m.role, p.username, coalesce(nullif(p.name, ''), p.username) as name,
       v.weekdays, v.is_away, v.away_until, coalesce(u.given, 0) as given,
       coalesce(extract(epoch from u.last_at)::float8, 0) as last,
       (select count(*) from ticket k where k.project_id = m.project_id and k.assignee_id = m.person_id
          and k.state = 'waiting') as held
  from project_member m join person p on p.id = m.person_id
  left join availability v on v.person_id = m.person_id
  left join queue_turn u on u.project_id = m.project_id and u.person_id = m.person_id
 where m.project_id = $1
 order by array_position(array['owner','maintainer','triager','supporter'], m.role), m.since, p.id
"""


def presence_in(row: Row) -> Presence:
    """What somebody said out of a row that has the columns of `availability`, null where they said nothing."""
    if row["weekdays"] is None:
        return Presence()
    return Presence(frozenset(row["weekdays"]), row["is_away"], row["away_until"])


async def team_at(project: int, day: date | None = None) -> list[dict[str, Any]]:
    """The team, owners first: (person_id, username, name, role, held, presence, is_there, member). One statement."""
    today = day or datetime.now(UTC).date()
    found = []
    for row in await fetch(PRESENCE, project):
        presence = presence_in(row)
        member = Member(row["person_id"], presence.is_there(today), row["held"], row["given"], row["last"])
        found.append(dict(row) | {"presence": presence, "is_there": member.is_there, "member": member})
    return found


async def presence_of(person: int) -> Presence:
    """When somebody said that they are there."""
    row = await fetch_one("select weekdays, is_away, away_until from availability where person_id = $1", person)
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
