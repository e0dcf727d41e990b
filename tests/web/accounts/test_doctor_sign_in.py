"""What `haas doctor` says of those who sign people in."""

from dataclasses import replace

import pytest

from forum.doctor import Check, check_sign_ins
from forum.settings import OidcProvider, Settings
from tests.helpers.elsewhere import with_github
from tests.standins import oidc as oidc_standin
from tests.standins.process import Standin


async def told(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in await check_sign_ins(settings)}


async def test_what_is_not_configured_says_what_would_switch_it_on(settings: Settings) -> None:
    checks = await told(settings)
    assert [check.ok for check in checks.values()] == [None, None]
    assert "GITHUB_CLIENT_ID" in checks["sign-in with GitHub"].detail
    assert "OIDC_<NAME>_ISSUER" in checks["sign-in with OpenID Connect"].detail


async def test_what_works_says_where_it_leads_back_to(settings: Settings, github: Standin, openid: Standin) -> None:
    pond = OidcProvider("pond", openid.url, **oidc_standin.CLIENT)
    checks = await told(replace(with_github(settings, github), oidc=(pond,)))
    assert [check.ok for check in checks.values()] == [True, True]
    assert "http://testserver/login/with/github/callback" in checks["sign-in with GitHub"].detail
    assert "http://testserver/login/with/pond/callback" in checks["sign-in with pond"].detail


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"github_client_secret": ""}, "needed both"),
        ({"github_client_secret": "wrong"}, "does not know"),
        ({"github_api_base": "http://github.example"}, "not an https address"),
        ({"github_api_base": "http://127.0.0.1:9"}, "127.0.0.1:9"),
    ],
)
async def test_a_github_that_does_not_work_says_why(
    settings: Settings, github: Standin, changed: dict[str, str], why: str
) -> None:
    check = (await told(replace(with_github(settings, github), **changed)))["sign-in with GitHub"]
    assert check.ok is False and why in check.detail and "wrong" not in check.detail


async def test_a_provider_that_does_not_work_says_why(settings: Settings, openid: Standin) -> None:
    openid.tell(document={"issuer": "https://evil.example"})
    providers = (
        OidcProvider("pond", openid.url, "haas"),
        OidcProvider("half", client_id="x"),
        OidcProvider("github", openid.url, "x"),
    )
    checks = await told(replace(settings, oidc=providers))
    assert "another issuer" in checks["sign-in with pond"].detail
    assert "OIDC_HALF_ISSUER missing" in checks["sign-in with half"].detail
    assert "GitHub's own name" in checks["sign-in with github"].detail
    assert {check.ok for name, check in checks.items() if name != "sign-in with GitHub"} == {False}
