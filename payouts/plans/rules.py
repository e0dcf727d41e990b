"""The bounds of what is sold (pure)."""

from typing import Final

# The most that one bump, or a month of a plan, may cost at least or be paid for, in minor units: whoever typed more has
# mistyped.
MOST: Final = 100_000_000
# The highest tax rate, in hundredths of a percent.
TAX_MOST: Final = 5000
# The largest discount, in percent: something is always paid, since a bump of nothing would move the queue for nothing.
DISCOUNT_MOST: Final = 90
KINDS: Final = ("pay_as_you_go", "standard", "enterprise")
BOOKS: Final = ("months", "rows")
# What most projects of the world are paid in.
# fmt: off
CURRENCIES: Final = (
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "JPY", "KRW", "MXN", "NOK",
    "NZD", "PLN", "RON", "SEK", "SGD", "TRY", "TWD", "USD", "ZAR",
)
# fmt: on


def discount_of(amount: int, percent: int) -> int:
    """What `percent` takes off an amount, in whole minor units; part of one is rounded down, in the seller's favour."""
    return amount * percent // 100
