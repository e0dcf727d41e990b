"""Private tickets: where the project allows them, for whom they are there, and how they are published with consent."""

from dataclasses import dataclass

import pytest

from categories.forms.privacy import agree
from categories.support.queries import queue_state
from forum.database.engine import execute, fetch_value
from forum.recount import recount
from forum.threads.actions import move_thread
from forum.threads.splitting import split
from forum.threads.writing import post_reply
from tests.helpers.site import Browser, Site
from tests.helpers.world import World

ASK = {
    "title": "How do I read our secret file?",
    "markdown": "It holds customers' data.",
    "project": "pelican",
    "capacity": "professional",
    "terms": "1",
    "category": "support",
}


@dataclass
class Private:
    world: World
    ana: Browser
    url: str
    thread: int
    ticket: int


async def allow(world: World, policy: str) -> None:
    form = {"private_tickets": policy, "answer_minutes": "", "links": ""}
    assert (await world.owner.post("/p/pelican/settings/asking", form)).status_code == 303


async def private(site: Site) -> Private:
    world = await World.make(site)
    await allow(world, "choice")
    ana = await world.person("ana")
    sent = await ana.post("/new-thread", ASK | {"only_team": "1"})
    assert sent.status_code == 303, sent.text
    thread, ticket = await fetch_value("select id from thread"), await fetch_value("select id from ticket")
    return Private(world, ana, sent.headers["location"], thread, ticket)


async def visibility() -> str:
    return str(await fetch_value("select visibility from thread"))


async def test_the_team_and_the_asker_see_it_and_nobody_else(site: Site) -> None:
    one = await private(site)
    world = one.world
    admin, moderator = await site.member("adam", admin=True), await world.person("mona")
    await execute("update person set site_role = 'moderator' where id = $1", moderator.person)
    for browser in (one.ana, world.supporter, world.owner):
        page = await browser.get(one.url)
        assert page.status_code == 200 and "Private ticket" in page.text
    for browser in (world.outsider, admin, moderator, site.guest()):
        assert (await browser.get(one.url)).status_code == 404
        for path in ("/", "/latest", "/c/pelican", "/c/pelican/support", "/search?q=secret", "/latest.rss"):
            assert ASK["title"] not in (await browser.get(path)).text, path
    inbox = (await world.supporter.get("/p/pelican/inbox")).text
    assert ASK["title"] in inbox
    assert (await queue_state(world.project)).total == 1
    assert await fetch_value("select thread_count from category where slug = 'support'") == 0
    answered = await world.supporter.post(f"/t/{one.thread}/replies", {"markdown": "Like this."})
    assert answered.status_code == 303
    assert await fetch_value("select state from ticket") == "answered"


async def test_a_project_that_does_not_allow_it_never_makes_public_what_was_meant_privately(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    page = (await ana.get("/new-thread?project=pelican&title=How")).text
    assert "For the team alone" not in page
    refused = await ana.post("/new-thread", ASK | {"only_team": "1"})
    assert refused.status_code == 422 and "takes no private tickets" in refused.text
    assert await fetch_value("select count(*) from thread") == 0
    await allow(world, "choice")
    await ana.post("/new-thread", ASK | {"only_team": "1", "then": "draft"})
    await allow(world, "never")
    ticket = await fetch_value("select id from ticket")
    form = {"capacity": "personal", "terms": "1"}
    refused = await ana.post(f"/tickets/{ticket}/submission", form)
    assert refused.status_code == 422 and await visibility() == "author"
    assert (await ana.post(f"/tickets/{ticket}/submission", form | {"fields_of": "1"})).status_code == 303
    assert await visibility() == "public", "unticked by its author"


async def test_a_ticked_question_is_no_bug_whatever_it_reads_like(site: Site) -> None:
    world = await World.make(site)
    await allow(world, "choice")
    ana = await world.person("ana")
    bug = ASK | {"title": "Crash when reading an empty file", "category": "", "only_team": "1"}
    await ana.post("/new-thread", bug)
    assert await visibility() == "private"
    refused = await ana.post("/new-thread", bug | {"category": "bugs", "title": "Crash again when reading"})
    assert refused.status_code == 422 and await fetch_value("select count(*) from thread") == 1


async def test_where_every_ticket_is_private_nothing_has_to_be_ticked(site: Site) -> None:
    world = await World.make(site)
    await allow(world, "always")
    ana = await world.person("ana")
    assert "Only the team of this project reads your question" in (await ana.get("/new-thread?project=pelican")).text
    await ana.post("/new-thread", ASK)
    assert await visibility() == "private"
    bug = await ana.post("/new-thread", ASK | {"title": "It crashes when I read", "category": "bugs"})
    assert (await site.guest().get(bug.headers["location"])).status_code == 200


async def test_moving_it_publishes_nothing(site: Site) -> None:
    one = await private(site)
    for kind in ("bugs", "features", "security", "support"):
        assert (await one.world.owner.post(f"/t/{one.thread}/bucket/{kind}")).status_code == 303
        assert await visibility() == "private", kind
        assert (await one.world.outsider.get(one.url)).status_code == 404
        seen = (await one.world.supporter.get(one.url)).status_code
        assert seen == (404 if kind == "security" else 200), kind


async def test_the_team_asks_the_asker_agrees_and_whispers_stay_whispers(site: Site) -> None:
    one = await private(site)
    world, path = one.world, f"/t/{one.thread}/publication"
    await world.supporter.post(f"/t/{one.thread}/replies", {"markdown": "Said openly."})
    await world.supporter.post(f"/t/{one.thread}/replies", {"markdown": "Said softly.", "purpose": "whisper"})
    for browser in (world.outsider, site.guest()):
        assert (await browser.post(path)).status_code in (401, 403, 404)
    assert (await world.supporter.post(path)).status_code == 303
    assert (await world.owner.post(path)).status_code == 303
    assert await visibility() == "private", "the team alone publishes nothing"
    assert await fetch_value("select count(*) from notice where person_id = $1", one.ana.person) == 1
    asked = (await one.ana.get(one.url)).text
    assert "Agree and publish" in asked and "Sam Supporter" in asked
    assert (await one.ana.post(path)).status_code == 303
    assert await visibility() == "public"
    page = (await site.guest().get(one.url)).text
    assert "Said openly." in page and "Sam Supporter" in page and "Said softly." not in page
    assert "agreed, and this was published" in page
    assert "Said softly." in (await world.supporter.get(one.url)).text
    assert await fetch_value("select thread_count from category where slug = 'support'") == 1
    assert ASK["title"] in (await site.guest().get("/latest")).text
    assert (await one.ana.post(path)).status_code in (403, 404), "there is nothing to publish any more"


async def test_the_asker_declines_and_may_publish_on_their_own(site: Site) -> None:
    one = await private(site)
    path = f"/t/{one.thread}/publication"
    await one.world.supporter.post(path)
    await one.ana.post(f"{path}/delete")
    assert await visibility() == "private"
    assert "did not agree to publish this" in (await one.world.supporter.get(one.url)).text
    await one.world.supporter.post(path)
    await one.world.owner.post(f"{path}/delete")
    assert "Agree and publish" not in (await one.ana.get(one.url)).text
    await one.ana.post(path)
    assert await visibility() == "public"


async def test_everybody_who_asked_has_to_agree(site: Site) -> None:
    one = await private(site)
    path, ben = f"/t/{one.thread}/publication", await one.world.person("ben")
    await execute("insert into thread_participant values ($1, $2, 'requester')", one.thread, ben.person)
    await one.ana.post(path)
    await one.ana.post(path)
    assert await visibility() == "private"
    await ben.post(f"{path}/delete")
    await one.ana.post(f"{path}/delete")
    await ben.post(path)
    assert await visibility() == "private", "what was taken back does not count"
    await one.ana.post(path)
    assert await visibility() == "public"


@pytest.mark.parametrize("ends", ["asker", "team"])
async def test_what_was_agreed_to_ends_with_its_question(site: Site, ends: str) -> None:
    one = await private(site)
    path, ben = f"/t/{one.thread}/publication", await one.world.person("ben")
    await execute("insert into thread_participant values ($1, $2, 'requester')", one.thread, ben.person)
    await one.world.owner.post(path)
    await one.ana.post(path)
    await (ben if ends == "asker" else one.world.owner).post(f"{path}/delete")
    await one.world.owner.post(path)
    await ben.post(path)
    assert await visibility() == "private", "ana was told once more that nothing happens unless she agrees"
    assert "Agree and publish" in (await one.ana.get(one.url)).text
    await one.ana.post(path)
    assert await visibility() == "public"


async def test_who_agreed_of_their_own_accord_is_not_asked(site: Site) -> None:
    one = await private(site)
    path, ben = f"/t/{one.thread}/publication", await one.world.person("ben")
    await execute("insert into thread_participant values ($1, $2, 'requester')", one.thread, ben.person)
    await one.ana.post(path)
    await one.world.owner.post(path)
    asked = "select array_agg(person_id) from notice where kind = 'publication_asked'"
    assert await fetch_value(asked) == [ben.person]
    await ben.post(path)
    assert await visibility() == "public"


async def test_in_a_private_category_it_cannot_be_published(site: Site) -> None:
    one = await private(site)
    await one.world.owner.post(f"/t/{one.thread}/bucket/security")
    assert (await one.ana.post(f"/t/{one.thread}/publication")).status_code == 409
    assert (await one.world.owner.post(f"/t/{one.thread}/publication")).status_code == 409
    assert await visibility() == "private"


@pytest.mark.parametrize("category", ["support", "security"])
async def test_what_is_not_private_by_wish_has_no_such_button(site: Site, category: str) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?", category=category)
    before = await visibility()
    for browser in (world.people["ana"], world.owner):
        assert (await browser.post(f"/t/{asked.posted.thread}/publication")).status_code == 404
        assert 'id="publication"' not in (await browser.get(asked.posted.url)).text
    assert await visibility() == before


async def test_what_is_split_off_stays_private_until_who_asked_agrees_wherever_it_is_moved(site: Site) -> None:
    one = await private(site)
    world = one.world
    owner, sam = await world.owner.reader(), await world.supporter.reader()
    await post_reply(sam, one.thread, "Your customers' file has another question in it.")
    made = await split(owner, one.thread, [2], "What about the customers' file?", await world.category("support"))
    url = f"/t/{made.slug}/{made.thread}"
    for browser in (one.ana, world.supporter, world.owner):
        assert (await browser.get(url)).status_code == 200
    for browser in (world.outsider, site.guest()):
        assert (await browser.get(url)).status_code == 404
    await move_thread(owner, made.thread, await world.category("bugs"))
    assert (await site.guest().get(url)).status_code == 404
    # the supporter wrote its first post; its asker's word is asked for all the same
    assert not await agree(sam, made.thread)
    assert (await site.guest().get(url)).status_code == 404
    assert await agree(await one.ana.reader(), made.thread)
    assert (await site.guest().get(url)).status_code == 200
    assert await recount() == []


async def test_a_link_to_a_private_ticket_leads_there_through_signing_in(site: Site) -> None:
    world = await World.make(site)
    told = await site.guest().get("/t/how-do-i/12345")
    assert told.status_code == 404 and "/login?next=/t/12345" in told.text
    assert "/login?next=" not in (await world.outsider.get("/t/how-do-i/12345")).text
