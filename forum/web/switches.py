"""The site's switches: what its admins have closed for a while; read once a request, along with who reads."""

from typing import Final

from forum.database.engine import fetch_value
from forum.web.errors import ReadOnly
from forum.web.requests import Request

# Rows of the table site_switch that are obeyed; an admin turns them at /admin/site. `no_federation` is added here by the
# room that obeys it.
NAMES: Final = ("read_only", "no_sign_ups", "no_payments")
ON: Final = "select array_agg(w.name) from site_switch w where w.is_on"


async def switches_on() -> frozenset[str]:
    """The switches that are on, for who has no request (actions, jobs). One statement."""
    return frozenset(await fetch_value(ON) or ())


async def switches_of(request: Request) -> frozenset[str]:
    """The switches that are on. Whoever is signed in brought them along; for guests they are read when first asked for,
    which no page that many of them look at does."""
    found: frozenset[str] | None = request.scope.get("haas.switches")
    if found is None:
        reader = request.reader
        found = request.scope["haas.switches"] = reader.switches if reader.is_signed_in else await switches_on()
    return found


async def check_writable(request: Request) -> None:
    """Raises ReadOnly while nothing may be written."""
    if "read_only" in await switches_of(request):
        raise ReadOnly
