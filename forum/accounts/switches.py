"""What admins do to the site's switches: turn one, with a reason; who turned which and why is in the audit."""

from forum import audit
from forum.database.engine import Row, action, fetch, fetch_value
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.switches import NAMES

REASON_MOST = 300


@action
async def turn(reader: Reader, name: str, reason: str, *, on: bool) -> bool:
    """Turn a switch on or off; false where it stood so already. Raises NotFound (no admin, no such switch), Invalid."""
    if not reader.is_admin or name not in NAMES:
        raise NotFound
    if on and not reason:
        raise Invalid({"reason": _("Say why, for those who come after you.")})
    turned = await fetch_value(
        "insert into site_switch as s (name, is_on, changed_by) values ($1, $2, $3) on conflict (name) do update"
        " set is_on = $2, changed_at = now(), changed_by = $3 where s.is_on <> $2 returning true",
        name,
        on,
        reader.person,
    )
    if not turned:
        return False
    await audit.record("switch_turned", actor=reader.person, switch=name, on=on, reason=reason)
    return True


async def switches() -> list[Row]:
    """Every switch: name, is_on, and of the last turn changed_at, by (a username) and reason, where there was one."""
    return await fetch(
        "select n.name, coalesce(s.is_on, false) as is_on, t.at as changed_at, p.username as by,"
        " t.detail->>'reason' as reason from unnest($1::text[]) with ordinality n(name, place)"
        " left join site_switch s on s.name = n.name left join lateral (select a.* from audit a"
        " where a.action = 'switch_turned' and a.detail->>'switch' = n.name order by a.id desc limit 1) t on true"
        " left join person p on p.id = t.actor_id order by n.place",
        list(NAMES),
    )
