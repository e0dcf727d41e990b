"""Reading ratings: one's own of a ticket, a ticket's, and whom a link asks."""

from typing import Any

from forum.database.engine import Row, fetch_one

# Whatever placeholders somebody claimed, they are one.
SAME = "(select w.id from person w where {0} in (w.id, w.same_as))"


# When a ticket was over last: who is asked again after it was open again may say it again. Undoing a merge ends nothing.
OVER_AT = """(select coalesce(max(s.at), '-infinity') from ticket_step s where s.ticket_id = {0}
    and s.state_to in ('resolved', 'closed') and s.state_from in ('waiting', 'needs_facts', 'answered'))"""


async def own_rating(ticket: int, person: int) -> dict[str, Any] | None:
    """What a person said of a ticket last: face (1 to 3), comment, at, first_at (aware UTC): their first word since it was
    over last, None where they said none since; None for nothing yet."""
    row = await fetch_one(
        f"select face, comment, at, min(at) filter (where at >= {OVER_AT.format('$1')}) over () as first_at from rating"
        f" where ticket_id = $1 and person_id in {SAME.format('$2')} order by id desc limit 1",
        ticket,
        person,
    )
    return dict(row) if row else None


VIEW = f"""
select k.id, k.state,
       exists (select 1 from ticket_requester r join person x on x.id = r.person_id
                where r.ticket_id = k.id and $2 in (x.id, x.same_as)) as is_requester,
       (select jsonb_build_object('face', r.face, 'comment', r.comment,
                'first_at', (select min(f.at) from rating f where f.ticket_id = k.id and f.person_id in {SAME.format("$2")}
                     and f.at >= {OVER_AT.format("k.id")}))
          from rating r where r.ticket_id = k.id and r.person_id in {SAME.format("$2")} order by r.id desc limit 1) as own,
       case when $3 then (select jsonb_agg(jsonb_build_object('face', s.face, 'comment', s.comment, 'at', s.at,
                'name', s.name) order by s.at)
          from (select distinct on (a.id) r.face, r.comment, r.at, coalesce(nullif(a.name, ''), a.username) as name
                  from rating r join person w on w.id = r.person_id join person a on a.id = coalesce(w.same_as, w.id)
                 where r.ticket_id = k.id order by a.id, r.id desc) s) end as all_said
  from ticket k where k.thread_id = $1
"""


async def rating_view(thread: int, person: int, *, is_team: bool) -> Row | None:
    """Of a thread that a person sees: its ticket (id, state), whether it is theirs, what they said of it (`own`: face,
    comment, first_at) and, for the team, what each requester said last (`all_said`). One statement."""
    return await fetch_one(VIEW, thread, person, is_team)


async def asked_by(token: str) -> Row | None:
    """Whom a link asks about which ticket (the one that stands for it, where it was merged): (ticket_id, person_id, state, thread_id, project_name, project_slug); None
    where there is no such link, or its person is no requester, or not here, any more."""
    return await fetch_one(
        "select k.id as ticket_id, p.id as person_id, k.state, k.thread_id, j.name as project_name, j.slug as project_slug"
        " from rating_link l join person w on w.id = l.person_id join person p on p.id = coalesce(w.same_as, w.id)"
        " join ticket k on k.id = ticket_root(l.ticket_id) join project j on j.id = k.project_id"
        " where l.token = $1 and p.disabled_at is null and exists (select 1 from ticket_requester r join person x"
        " on x.id = r.person_id where r.ticket_id = k.id and p.id in (x.id, x.same_as))",
        token,
    )
