"""What we ask of GitHub is what its official description allows, from the first request to the link."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forum.outside import github as client
from forum.settings import Settings
from tests.standins.github import Description, GitHub


@pytest.fixture(scope="session")
def description(shared_data: Path) -> Description:
    return Description.read(shared_data.parent / "specs" / "github-openapi.json")


async def test_every_request_of_a_promotion_is_in_the_description(description: Description) -> None:
    client.forget_tokens()
    async with GitHub.open(description=description) as there:
        settings = replace(
            Settings(), github_app_id=there.app_id, github_app_private_key=there.private_key, github_api_base=there.url
        )
        app, now = client.app_of(settings), datetime.now(UTC)
        assert await client.about_app(app, now)
        made = await client.create_issue(app, "heron/pond", "The pump stops", "It ran. <!-- mark -->", now)
        assert await client.find_issue(app, "heron/pond", "<!-- mark -->", now, now) == made
        assert await client.find_issue(app, "heron/pond", "<!-- none -->", now, now) is None
        assert not there.wrong, there.wrong
        assert {(each.method, each.path.rpartition("/")[2]) for each in there.asked} == {
            ("GET", "app"),
            ("GET", "installation"),
            ("POST", "access_tokens"),
            ("POST", "issues"),
            ("GET", "issues"),
        }


async def test_the_stand_in_does_not_take_what_the_description_does_not_allow(description: Description) -> None:
    client.forget_tokens()
    async with GitHub.open(description=description) as there:
        settings = replace(
            Settings(), github_app_id=there.app_id, github_app_private_key=there.private_key, github_api_base=there.url
        )
        app, now = client.app_of(settings), datetime.now(UTC)
        await client.with_token(app, "heron/pond", now, "GET", "/issues", params={"state": "any"})
        assert len(there.wrong) == 1
