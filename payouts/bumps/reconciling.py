"""What Stripe says happened, compared with what came in: events that never arrived are handed to the same door."""

import json
from datetime import UTC, datetime, timedelta

import structlog

from forum.database.engine import execute, fetch, fetch_value
from forum.incoming.actions import keep
from forum.incoming.sources import Known
from forum.outside.stripe import Event, Refused, Unsure, access_of, is_configured, list_events
from forum.settings import settings
from payouts.bumps.settling import EVENTS

log = structlog.get_logger()

SOURCE = "stripe"
# As long as Stripe keeps events; and how far each look goes back behind the last one, since lists fill late.
KEPT_FOR = timedelta(days=30)
OVERLAP = timedelta(hours=1)


async def reconcile_stripe() -> None:
    """The hourly job. Where Stripe does not answer, the next one looks back as far."""
    chosen = settings()
    if not is_configured(chosen):
        return
    mark: datetime | None = await fetch_value("select until from reconciled where source = $1", SOURCE)
    since = max(mark - OVERLAP if mark else datetime.min.replace(tzinfo=UTC), datetime.now(UTC) - KEPT_FOR)
    try:
        events = await list_events(access_of(chosen), since, EVENTS)
    except (Refused, Unsure) as problem:
        log.warning("not reconciled", source=SOURCE, why=str(problem))
        return
    for event in await missed(events):
        log.warning("this never arrived by itself", source=SOURCE, id=event.id, kind=event.type)
        await keep(SOURCE, Known(event.id, event.type), body_of(event), {})
    if events:
        await execute(
            "insert into reconciled as r (source, until) values ($1, $2) on conflict (source)"
            " do update set until = greatest(r.until, excluded.until)",
            SOURCE,
            events[-1].created,
        )


async def missed(events: list[Event]) -> list[Event]:
    """Those of the events that did not come in by themselves."""
    came = await fetch(
        "select foreign_id from incoming where source = $1 and foreign_id = any($2)", SOURCE, [e.id for e in events]
    )
    there = {row["foreign_id"] for row in came}
    return [event for event in events if event.id not in there]


def body_of(event: Event) -> bytes:
    """An event as a delivery has it, as far as anybody here reads it."""
    about = {name: event.object[name] for name in ("id", "object", "payment_intent") if name in event.object}
    told = {"id": event.id, "object": "event", "type": event.type, "created": int(event.created.timestamp())}
    return json.dumps(told | {"data": {"object": about}}).encode()
