"""Rate limits, counted in the database, so that every process counts the same."""

import ipaddress
import secrets
from time import time
from typing import NamedTuple

from forum.database.engine import execute, fetch_value
from forum.web.errors import TooMany

# The longest window of any limit; older counts mean nothing.
DAY = 86_400
# One call in so many clears them away.
CLEAN_EVERY = 200


class Counted(NamedTuple):
    """What was counted, and in which of its windows (when that began)."""

    key: str
    slot: int


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 that an IPv6 subscriber is given."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False).network_address)


async def limit(key: str, *, most: int, seconds: int) -> Counted:
    """Count one more of `key` (such as `sign-in:10.0.0.1`). Raises TooMany past `most` within `seconds`."""
    now = int(time())
    start = now - now % seconds
    count = await fetch_value(
        "insert into rate (key, slot) values ($1, $2)"
        " on conflict (key, slot) do update set count = rate.count + 1 returning count",
        key[:200],
        start,
    )
    if secrets.randbelow(CLEAN_EVERY) == 0:
        # addresses are nobody's business longer than they are needed
        await execute("delete from rate where slot < $1", now - DAY)
    if count > most:
        # what is refused did not happen
        await give_back(Counted(key[:200], start))
        raise TooMany(retry_after=start + seconds - now)
    return Counted(key[:200], start)


async def give_back(*counted: Counted) -> None:
    """Take counts back, where it turned out that this was none of what is limited; others' counts stay."""
    for each in counted:
        await execute("update rate set count = count - 1 where key = $1 and slot = $2", each.key, each.slot)
