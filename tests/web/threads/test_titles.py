"""Code in titles: shown as code wherever a page says the title of a thread, plain words everywhere else."""

import re
from html import escape

from forum.database.engine import fetch_value
from forum.live.threads import thread_news
from forum.threads.drafts import keep_draft
from forum.threads.writing import post_reply
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

TITLE = "Why does `read<int>` ignore `type`?"
SHOWN = "Why does <code>read&lt;int&gt;</code> ignore <code>type</code>?"


def words_of(page: str) -> str:
    """What stands on a page as text; not in attributes, and not the name of its window."""
    return re.sub(r"<title>.*?</title>|<[^>]*>", "", page)


async def two(world: World) -> tuple[Asked, Asked]:
    """An answered thread with code in its title, and one that it is linked with."""
    one, other = await asked(world, TITLE, markdown="I tried."), await asked(world, "Another one", by="bea")
    await one.accept((await post_reply(await world.supporter.reader(), one.thread, "Like this.")).number)
    tri = await world.person("tri")
    await world.team(tri, "triager")
    await tri.post(f"/tickets/{other.ticket}/links", {"thread": str(one.thread)})
    await keep_draft(await one.ana.reader(), f"thread:{one.thread}", markdown="Half a word")
    await keep_draft(await world.outsider.reader(), "new", title=TITLE, markdown="Half a word")
    await world.site.jobs()
    return one, other


async def test_code_in_a_title_is_shown_wherever_a_page_says_the_title(world: World) -> None:
    one, other = await two(world)
    still = await asked(world, TITLE, by="cem")
    tri = world.people["tri"]
    post = await fetch_value("select id from post where thread_id = $1 and number = 2", one.thread)
    pages = (
        (
            world.site.guest(),
            *(one.url, "/", "/latest", "/c/pelican/support", "/u/ana", "/u/ana/activity", "/u/sam/activity"),
            *("/search?q=ignore", "/search?q=type", "/search/live?q=type", f"/t/{still.thread}/similar"),
            *(f"/similar?title={TITLE}", f"/similar?title={TITLE}&drop=1", f"/posts/{post}/revisions"),
        ),
        (one.ana, "/", "/u/ana/drafts", "/u/ana/notifications"),
        (world.outsider, "/u/otto/drafts"),
        (
            tri,
            *("/p/pelican/inbox", f"/p/pelican/inbox/{still.ticket}", other.url),
            *(f"/tickets/{still.ticket}/joining", f"/tickets/{other.ticket}/joining?q={still.thread}"),
            f"/tickets/{still.ticket}/merging?into={other.thread}",
        ),
        (world.supporter, f"/posts/{post}/edit"),
        (world.owner, f"/t/{one.thread}/split"),
    )
    for browser, *paths in pages:
        for path in paths:
            answer = await browser.get(path)
            text = re.sub("</?mark>", "", answer.text)
            assert answer.status_code == 200 and SHOWN in text, path
            assert "`" not in words_of(text), path


async def test_a_title_says_its_backticks_where_no_markup_can_be(world: World) -> None:
    one, _ = await two(world)
    assert f"<title>{escape(TITLE)} · " in (await world.site.guest().get(one.url)).text
    assert f"“{escape(TITLE)}”" in "".join(
        re.findall('aria-label="Mark as read: ([^"]*)"', (await one.ana.get("/u/ana/notifications")).text)
    )
    for path in (f"/t/{one.thread}.json", "/latest.json", "/latest.rss"):
        text = (await world.site.guest().get(path)).text
        assert "`type`" in text and "<code>type" not in text and "&lt;code&gt;type" not in text, path


async def test_code_in_a_title_comes_live_too(world: World) -> None:
    one = await asked(world, TITLE)
    news = await thread_news(await world.outsider.reader(), one.thread, 0)
    assert news and f"<h1>{SHOWN}</h1>" in next(item["inner"] for item in news.items if item["id"] == "threadhead")
