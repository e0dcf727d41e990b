"""Sites with doors to others, and people who go through them, redirect by redirect."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx
import pytest

from forum.accounts import providers
from forum.database.engine import fetch_value
from forum.settings import OidcProvider, Settings
from tests.helpers.site import Browser, Site
from tests.standins import github_sign_in as github_standin
from tests.standins import oidc as oidc_standin
from tests.standins.process import Standin


@pytest.fixture(scope="session")
def github_process() -> Iterator[Standin]:
    """GitHub's stand-in, started once a test process."""
    running = Standin.serve("tests.standins.github_sign_in:app")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def openid_process() -> Iterator[Standin]:
    """The lying provider, started once a test process."""
    running = Standin.serve("tests.standins.oidc:app")
    yield running
    running.stop()


@pytest.fixture
def github(github_process: Standin) -> Standin:
    """GitHub as new."""
    github_process.reset()
    return github_process


@pytest.fixture
def openid(openid_process: Standin) -> Standin:
    """The provider as new, and nothing kept of what it said of itself."""
    openid_process.reset()
    providers._described.clear()
    return openid_process


def with_github(settings: Settings, github: Standin) -> Settings:
    return replace(
        settings,
        github_client_id=github_standin.CLIENT["client_id"],
        github_client_secret=github_standin.CLIENT["client_secret"],
        github_api_base=f"{github.url}/api/v3",
    )


@pytest.fixture
async def doors(database: str, settings: Settings, github: Standin, openid: Standin) -> AsyncIterator[Site]:
    """A site into which GitHub and a provider of OpenID Connect ("Pond ID") sign people."""
    pond = OidcProvider("pond", openid.url, **oidc_standin.CLIENT, label="Pond ID")
    async with Site.open(replace(with_github(settings, github), oidc=(pond,))) as opened:
        yield opened


@dataclass
class Trip:
    """On the way through a provider: where it sends the browser back to."""

    browser: Browser
    asked: str
    back: str

    @property
    def query(self) -> dict[str, str]:
        return dict(httpx.URL(self.back).params)

    async def arrive(self, browser: Browser | None = None, **changed: str | None) -> httpx.Response:
        """Bring the answer back, perhaps in another browser, with other words in it (None: without)."""
        query = {name: value for name, value in (self.query | changed).items() if value is not None}
        return await (browser or self.browser).get(urlsplit(self.back).path, params=query)


def addressed(page: httpx.Response) -> str:
    """Where a page leads on to by itself."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert page.status_code == 200 and found, page.text
    return html.unescape(found[1])


async def leave(browser: Browser, name: str = "github", /, *, path: str = "", **fields: str) -> Trip:
    """Press the button of a provider and be asked there."""
    await browser.get("/login")
    asked = addressed(await browser.post(path or f"/login/with/{name}", fields))
    return await ask_again(Trip(browser, asked, ""))


async def ask_again(trip: Trip) -> Trip:
    """Be asked there once more by the same address: another code for the same state."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as outside:
        answer = await outside.get(trip.asked)
    assert answer.status_code == 302, answer.text
    return Trip(trip.browser, trip.asked, answer.headers["location"])


async def come_in(site: Site, name: str = "github", /, **fields: str) -> Browser:
    """A new browser of somebody who signs in, or up, with a provider; fails where that does not end on the site."""
    browser = site.guest()
    answer = await (await leave(browser, name)).arrive()
    if answer.headers.get("location") == f"/signup/with/{name}":
        answer = await browser.post(f"/signup/with/{name}", fields)
    assert answer.status_code == 303, answer.text
    browser.person = await who(browser)
    return browser


async def who(browser: Browser) -> int | None:
    """Who is signed in in a browser, as the site sees it."""
    text = (await browser.get("/logout")).text
    found = re.search(r'href="/u/([^"/]+)" data-key="g p"', text)
    person: int | None = await fetch_value("select id from person where username = $1", found[1]) if found else None
    return person
