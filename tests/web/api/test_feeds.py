"""Feeds and the sitemap: well-formed whatever people write, and public things alone for guests."""

from xml.etree import ElementTree

from forum.threads.writing import post_reply
from tests.helpers.site import Browser, Site
from tests.helpers.world import World


async def titles(browser: Browser, path: str) -> list[str]:
    answer = await browser.get(path)
    assert answer.status_code == 200, path
    assert answer.headers["content-type"].startswith("application/rss+xml")
    return [item.text or "" for item in ElementTree.fromstring(answer.content).iterfind(".//item/title")]


async def test_each_list_has_its_feed_for_who_may_see_it(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I <read> & write?", tags=["io"])
    hidden = await world.ask("A hole in it", category="security")
    guest, thread = site.guest(), asked.posted.thread
    for path in ("/latest.rss", "/c/pelican.rss", "/c/pelican/support.rss", "/tag/io.rss", "/u/ana.rss"):
        assert await titles(guest, path) == ["How do I <read> & write?"], path
    assert await titles(world.owner, "/latest.rss") == ["A hole in it", "How do I <read> & write?"]
    for path in (
        "/c/pelican/security.rss",
        f"/t/{hidden.posted.thread}.rss",
        "/tag/nothing.rss",
        "/u/nobody.rss",
    ):
        assert (await guest.get(path)).status_code == 404, path
    await post_reply(await world.supporter.reader(), thread, "Whispered", purpose="whisper")
    await post_reply(await world.supporter.reader(), thread, "See [the guide](/about).")
    assert len(await titles(guest, f"/t/{thread}.rss")) == 2
    text = (await guest.get(f"/t/{thread}.rss")).text
    assert "Whispered" not in text and "href=&quot;http://testserver/about&quot;" in text


async def test_pages_name_their_feeds(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read?", tags=["io"])
    guest = site.guest()
    for path in ("/latest", "/c/pelican", "/c/pelican/support", "/tag/io", asked.posted.url, "/u/ana"):
        page = await guest.get(path)
        assert f'type="application/rss+xml" href="{path}.rss"' in page.text, path
        assert (await guest.get(f"{path}.rss")).status_code == 200, path


async def test_the_sitemap_leads_to_public_threads(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read?")
    await world.ask("A hole in it", category="security")
    guest = site.guest()
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    index = ElementTree.fromstring((await guest.get("/sitemap.xml")).content)
    assert [loc.text for loc in index.iter(f"{space}loc")] == ["http://testserver/sitemap/1.xml"]
    part = ElementTree.fromstring((await guest.get("/sitemap/1.xml")).content)
    assert [loc.text for loc in part.iter(f"{space}loc")] == [f"http://testserver{asked.posted.url}"]
    assert "Sitemap: http://testserver/sitemap.xml" in (await guest.get("/robots.txt")).text
