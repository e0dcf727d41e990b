"""The bot speaks the language that its repository is set to, whatever the worker or who asked speaks."""

import dataclasses
from collections.abc import Callable

import pytest

from forum.web.i18n import known_locales, speaking
from importers.github.bot import texts
from importers.github.bot.texts import VARIABLE, Facts
from tests.helpers.bot import REPOSITORY, Pond

FACTS = Facts(site="Site", base_url="http://s", project="Pelican", repository="o/r", author="wader", bot="helper")
FACTS = dataclasses.replace(FACTS, link="http://s/t/1", raising="http://s/plans", line=(3, 8), days=(7, 10))
SAID: dict[str, Callable[[Facts], str]] = {
    "question": lambda facts: texts.moved_text("", "support", facts),
    "bug": lambda facts: texts.moved_text("", "bugs", facts),
    "idea": lambda facts: texts.moved_text("", "features", facts),
    "security": texts.security_text,
    "offer": texts.offer_text,
    "pointer": texts.pointer_text,
}


async def test_it_speaks_the_language_of_its_repository_and_its_variables_do_too(pond: Pond) -> None:
    path = f"/p/pelican/settings/github/{REPOSITORY}"
    form = {"comments": "point", "bot_text": "In {range}: {link}", "locale": "tlh"}
    assert (await pond.mia.post(path, form)).status_code == 422
    shown = await pond.mia.post(path, form | {"locale": "de", "preview": "1"})
    assert "In 7–10 Werktagen" in shown.text and "Language of the bot" in shown.text and "Deutsch" in shown.text
    await pond.mia.post(path, form | {"locale": "de"})
    await pond.opened(7, "How do I run two pumps?")
    await pond.comments(7, "@pond-helper +support")
    await pond.comments(7, "Still?", "wader")
    assert pond.said(7)[0].startswith("In 7–10 Werktagen: http")
    assert pond.said(7)[1].startswith("Dieses Issue ist umgezogen")


@pytest.mark.parametrize("locale", known_locales())
def test_every_language_has_all_that_the_bot_says_with_every_figure_and_address(locale: str) -> None:
    english = FACTS.values()
    with speaking(locale):
        own = FACTS.values()
        told = {what: said(FACTS) for what, said in SAID.items()}
    assert own["range"] != english["range"] and "7–10" in own["range"]
    for what, said in SAID.items():
        assert told[what] != said(FACTS), what
        assert not VARIABLE.search(told[what]), what
        for name, value in own.items():
            assert (value in told[what]) == (english[name] in said(FACTS)), (what, name)
    assert "@helper +support" in told["offer"]
