"""The Ask page: where a text goes, what goes privately, and what is kept."""

import re
from uuid import uuid4

import pytest

from categories.ask.actions import may_be_security
from forum.database.engine import execute, fetch_one, fetch_value
from forum.projects.actions import NewProject, create_project
from forum.web import csrf
from tests.helpers.site import PASSWORD, Browser, Site, faulty
from tests.helpers.world import World

BUG = {"title": "Crash when reading an empty file", "markdown": "It raises a KeyError.", "project": "pelican"}
HOLE = {
    "title": "SQL injection in the login form allows anybody in",
    "markdown": "A remote attacker can execute arbitrary code: this is a vulnerability.",
    "project": "pelican",
}
CALM = {"title": "How do I read a file?", "markdown": "I tried for an hour.", "project": "pelican"}
UNEASY = {"title": "How do I rotate a password?", "markdown": "I tried for an hour.", "project": "pelican"}


async def bucket(title: str) -> tuple[str, str]:
    row = await fetch_one(
        "select c.kind, t.visibility from thread t join category c on c.id = t.category_id where t.title = $1", title
    )
    assert row is not None
    return row["kind"], row["visibility"]


async def routed(browser: Browser, **typed: str) -> str:
    answer = await browser.htmx("/ask/route", typed)
    assert answer.status_code == 200
    return answer.text


async def test_a_text_that_reads_like_a_security_report_goes_privately_and_the_page_says_so(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    for text in (await routed(ana, **HOLE), (await ana.post("/new-thread", HOLE | {"preview": "1"})).text):
        assert "This goes <strong>privately</strong>" in text and "choose another place below" in text
    sent = await ana.post("/new-thread", HOLE)
    assert await bucket(HOLE["title"]) == ("security", "private")
    for browser in (world.outsider, world.supporter, site.guest()):
        assert (await browser.get(sent.headers["location"])).status_code == 404
        assert HOLE["title"] not in (await browser.get("/latest")).text
    assert (await world.owner.get(sent.headers["location"])).status_code == 200
    assert (await ana.get(sent.headers["location"])).status_code == 200


async def test_a_ticked_box_sends_anything_privately(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    assert "This goes <strong>privately</strong>" in await routed(ana, **CALM, private="1")
    await ana.post("/new-thread", CALM | {"private": "1", "category": "support", "capacity": "personal", "terms": "1"})
    assert await bucket(CALM["title"]) == ("security", "private")
    assert await fetch_value("select count(*) from ticket") == 0


async def test_the_form_always_has_the_private_choice_and_the_link_from_home_ticks_it(site: Site) -> None:
    world = await World.make(site)
    box = re.compile(r'<input type="checkbox" id="private"[^>]*>')
    for browser in (await world.person("ana"), site.guest()):
        for path in ("/new-thread", "/new-thread?project=pelican"):
            found = box.search((await browser.get(path)).text)
            assert found and " checked" not in found[0]
        found = box.search((await browser.get("/new-thread?category=security")).text)
        assert found and " checked" in found[0]


async def test_a_weak_sign_offers_to_report_privately_and_decides_nothing(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    offer = "Then report it privately"
    assert offer in await routed(ana, **UNEASY)
    assert offer not in await routed(ana, **CALM)
    assert offer not in await routed(ana, **UNEASY, private="1")
    # what the team alone reads is not said to be public
    assert "public at once" in await routed(ana, **UNEASY)
    assert "public at once" not in await routed(ana, **UNEASY, only_team="1")
    await ana.post("/new-thread", UNEASY | {"capacity": "personal", "terms": "1"})
    assert (await bucket(UNEASY["title"]))[1] == "public"


@pytest.mark.parametrize(
    "text", ["Passwords are logged", "an XSS in titles", "token leaks", "Can I bypass the sandbox?"]
)
def test_uneasy_words_are_noticed(text: str) -> None:
    assert may_be_security(text, "")
    assert may_be_security("A question", f"Well: {text}")


@pytest.mark.parametrize("text", ["How do I read a file?", "It rejects the tokens", "A leaky ReLU layer", ""])
def test_ordinary_words_are_not(text: str) -> None:
    assert may_be_security(text, "") is ("token" in text)


async def test_a_guest_is_told_where_it_goes_too_however_much_they_wrote(site: Site) -> None:
    await World.make(site)
    guest = site.guest()
    await guest.get("/new-thread")
    assert guest.http.cookies.get(csrf.GUEST_COOKIE)
    answer = await guest.http.post("/ask/route", data=CALM | {"markdown": "x " * 40_000, "csrf": guest.token()})
    assert answer.status_code == 200 and "This reads like <strong>Support</strong>" in answer.text
    assert (await site.guest().http.post("/ask/route", data=CALM)).status_code == 403, "not without the page's token"


async def test_a_guests_private_choice_comes_along_through_signing_in(site: Site) -> None:
    await World.make(site)
    await site.person("ana")
    guest = site.guest()
    await guest.get("/new-thread")
    asked = await guest.post("/new-thread", CALM | {"private": "1"})
    assert asked.status_code == 401
    carried = dict(re.findall(r'name="(draft_\w+)" value="([^"]*)"', asked.text))
    assert carried["draft_private"] == "1"
    entered = await guest.post("/login", {"login": "ana", "password": PASSWORD, "next": "/new-thread"} | carried)
    assert entered.status_code == 303
    page = (await guest.get("/new-thread")).text
    assert CALM["title"] in page and re.search(r'id="private"[^>]* checked', page)


async def test_a_private_category_is_named_to_nobody_who_asks(site: Site) -> None:
    world = await World.make(site)
    await execute("update category set name = 'Canary', slug = 'canary' where kind = 'security'")
    await execute(
        "insert into category (project_id, slug, name, kind, visibility, readers, position)"
        " values ($1, 'board', 'Boardroom', 'support', 'private', '{owner}', 9)",
        world.project,
    )
    ana = await world.person("ana")
    for browser in (ana, world.supporter, site.guest()):
        page = (await browser.get("/new-thread?project=pelican&title=How&category=canary")).text
        assert "Canary" not in page and "Boardroom" not in page
    refused = await ana.post("/new-thread", CALM | {"category": "board"})
    assert refused.status_code == 422 and "Choose one of these." in refused.text
    assert await fetch_value("select count(*) from thread") == 0


async def test_a_project_without_a_private_category_says_so_and_keeps_the_text(site: Site) -> None:
    world = await World.make(site)
    await execute("update category set kind = 'bugs' where kind = 'security'")
    refused = await (await world.person("ana")).post("/new-thread", HOLE | {"private": "1"})
    assert refused.status_code == 422
    assert "takes no private reports" in refused.text and HOLE["title"] in refused.text
    assert await fetch_value("select count(*) from thread") == 0


async def test_what_is_no_question_is_kept_as_it_was_typed_and_no_thread_is_made(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    kept = await ana.post("/new-thread", BUG | {"category": "bugs", "then": "draft", "private": ""})
    assert kept.status_code == 303
    assert await fetch_value("select count(*) from thread") == 0
    page = (await ana.get("/new-thread")).text
    assert BUG["title"] in page and BUG["markdown"] in page
    await ana.post("/new-thread", CALM | {"category": "support", "then": "draft", "capacity": "personal", "terms": "1"})
    assert await fetch_value("select state from ticket") == "draft", "a question that was kept is a ticket's draft"


async def test_choosing_a_project_brings_its_guideline_terms_and_categories(site: Site) -> None:
    world = await World.make(site)
    await create_project(
        world.owner.person or 0,
        NewProject("heron", "Heron", "Heron e.V.", guideline="Say your version.", terms="Feed the herons."),
    )
    ana = await world.person("ana")
    bare = (await ana.get("/new-thread")).text
    assert "Say your version." not in bare and "Let the site suggest" not in bare
    answer = await ana.htmx("/ask/rest", CALM | {"project": "heron", "capacity": "personal"})
    for told in ("Say your version.", "Feed the herons.", "Let the site suggest", "place 1 of 1"):
        assert told in answer.text
    assert re.search(r'value="personal" checked', answer.text), "what was chosen stays chosen"
    assert 'id="rest"' in bare and answer.text.lstrip().startswith('<div class="stack" id="rest">')


async def test_the_page_tells_the_place_a_question_would_get(site: Site) -> None:
    world = await World.make(site)
    paid = await world.ask("How do I pay?", by="ben")
    await execute("update ticket set rank_amount = 500 where id = $1", paid.ticket)
    await execute("select queue_enter($1)", paid.ticket)
    page = (await (await world.person("ana")).get("/new-thread?project=pelican")).text
    assert "place 2 of 2" in page and "7–10 workdays" in page
    asked = await world.ask("How do I read a file?")
    assert "Place 2 of 2" in (await world.people["ana"].get(asked.posted.url)).text


async def test_errors_keep_everything_that_was_typed(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    typed = CALM | {"title": "x", "capacity": "professional", "private": "1", "category": "bugs"}
    page = await ana.post("/new-thread", typed)
    assert page.status_code == 422
    assert 'value="professional" checked' in page.text and "I tried for an hour." in page.text
    assert re.search(r'id="private"[^>]* checked', page.text)
    assert re.search(r'<option value="bugs" selected>', page.text)
    assert (await ana.post("/new-thread", CALM | {"project": ""})).status_code == 422
    assert (await ana.post("/new-thread", CALM | {"project": "nothing"})).status_code == 404


async def test_all_that_a_question_misses_is_told_at_once_in_the_order_of_the_page(site: Site) -> None:
    world = await World.make(site)
    await create_project(world.owner.person or 0, NewProject("heron", "Heron", "Heron e.V.", terms="Feed the herons."))
    await execute(
        "insert into ask_field (category_id, kind, label, is_required, position)"
        " select c.id, 'text', 'Version', true, 0 from category c join project p on p.id = c.project_id"
        " where p.slug = 'heron' and c.kind = 'support'"
    )
    field = f"field-{await fetch_value('select id from ask_field')}"
    ana = await world.person("ana")
    asked = {"title": "", "markdown": "", "project": "heron"}
    everything = ["title", "markdown", field, "capacity", "terms"]
    empty = await ana.post("/new-thread", asked)
    assert empty.status_code == 422 and faulty(empty.text) == everything
    for name in everything:
        assert f'id="{name}"' in empty.text, "what is told can be mended on the page"
    nothing = asked | {"project": ""}
    assert faulty((await ana.post("/new-thread", nothing)).text) == ["title", "project", "markdown", "capacity"]
    # where it cannot go, the page comes back with the form of who asks the team
    nowhere = await ana.post("/new-thread", asked | {"category": "bugs", "only_team": "1"})
    assert faulty(nowhere.text) == ["title", "markdown", "only_team", field, "capacity", "terms"]
    # a report is asked for none of these, nor is a draft
    crash = {"markdown": "It raises a KeyError:\n\nTraceback (most recent call last):"}
    report = await ana.post("/new-thread", asked | crash)
    assert faulty(report.text) == ["title"] and "This reads like <strong>Bugs</strong>" in report.text
    assert faulty((await ana.post("/new-thread", asked | {"then": "draft", "category": "support"})).text) == [
        "title",
        "markdown",
    ]


async def test_before_a_project_is_chosen_all_is_told_that_is_asked_in_any(site: Site) -> None:
    world = await World.make(site)
    await create_project(world.owner.person or 0, NewProject("heron", "Heron", "Heron e.V."))
    ana = await world.person("ana")

    async def told(**typed: str) -> list[str]:
        answer = await ana.post("/new-thread", CALM | {"project": ""} | typed)
        assert answer.status_code == 422
        for name in faulty(answer.text):
            assert f'id="{name}"' in answer.text, "what is told can be mended on the page"
        return faulty(answer.text)

    assert await told(title="x") == ["title", "project", "capacity"]
    assert await told(capacity="personal") == ["project"]
    assert await told(only_team="1", title=BUG["title"], markdown=BUG["markdown"]) == ["project", "capacity"]
    # what is no question to the team, or may be none, is asked for no capacity
    assert await told(title=BUG["title"], markdown=BUG["markdown"]) == ["project"]
    assert await told(private="1") == ["project"]
    assert await told(category="bugs") == ["project"]
    assert await fetch_value("select count(*) from thread") == 0


async def test_a_guideline_is_shown_as_the_markdown_it_is(site: Site) -> None:
    world = await World.make(site)
    await execute(
        "update project set guideline = '- the version (`pelican --version`), **please**' where slug = 'pelican'"
    )
    ana = await world.person("ana")
    saved = await ana.post("/new-thread", CALM | {"category": "support", "then": "draft"})
    for path in ("/new-thread?project=pelican", saved.headers["location"]):
        page = (await ana.get(path)).text
        assert "<code>pelican --version</code>" in page and "`pelican" not in page, path


async def test_a_form_that_is_gone_back_to_and_sent_again_makes_no_second_thread(site: Site) -> None:
    world = await World.make(site)
    ana, ben = await world.person("ana"), await world.person("ben")

    async def sent(browser: Browser, **more: str) -> str:
        answer = await browser.post("/new-thread", BUG | more | {"key": str(uuid4())})
        assert answer.status_code == 303
        return str(answer.headers["location"])

    first = await sent(ana)
    assert await sent(ana) == first
    assert "You asked this already; here it is." in (await ana.get(first)).text
    other = [
        await sent(ana, markdown="It raises an OSError."),
        await sent(ana, title="Crash when reading a full file"),
        await sent(ana, category="support", capacity="personal", terms="1"),
        await sent(ana, private="1"),
        await sent(ben),
    ]
    assert len({first, *other}) == 6, "other words, another place, another reader or another author is another thread"
    await execute("update thread set created_at = created_at - interval '11 minutes'")
    assert await sent(ana) not in (first, *other), "much later it is meant"
