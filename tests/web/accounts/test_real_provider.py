"""The whole way through a provider of OpenID Connect that somebody else wrote: `oidc-provider-mock`, as a process."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest

from forum.database.engine import fetch, fetch_value
from forum.settings import OidcProvider, Settings
from tests.helpers.elsewhere import addressed, who
from tests.helpers.site import Browser, Site
from tests.standins.process import Standin


@pytest.fixture(scope="session")
def provider() -> Iterator[Standin]:
    running = Standin.start("-m", "oidc_provider_mock", "--port", "{port}", "--require-nonce", "true")
    yield running
    running.stop()


def is_there(provider: Standin, sub: str, claims: dict[str, object]) -> None:
    """Let the provider know somebody."""
    httpx.put(f"{provider.url}/users/{sub}", json=claims).raise_for_status()


async def through(browser: Browser, site_path: str, sub: str, **fields: str) -> httpx.Response:
    """Press the button, say who one is in the provider's form (or `action=deny`), and come back."""
    await browser.get("/login")
    asked = addressed(await browser.post(site_path, fields))
    async with httpx.AsyncClient(trust_env=False, verify=False) as outside:
        assert "Authorize" in (await outside.get(asked)).text
        answer = await outside.post(asked, data={"action": "deny"} if sub == "deny" else {"sub": sub})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return await browser.get(f"{back.path}?{back.query}")


async def test_sign_up_in_and_add_by_a_real_provider(database: str, settings: Settings, provider: Standin) -> None:
    claims: dict[str, object] = {
        "email": "jane@example.org",
        "email_verified": True,
        "name": "Jane Doe",
        "preferred_username": "jane.doe",
    }
    is_there(provider, "jane-1", claims)
    corp = OidcProvider("corp", provider.url, "haas", "a secret")
    async with Site.open(replace(settings, oidc=(corp,))) as site:
        browser = site.guest()
        answer = await through(browser, "/login/with/corp", "jane-1", next="/about")
        assert answer.headers["location"] == "/signup/with/corp", answer.text
        form = await browser.get("/signup/with/corp")
        assert 'value="jane-doe"' in form.text and 'value="Jane Doe"' in form.text
        answer = await browser.post("/signup/with/corp", {"username": "jane", "email": "jane@example.org"})
        assert answer.headers["location"] == "/about"
        jane = await who(browser)
        assert jane is not None and await fetch_value("select email_confirmed_at is not null from person")

        again = site.guest()
        assert (await through(again, "/login/with/corp", "jane-1")).headers["location"] == "/"
        assert await who(again) == jane
        # the same address, and somebody else
        is_there(provider, "mallory", claims)
        other = site.guest()
        answer = await through(other, "/login/with/corp", "mallory")
        assert answer.headers["location"] == "/signup/with/corp" and await who(other) is None
        answer = await through(other, "/login/with/corp", "deny")
        # it forgets to say for whom, so that nothing is known but that it signs nobody in
        assert answer.status_code == 400 and "Nobody was signed in" in answer.text

        answer = await through(again, "/u/jane/identities", "jane-2", provider="corp")
        assert answer.headers["location"] == "/u/jane/preferences"
        rows = await fetch("select person_id, provider, subject from identity order by id")
        assert [tuple(row) for row in rows] == [(jane, provider.url, "jane-1"), (jane, provider.url, "jane-2")]
