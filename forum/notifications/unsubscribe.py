"""The ways out of mails: one random address for each person and purpose, which works without signing in (RFC 8058)."""

import secrets
from collections.abc import Sequence
from typing import Final

from forum.database.engine import Row, action, execute, fetch, fetch_one
from forum.notifications.actions import set_level, turn_off

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
# Long: a mail is read when it is read. Each mail puts the end off again.
LIVES: Final = "interval '1 year'"

MADE = f"""
insert into unsubscribe_address (token, person_id, purpose, thread_id, project_id, email, expires_at)
select x.token, p.id, $3, $4, $5, lower(p.email), now() + {LIVES}
  from unnest($1::text[], $2::bigint[]) x(token, person) join person p on p.id = x.person where p.email is not null
 order by p.id
    on conflict (person_id, purpose, thread_id, project_id, email) do update set expires_at = excluded.expires_at
returning person_id, token
"""


async def ways_out(
    people: Sequence[int], purpose: str, *, thread: int | None = None, project: int | None = None
) -> dict[int, str]:
    """The token by which each of these people gets out of mails of a purpose, by person: the same whenever it is asked
    for, until the person's address changes. One statement."""
    tokens = ["".join(secrets.choice(ALPHABET) for _letter in range(26)) for _person in people]
    rows = await fetch(MADE, tokens, list(people), purpose, thread, project)
    return {row["person_id"]: row["token"] for row in rows}


async def way_out(token: str) -> Row | None:
    """What a token is for: (person_id, purpose, thread_id, project_id, project_name); None for one that is not alive, or
    whose person has another address by now (trust.md B27)."""
    return await fetch_one(
        "select u.person_id, u.purpose, u.thread_id, u.project_id, j.name as project_name"
        " from unsubscribe_address u join person p on p.id = u.person_id left join project j on j.id = u.project_id"
        " where u.token = $1 and u.expires_at > now() and lower(p.email) = u.email and p.same_as is null",
        token,
    )


@action
async def get_out(token: str) -> Row | None:
    """Do what a token is for, and nothing else; None where it is for nothing. Done twice it is done."""
    row = await way_out(token)
    if row is None:
        return None
    if row["purpose"] == "thread":
        await set_level(row["person_id"], row["thread_id"], "mute")
    elif row["purpose"] == "new_tickets":
        await execute(
            "delete from new_ticket_mail where person_id = $1 and project_id = $2", row["person_id"], row["project_id"]
        )
    else:
        await turn_off(row["person_id"], row["purpose"])
    return row
