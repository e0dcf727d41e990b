"""What a phone shows without a swipe."""

from playwright.async_api import expect

from forum.database.engine import execute
from tests.helpers.browsing import PHONE, Windows
from tests.helpers.site import Site
from tests.helpers.world import World


async def test_the_tab_of_the_page_stands_in_sight_in_a_projects_bar(windows: Windows, world: World) -> None:
    for path, name in (("/p/pelican/ledger", "Ledger"), ("/p/pelican/settings", "Settings"), ("/c/pelican", "Threads")):
        page = await windows.open(path, world.owner, viewport=PHONE)
        tab = page.get_by_role("navigation", name="Pelican Toolkit").get_by_role("link", name=name, exact=True)
        await expect(tab).to_have_attribute("aria-current", "page")
        await expect(tab).to_be_in_viewport(ratio=1)
        assert await page.evaluate("scrollY") == 0
        await page.close()


async def test_a_mail_is_two_lines_of_the_outbox(windows: Windows, site: Site) -> None:
    admin = await site.member("root-of-it", admin=True)
    await execute(
        "insert into mail (message_id, recipient, subject, body, sent_at) values ('m1', 'ada@example.org',"
        " 'Mira answered “Resampling a file drops the last window”', '', now())"
    )
    page = await windows.open("/admin/mail", admin, viewport=PHONE)
    row = page.locator(".mails tbody tr")
    subject, to = row.locator(".mails__subject"), row.locator(".mails__to")
    whole, first, second = [await each.bounding_box() for each in (row, subject, to)]
    assert whole and first and second
    assert first["width"] == whole["width"] and first["y"] + first["height"] < second["y"]
    for told in (row.get_by_text("now"), row.get_by_text("written")):
        box = await told.bounding_box()
        assert box and second["y"] - 5 < box["y"] < second["y"] + second["height"], "beside whom it went to"
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_a_long_queue_is_no_wider_than_the_phone(windows: Windows, world: World) -> None:
    for n in range(32):
        await world.ask(f"How do I read file {n}?", by=f"asker{n % 4}")
        await execute("delete from rate")
    page = await windows.open("/p/pelican/inbox", world.supporter, viewport=PHONE)
    await expect(page.locator("#inbox_queue .track rect")).to_have_count(32)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_a_long_word_in_a_title_widens_no_page(windows: Windows, world: World) -> None:
    asked = await world.ask("w" * 160, by="bea")
    for who, paths in (
        (world.people["bea"], ("/", "/latest", asked.posted.url, f"/tickets/{asked.ticket}/bump", "/u/bea")),
        (world.owner, ("/p/pelican/inbox", f"/p/pelican/inbox/{asked.ticket}", f"/tickets/{asked.ticket}/joining")),
        (
            world.owner,
            (f"/t/{asked.posted.thread}/split", f"/posts/{asked.posted.post}/edit", "/p/pelican/settings/queue"),
        ),
    ):
        page = await windows.open(paths[0], who, viewport=PHONE)
        for path in paths:
            await page.goto(path)
            await expect(page.locator("h1").first).to_be_attached()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        await page.close()
