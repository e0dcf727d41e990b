"""Translations: gettext catalogues under `forum/locale`, chosen per request."""

import gettext as stdlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent.parent / "locale"
current: ContextVar[str] = ContextVar("locale", default="en")


@cache
def catalogue(locale: str) -> stdlib.NullTranslations:
    """The catalogue of a locale such as `de`; English, the language of the source, where there is none."""
    return stdlib.translation("haas", LOCALES, [locale], fallback=True)


def known_locales() -> list[str]:
    """The locales that have a catalogue; English, the language of the source, needs none."""
    return sorted(file.parent.parent.name for file in LOCALES.glob("*/LC_MESSAGES/haas.mo"))


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Speak this language within the block, "" for that of the source: what is said to others than who asked."""
    before = current.set(locale or "en")
    try:
        yield
    finally:
        current.reset(before)


def gettext(message: str) -> str:
    return catalogue(current.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    return catalogue(current.get()).ngettext(singular, plural, n)


_ = gettext
