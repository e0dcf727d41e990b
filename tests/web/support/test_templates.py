"""Response templates: whose they are, who uses and changes them, what becomes of variables, with script and without, by JSON."""

import html
import re

import pytest

from categories.support.replies.actions import Written, change, create, delete, restore, use
from categories.support.replies.queries import template_for, templates_of
from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.projects.actions import NewProject, create_project
from forum.threads.actions import accept_answer
from forum.threads.writing import post_reply
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import asked
from tests.helpers.world import World

HERE = "/p/pelican/settings/templates"
API = "/api/v1/projects/pelican/templates"
SHARED = Written("known", "A known issue", "Hello {asker}, this is known in {project}.", is_own=False)
OWN = Written("hi", "My hello", "Hello {asker}!\n\n{me}", "facts")


async def maintained(site: Site) -> tuple[World, Browser]:
    world = await World.make(site)
    maria = await world.person("maria")
    await world.team(maria, "maintainer")
    return world, maria


def text_of(page: str) -> str:
    """What stands in the composer."""
    found = re.search(r'<textarea id="(?:body|rb)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


async def test_the_projects_are_the_maintainers_and_ones_own_are_nobody_elses(site: Site) -> None:
    world, maria = await maintained(site)
    boss, sam = await maria.reader(), await world.supporter.reader()
    shared = await create(boss, world.project, SHARED)
    own = await create(sam, world.project, OWN)
    assert [row["id"] for row in await templates_of(sam, world.project)] == [shared, own]
    assert [row["id"] for row in await templates_of(boss, world.project)] == [shared]
    # a supporter uses the project's and changes them not; the owner neither sees nor changes a supporter's
    for refused in (
        create(sam, world.project, SHARED),
        change(sam, world.project, shared, SHARED),
        delete(sam, world.project, shared),
    ):
        with pytest.raises(Forbidden):
            await refused
    owner = await world.owner.reader()
    for refused in (change(owner, world.project, own, OWN), delete(owner, world.project, own)):
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(NotFound):
        await use(owner, world.project, template=own)
    # otto is a stranger
    otto = await world.outsider.reader()
    assert await templates_of(otto, world.project) == []
    with pytest.raises(NotFound):
        await template_for(otto, world.project, shared)
    with pytest.raises(Forbidden):
        await create(otto, world.project, OWN)


async def test_who_leaves_the_team_and_other_projects_have_none_of_them(site: Site) -> None:
    world, _maria = await maintained(site)
    own = await create(await world.supporter.reader(), world.project, OWN)
    hanna = await world.person("hanna")
    heron = await create_project(hanna.person or 0, NewProject("heron", "Heron", "Heron Foundation"))
    for project in (world.project, heron):
        with pytest.raises(NotFound):
            await template_for(await hanna.reader(), project, own)
    assert (await hanna.get(f"/p/heron/settings/templates/{own}")).status_code == 404
    await execute("delete from project_member where person_id = $1", world.supporter.person)
    with pytest.raises(NotFound):
        await template_for(await world.supporter.reader(), world.project, own)
    assert (await world.supporter.get(f"{HERE}/{own}")).status_code == 404


async def test_the_json_is_authorised_as_the_page(site: Site) -> None:
    world, maria = await maintained(site)
    sam = world.supporter
    own = await create(await sam.reader(), world.project, OWN)
    body = {"word": "known", "title": "A known issue", "markdown": "Hello {asker}."}
    for browser in (site.guest(), world.outsider):
        assert (await browser.get(API)).status_code in (401, 404)
    refused = await sam.http.post(API, json=body | {"own": False}, headers={"x-csrf-token": sam.token()})
    assert refused.status_code == 403
    made = await maria.http.post(API, json=body | {"own": False}, headers={"x-csrf-token": maria.token()})
    assert made.status_code == 201 and made.json()["variables"] == ["asker"]
    mine, theirs = (await sam.get(API)).json()["templates"], (await maria.get(API)).json()["templates"]
    assert {each["word"] for each in mine} == {"known", "hi"} and {each["word"] for each in theirs} == {"known"}
    for browser, template, status in ((maria, own, 404), (world.owner, own, 404), (sam, made.json()["id"], 403)):
        headers = {"x-csrf-token": browser.token()}
        assert (await browser.http.put(f"{API}/{template}", json=body, headers=headers)).status_code == status
        assert (await browser.http.delete(f"{API}/{template}", headers=headers)).status_code == status
    headers = {"x-csrf-token": sam.token()}
    changed = await sam.http.put(f"{API}/{own}", json=body | {"purpose": "resolve"}, headers=headers)
    assert (changed.status_code, changed.json()["own"], changed.json()["purpose"]) == (200, True, "resolve")
    assert (await sam.http.delete(f"{API}/{own}", headers=headers)).status_code == 204
    assert [each["own"] for each in (await sam.get(API)).json()["templates"]] == [False]


async def test_unknown_variables_are_refused_with_the_list(site: Site) -> None:
    world, _maria = await maintained(site)
    sam = await world.supporter.reader()
    with pytest.raises(Invalid) as told:
        await create(sam, world.project, Written("x", "X", "Hello {akser}, {{this}} is fine."))
    assert "{akser}" in told.value.errors["markdown"] and "{asker}, {me}" in told.value.errors["markdown"]
    for wrong, field in ((Written("A b", "X", "x"), "word"), (Written("x", "", "x"), "title")):
        with pytest.raises(Invalid) as told:
            await create(sam, world.project, wrong)
        assert list(told.value.errors) == [field]
    page = await world.supporter.post(f"{HERE}/new", {"word": "x", "title": "X", "markdown": "{nope}", "whose": "own"})
    assert page.status_code == 422 and "There is no variable {nope}" in page.text


async def test_a_word_is_one_templates_and_ones_own_comes_first(site: Site) -> None:
    world, maria = await maintained(site)
    sam = await world.supporter.reader()
    shared = await create(await maria.reader(), world.project, SHARED)
    with pytest.raises(Invalid):
        await create(await maria.reader(), world.project, SHARED)
    own = await create(sam, world.project, Written("known", "Mine", "Mine."))
    assert (await use(sam, world.project, word="known"))["id"] == own
    assert (await use(await maria.reader(), world.project, word="known"))["id"] == shared
    assert [row["uses"] for row in await fetch("select uses from response_template order by id")] == [1, 1]
    await delete(sam, world.project, own)
    assert (await use(sam, world.project, word="known"))["id"] == shared
    with pytest.raises(NotFound):
        await use(sam, world.project, word="nothing")


async def test_what_was_deleted_can_be_had_back_unless_its_word_is_taken(site: Site) -> None:
    world, _maria = await maintained(site)
    sam = await world.supporter.reader()
    own = await create(sam, world.project, OWN)
    gone = await world.supporter.post(f"{HERE}/{own}/delete")
    page = await world.supporter.get(gone.headers["location"])
    assert "“My hello” is deleted." in page.text
    assert "My hello" not in (await world.owner.get(gone.headers["location"])).text
    await world.supporter.post(f"{HERE}/{own}/delete/undo")
    assert [row["id"] for row in await templates_of(sam, world.project)] == [own]
    await delete(sam, world.project, own)
    await create(sam, world.project, OWN)
    with pytest.raises(Invalid):
        await restore(sam, world.project, own)
    with pytest.raises(NotFound):
        await restore(await world.owner.reader(), world.project, own)


async def test_of_two_who_change_one_the_second_is_told(site: Site) -> None:
    world, maria = await maintained(site)
    shared = await create(await maria.reader(), world.project, SHARED)
    await change(await world.owner.reader(), world.project, shared, SHARED, version=1)
    with pytest.raises(Conflict):
        await change(await maria.reader(), world.project, shared, SHARED, version=1)
    sent = {"word": "known", "title": "Mine", "markdown": "My text stays.", "version": "1"}
    page = await maria.post(f"{HERE}/{shared}", sent)
    assert page.status_code == 409 and "My text stays." in page.text


async def test_examples_are_offered_and_taken_over_by_maintainers_alone(site: Site) -> None:
    world, maria = await maintained(site)
    assert "Take it over" in (await maria.get(HERE)).text
    assert "Take it over" not in (await world.supporter.get(HERE)).text
    assert (await world.supporter.post(f"{HERE}/adoption", {"example": "facts"})).status_code == 403
    for word in ("facts", "known", "thanks", "security"):
        sent = await maria.post(f"{HERE}/adoption", {"example": word})
        assert sent.status_code == 303
    rows = await templates_of(await world.supporter.reader(), world.project)
    assert {row["word"] for row in rows} == {"facts", "known", "thanks", "security"}
    assert await fetch_value("select count(*) from audit where action = 'template-created'") == 4


async def test_a_template_is_tried_with_a_real_thread(site: Site) -> None:
    world, _maria = await maintained(site)
    await execute("update person set name = '@sam **Bold**' where username = 'ana'")
    one = await asked(world, "How do I read a file?", markdown="With pelican 2.3.1 on Python 3.12 it fails.")
    await execute("update person set name = '@sam **Bold**' where id = $1", one.ana.person)
    sent = {"word": "v", "title": "V", "markdown": "{asker}: **{versions}**, {position} of {waiting}", "whose": "own"}
    page = await world.supporter.post(f"{HERE}/new", sent | {"thread": str(one.thread), "preview": "1"})
    shown = page.text.split('id="preview"')[1].split("</div>")[0]
    assert "<p>@sam **Bold**: <strong>pelican 2.3.1, Python 3.12</strong>, 1 of 1</p>" in shown
    assert await fetch("select 1 from response_template") == []
    # a thread that is not for this reader is not to be tried with
    hidden = await world.ask("A hole in resample()", category="security", by="ana")
    page = await world.supporter.post(f"{HERE}/new", sent | {"thread": str(hidden.posted.thread), "preview": "1"})
    assert "A hole" not in page.text and page.text.count("pelican 2.3.1") == 0


@pytest.mark.parametrize("back", ["thread", "inbox"])
async def test_without_script_the_page_comes_back_with_the_text_and_the_button_first(site: Site, back: str) -> None:
    world, _maria = await maintained(site)
    one = await asked(world)
    own = await create(await world.supporter.reader(), world.project, OWN)
    sam = world.supporter
    form = {"markdown": "I began.", "back": back}
    page = (await sam.post(f"/t/{one.thread}/tools", form)).text
    assert text_of(page) == "I began." and "My hello · /hi" in page
    page = (await sam.post(f"/t/{one.thread}/insertion", form | {"template": str(own)})).text
    assert text_of(page) == "I began.\n\nHello Ana!\n\nSam Supporter"
    first = re.findall(r"<button[^>]*btn--primary[^>]*data-send[^>]*>([^<]*)", page)
    assert first == ["Ask for facts"]
    assert ("inboxpage" in page) is (back == "inbox")
    row = await fetch_one("select uses, used_at from response_template where id = $1", own)
    assert row is not None and row["uses"] == 1 and row["used_at"] is not None


async def test_with_script_the_word_becomes_the_text(site: Site) -> None:
    world, _maria = await maintained(site)
    one = await asked(world)
    await create(await world.supporter.reader(), world.project, OWN)
    sent = await world.supporter.post(f"/t/{one.thread}/insertion", {"word": "hi", "as": "json"})
    assert sent.json() == {"markdown": "Hello Ana!\n\nSam Supporter", "purpose": "facts", "missing": []}
    assert 'id="desktools"' in (await world.supporter.get(one.url)).text


async def test_composers_of_others_have_no_tools(site: Site) -> None:
    world, _maria = await maintained(site)
    one = await asked(world)
    own = await create(await world.supporter.reader(), world.project, OWN)
    for browser in (one.ana, world.outsider):
        assert "desktools" not in (await browser.get(one.url)).text
        for path, fields in (("tools", {}), ("insertion", {"word": "hi"}), ("insertion", {"template": str(own)})):
            assert (await browser.post(f"/t/{one.thread}/{path}", fields)).status_code == 404
    # not in a thread that the team's member may not read, either
    hidden = await world.ask("A hole in resample()", category="security", by="ana")
    sent = await world.supporter.post(f"/t/{hidden.posted.thread}/insertion", {"word": "hi", "as": "json"})
    assert sent.status_code == 404


async def test_a_solved_thread_begins_an_answer_with_its_source(site: Site) -> None:
    world, _maria = await maintained(site)
    sam = await world.supporter.reader()
    solved = await asked(world, "How do I read a parquet file lazily?", by="ben")
    answer = await post_reply(sam, solved.thread, "Use `scan_parquet()`.")
    await accept_answer(await solved.ana.reader(), solved.thread, answer.number)
    one = await asked(world, "How can I read a parquet file lazily?")
    shown = (await world.supporter.htmx(f"/t/{one.thread}/tools", {"back": "thread"})).text
    assert "Start from this" in shown and "How do I read a parquet file lazily?" in shown
    sent = await world.supporter.post(f"/t/{one.thread}/insertion", {"start": str(solved.thread), "as": "json"})
    text = sent.json()["markdown"]
    assert f"http://testserver/t/how-do-i-read-a-parquet-file-lazily/{solved.thread}/2" in text
    assert f'[quote="sam, post:2, topic:{solved.thread}"]\nUse `scan_parquet()`.\n[/quote]' in text


async def test_what_the_asker_could_not_open_is_neither_offered_nor_quoted(site: Site) -> None:
    world, _maria = await maintained(site)
    sam = await world.supporter.reader()
    solved = await asked(world, "How do I read a parquet file lazily?", by="ben")
    answer = await post_reply(sam, solved.thread, "Use `scan_parquet()`.")
    await accept_answer(await solved.ana.reader(), solved.thread, answer.number)
    await execute("update thread set visibility = 'team' where id = $1", solved.thread)
    one = await asked(world, "How can I read a parquet file lazily?")
    assert "Start from this" not in (await world.supporter.htmx(f"/t/{one.thread}/tools")).text
    sent = await world.supporter.post(f"/t/{one.thread}/insertion", {"start": str(solved.thread), "as": "json"})
    assert sent.status_code == 404
