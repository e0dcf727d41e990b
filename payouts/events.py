"""What happens to money, told inside the transaction that books it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class BumpPaid:
    """The money of a bump has arrived and is booked: ids; `amount` net, `currency`; `at` when."""

    bump: int
    ticket: int
    thread: int
    project: int
    payer: int
    amount: int
    currency: str
    at: datetime
