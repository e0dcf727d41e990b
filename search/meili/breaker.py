"""A switch that opens when somebody outside does not answer, so that nobody waits for them; one tries again later."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

# After a failure nobody asks for so long (seconds), then one does.
RETRY = 10.0


class Breaker:
    """Of one process. `why` says what failed last, "" while all is well; `since` when that began."""

    def __init__(self, retry: float = RETRY, clock: Callable[[], float] = time.monotonic) -> None:
        self.retry = retry
        self.clock = clock
        self.why = ""
        self.since: datetime | None = None
        self.until = 0.0

    def may_try(self) -> bool:
        """Whether to ask now. Of those who come when the pause is over, the first alone."""
        if not self.why:
            return True
        now = self.clock()
        if now < self.until:
            return False
        self.until = now + self.retry
        return True

    def failed(self, why: str) -> bool:
        """It did not answer, or not rightly; returns whether it did before."""
        began = not self.why
        if began:
            self.since = datetime.now(UTC)
        self.why = why
        self.until = self.clock() + self.retry
        return began

    def worked(self) -> bool:
        """It answered; returns whether it did not before."""
        was_open = bool(self.why)
        self.why, self.since = "", None
        return was_open
