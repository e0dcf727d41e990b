"""What machines ask."""

from forum.database import engine
from forum.database.engine import execute
from tests.conftest import Statements
from tests.helpers.site import Site


async def test_being_up_asks_nobody(site: Site, statements: Statements) -> None:
    statements.clear()
    assert (await site.guest().get("/healthz")).status_code == 200
    assert statements == []


async def test_ready_means_that_the_migrations_are_applied(database_url: str, site: Site) -> None:
    assert (await site.guest().get("/readyz")).text == "ready\n"
    await engine.disconnect()
    assert (await site.guest().get("/healthz")).status_code == 200
    assert (await site.guest().get("/readyz")).status_code == 503
    await engine.connect(database_url, role=None)
    # that table is not emptied between tests: what is taken away here is put back
    await execute("update migration set name = 'taken away' where name = '0005'")
    try:
        answer = await site.guest().get("/readyz")
    finally:
        await execute("update migration set name = '0005' where name = 'taken away'")
    assert (answer.status_code, answer.text) == (503, "Migrations missing: 0005\n")


async def test_a_page_without_its_database_is_a_plain_refusal(site: Site) -> None:
    browser = await site.member("ada")
    await engine.disconnect()
    answer = await browser.get("/about")
    assert answer.status_code == 500 and "Something broke on our side" in answer.text
    assert "Traceback" not in answer.text and "asyncpg" not in answer.text


async def test_robots_stay_out_of_the_doors(site: Site) -> None:
    text = (await site.guest().get("/robots.txt")).text
    assert "Disallow: /admin/" in text and "Disallow: /login" in text and "Disallow: /\n" not in text


async def test_the_site_can_be_put_on_a_home_screen(site: Site) -> None:
    answer = await site.guest().get("/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert manifest["name"] == "Test Help"
    icon = await site.guest().get(manifest["icons"][0]["src"])
    assert icon.status_code == 200 and icon.headers["content-type"] == "image/svg+xml"
