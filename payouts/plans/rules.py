"""The bounds of what is sold (pure)."""

from typing import Final

# The most that one bump, or a month of a plan, may cost at least or be paid for, in minor units: whoever typed more has
# mistyped.
MOST: Final = 100_000_000
# The highest tax rate, in hundredths of a percent.
TAX_MOST: Final = 5000
KINDS: Final = ("pay_as_you_go", "standard", "enterprise")
BOOKS: Final = ("months", "rows")
# What most projects of the world are paid in.
# fmt: off
CURRENCIES: Final = (
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "JPY", "KRW", "MXN", "NOK",
    "NZD", "PLN", "RON", "SEK", "SGD", "TRY", "TWD", "USD", "ZAR",
)
# fmt: on
