"""Amounts of money: integer minor units and an ISO 4217 code on the inside, a locale's writing on the outside."""

import re
from functools import lru_cache

from babel.numbers import format_currency, format_decimal, get_currency_precision

from forum.web import i18n

# What a person may type: digits, grouped by spaces or not, and at most one decimal mark. "1,234" could mean two things.
SPACES = re.compile("[ \u00a0\u202f\u2009]")
TYPED = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,4}))?")


@lru_cache(maxsize=64)
def decimals_of(currency: str) -> int:
    """How many digits of a currency stand behind the decimal mark: 2 for EUR, 0 for JPY."""
    return int(get_currency_precision(currency))


@lru_cache(maxsize=4096)
def written(amount: int, currency: str, locale: str) -> str:
    whole, part = divmod(abs(amount), 10 ** decimals_of(currency))
    # exact: babel takes a text of digits for a decimal, never a float
    text = f"{whole}.{part:0{decimals_of(currency)}}" if decimals_of(currency) else str(whole)
    return ("\u2212" if amount < 0 else "") + str(format_currency(text, currency, locale=locale))


def money(amount: int, currency: str) -> str:
    """An amount of minor units as the reader's language writes it: €50.00."""
    return written(amount, currency, i18n.current.get())


def plain(amount: int, currency: str) -> str:
    """An amount for forms and files: 50.00, -12.50; a point, no sign of the currency."""
    decimals = decimals_of(currency)
    whole, part = divmod(abs(amount), 10**decimals)
    return ("-" if amount < 0 else "") + (f"{whole}.{part:0{decimals}}" if decimals else str(whole))


def minor_units(text: str, currency: str) -> int | None:
    """What a person typed as an amount, in minor units; None for what is none, or finer than the currency is."""
    found = TYPED.fullmatch(SPACES.sub("", text))
    if found is None:
        return None
    decimals = decimals_of(currency)
    part = (found[2] or "").rstrip("0")
    if len(part) > decimals:
        return None
    return int(found[1] + part.ljust(decimals, "0"))


def percent(hundredths: int) -> str:
    """A rate in hundredths of a percent as the reader's language writes it: 19 %, 7.5 %."""
    return str(format_decimal(f"{hundredths // 100}.{hundredths % 100:02}", locale=i18n.current.get())) + "\u00a0%"
