"""What is not for everybody: whispers, removed posts, drafts of threads; in no page, JSON, preview or quote."""

import pytest

from forum.database.engine import execute, fetch_value
from forum.recount import recount
from tests.helpers.site import Browser
from tests.helpers.world import World

SECRET = "umbrella"


@pytest.fixture
async def whispered(world: World) -> str:
    """The address of a thread whose second post is a whisper."""
    asked = await world.ask("How do I read a file?")
    sent = await world.supporter.post(
        f"/t/{asked.posted.thread}/replies", {"markdown": f"The {SECRET} leaks.", "purpose": "whisper"}
    )
    assert sent.status_code == 303
    await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": "With open."})
    return asked.posted.url


def addresses(url: str, post: int) -> list[str]:
    thread = url.rpartition("/")[2]
    return [
        url,
        f"{url}/2",
        f"{url}?quote=2",
        f"/quotes/{thread}/2",
        f"/posts/{post}/revisions",
        f"/posts/{post}/edit",
        f"/posts/{post}.json",
        f"/t/{thread}.json",
        f"/t/{thread}/posts.json",
        "/u/sam",
        "/u/sam/activity",
        "/u/sam.json",
        "/",
        "/latest",
        "/latest.json",
        f"/search?q={SECRET}",
        f"/search.json?q={SECRET}",
    ]


async def seen_at(browser: Browser, url: str, post: int) -> set[str]:
    answers = {path: await browser.get(path) for path in addresses(url, post)}
    assert all(answer.status_code < 500 for answer in answers.values())
    return {path for path, answer in answers.items() if "leaks" in answer.text}


async def test_whispers_are_in_nothing_that_outsiders_are_sent(world: World, whispered: str) -> None:
    post = await fetch_value("select id from post where is_whisper")
    assert await seen_at(world.site.guest(), whispered, post) == set()
    assert await seen_at(world.outsider, whispered, post) == set()
    assert await seen_at(world.people["ana"], whispered, post) == set()
    assert {whispered, f"{whispered}?quote=2", "/u/sam"} <= await seen_at(world.supporter, whispered, post)


async def test_whispers_are_reacted_to_and_answered_by_the_team_alone(world: World, whispered: str) -> None:
    post = await fetch_value("select id from post where is_whisper")
    assert (await world.outsider.post(f"/posts/{post}/reactions/like", {"on": "1"})).status_code == 404
    assert (await world.owner.post(f"/posts/{post}/reactions/like", {"on": "1"})).status_code == 303


async def test_a_whisper_raises_no_thread_and_counts_as_no_reply(world: World, whispered: str) -> None:
    assert await fetch_value("select reply_count from thread") == 1
    other = await world.ask("How do I write a file?")
    await world.supporter.post(f"/t/{whispered.rpartition('/')[2]}/replies", {"markdown": "Hm", "purpose": "whisper"})
    home = (await world.outsider.get("/latest")).text
    assert home.index(other.posted.url) < home.index(whispered)


async def test_a_whisper_at_the_end_does_not_tell_others_that_there_is_one(world: World) -> None:
    ana, asked = await world.person("ana"), await world.ask("How do I read a file?")
    thread, url = asked.posted.thread, asked.posted.url
    await world.outsider.get(url)
    await world.supporter.get(url)
    for _ in range(2):
        await world.supporter.post(f"/t/{thread}/replies", {"markdown": f"The {SECRET} leaks.", "purpose": "whisper"})
    for browser in (world.outsider, ana, world.site.guest()):
        assert '<span id="lastnumber">1</span>' in (await browser.get(url)).text
        assert (await browser.get(f"{url}/2")).status_code == 404
        assert (await browser.get(f"/t/{thread}.json")).json()["highest_post_number"] == 1
    assert asked.posted.url not in (await world.outsider.get("/unread")).text
    assert '<span id="lastnumber">3</span>' in (await world.owner.get(url)).text
    # what is done next is seen, and so is what is written next
    await world.supporter.post(f"/t/{thread}/closure", {"reason": "done"})
    assert "closed" in (await world.outsider.get(url)).text
    await ana.post(f"/t/{thread}/replies", {"markdown": "Still there."})
    assert asked.posted.url in (await world.outsider.get("/unread")).text
    assert '<span id="lastnumber">4</span>' in (await world.outsider.get(url)).text
    assert await recount() == []


async def test_of_a_removed_post_only_its_place_is_left(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await world.supporter.post(f"/t/{asked.posted.thread}/replies", {"markdown": f"The {SECRET} leaks."})
    post = await fetch_value("select id from post where number = 2")
    await execute(
        "with t as (update thread set version = version + 1 returning version) update post set deleted_at = now(),"
        " version = t.version from t where post.id = $1",
        post,
    )
    for browser in (world.site.guest(), world.outsider, world.supporter):
        assert await seen_at(browser, asked.posted.url, post) == set()
        assert "This post was removed." in (await browser.get(asked.posted.url)).text
    assert (await world.supporter.post(f"/posts/{post}/edit", {"markdown": "Back"})).status_code == 404


async def test_a_thread_that_is_a_draft_is_its_authors_alone(world: World) -> None:
    asked = await world.ask(f"Where is my {SECRET}?", capacity="", accepts_terms=False, as_draft=True)
    ana = world.people["ana"]
    assert asked.is_draft and (await ana.get(asked.posted.url)).status_code == 200
    for browser in (world.site.guest(), world.outsider, world.owner):
        for path in (asked.posted.url, f"/t/{asked.posted.thread}", "/u/ana", "/u/ana/activity", "/latest"):
            assert SECRET not in (await browser.get(path)).text
    sent = await ana.post(f"/t/{asked.posted.thread}/replies", {"markdown": "My own reply."})
    assert sent.status_code == 409
