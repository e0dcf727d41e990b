"""Profiles: who somebody is here, what they wrote as far as one may see it, and where they come from."""

from typing import Any

from forum.database.engine import execute, fetch_value
from tests.helpers.world import World


async def placeholder(username: str, url: str | None = None) -> int:
    made: int = await fetch_value(
        "insert into person (kind, username, origin, origin_url) values ('placeholder', $1, 'github', $2) returning id",
        username,
        url,
    )
    return made


async def test_a_profile_shows_threads_replies_counts_and_roles(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await world.supporter.post(f"/t/{asked.posted.thread}/replies", {"markdown": "With **open**."})
    page = await world.site.guest().get("/u/sam")
    assert page.status_code == 200
    assert "Sam Supporter" in page.text and "@sam" in page.text and ">Supporter<" in page.text
    assert f'href="{asked.posted.url}/2#post_2"' in page.text and "With open." in page.text
    assert 'href="/p/pelican"' in page.text
    asker = (await world.site.guest().get("/u/ANA")).text
    assert f'href="{asked.posted.url}"' in asker and "<dt>Threads</dt><dd>1</dd>" in asker


async def test_a_profile_shows_only_what_its_reader_may_see(world: World) -> None:
    await world.ask("The parser runs what it reads", category="security")
    ana = world.people["ana"]
    for browser, seen in ((world.site.guest(), 0), (world.outsider, 0), (world.owner, 1), (ana, 1)):
        for path in ("/u/ana", "/u/ana/activity"):
            assert ("The parser runs" in (await browser.get(path)).text) is bool(seen)
        assert f"<dt>Threads</dt><dd>{seen}</dd>" in (await browser.get("/u/ana")).text


async def test_a_profile_shows_no_address_and_drafts_are_linked_for_oneself_alone(world: World) -> None:
    for browser in (world.site.guest(), world.supporter, world.outsider):
        page = (await browser.get("/u/otto")).text
        assert "otto@example.org" not in page
        assert ("/u/otto/drafts" in page) is (browser is world.outsider)


async def test_people_from_elsewhere_say_from_where(world: World) -> None:
    person = await placeholder("octo~2@github.com")
    await placeholder("jon@lists.example")
    page = await world.site.guest().get("/u/octo~2@github.com")
    assert page.status_code == 200
    assert "known from GitHub" in page.text and 'href="https://github.com/octo"' in page.text
    assert "Member since" not in page.text
    assert "known from lists.example" in (await world.site.guest().get("/u/jon@lists.example")).text
    await execute("update person set same_as = $2 where id = $1", person, world.outsider.person)
    for path in ("", "/activity"):
        claimed = await world.site.guest().get(f"/u/octo~2@github.com{path}")
        assert claimed.status_code == 302 and claimed.headers["location"] == f"/u/otto{path}"


async def test_what_a_claimed_placeholder_wrote_stands_on_the_profile_of_who_claimed_it(world: World) -> None:
    person = await placeholder("octo@github.com")
    asked = await world.ask("How do I read a file?")
    await execute("update thread set author_id = $1", person)
    await execute("update post set author_id = $1", person)
    await execute("update person set same_as = $2 where id = $1", person, world.outsider.person)
    page = (await world.site.guest().get("/u/otto")).text
    assert f'href="{asked.posted.url}"' in page and "<dt>Threads</dt><dd>1</dd>" in page


async def test_nobody_is_not_there(world: World) -> None:
    for path in ("/u/nobody", "/u/nobody/activity", "/u/a%00b", "/u/%ff", "/u/" + "x" * 3000, "/u/admin"):
        assert (await world.site.guest().get(path)).status_code == 404


async def test_activity_goes_on_page_by_page(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await execute(
        "insert into post (thread_id, number, author_id, markdown, html, cook_version, version) select $1, n, $2, 'x',"
        " '<p>Answer number ' || n || '</p>', 1, n from generate_series(2, 46) n",
        asked.posted.thread,
        world.outsider.person,
    )
    guest, path, found = world.site.guest(), "/u/otto/activity", []
    while path:
        page = (await guest.get(path)).text
        found += [n for n in range(46, 1, -1) if f"Answer number {n}<" in page]
        older = page.partition('href="?below=')[2].partition('"')[0]
        path = f"/u/otto/activity?below={older}" if older else ""
    assert found == list(range(46, 1, -1))
    for odd in ("x", "-1", "9" * 40, "0"):
        assert (await guest.get(f"/u/otto/activity?below={odd}")).status_code == 200


async def test_a_profile_costs_few_statements(world: World, statements: Any) -> None:
    await world.ask("How do I read a file?")
    for browser in (world.site.guest(), world.outsider, world.supporter):
        statements.clear()
        assert (await browser.get("/u/ana")).status_code == 200
        assert statements.count <= 6, "\n\n".join(statements)
