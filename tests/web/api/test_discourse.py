"""Discourse's JSON: the shapes of its published description, and nothing to anybody that the pages would not show."""

import json
from dataclasses import dataclass
from typing import Any

from forum.api.shapes import PROJECT_IDS
from forum.database.engine import execute, fetch_value
from forum.threads.actions import react
from forum.threads.writing import post_reply
from forum.web.keys import create_api_key
from tests.helpers.published import faults, needs_specs, wrong_in
from tests.helpers.site import Browser, Site
from tests.helpers.world import World


@dataclass
class Client:
    """A program with a key."""

    browser: Browser
    headers: dict[str, str]

    @classmethod
    async def of(cls, site: Site, browser: Browser) -> "Client":
        return cls(site.guest(), {"api-key": await create_api_key(browser.person or 0, "test")})

    async def get(self, path: str) -> Any:
        return await self.browser.http.get(path, headers=self.headers)

    async def post(self, path: str, **body: Any) -> Any:
        headers = {**self.headers, "content-type": "application/json"}
        return await self.browser.http.post(path, content=json.dumps(body), headers=headers)

    async def put(self, path: str, **body: Any) -> Any:
        return await self.browser.http.put(path, json=body, headers=self.headers)


async def lively(site: Site) -> tuple[World, int]:
    """A world with a thread of some replies, tags and likes; returns it with the thread's id."""
    world = await World.make(site)
    asked = await world.ask("How do I read a <file>?", by="ana")
    thread = asked.posted.thread
    ben = await world.person("ben")
    reply = await post_reply(await ben.reader(), thread, "With `open`.", reply_to=1)
    await react(await (await world.person("ana")).reader(), reply.post, "like", on=True)
    await post_reply(await world.supporter.reader(), thread, "Close it, too.")
    await execute("insert into tag (name) values ('io')")
    await execute("insert into thread_tag select $1, id from tag", thread)
    return world, thread


@needs_specs
async def test_every_answer_has_the_published_shape(site: Site) -> None:
    world, thread = await lively(site)
    support = await world.category("support")
    post = await fetch_value("select id from post where thread_id = $1 and number = 2", thread)
    calls = {
        "/latest.json": "/latest.json",
        "/top.json": "/top.json",
        "/categories.json": "/categories.json",
        "/categories.json?include_subcategories=true": "/categories.json",
        f"/c/support/{support}.json": "/c/{slug}/{id}.json",
        f"/c/pelican/{PROJECT_IDS + world.project}.json": "/c/{slug}/{id}.json",
        f"/t/{thread}.json": "/t/{id}.json",
        f"/t/{thread}/posts.json?post_ids[]={post}": "/t/{id}/posts.json",
        f"/posts/{post}.json": "/posts/{id}.json",
        "/u/ana.json": "/u/{username}.json",
        "/u/otto.json": "/u/{username}.json",
        "/tags.json": "/tags.json",
        "/search.json?q=file": "/search.json",
        "/site.json": "/site.json",
    }
    browsers = {"guest": site.guest(), "asker": await world.person("ana"), "owner": world.owner}
    wrong = {}
    for name, browser in browsers.items():
        for path, described in calls.items():
            answer = await browser.get(path)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            if found := wrong_in(answer.json(), "get", described):
                wrong[name, path] = found
    assert not wrong


@needs_specs
async def test_every_write_answers_in_the_published_shape(site: Site) -> None:
    world, thread = await lively(site)
    client = await Client.of(site, world.owner)
    features = await world.category("features")
    made = await client.post("/posts.json", title="Dark mode, please", raw="My eyes hurt.", category=features)
    assert made.status_code == 200, made.text
    assert not wrong_in(made.json(), "post", "/posts.json")
    answered = await client.post("/posts.json", topic_id=thread, raw="Thirdly.", reply_to_post_number=2)
    assert not wrong_in(answered.json(), "post", "/posts.json")
    assert answered.json()["reply_to_post_number"] == "2"
    liked = await client.post("/post_actions.json", id=answered.json()["id"] - 1, post_action_type_id=2)
    changed = await client.put(f"/posts/{made.json()['id']}.json", post={"raw": "They hurt.", "edit_reason": "less"})
    assert not wrong_in(changed.json(), "put", "/posts/{id}.json")
    topic = made.json()["topic_id"]
    titled = await client.put(f"/t/-/{topic}.json", topic={"title": "Dark mode", "category_id": features})
    assert not wrong_in(titled.json(), "put", "/t/-/{id}.json")
    assert titled.json()["basic_topic"]["title"] == "Dark mode"
    closed = await client.put(f"/t/{topic}/status.json", status="closed", enabled="true")
    assert not wrong_in(closed.json(), "put", "/t/{id}/status.json")
    assert await fetch_value("select is_closed from thread where id = $1", topic)
    assert liked.status_code in (200, 403)
    other = await Client.of(site, world.outsider)
    post = await fetch_value("select id from post where thread_id = $1 and number = 1", thread)
    liked = await other.post("/post_actions.json", id=post, post_action_type_id=2)
    assert not wrong_in(liked.json(), "post", "/post_actions.json")
    assert liked.json()["actions_summary"] == [{"id": 2, "count": 1, "acted": True, "can_undo": True, "can_act": False}]


def test_the_validator_finds_what_is_missing_wrong_or_too_much() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "additionalProperties": False,
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "array", "items": {"type": ["string", "null"]}},
        },
    }
    assert not faults({"a": 1, "b": ["x", None]}, schema)
    for bad in ({}, {"a": True}, {"a": "1"}, {"a": 1, "b": [2]}, {"a": 1, "c": 1}, []):
        assert faults(bad, schema), bad


async def test_lists_go_on_page_by_page(site: Site) -> None:
    world = await World.make(site)
    for n in range(5):
        await world.ask(f"Question number {n}")
    first = (await site.guest().get("/latest.json?per_page=2")).json()["topic_list"]
    assert [t["title"] for t in first["topics"]] == ["Question number 4", "Question number 3"]
    assert first["more_topics_url"] == "/latest?page=1&per_page=2"
    last = (await site.guest().get("/latest.json?per_page=2&page=2")).json()["topic_list"]
    assert [t["title"] for t in last["topics"]] == ["Question number 0"]
    assert "more_topics_url" not in last


async def test_a_project_is_a_category_with_its_categories_below(site: Site) -> None:
    world = await World.make(site)
    await world.ask("How do I read?")
    guest = site.guest()
    listed = (await guest.get("/categories.json?include_subcategories=true")).json()["category_list"]["categories"]
    assert [c["name"] for c in listed] == ["Pelican Toolkit"]
    assert [c["name"] for c in listed[0]["subcategory_list"]] == ["Support", "Bugs", "Features"]
    assert listed[0]["topic_count"] == 1
    inside = (await guest.get(f"/c/pelican/{listed[0]['id']}.json")).json()["topic_list"]["topics"]
    assert [t["title"] for t in inside] == ["How do I read?"]
    assert inside[0]["category_id"] == listed[0]["subcategory_ids"][0]
    security = await world.category("security")
    assert (await guest.get(f"/c/security/{security}.json")).status_code == 404
    assert (await world.supporter.get(f"/c/security/{security}.json")).status_code == 404
    assert (await world.owner.get(f"/c/security/{security}.json")).status_code == 200


async def test_pages_answer_json_at_their_own_address(site: Site) -> None:
    world, thread = await lively(site)
    slug = await fetch_value("select slug from thread where id = $1", thread)
    guest = site.guest()
    for path in (f"/t/{slug}/{thread}.json", "/c/pelican.json", "/c/pelican/support.json", "/tag/io.json"):
        assert (await guest.get(path)).status_code == 200, path
    assert (await guest.get("/unanswered.json")).json()["topic_list"]["topics"] == []
    assert (await guest.get("/c/pelican/security.json")).status_code == 404
    assert (await world.owner.get("/c/pelican/security.json")).status_code == 200
    picture = (await guest.get("/latest.json")).json()["users"][0]["avatar_template"].replace("{size}", "48")
    assert (await guest.get(picture)).headers["content-type"] == "image/svg+xml"


async def test_asking_by_api_waits_once_terms_were_accepted_and_is_a_draft_before(site: Site) -> None:
    world = await World.make(site)
    support = await world.category("support")
    ana = await world.person("ana")
    client = await Client.of(site, ana)
    first = await client.post("/posts.json", title="How do I read?", raw="I tried.", category=support)
    assert first.status_code == 200 and first.headers["x-haas-ticket"] == "draft"
    topic = first.json()["topic_id"]
    assert (await ana.get(f"/t/{topic}.json")).json()["visible"] is False
    assert (await world.owner.get(f"/t/{topic}.json")).status_code == 404
    await world.ask("How do I write?", by="ana")
    second = await client.post("/posts.json", title="How do I close?", raw="I tried.", category=support)
    assert second.headers["x-haas-ticket"] == "waiting"
    assert (await site.guest().get(f"/t/{second.json()['topic_id']}.json")).status_code == 200


async def test_a_form_of_rails_is_understood(site: Site) -> None:
    world, thread = await lively(site)
    client = await Client.of(site, await world.person("ana"))
    post = await fetch_value("select id from post where thread_id = $1 and number = 1", thread)
    sent = await client.browser.http.put(
        f"/posts/{post}.json", data={"post[raw]": "New words."}, headers=client.headers
    )
    assert sent.status_code == 200 and sent.json()["post"]["raw"] == "New words."
    sent = await client.browser.http.put(
        f"/t/-/{thread}.json", data={"tags[]": ["c", "python"]}, headers=client.headers
    )
    assert sent.status_code == 200, sent.text
    tags = (await client.get(f"/t/{thread}.json")).json()["tags"]
    assert [tag["name"] for tag in tags] == ["c", "python"]


async def test_whispers_are_for_the_team_however_they_are_sent(site: Site) -> None:
    world, thread = await lively(site)
    team, stranger = await Client.of(site, world.supporter), await Client.of(site, world.outsider)
    sent = await team.post("/posts.json", topic_id=thread, raw="Careful with this one.", whisper=True)
    assert sent.status_code == 200 and sent.json()["post_type"] == 4
    post = sent.json()["id"]
    assert (await team.get(f"/posts/{post}.json")).status_code == 200
    assert (await stranger.get(f"/posts/{post}.json")).status_code == 404
    assert post not in (await stranger.get(f"/t/{thread}.json")).json()["post_stream"]["stream"]
    assert (await stranger.get(f"/t/{thread}/posts.json?post_ids[]={post}")).json()["post_stream"]["posts"] == []
    assert (await stranger.post("/posts.json", topic_id=thread, raw="Psst.", whisper=True)).status_code == 403
    number = sent.json()["post_number"]
    refused = await stranger.post("/posts.json", topic_id=thread, raw="Re.", reply_to_post_number=number)
    assert refused.status_code == 422
    answer = await team.post("/posts.json", topic_id=thread, raw="As was said.", reply_to_post_number=number)
    assert answer.status_code == 200
    assert (await stranger.get(f"/posts/{answer.json()['id']}.json")).json()["reply_to_post_number"] is None


UNOFFERED: tuple[dict[str, Any], ...] = (
    {"author_id": 1},
    {"visibility": "public"},
    {"created_at": "2001-01-01T00:00:00Z"},
    {"target_recipients": "otto"},
    {"archetype": "private_message"},
    {"is_pinned": True},
)
WRONG: tuple[dict[str, Any], ...] = (
    {},
    {"raw": 7, "title": "Dark mode"},
    {"raw": "x", "title": ["Dark mode"]},
    {"raw": "x", "title": "Dark mode", "category": "features"},
    {"raw": "x", "title": "Dark mode", "category": 10**30},
    {"raw": "x", "topic_id": -1},
    {"raw": "x", "topic_id": True},
    {"raw": "x", "topic_id": 1.5},
    {"raw": "nul \x00", "title": "Dark mode"},
    {"raw": "half \ud800", "title": "Dark mode"},
    {"raw": "x" * 100_001, "title": "Dark mode"},
    {"raw": "x", "title": "D" * 161},
)


async def test_a_field_that_the_call_does_not_offer_is_refused(site: Site) -> None:
    world = await World.make(site)
    client = await Client.of(site, world.outsider)
    features = await world.category("features")
    for more in UNOFFERED:
        refused = await client.post("/posts.json", title="Dark mode", raw="Please.", category=features, **more)
        assert refused.status_code == 422 and refused.json()["error_type"] == "invalid", more
    assert await fetch_value("select count(*) from thread") == 0


async def test_what_is_not_of_its_type_is_told_and_nothing_is_posted(site: Site) -> None:
    world = await World.make(site)
    client = await Client.of(site, world.outsider)
    for body in WRONG:
        refused = await client.post("/posts.json", **body)
        assert refused.status_code == 422, body
        assert refused.json()["errors"]
    assert await fetch_value("select count(*) from thread") == 0


async def test_changing_needs_the_role_and_seeing_is_not_enough(site: Site) -> None:
    world, thread = await lively(site)
    stranger = await Client.of(site, world.outsider)
    post = await fetch_value("select id from post where thread_id = $1 and number = 1", thread)
    assert (await stranger.put(f"/posts/{post}.json", post={"raw": "Mine now."})).status_code == 403
    assert (await stranger.put(f"/t/-/{thread}.json", title="Mine now")).status_code == 403
    assert (await stranger.put(f"/t/{thread}/status.json", status="closed", enabled="true")).status_code == 403
    assert (await stranger.put(f"/t/{thread}/status.json", status="pinned", enabled="true")).status_code == 422
    bugs = await world.category("bugs")
    assert (await stranger.put(f"/t/-/{thread}.json", category_id=bugs)).status_code == 403
    owner = await Client.of(site, world.owner)
    assert (await owner.put(f"/t/-/{thread}.json", category_id=bugs)).status_code == 200
    assert await fetch_value("select category_id from thread where id = $1", thread) == bugs


async def test_a_guest_reads_and_cannot_write(site: Site) -> None:
    _world, thread = await lively(site)
    guest = site.guest()
    refused = await guest.http.post("/posts.json", json={"topic_id": thread, "raw": "Hello"})
    assert refused.status_code == 403 and refused.json()["error_type"] == "forbidden"
    unknown = await guest.http.get("/latest.json", headers={"api-key": "no such key"})
    assert unknown.status_code == 403
    missing = await guest.get("/t/999999.json")
    assert missing.status_code == 404 and missing.json()["error_type"] == "not-found"
