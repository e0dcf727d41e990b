"""Signing in with GitHub and with a real OpenID Connect provider, in a real browser under the site's own CSP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from forum.database.engine import fetch_value
from forum.settings import OidcProvider, Settings
from tests.browser.test_accessibility import RUN, SIDEWAYS, axe
from tests.helpers.browsing import PHONE, Windows, shoot
from tests.helpers.elsewhere import with_github
from tests.helpers.github import bring, issue, make_project, rest, user
from tests.helpers.serving import Served
from tests.helpers.site import Site
from tests.standins.process import Standin

NUMBER = 583231


@pytest.fixture(scope="module")
def github() -> Iterator[Standin]:
    running = Standin.serve("tests.standins.github_sign_in:app")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def provider() -> Iterator[Standin]:
    running = Standin.start("-m", "oidc_provider_mock", "--port", "{port}", "--require-nonce", "true")
    yield running
    running.stop()


@pytest.fixture
def settings(
    browser: object, served: Served, tmp_path: Path, database_url: str, github: Standin, provider: Standin
) -> Iterator[Settings]:
    """The site with both doors."""
    made = Settings(data=tmp_path, secret_key="a key of the tests", database_url=database_url, site_name="Test Help")
    corp = OidcProvider("corp", provider.url, "haas", "a secret", "Heron Corp")
    yield served.serve(replace(with_github(made, github), oidc=(corp,)))
    served.stop()


async def is_good(page: Page, name: str) -> None:
    """Nothing that a machine finds against the page, on a desk, in the dark and on a phone."""
    await shoot(page, name)
    await page.evaluate(axe())
    assert await page.evaluate(RUN, []) == []
    await page.emulate_media(color_scheme="dark")
    assert await page.evaluate(RUN, ["color-contrast"]) == []
    await shoot(page, f"{name}-dark")
    await page.emulate_media(color_scheme="light")
    before = page.viewport_size
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert await page.evaluate(SIDEWAYS) == []
    await shoot(page, f"{name}-phone")
    await page.set_viewport_size(before or PHONE)  # type: ignore[arg-type]


async def test_github_signs_up_and_what_was_imported_is_theirs(
    windows: Windows, site: Site, tmp_path: Path, github: Standin
) -> None:
    await make_project(site)
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    page = await windows.open("/login?next=/c/pond")
    await is_good(page, "login-ways")
    await page.get_by_role("button", name="Continue with GitHub").click()
    await expect(page.get_by_role("heading", name="Choose a username")).to_be_visible()
    await is_good(page, "signup-with")
    await expect(page.get_by_label("Username")).to_have_value("octavia")
    await page.get_by_role("button", name="Sign up").click()
    await page.wait_for_url("**/c/pond")
    await expect(page.get_by_text("Welcome.")).to_be_visible()
    await page.goto("/u/octavia@github.com")
    await page.wait_for_url("**/u/octavia")
    await expect(page.get_by_role("link", name="The pump stops at night").first).to_be_visible()
    await page.goto("/u/octavia/preferences")
    await expect(page.get_by_text("octavia@github.com")).to_be_visible()
    await is_good(page, "preferences-ways")
    windows.expect("status of 409")
    await page.get_by_role("button", name="Remove GitHub").click()
    await expect(page.get_by_text("This is your only way to sign in.")).to_be_visible()


async def test_a_real_provider_signs_in_without_javascript_and_is_added_and_removed(
    windows: Windows, site: Site
) -> None:
    # the provider's own pages have a style sheet of elsewhere
    windows.expect("cdn.jsdelivr.net|ERR_NAME_NOT_RESOLVED|/oauth2/authorize.*status of 404")
    page = await windows.open("/signup", java_script_enabled=False)
    await page.get_by_role("button", name="Continue with Heron Corp").click()
    await page.get_by_placeholder("sub").fill("jane@example.org")
    await page.get_by_role("button", name="Authorize", exact=True).click()
    await expect(page.get_by_role("heading", name="Choose a username")).to_be_visible()
    await page.get_by_label("Username").fill("jane")
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.get_by_text("Welcome.")).to_be_visible()
    assert await fetch_value("select username from person") == "jane"

    ada = await windows.open("/u/ada/preferences", await site.member("ada"))
    await ada.get_by_role("button", name="Add Heron Corp").click()
    await ada.get_by_placeholder("sub").fill("ada@corp.example")
    await ada.get_by_role("button", name="Authorize", exact=True).click()
    await expect(ada.get_by_text("From now on you can sign in with Heron Corp.")).to_be_visible()
    await ada.get_by_role("button", name="Remove Heron Corp").click()
    await expect(ada.get_by_text("Heron Corp does not sign you in any more.")).to_be_visible()


async def test_who_says_no_there_is_told_so_here(windows: Windows, site: Site, github: Standin) -> None:
    windows.expect("status of 400")
    github.tell(me="")
    page = await windows.open("/login")
    await page.get_by_role("button", name="Continue with GitHub").click()
    await expect(page.get_by_text("GitHub says that you did not agree.")).to_be_visible()
    await is_good(page, "not-signed-in")
    await page.get_by_role("link", name="To the sign-in page").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_an_admin_decides_a_claim(windows: Windows, site: Site, tmp_path: Path) -> None:
    await make_project(site)
    await bring(tmp_path, [rest(issue(1), user={"login": "wader"})])
    await site.person("ada")
    page = await windows.open("/admin/claims", await site.member("adam", admin=True))
    await page.get_by_label("Imported name").fill("wader@github.com")
    await page.get_by_label("Username").fill("ada")
    await page.get_by_label("Reason", exact=True).fill("We met.")
    await page.get_by_role("button", name="Give it to them").click()
    await expect(page.get_by_text("What stood under wader@github.com is ada's now.")).to_be_visible()
    await is_good(page, "claims")
