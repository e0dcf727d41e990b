"""When a delivery that could not be handled is tried again, and when it is given up."""

from datetime import timedelta

# After the first failure, the second, ...; together somewhat more than a day, which a night's outage does not outlast.
PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
    timedelta(hours=14),
)
# One handling may take this long; then it counts as failed.
HANDLE_FOR = timedelta(seconds=60)
# The bytes of what was handled are kept so long, for replays; they may hold names and addresses of people.
KEEP_FOR = timedelta(days=90)


class Hopeless(Exception):
    """Raised by a handler where trying again would change nothing: the delivery is given up at once, and stays as it came,
    for an admin to see that it is there. Its message must quote nothing of what was sent."""


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after that many failed tries (from 1); None: it is given up, until somebody has it tried again."""
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None


def told(error: BaseException) -> str:
    """A failure as it stands in the row: its kind and first line, since further lines quote what was sent; of what no
    further try would help, our own words alone."""
    first = (str(error).splitlines() or [""])[0]
    if isinstance(error, Hopeless):
        return first[:500]
    # PostgreSQL keeps no NUL
    return f"{type(error).__name__}: {first}".removesuffix(": ").replace("\0", "")[:500]
