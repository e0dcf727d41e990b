"""Drafts of changed posts: kept, shown again, gone once saved or left; and no newer text is overwritten unseen."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from forum.database.engine import execute, fetch_value
from tests.helpers.site import Browser
from tests.helpers.world import World

TITLE = "How do I read a file?"


@dataclass
class Post:
    """The first post of a thread, and whose it is."""

    ana: Browser
    world: World
    url: str
    id: int

    @property
    def key(self) -> str:
        return f"post:{self.id}"

    @property
    def path(self) -> str:
        return f"/posts/{self.id}/edit"

    async def keep(self, browser: Browser, markdown: str, version: int, **more: Any) -> httpx.Response:
        """As a script sends it."""
        sent = {"key": self.key, "title": TITLE, "markdown": markdown, "version": version, "upon": "0"} | more
        headers = {"content-type": "application/json", "x-csrf-token": browser.token()}
        return await browser.http.post("/drafts", content=json.dumps(sent), headers=headers)

    async def drafts(self) -> int:
        return int(await fetch_value("select count(*) from draft where key = $1", self.key))

    async def text(self) -> str:
        return str(await fetch_value("select markdown from post where id = $1", self.id))


@pytest.fixture
async def post(world: World) -> Post:
    asked = await world.ask(TITLE, markdown="It is a large one.")
    found = await fetch_value("select id from post where thread_id = $1", asked.posted.thread)
    return Post(await world.person("ana"), world, asked.posted.url, found)


async def test_a_change_goes_on_where_it_ended_until_it_is_saved(post: Post) -> None:
    ana = post.ana
    assert (await post.keep(ana, "It is a very", 0)).json()["version"] == 1
    told = await post.keep(ana, "It is a very large one.", 1, tags="csv", reason="clearer")
    assert told.json()["version"] == 2
    page = (await ana.get(post.path)).text
    assert "It is a very large one.</textarea>" in page and "not saved yet" in page and 'data-version="2"' in page
    assert 'value="csv"' in page and 'value="clearer"' in page and "It is a large one.</p>" in page, "what stands"
    assert await post.text() == "It is a large one."
    listed = (await ana.get("/u/ana/drafts")).text
    assert f'href="{post.path}?draft=1">Change of post 1 in “{TITLE}”' in listed
    saved = await ana.post(post.path, {"title": TITLE, "markdown": "It is a very large one.", "upon": "0"})
    assert saved.status_code == 303 and await post.drafts() == 0
    assert "It is a very large one.</textarea>" in (page := (await ana.get(post.path)).text)
    assert "not saved yet" not in page and 'name="upon" value="1"' in page


async def test_leaving_it_drops_the_draft_and_changes_nothing(post: Post) -> None:
    await post.keep(post.ana, "Something else.", 0)
    left = await post.ana.post(post.path, {"title": TITLE, "markdown": "Something else.", "upon": "0", "leave": "1"})
    assert left.headers["location"].endswith("#post_1") and await post.drafts() == 0
    assert await post.text() == "It is a large one."


async def test_what_stands_there_already_is_no_draft(post: Post) -> None:
    await post.keep(post.ana, "It is a larger one.", 0)
    assert (await post.keep(post.ana, "It is a large one.", 1)).json()["version"] == 0
    assert await post.drafts() == 0
    assert (await post.keep(post.ana, "It is a large one.", 0, tags="csv")).json()["version"] == 2, "a tag is a change"


async def test_a_draft_of_an_older_text_is_offered_and_not_shown_unasked(post: Post) -> None:
    await post.keep(post.ana, "My own words.", 0)
    await post.world.owner.post(post.path, {"title": TITLE, "markdown": "The owner's words."})
    page = (await post.ana.get(post.path)).text
    assert "The owner&#39;s words.</textarea>" in page and "My own words." not in page
    assert f'href="{post.path}?draft=1"' in page and 'data-version="1"' in page
    shown = (await post.ana.get(f"{post.path}?draft=1")).text
    assert "My own words.</textarea>" in shown and "takes the place of what stands now" in shown
    assert "The owner&#39;s words.</p>" in shown and 'name="upon" value="1"' in shown


async def test_a_newer_text_is_not_overwritten_before_it_was_seen(post: Post) -> None:
    await post.world.owner.post(post.path, {"title": TITLE, "markdown": "The owner's words."})
    mine = {"title": TITLE, "markdown": "My own words.", "tags": "", "upon": "0"}
    told = await post.ana.post(post.path, mine)
    assert told.status_code == 409 and "was changed while you wrote" in told.text
    assert "My own words.</textarea>" in told.text and "The owner&#39;s words.</p>" in told.text
    assert "Saved once more, yours takes its place" in told.text and "to correct" not in told.text, (
        "nothing is wrong with it"
    )
    assert await post.text() == "The owner's words." and await post.drafts() == 1
    assert 'name="upon" value="1"' in told.text and 'data-version="1"' in told.text
    assert (await post.ana.post(post.path, mine | {"upon": "1"})).status_code == 303
    assert await post.text() == "My own words." and await post.drafts() == 0
    # the same text twice is one change, whoever came first
    assert (await post.ana.post(post.path, mine)).status_code == 303


async def test_without_script_a_draft_is_kept_by_a_button(post: Post) -> None:
    form = {"title": TITLE, "markdown": "Half a thought", "tags": "", "upon": "0"}
    kept = await post.ana.post(post.path, form | {"save": "1"})
    assert kept.headers["location"] == post.path
    assert "Half a thought</textarea>" in (await post.ana.get(post.path)).text
    looked = await post.ana.post(post.path, form | {"markdown": "Half a **thought**", "preview": "1"})
    assert "<strong>thought</strong>" in looked.text and 'name="upon" value="0"' in looked.text


async def test_drafts_of_changes_are_for_those_who_may_change_the_post(post: Post) -> None:
    for browser in (post.world.outsider, post.world.supporter):
        assert (await post.keep(browser, "Not mine.", 0)).status_code == 404
    assert (await post.keep(post.world.owner, "As its moderator.", 0)).status_code == 200
    assert "As its moderator." not in (await post.ana.get(post.path)).text
    assert (await post.keep(post.ana, "Mine.", 0)).status_code == 200
    await execute("update post set deleted_at = now() where id = $1", post.id)
    assert (await post.keep(post.ana, "Mine again.", 1)).status_code == 404
    listed = (await post.ana.get("/u/ana/drafts")).text
    assert "a post that is not there for you any more" in listed and "Mine." in listed and post.path not in listed
