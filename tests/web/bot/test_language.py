"""The bot speaks the language that its repository is set to, whatever the worker or who asked speaks."""

import struct
from pathlib import Path

import pytest

from forum.web import i18n
from tests.helpers.bot import REPOSITORY, Pond


def catalogue(words: dict[str, str]) -> bytes:
    """A compiled catalogue (.mo) of these translations."""
    told = sorted(
        (key.encode(), value.encode())
        for key, value in (
            {"": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"} | words
        ).items()
    )
    at, texts = 28 + 16 * len(told), b""
    tables: tuple[list[bytes], list[bytes]] = ([], [])
    for n in (0, 1):
        for pair in told:
            tables[n].append(struct.pack("<II", len(pair[n]), at + len(texts)))
            texts += pair[n] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(told), 28, 28 + 8 * len(told), 0, 0)
    return head + b"".join(tables[0] + tables[1]) + texts


async def test_it_speaks_the_language_of_its_repository_and_its_variables_do_too(
    pond: Pond, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    told = "This issue has moved, and what is written here is not read any more. Please go on there: {link}"
    days = "%(span)s workday\0%(span)s workdays"
    (folder / "haas.mo").write_bytes(
        catalogue({told: "Umgezogen: {link}", days: "%(span)s Werktag\0%(span)s Werktagen"})
    )
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    i18n.catalogue.cache_clear()
    path = f"/p/pelican/settings/github/{REPOSITORY}"
    form = {"comments": "point", "bot_text": "In {range}: {link}", "locale": "tlh"}
    assert (await pond.mia.post(path, form)).status_code == 422
    shown = await pond.mia.post(path, form | {"locale": "de", "preview": "1"})
    assert "In 7–10 Werktagen" in shown.text and "Language of the bot" in shown.text
    await pond.mia.post(path, form | {"locale": "de"})
    await pond.opened(7, "How do I run two pumps?")
    await pond.comments(7, "@pond-helper +support")
    await pond.comments(7, "Still?", "wader")
    assert pond.said(7)[0].startswith("In 7–10 Werktagen: http") and pond.said(7)[1].startswith("Umgezogen: http")
    monkeypatch.undo()
    i18n.catalogue.cache_clear()
