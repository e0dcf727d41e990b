"""Translations: the catalogues in `forum/locale`, chosen per request. They are read as translators write them."""

import gettext as stdlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent.parent / "locale"
current: ContextVar[str] = ContextVar("locale", default="en")


@cache
def catalogue(locale: str) -> stdlib.NullTranslations:
    """The catalogue of a locale such as `de`; English, the language of the source, where there is none."""
    if locale not in known_locales():
        return stdlib.NullTranslations()
    compiled = BytesIO()
    with (LOCALES / f"{locale}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return stdlib.GNUTranslations(compiled)


def known_locales() -> list[str]:
    """The locales that have a catalogue; English, the language of the source, needs none."""
    return sorted(file.stem for file in LOCALES.glob("*.po"))


def language_name(locale: str) -> str:
    """A language as those call it who speak it: "Deutsch"."""
    name = Locale.parse(locale).get_display_name() or locale
    return name[0].upper() + name[1:]


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
