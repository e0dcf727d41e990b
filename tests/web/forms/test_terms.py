"""Terms and codes of conduct: versions, what changes, asked again, readable for good."""

import re

from forum.database.engine import execute, fetch_value
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import asked
from tests.helpers.world import World

PATH = "/p/pelican/settings/terms"


async def publish(browser: Browser, body: str, version: int, kind: str = "terms", path: str = PATH) -> int:
    return (await browser.post(f"{path}?kind={kind}", {"body": body, "version": str(version)})).status_code


async def test_an_owner_sees_what_changes_and_publishes_a_version(site: Site) -> None:
    world = await World.make(site)
    assert "There is none, so nothing is asked." in (await world.owner.get(PATH)).text
    assert await publish(world.owner, "Be patient with *pelicans*.", 0) == 303
    looked = await world.owner.post(PATH, {"body": "Be kind to *pelicans*.", "version": "1", "look": "1"})
    assert "<del>patient with</del>" in looked.text or "<del>patient</del>" in looked.text
    assert "Publish version 2" in looked.text and "<em>pelicans</em>" in looked.text
    assert await fetch_value("select count(*) from terms where project_id is not null") == 1, "looking saves nothing"
    assert await publish(world.owner, "Be kind to *pelicans*.", 1) == 303
    assert await publish(world.owner, "Be kind to *pelicans*.", 2) == 303
    assert await fetch_value("select max(version) from terms where project_id is not null") == 2, (
        "the same is no new one"
    )
    assert await publish(world.owner, "An older idea.", 1) == 422, "somebody was first"
    page = (await site.guest().get("/p/pelican/terms")).text
    assert "Version 2" in page and "Version 1" in page and "Be patient with" in page and "Olga Owner" in page


async def test_only_owners_write_a_projects_and_admins_the_sites(site: Site) -> None:
    world = await World.make(site)
    maintainer, admin = await world.person("mai"), await site.member("adam", admin=True)
    await world.team(maintainer, "maintainer")
    for browser in (world.outsider, world.supporter, maintainer, admin):
        assert (await browser.get(PATH)).status_code == 403
        assert await publish(browser, "Mine.", 0) == 403
    for browser in (world.outsider, world.owner):
        assert (await browser.get("/admin/terms")).status_code == 404
        assert await publish(browser, "Mine.", 1, path="/admin/terms") == 404
    assert await publish(admin, "", 1, path="/admin/terms") == 422, "a site always has terms"
    assert await publish(admin, "Be kinder.", 1, path="/admin/terms") == 303
    assert "Be kinder." in (await site.guest().get("/tos")).text
    assert "Be kind." in (await site.guest().get("/tos/versions")).text
    assert await fetch_value("select count(*) from terms where project_id is not null") == 0


async def test_every_asker_is_asked_again_when_a_version_changes_and_for_each_code_of_conduct(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    await asked(world)
    admin = await site.member("adam", admin=True)
    await publish(world.owner, "No shouting.", 0, kind="conduct")
    await publish(admin, "No spam.", 0, kind="conduct", path="/admin/terms")
    page = (await ana.get("/new-thread?project=pelican")).text
    for told in ("The code of conduct of the project", "No shouting.", "The code of conduct of this site", "No spam."):
        assert told in page
    assert "Be kind." not in page, "accepted already"
    second = await asked(world, "How do I write a file?", accepts_terms=False)
    assert await second.state() == "draft"
    form = {"capacity": "personal", "terms": "1"}
    assert (await ana.post(f"/tickets/{second.ticket}/submission", form)).status_code == 303
    assert await (await asked(world, "How do I close a file?", accepts_terms=False)).state() == "waiting"
    await publish(world.owner, "No shouting, ever.", 1, kind="conduct")
    page = (await ana.get("/new-thread?project=pelican")).text
    assert "No shouting, ever." in page and "changed since you accepted version 1" in page and "No spam." not in page
    await publish(world.owner, "", 2, kind="conduct")
    assert "The code of conduct of the project" not in (await ana.get("/new-thread?project=pelican")).text
    mine = (await ana.get("/u/ana/preferences")).text
    assert "Terms you accepted" in mine and mine.count("Code of conduct") == 2
    assert "a newer one is asked for" in mine
    assert (await world.outsider.get("/u/ana/preferences")).status_code == 404
    assert "Terms you accepted" not in (await world.outsider.get("/u/otto/preferences")).text


async def test_a_guest_reads_them_and_accepts_nothing_yet(site: Site) -> None:
    world = await World.make(site)
    await publish(world.owner, "Be patient.", 0)
    page = (await site.guest().get("/new-thread?project=pelican")).text
    assert "Be patient." in page and "You accept these once you are in" in page and 'name="terms"' not in page


async def test_what_was_published_cannot_be_changed(site: Site) -> None:
    await World.make(site)
    grants = await fetch_value(
        "select bool_or(has_table_privilege('haas_app', 'terms', p)) from unnest(array['update', 'delete', 'truncate']) p"
    )
    assert grants is False
    assert await fetch_value("select has_table_privilege('haas_app', 'terms', 'insert')") is True
    assert await execute("select 1")


async def test_nobody_accepts_a_version_that_was_published_while_they_wrote(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    await publish(world.owner, "Be patient.", 0)
    draft = await asked(world, accepts_terms=False)
    thread = f"/t/{await fetch_value('select thread_id from ticket where id = $1', draft.ticket)}"
    address = f"/tickets/{draft.ticket}/submission"
    page = (await ana.http.get(thread, follow_redirects=True)).text
    shown = re.findall(r'name="terms_shown" value="([0-9 ]+)"', page)[0]
    await publish(world.owner, "Pay for every answer.", 1)
    form = {"capacity": "personal", "terms": "1"}
    late = await ana.post(address, form | {"terms_shown": shown})
    assert late.status_code == 422 and "changed while you wrote" in late.text and "Pay for every answer." in late.text
    assert await draft.state() == "draft" and await fetch_value("select count(*) from terms_acceptance") == 0
    asks = {"title": "How do I read a file?", "markdown": "I have one.", "project": "pelican", "category": "support"}
    anew = await ana.post("/new-thread", asks | form | {"terms_shown": shown})
    assert anew.status_code == 422 and "changed while you wrote" in anew.text
    assert await fetch_value("select count(*) from ticket") == 1
    assert await fetch_value("select count(*) from terms_acceptance") == 0
    shown = re.findall(r'name="terms_shown" value="([0-9 ]+)"', late.text)[0]
    assert (await ana.post(address, form | {"terms_shown": shown})).status_code == 303
    assert await draft.state() == "waiting"


async def test_without_capacity_or_consent_the_page_comes_back_with_the_fault_beside_the_field(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    await publish(world.owner, "Be patient.", 0)
    shown = re.findall(r'name="terms_shown" value="([0-9 ]+)"', (await ana.get("/new-thread?project=pelican")).text)[0]
    words = {"title": "How do I read a file?", "markdown": "It is a large one.", "project": "pelican"}
    sent = await ana.post("/new-thread", words | {"capacity": "project"})
    assert sent.status_code == 422 and "It is a large one.</textarea>" in sent.text
    assert re.search(r'value="project"[^>]* checked', sent.text) and 'id="capacity-error"' not in sent.text
    assert re.search(r'id="terms"[^>]* aria-invalid="true" aria-describedby="terms-error"', sent.text)
    assert 'href="#terms"' in sent.text and "The terms need your consent" in sent.text.partition('id="terms-error"')[2]
    sent = await ana.post("/new-thread", words | {"terms": "1", "terms_shown": shown, "then": "raise"})
    assert sent.status_code == 422 and re.search(r'id="terms"[^>]* checked', sent.text), "what was accepted stays so"
    assert 'role="radiogroup" aria-invalid="true" aria-describedby="capacity-error"' in sent.text
    assert 'href="#capacity"' in sent.text and re.search(r'<input type="radio"[^>]* id="capacity"', sent.text)
    assert await fetch_value("select count(*) from thread") == 0
    # a draft needs neither
    assert (await ana.post("/new-thread", words | {"then": "draft"})).status_code == 303


async def test_a_text_that_is_much_too_long_is_told_so_and_kept(site: Site) -> None:
    world = await World.make(site)
    for more in ({}, {"look": "1"}):
        answer = await world.owner.post(PATH, {"body": "A long text. " * 10_000, "version": "0", **more})
        assert answer.status_code == 422 and "A long text. A long text." in answer.text
