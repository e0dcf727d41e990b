"""Reading threads: addresses, pages by post number, what was read, how many statements it takes."""

import re
from typing import Any

import pytest

from forum.database.engine import execute, fetch_value
from forum.threads import lists
from forum.threads.drafts import keep_draft
from forum.threads.kept import forget_kept
from forum.threads.page_queries import guest_stamp
from forum.threads.rules import POSTS_A_PAGE
from tests.helpers.site import Browser
from tests.helpers.world import World

LONG = 10_000


async def grow(thread: int, to: int, author: int) -> None:
    """Posts up to number `to`, without the way of a request each."""
    await execute(
        "insert into post (thread_id, number, author_id, markdown, html, cook_version, version)"
        " select $1, n, $3, 'Text of ' || n, '<p>Text of ' || n || '</p>', 1, n from generate_series("
        " (select last_number + 1 from thread where id = $1), $2::int) n",
        thread,
        to,
        author,
    )
    await execute(
        "update thread set last_number = $2, reply_count = $2 - 1, version = version + $2,"
        " people = (people || $3::bigint)[1:5] where id = $1",
        thread,
        to,
        author,
    )


def numbers(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'id="post_(\d+)"', html)]


@pytest.fixture
async def long_thread(world: World) -> str:
    asked = await world.ask("A very long story")
    await grow(asked.posted.thread, LONG, world.outsider.person or 0)
    return asked.posted.url


# --- pages ---------------------------------------------------------------------------------------------------------


async def test_post_9990_of_10000_stands_on_its_page_with_its_neighbours(world: World, long_thread: str) -> None:
    for browser in (world.site.guest(), world.outsider):
        page = await browser.get(f"{long_thread}/9990")
        assert page.status_code == 200
        assert numbers(page.text) == list(range(9981, 10_001))
        assert "Text of 9990<" in page.text and "Text of 9980<" not in page.text
        assert f'href="{long_thread}/9961"' in page.text and 'rel="next"' not in page.text


async def test_the_pages_of_a_thread_hold_each_post_once(world: World) -> None:
    asked = await world.ask("A longer story")
    await grow(asked.posted.thread, 47, world.outsider.person or 0)
    found, path = [], asked.posted.url
    while path:
        html = (await world.site.guest().get(path)).text
        found += numbers(html)
        step = re.search(r'href="([^"]+)"[^>]*rel="next"|rel="next"[^>]*href="([^"]+)"', html)
        path = (step[1] or step[2]) if step else ""
    assert found == list(range(1, 48))


async def test_zeros_before_a_number_make_no_second_address_of_a_page(world: World) -> None:
    asked = await world.ask("What is 007?")
    thread, other = asked.posted.thread, "/t/what-is-%23007"
    await grow(thread, 3, world.outsider.person or 0)
    for browser in (world.site.guest(), world.outsider):
        for path, there in {
            f"/t/what-is-007/00{thread}": asked.posted.url,
            f"/t/what-is-007/0{thread}?page=2": f"{asked.posted.url}?page=2",
            f"/t/what-is-007/{thread}/03": f"{asked.posted.url}/3",
            f"/t/what-is-007/{thread}/003?post=2": f"{asked.posted.url}/3?post=2",
            f"/t/00{thread}": asked.posted.url,
            f"{other}/0{thread}": f"{other}/{thread}",
        }.items():
            told = await browser.get(path)
            assert (told.status_code, told.headers["location"]) == (301, there), path
        assert (await browser.get(f"{asked.posted.url}/3")).status_code == 200
        # of a thread that there is not, no more is said
        assert (await browser.get("/t/what-is-007/0999")).headers["location"] == "/t/what-is-007/999"
        assert (await browser.get("/t/what-is-007/999")).status_code == 404


async def test_the_list_of_a_tag_goes_on_whatever_signs_the_tag_has(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(lists, "THREADS_A_PAGE", 1)
    await world.ask("How do I read a file?", tags=["c#"])
    page = (await world.site.guest().get("/tag/c%23")).text
    older = re.search('href="(/tag/[^"]*below=[^"]*)"', page)
    assert older and (await world.site.guest().get(older[1])).status_code == 200
    assert older[1].startswith("/tag/c%23?below=")


@pytest.mark.parametrize("at", [1, 9990])
@pytest.mark.parametrize(("who", "most"), [("guest", 4), ("outsider", 8), ("supporter", 8), ("asker", 8)])
async def test_a_thread_page_costs_few_statements_whatever_its_length(
    at: int, who: str, most: int, world: World, long_thread: str, statements: Any
) -> None:
    people = {"guest": world.site.guest(), "outsider": world.outsider, "supporter": world.supporter}
    browser = people.get(who) or world.people["ana"]
    forget_kept()
    statements.clear()
    page = await browser.get(f"{long_thread}/{at}")
    assert page.status_code == 200
    assert statements.count <= most, "\n\n".join(statements)


async def test_a_kept_page_costs_a_guest_one_statement(world: World, long_thread: str, statements: Any) -> None:
    guest = world.site.guest()
    await guest.get(long_thread)
    statements.clear()
    again = await guest.get(long_thread)
    assert statements.count == 1
    unchanged = await guest.get(long_thread, headers={"if-none-match": again.headers["etag"]})
    assert unchanged.status_code == 304 and unchanged.text == ""


async def test_a_guest_sees_a_new_reply_at_once(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    guest = world.site.guest()
    before = await guest.get(asked.posted.url)
    await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": "With open."})
    after = await guest.get(asked.posted.url, headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200 and "With open." in after.text


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("update person set name = 'Samantha Support' where username = 'sam'", "Samantha Support"),
        ("update project_member set role = 'maintainer' where role = 'supporter'", "Maintainer"),
        ("update project set name = 'Pelican Works'", "Pelican Works"),
        ("update project set expected_from = 41, expected_to = 42", "41–42"),
        ("update category set name = 'Questions' where slug = 'support'", "Questions"),
    ],
)
async def test_a_kept_page_is_made_anew_when_something_that_it_shows_changes(
    world: World, change: str, shown: str
) -> None:
    world.people["sam"] = world.supporter
    asked = await world.ask("How do I read a file?", by="sam")
    guest = world.site.guest()
    assert shown not in (await guest.get(asked.posted.url)).text
    await execute(change)
    assert shown in (await guest.get(asked.posted.url)).text


async def test_readers_with_nothing_of_their_own_on_a_page_share_its_posts(world: World, statements: Any) -> None:
    asked = await world.ask("How do I read a file?")
    first, second = await world.person("bea"), await world.person("cem")
    for browser in (first, second):
        await browser.get(asked.posted.url)
    statements.clear()
    await first.get(asked.posted.url)
    alone = statements.count
    assert not [sql for sql in statements if "p.html" in sql]
    # the same page is another one for whoever asked, reacted or is of the team, and stays it for the others
    post = await fetch_value("select id from post")
    await first.htmx(f"/posts/{post}/reactions/like", {"on": "1"})
    pressed = [(await browser.get(asked.posted.url)).text.count('aria-pressed="true"') for browser in (first, second)]
    assert pressed == [1, 0]
    await second.get(asked.posted.url)
    assert f"/posts/{post}/edit" in (await world.people["ana"].get(asked.posted.url)).text
    assert f"/posts/{post}/edit" not in (await second.get(asked.posted.url)).text
    await world.supporter.post(f"/t/{asked.posted.thread}/replies", {"markdown": "Leaks.", "purpose": "whisper"})
    assert "Leaks." in (await world.owner.get(asked.posted.url)).text
    assert "Leaks." not in (await second.get(asked.posted.url)).text
    await second.post(f"/t/{asked.posted.thread}/replies", {"markdown": "Mine."})
    own = await fetch_value("select id from post where number = 3")
    assert f"/posts/{own}/edit" in (await second.get(asked.posted.url)).text
    assert f"/posts/{own}/edit" not in (await world.outsider.get(asked.posted.url)).text
    assert alone <= 8


async def test_a_guest_who_asks_while_the_title_changes_is_led_to_the_new_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look whether the kept page is right and the making of a new one."""
    asked = await world.ask("How do I read a file?")
    guest = world.site.guest()
    await guest.get(asked.posted.url)
    await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": "With open."})

    async def stamp_then_change(thread: int) -> Any:
        found = await guest_stamp(thread)
        await execute("update thread set slug = 'another', version = version + 1 where id = $1", thread)
        return found

    monkeypatch.setattr("forum.threads.pages.guest_stamp", stamp_then_change)
    answer = await guest.get(asked.posted.url)
    assert (answer.status_code, answer.headers["location"]) == (301, f"/t/another/{asked.posted.thread}")


# --- addresses -----------------------------------------------------------------------------------------------------


async def test_wrong_and_short_addresses_lead_to_the_right_one(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    thread, url = asked.posted.thread, asked.posted.url
    await world.outsider.post(f"/t/{thread}/replies", {"markdown": "With open."})
    for browser in (world.site.guest(), world.outsider):
        for wrong, right in (
            (f"/t/{thread}", url),
            (f"/t/wrong-words/{thread}", url),
            (f"/t/wrong-words/{thread}/2", f"{url}/2"),
        ):
            answer = await browser.get(wrong)
            assert (answer.status_code, answer.headers["location"]) == (301, right)
        for none in (f"{url}/3", f"{url}%0A", f"/t/{thread}%0A", f"{url}/", f"{url}/-1", f"{url}/" + "9" * 5000):
            assert (await browser.get(none)).status_code == 404, none[:80]
        assert (await browser.get(f"{url}?post=2")).headers["location"] == f"{url}/2"


async def test_private_threads_are_not_there_for_others_under_any_address(world: World) -> None:
    asked = await world.ask("The parser runs what it reads", category="security")
    thread, url = asked.posted.thread, asked.posted.url
    for browser in (world.site.guest(), world.outsider, world.supporter):
        for path in (url, f"{url}/1", f"/t/{thread}", f"/t/x/{thread}", f"{url}?quote=1", f"/quotes/{thread}/1"):
            answer = await browser.get(path)
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/login")
            else:
                assert answer.status_code == 404
            assert "parser" not in answer.text and "parser" not in answer.headers.get("location", "").split("next=")[0]
    assert (await world.people["ana"].get(url)).status_code == 200
    assert (await world.owner.get(url)).status_code == 200


# --- what was read -------------------------------------------------------------------------------------------------


async def unread(browser: Browser) -> str:
    page = await browser.get("/unread")
    found = re.search(r"mark--accent.*?(\d+) new", page.text, re.DOTALL)
    return found[1] if found else ""


async def read_to(browser: Browser) -> int | None:
    found: int | None = await fetch_value("select number from read_position where person_id = $1", browser.person)
    return found


async def test_what_was_read_is_remembered_by_page_and_never_goes_back(world: World) -> None:
    asked = await world.ask("A longer story")
    await grow(asked.posted.thread, 47, world.supporter.person or 0)
    reader = world.outsider
    assert await unread(reader) == ""
    await reader.get(asked.posted.url)
    assert await read_to(reader) == POSTS_A_PAGE
    assert await unread(reader) == "27"
    await reader.get(f"{asked.posted.url}/47")
    assert await read_to(reader) == 47 and await unread(reader) == ""
    await reader.get(asked.posted.url)
    assert await read_to(reader) == 47
    await world.supporter.post(f"/t/{asked.posted.thread}/replies", {"markdown": "One more."})
    assert await unread(reader) == "1"


async def test_ones_own_reply_is_nothing_new_to_oneself(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": "With open."})
    assert await read_to(world.outsider) == 2 and await unread(world.outsider) == ""


# --- quoting without script ----------------------------------------------------------------------------------------


async def test_a_quote_goes_behind_the_kept_draft_and_is_there_once(world: World) -> None:
    asked = await world.ask("How do I read a file?", markdown="I **tried**.")
    thread, url = asked.posted.thread, asked.posted.url
    quoted = f"[quote=&#34;ana, post:1, topic:{thread}&#34;]\nI **tried**.\n[/quote]"
    assert quoted in (await world.outsider.get(f"{url}?quote=1")).text
    text = f'Mine.\n\n[quote="ana, post:1, topic:{thread}"]\nI **tried**.\n[/quote]'
    await keep_draft(await world.outsider.reader(), f"thread:{thread}", markdown=text)
    page = (await world.outsider.get(f"{url}?quote=1")).text
    assert page.count(quoted) == 1 and "Mine." in page
    for nothing in ("9", "x", "99999999999999", "-1", ""):
        assert (await world.outsider.get(f"{url}?quote={nothing}")).status_code == 200
