"""The GitHub client: who it says it is, what it makes of answers, and that nothing secret leaves for anywhere else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forum.outside import github
from forum.outside.github import Limited, Refused, Unsure, app_of, is_configured, limited_until, repository_of
from forum.settings import Settings, read_settings
from tests.standins.github import GitHub, new_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def settings(**more: str) -> Settings:
    key = new_key().as_pem(private=True).decode()
    given = {"github_app_id": "4711", "github_app_private_key": key, "github_api_base": "http://127.0.0.1:9"} | more
    return replace(Settings(), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key", ["", "nonsense", new_key().as_pem(private=False).decode(), "-----BEGIN RSA PRIVATE KEY-----"]
)
def test_a_key_that_cannot_be_read_is_told_without_saying_it(key: str) -> None:
    with pytest.raises(Refused) as refused:
        app_of(settings(github_app_private_key=key))
    assert "GITHUB_APP_PRIVATE_KEY" in str(refused.value)
    assert "nonsense" not in str(refused.value)


def test_a_key_in_one_line_is_read() -> None:
    given = settings().github_app_private_key.replace("\n", "\\n")
    environment = {
        "GITHUB_APP_ID": "4711",
        "GITHUB_APP_PRIVATE_KEY": given,
        "GITHUB_API_BASE": "http://x/",
        "HAAS_SECRET_KEY": "k",
    }
    read = read_settings(environment)
    assert (read.github_app_id, read.github_api_base) == ("4711", "http://x")
    assert app_of(read).key.is_private
    assert dict(read.described())["GITHUB_APP_PRIVATE_KEY"] == "****"


def test_half_a_configuration_is_none() -> None:
    assert is_configured(settings())
    assert not is_configured(settings(github_app_id=""))
    assert not is_configured(settings(github_app_private_key=""))


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (403, {"retry-after": "30"}, "secondary", 32),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 600)}, "limit", 602),
        (429, {}, "", 62),
        (403, {}, "You have exceeded a secondary rate limit", 62),
        (403, {"retry-after": "999999999"}, "", 86_400),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "", 2),
        (403, {"retry-after": "soon", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "-"}, "rate limit", 62),
    ],
)
def test_when_to_come_back(status: int, headers: dict[str, str], message: str, seconds: int) -> None:
    assert limited_until(status, headers, message, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("status", "headers"), [(403, {"x-ratelimit-remaining": "12"}), (404, {"retry-after": "3"}), (422, {})]
)
def test_other_refusals_are_no_limits(status: int, headers: dict[str, str]) -> None:
    assert limited_until(status, headers, "Resource not accessible by integration", NOW) is None


@pytest.mark.parametrize("name", [".", "..", "../x", "a/b/c", "a b"])
def test_what_is_no_repository_is_none(name: str) -> None:
    assert repository_of(f"https://github.com/heron/{name}") == ""
    assert repository_of("https://github.com/heron/...pond") == "heron/...pond"


async def test_a_proof_of_another_key_is_refused() -> None:
    async with GitHub.open() as there:
        app = replace(app_of(settings()), base=there.url, id="1")
        with pytest.raises(Refused) as refused:
            await github.about_app(app, datetime.now(UTC))
        assert refused.value.status == 401
        assert await github.about_app(replace(app, id="4711"), datetime.now(UTC)) == "Pond Helper"


async def test_a_redirect_is_not_followed_with_a_token() -> None:
    async with GitHub.open() as there, GitHub.open() as elsewhere:
        there.fail("GET", "/app", 302, headers={"location": f"{elsewhere.url}/app"})
        with pytest.raises(Refused):
            await github.about_app(replace(app_of(settings()), base=there.url), datetime.now(UTC))
        assert not elsewhere.asked


async def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(Unsure):
        await github.about_app(app_of(settings()), NOW)


async def test_too_many_requests_say_until_when() -> None:
    async with GitHub.open() as there:
        there.fail("GET", "/app", 429, headers={"retry-after": "8"})
        with pytest.raises(Limited) as limited:
            await github.about_app(replace(app_of(settings()), base=there.url), NOW)
        assert limited.value.until == NOW + timedelta(seconds=10)
