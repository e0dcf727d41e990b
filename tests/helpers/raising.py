"""What the database says an amount would do, held against where a ticket would truly stand."""

from datetime import UTC, datetime

from categories.support.promises.workdays import end_of_workday_horizon
from categories.support.queries import place_of
from categories.support.rules import gaining_rank, position_raised
from forum.database.engine import fetch_value


async def check_raised(ticket: int, more: int, true_position: int | None) -> None:
    """`more` (minor units) would bring a ticket to that position; and the ranks that gain are those that truly do."""
    place = await place_of(ticket)
    if place is None:
        return
    before: int = await fetch_value(
        "select queue_before(project_id, $2, -(rank_amount + $3), waiting_since, id) from ticket where id = $1",
        ticket,
        end_of_workday_horizon(datetime.now(UTC)),
        more,
    )
    queue = place.queue
    policy = (queue.due, queue.unpaid, queue.share, queue.credit)
    assert position_raised(place.line, place.position, before, *policy) == true_position, (ticket, more)
    best = gaining_rank(place.line, place.position, *policy)
    for rank in range(1, queue.paid + 2):
        gains = position_raised(place.line, place.position, rank - 1, *policy) < place.position
        assert gains == (rank <= best), (ticket, rank, best)
