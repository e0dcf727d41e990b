"""The form of a category: set by maintainers, answered by who asks, kept through drafts and signing in, shown below the post."""

import re
from typing import Any

import pytest

from categories.support.actions import open_ticket
from categories.support.states import TicketEvent
from forum.database.engine import execute, fetch, fetch_value
from tests.helpers.site import PASSWORD, Browser, Site
from tests.helpers.tickets import imported
from tests.helpers.world import World

ASK = {
    "title": "How do I read a file?",
    "markdown": "I tried for an hour.",
    "project": "pelican",
    "category": "support",
    "capacity": "personal",
    "terms": "1",
}
FORM = {
    "id-0": "0",
    "kind-0": "version",
    "label-0": "Pelican version",
    "help-0": "pelican --version prints it.",
    "required-0": "1",
    "id-1": "0",
    "kind-1": "choice",
    "label-1": "Platform",
    "options-1": "Linux\r\nmacOS\r\n",
    "id-2": "0",
    "kind-2": "log",
    "label-2": "Build log",
    "id-3": "0",
    "kind-3": "check",
    "label-3": "I read the manual",
}


async def with_form(site: Site, **more: str) -> tuple[World, dict[str, str]]:
    """A world whose support category asks this, and the names of its fields by label."""
    world = await World.make(site)
    saved = await world.owner.post("/p/pelican/settings/fields?category=support", FORM | more)
    assert saved.status_code == 303, saved.text
    return world, await names()


async def names() -> dict[str, str]:
    rows = await fetch("select id, label from ask_field where retired_at is null")
    return {row["label"]: f"field-{row['id']}" for row in rows}


async def thread_text(world: World, browser: Browser, answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str((await browser.get(answer.headers["location"])).text)


async def test_a_maintainer_sets_the_form_and_sees_how_it_is_asked(site: Site) -> None:
    world, fields = await with_form(site)
    assert set(fields) == {"Pelican version", "Platform", "Build log", "I read the manual"}
    page = (await world.owner.get("/p/pelican/settings/fields?category=support")).text
    assert "How it is asked" in page and "pelican --version prints it." in page and "macOS</option>" in page
    looked = await world.owner.post("/p/pelican/settings/fields?category=bugs", FORM | {"look": "1"})
    assert looked.status_code == 200 and "I read the manual" in looked.text
    assert await fetch_value("select count(*) from ask_field") == 4, "a preview saves nothing"
    added = await world.owner.post("/p/pelican/settings/fields?category=bugs", {"add": "choice"})
    assert "To choose from, a line each" in added.text


async def test_faults_of_the_form_come_back_with_what_was_typed(site: Site) -> None:
    world = await World.make(site)
    wrong = FORM | {"options-1": "", "label-3": "Platform", "kind-0": "king"}
    page = await world.owner.post("/p/pelican/settings/fields?category=support", wrong)
    assert page.status_code == 422 and "pelican --version prints it." in page.text
    for told in ("Choose one of these.", "A choice needs something", "Two fields of one name"):
        assert told in page.text
    assert await fetch_value("select count(*) from ask_field") == 0


async def test_only_maintainers_and_owners_set_forms_links_and_private_tickets(site: Site) -> None:
    world = await World.make(site)
    triager, maintainer = await world.person("tria"), await world.person("mai")
    await world.team(triager, "triager")
    await world.team(maintainer, "maintainer")
    for path in ("/p/pelican/settings/fields", "/p/pelican/settings/asking"):
        for browser in (world.outsider, world.supporter, triager):
            assert (await browser.get(path)).status_code == 403
            assert (await browser.post(path, FORM | {"private_tickets": "always"})).status_code == 403
        assert (await maintainer.get(path)).status_code == 200
    assert await fetch_value("select count(*) from ask_field") == 0
    assert await fetch_value("select count(*) from asking") == 0
    assert (await maintainer.post("/p/pelican/settings/fields", FORM)).status_code == 303


async def test_a_form_of_a_category_that_is_not_named_to_somebody_is_not_there(site: Site) -> None:
    world = await World.make(site)
    await execute("update category set readers = '{owner}' where kind = 'security'")
    maintainer = await world.person("mai")
    await world.team(maintainer, "maintainer")
    path = "/p/pelican/settings/fields?category=security"
    assert (await maintainer.get(path)).status_code == 404
    assert (await maintainer.post(path, FORM)).status_code == 404
    assert (await world.owner.get(path)).status_code == 200


async def test_what_is_needed_blocks_submitting_and_nothing_is_lost(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    page = await ana.post("/new-thread", ASK | {fields["Platform"]: "macOS", fields["Build log"]: "it fails"})
    assert page.status_code == 422 and "Pelican version: Needed." in page.text
    assert "<option selected>macOS</option>" in page.text and "it fails</textarea>" in page.text
    assert await fetch_value("select count(*) from thread") == 0
    again = (await ana.get("/new-thread")).text
    assert "<option selected>macOS</option>" in again and "it fails</textarea>" in again, "kept for a reload"


async def test_answers_stand_below_the_first_post_and_are_kept_as_rows(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    told = {fields["Pelican version"]: " 3.2.2 ", fields["Platform"]: "Linux", fields["I read the manual"]: "yes"}
    sent = await ana.post("/new-thread", ASK | told)
    for browser in (ana, world.supporter, site.guest()):
        text = await thread_text(world, browser, sent)
        assert "<strong>Pelican version:</strong> 3.2.2" in text and "<strong>Platform:</strong> Linux" in text
        assert "<strong>I read the manual:</strong> yes" in text and "Build log" not in text
    rows = await fetch("select label, kind, answer from ask_answer order by field_id")
    assert [tuple(row) for row in rows] == [
        ("Pelican version", "version", "3.2.2"),
        ("Platform", "choice", "Linux"),
        ("I read the manual", "check", "yes"),
    ]
    assert await fetch_value("select state from ticket") == "waiting"


async def test_sent_twice_the_answers_are_said_once(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    form = ASK | {fields["Pelican version"]: "3", "key": "8a4ffd0e-7f2d-4d43-8e1f-3f2b53f0c9a1"}
    one, two = await ana.post("/new-thread", form), await ana.post("/new-thread", form)
    assert one.headers["location"] == two.headers["location"]
    assert (await fetch_value("select markdown from post")).count("Pelican version") == 1


async def test_a_draft_keeps_what_was_answered_and_its_own_form_asks_for_the_rest(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    sent = await ana.post("/new-thread", ASK | {"then": "draft", fields["Platform"]: "macOS"})
    page = await thread_text(world, ana, sent)
    assert "<option selected>macOS</option>" in page and "Pelican version" in page
    ticket = await fetch_value("select id from ticket where state = 'draft'")
    form = {"capacity": "personal", "terms": "1", "fields_of": "1", fields["Platform"]: "Linux"}
    refused = await ana.post(f"/tickets/{ticket}/submission", form)
    assert refused.status_code == 422 and "Pelican version: Needed." in refused.text
    assert "<option selected>Linux</option>" in refused.text and 'value="personal" checked' in refused.text
    assert (await ana.post(f"/tickets/{ticket}/submission", {"capacity": "personal", "terms": "1"})).status_code == 422
    done = await ana.post(f"/tickets/{ticket}/submission", form | {fields["Pelican version"]: "4"})
    assert done.status_code == 303
    text = await thread_text(world, site.guest(), sent)
    assert "<strong>Pelican version:</strong> 4" in text and "<strong>Platform:</strong> Linux" in text


async def test_a_form_of_bugs_is_asked_for_bugs_and_has_no_draft_ticket(site: Site) -> None:
    world = await World.make(site)
    await world.owner.post("/p/pelican/settings/fields?category=bugs", FORM)
    fields = await names()
    ana = await world.person("ana")
    bug = ASK | {"title": "Crash when reading an empty file", "category": "bugs"}
    assert (await ana.post("/new-thread", bug)).status_code == 422
    sent = await ana.post("/new-thread", bug | {fields["Pelican version"]: "3.2"})
    assert "<strong>Pelican version:</strong> 3.2" in await thread_text(world, site.guest(), sent)
    routed = await ana.htmx("/ask/route", bug | {"fields_of": "0"})
    assert "Pelican version" in routed.text and "hx-swap-oob" in routed.text
    same = re.search(r'name="fields_of" value="(\d+)"', routed.text)
    assert same and "Pelican version" not in (await ana.htmx("/ask/route", bug | {"fields_of": same[1]})).text


async def test_what_a_guest_told_the_form_comes_along_through_signing_in(site: Site) -> None:
    _world, fields = await with_form(site)
    await site.person("ana")
    guest = site.guest()
    await guest.get("/new-thread")
    asked = await guest.post("/new-thread", ASK | {fields["Platform"]: "macOS", fields["Build log"]: "a\nb"})
    assert asked.status_code == 401
    carried = dict(re.findall(r'name="(draft_[\w-]+)" value="([^"]*)"', asked.text))
    assert carried[f"draft_{fields['Platform']}"] == "macOS" and carried["draft_capacity"] == "personal"
    entered = await guest.post("/login", {"login": "ana", "password": PASSWORD, "next": "/new-thread"} | carried)
    assert entered.status_code == 303
    page = (await guest.get("/new-thread")).text
    assert "<option selected>macOS</option>" in page and "a\nb</textarea>" in page
    assert 'value="personal" checked' in page


async def test_a_draft_on_another_device_has_the_answers_too(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    kept = await ana.post(
        "/drafts", {"key": "new-thread", "title": "How?", "project": "pelican", fields["Pelican version"]: "3.3"}
    )
    assert kept.status_code == 200
    other = await site.browser(ana.person or 0)
    assert 'value="3.3"' in (await other.get("/new-thread")).text
    assert 'value="3.3"' not in (await world.outsider.get("/new-thread")).text


async def test_a_file_becomes_the_log_and_a_long_one_is_a_file_again(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    log = "\n".join(f"line {n} <script>" for n in range(900))
    form = ASK | {fields["Pelican version"]: "3", "csrf": ana.token()}
    files = {f"{fields['Build log']}-file": ("build.log", log.encode() + b"\xff\n", "text/plain")}
    sent = await ana.http.post("/new-thread", data=form, files=files)
    text = await thread_text(world, site.guest(), sent)
    assert "Build log, the end of 900 lines" in text and "line 899 &lt;script&gt;" in text and "line 3 " not in text
    thread = await fetch_value("select id from thread")
    address = f"/t/{thread}/logs/{fields['Build log'].removeprefix('field-')}"
    assert f'href="{address}"' in text
    whole = await site.guest().get(address)
    assert whole.status_code == 200 and whole.text == log + "\ufffd"
    assert whole.headers["content-type"].startswith("text/plain")
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.headers["x-content-type-options"] == "nosniff"
    for other in (f"/t/{thread}/logs/999", f"/t/999/logs/{address.rpartition('/')[2]}", f"/t/{thread}/logs/x"):
        assert (await ana.get(other)).status_code == 404


async def test_who_takes_the_link_out_of_the_post_takes_the_log_away(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    log = "\n".join(f"password {n}" for n in range(900))
    await ana.post("/new-thread", ASK | {fields["Pelican version"]: "3", fields["Build log"]: log})
    post, thread = await fetch_value("select id from post"), await fetch_value("select id from thread")
    address = f"/t/{thread}/logs/{fields['Build log'].removeprefix('field-')}"
    assert (await world.outsider.get(address)).status_code == 200
    await ana.post(f"/posts/{post}/edit", {"title": ASK["title"], "markdown": "Without it.", "tags": ""})
    await world.outsider.post(f"/t/{thread}/replies", {"markdown": f"[again]({address})"})
    for browser in (world.outsider, world.owner, ana):
        assert (await browser.get(address)).status_code == 404


async def test_a_field_that_is_asked_no_more_keeps_its_answers(site: Site) -> None:
    world, fields = await with_form(site)
    ana = await world.person("ana")
    await ana.post("/new-thread", ASK | {fields["Pelican version"]: "3"})
    number = fields["Pelican version"].removeprefix("field-")
    rows = {"id-0": number, "kind-0": "version", "label-0": "Version", "place-0": "2", "id-1": "0"}
    rows |= {"kind-1": "text", "label-1": "Goal", "place-1": "1"}
    await world.owner.post("/p/pelican/settings/fields?category=support", rows)
    assert [
        row["label"] for row in await fetch("select label from ask_field where retired_at is null order by position")
    ] == [
        "Goal",
        "Version",
    ]
    assert await fetch_value("select label || answer from ask_answer") == "Pelican version3"
    assert (await ana.post("/new-thread", ASK | {"title": "Another question"})).status_code == 303, "needed no more"


async def test_a_form_of_another_project_cannot_be_changed_by_naming_its_fields(site: Site) -> None:
    _world, fields = await with_form(site)
    stranger = await site.member("hanna")
    created = await stranger.post(
        "/new-project", {"slug": "heron", "name": "Heron", "entity": "Heron e.V.", "country": "AT"}
    )
    assert created.status_code == 303
    row = {"id-0": fields["Pelican version"].removeprefix("field-"), "kind-0": "version", "label-0": "Stolen"}
    await stranger.post("/p/heron/settings/fields?category=support", row)
    assert (
        await fetch_value("select count(*) from ask_field where label = 'Pelican version' and retired_at is null") == 1
    )


async def test_a_pasted_trace_is_shown_as_code_and_can_be_left_as_it_is(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nZeroDivisionError: x'
    typed = ASK | {"markdown": f"It breaks:\n{trace}"}
    told = "This has a Python traceback in it"
    assert told in (await ana.htmx("/ask/route", typed)).text
    assert told not in (await ana.htmx("/ask/route", ASK)).text
    shown = await ana.post("/new-thread", typed | {"preview": "1"})
    assert told in shown.text and "<pre" in shown.text
    assert "ZeroDivisionError: x</textarea>" in shown.text, "what was typed is not changed under one's hands"
    assert "<pre" in (await ana.htmx("/ask/preview", typed)).text
    assert "<pre" not in (await ana.htmx("/ask/preview", typed | {"verbatim": "1"})).text
    await ana.post("/new-thread", typed)
    assert await fetch_value("select markdown from post") == f"It breaks:\n\n```pytb\n{trace}\n```"
    await ana.post("/new-thread", typed | {"verbatim": "1", "title": "As it is, please"})
    assert await fetch_value("select markdown from post order by id desc limit 1") == typed["markdown"]


async def test_what_is_to_be_read_first_stands_first(site: Site) -> None:
    world = await World.make(site)
    links = "https://docs.example.org/install Installing it\n/t/1 The long answer"
    form = {"private_tickets": "never", "answer_minutes": "40", "links": links}
    assert (await world.owner.post("/p/pelican/settings/asking", form)).status_code == 303
    ana = await world.person("ana")
    for page in ((await ana.get("/new-thread?project=pelican")).text, (await ana.htmx("/ask/rest", ASK)).text):
        assert 'href="https://docs.example.org/install"' in page and "The long answer" in page
        assert "An answer takes one of 2 people on the team about 40 minutes." in page
    page = (await ana.get("/new-thread?project=pelican")).text
    steps = (
        "In one line",
        "Installing it",
        "Similar threads appear",
        "The rest",
        "You are asking",
        "I accept these terms",
        "Submit without paying",
    )
    places = [page.index(step) for step in steps]
    assert places == sorted(places), "in the order of a person's thoughts"


@pytest.mark.parametrize(
    "line", ["javascript:alert(1) x", "//evil.example x", "https:// x", "https://a.example", "data:x y"]
)
async def test_only_addresses_of_the_web_and_of_the_site_are_pinned(site: Site, line: str) -> None:
    world = await World.make(site)
    form = {"private_tickets": "never", "answer_minutes": "", "links": line}
    assert (await world.owner.post("/p/pelican/settings/asking", form)).status_code == 422
    assert await fetch_value("select count(*) from pinned_link") == 0


async def test_under_an_imported_question_the_answers_are_a_post_of_who_asked(site: Site) -> None:
    world, fields = await with_form(site)
    thread, ana = await imported(world), await world.person("ana")
    octavia = await fetch_value("select author_id from thread where id = $1", thread)
    await execute("update person set same_as = $2 where id = $1", octavia, ana.person)
    await execute("update thread set is_closed = true where id = $1", thread)
    ticket = await open_ticket(thread, world.project, octavia, event=TicketEvent.ASKED, is_native=False)
    before = await fetch_value("select markdown from post where thread_id = $1", thread)
    form = {"capacity": "personal", "terms": "1", "fields_of": "1"}
    assert (await ana.post(f"/tickets/{ticket}/submission", form)).status_code == 422
    sent = await ana.post(f"/tickets/{ticket}/submission", form | {fields["Pelican version"]: "3", "only_team": "1"})
    assert sent.status_code == 303
    assert await fetch_value("select visibility from thread") == "public", "what is public already stays so"
    rows = await fetch("select number, author_id, markdown from post order by number")
    assert rows[0]["markdown"] == before
    assert rows[1]["author_id"] == ana.person and "**Pelican version:** 3" in rows[1]["markdown"]
    assert await fetch_value("select state from ticket") == "waiting"
