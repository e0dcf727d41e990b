"""Public holidays by country and subdivision, and the names of both, out of the `holidays` library (pure)."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays
from babel import Locale

NONE: Mapping[date, str] = MappingProxyType({})
NAMED_IN = frozenset({"de", "fr", "es", "it", "nl", "pt", "en"})


@lru_cache(maxsize=1)
def countries() -> Mapping[str, tuple[str, ...]]:
    """The countries whose holidays are known, each with its subdivisions; codes of ISO 3166."""
    return {code: tuple(parts) for code, parts in holidays.list_supported_countries(include_aliases=False).items()}


def is_known(country: str, subdivision: str = "") -> bool:
    """Whether the holidays of a country, or of its part, are known; no country at all is known, too."""
    if not country:
        return not subdivision
    return country in countries() and (not subdivision or subdivision in countries()[country])


@lru_cache(maxsize=2048)
def holidays_of(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of a year with their names; none for no country. Raises ValueError for one not known."""
    if not country:
        return NONE
    if not is_known(country, subdivision):
        raise ValueError(f"no holidays are known of {country} {subdivision}".rstrip())
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, expand=False)
    # some observed days lie in the neighbouring year: that year tells them itself
    return MappingProxyType({day: name for day, name in sorted(found.items()) if day.year == year})


@lru_cache(maxsize=256)
def parts_of(country: str) -> list[tuple[str, str]]:
    """(code, name) of each part of a country whose holidays are known, by name; the code where no name is known."""
    if not country or country not in countries():
        return []
    names = {code: name for name, code in holidays.country_holidays(country).subdivisions_aliases.items()}
    return sorted(((code, names.get(code, code)) for code in countries()[country]), key=lambda each: each[1])


@lru_cache(maxsize=8)
def country_names(language: str = "en") -> list[tuple[str, str]]:
    """(code, name) of each country whose holidays are known, by name; in English where no names in that language are."""
    territories = Locale.parse(language if language in NAMED_IN else "en").territories
    return sorted(((code, territories.get(code, code)) for code in countries()), key=lambda each: each[1])
