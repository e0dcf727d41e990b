"""Asking for programs: the fields of a form and private tickets, by `/api/v1`."""

from typing import Any

import httpx

from forum.database.engine import fetch_value
from tests.helpers.site import Browser, Site
from tests.web.api.test_v1 import terms_in_force
from tests.web.forms.test_fields import with_form

TICKET: dict[str, Any] = {
    "title": "How do I read a file?",
    "markdown": "I tried.",
    "capacity": "personal",
}
PATH = "/api/v1/projects/pelican/tickets"


async def call(browser: Browser, **more: Any) -> httpx.Response:
    return await browser.http.post(
        PATH, json=TICKET | {"accept_terms": await terms_in_force()} | more, headers={"x-csrf-token": browser.token()}
    )


async def test_a_program_reads_the_form_answers_it_and_may_ask_privately(site: Site) -> None:
    world, _fields = await with_form(site)
    ana = await world.person("ana")
    told = (await site.guest().get("/api/v1/projects/pelican/fields")).json()
    assert told["private_tickets"] == "never"
    assert [f["label"] for f in told["fields"]] == ["Pelican version", "Platform", "Build log", "I read the manual"]
    assert told["fields"][1] | {"id": 0} == {
        "id": 0,
        "category": "support",
        "kind": "choice",
        "label": "Platform",
        "help": "",
        "options": ["Linux", "macOS"],
        "required": False,
    }
    number = str(told["fields"][1]["id"])
    for wrong, field in (
        ({}, "fields.Pelican version"),
        ({"fields": {"Pelican version": "3", "platform": "Plan 9"}}, "fields.Platform"),
        ({"fields": {"Pelican version": "3", "colour": "red"}}, "fields"),
        ({"fields": {"Pelican version": 3}}, "fields.Pelican version"),
        ({"fields": []}, "fields"),
        ({"fields": {"Pelican version": "3"}, "private": True}, "private"),
    ):
        refused = await call(ana, **wrong)
        assert refused.status_code == 422 and field in refused.json()["errors"], (wrong, refused.text)
    assert await fetch_value("select count(*) from thread") == 0
    form = {"private_tickets": "choice", "answer_minutes": "", "links": ""}
    await world.owner.post("/p/pelican/settings/asking", form)
    made = await call(ana, fields={"pelican VERSION": "3.2", number: "macOS", "I read the manual": True}, private=True)
    assert made.status_code == 201, made.text
    assert await fetch_value("select visibility from thread") == "private"
    text = await fetch_value("select markdown from post")
    assert "**Pelican version:** 3.2" in text and "**Platform:** macOS" in text and "manual:** yes" in text
    thread = made.json()["thread"]
    assert (await world.outsider.get(f"/t/{thread}.json")).status_code == 404
    assert (await world.supporter.get(f"/t/{thread}.json")).status_code == 200
