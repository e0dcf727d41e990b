"""Wrong and hostile input: a clear refusal, never a 5xx, and nothing half-done."""

import itertools
from html import escape

import pytest

from forum.database.engine import fetch_value
from tests.helpers.world import World

HUGE = "99999999999999999999"
ODD = (
    "0",
    "-1",
    "x",
    HUGE,
    "9223372036854775808",
    "9223372036854775807",
    "1e3",
    "%00",
    "%ff%fe",
    "1%00",
    "١",
    "1.5",
    "..",
)


@pytest.fixture
async def thread(world: World) -> int:
    return (await world.ask("How do I read a file?")).posted.thread


def paths_with(value: str) -> list[str]:
    return [
        f"/t/x/{value}",
        f"/t/{value}",
        f"/t/x/1/{value}",
        f"/t/x/1?post={value}",
        f"/t/x/1?quote={value}",
        f"/quotes/{value}/1",
        f"/quotes/1/{value}",
        f"/posts/{value}/revisions",
        f"/posts/1/revisions?below={value}",
        f"/posts/{value}/edit",
        f"/u/{value}",
        f"/u/{value}/activity",
        f"/u/otto/activity?below={value}",
        f"/u/{value}/drafts",
        f"/c/{value}",
        f"/c/pelican/{value}",
        f"/tag/{value}",
        f"/latest?below={value}",
        f"/latest?below={value}-{value}",
        f"/top?period={value}",
        f"/new-thread?draft={value}",
        f"/new-thread?project={value}&category={value}&title={value}&body={value}",
    ]


@pytest.mark.parametrize("value", ODD)
async def test_no_address_breaks_the_site(value: str, world: World, thread: int) -> None:
    for browser, path in itertools.product((world.site.guest(), world.outsider), paths_with(value)):
        answer = await browser.get(path)
        assert answer.status_code < 500, path
        assert "Traceback" not in answer.text and "asyncpg" not in answer.text


@pytest.mark.parametrize("theme", ['"a\\012b"', '"\\015\\012x-evil: 1"', '"\\000"', "x" * 3000, "d\xe4rk", '"dark'])
async def test_a_theme_that_is_none_is_told_to_nobody(theme: str, world: World, thread: int) -> None:
    """The browser's cookie goes into what kept pages are known by."""
    slug = await fetch_value("select slug from thread where id = $1", thread)
    for path in (f"/t/{slug}/{thread}", "/"):
        plain = await world.site.guest().get(path)
        answer = await world.site.guest().get(path, headers={"cookie": f"haas_theme={theme}".encode("latin-1")})
        assert answer.status_code == 200 and answer.headers.get("etag") == plain.headers.get("etag"), path
        assert "x-evil" not in answer.headers


WRITES = (
    "/t/{}/replies",
    "/posts/{}/reactions/like",
    "/posts/{}/edit",
    "/t/{}/acceptance",
    "/t/{}/acceptance/delete",
    "/t/{}/closure",
    "/t/{}/closure/delete",
    "/t/{}/move",
    "/t/{}/bucket/bugs",
)


@pytest.mark.parametrize("path", WRITES)
async def test_writes_to_what_cannot_be_are_refused(path: str, world: World, thread: int) -> None:
    for value in ODD:
        sent = await world.owner.post(path.format(value), {"markdown": "x", "number": "1", "category": "1"})
        assert 400 <= sent.status_code < 500, (path, value)


@pytest.mark.parametrize("path", [*WRITES, "/drafts", "/drafts/delete", "/preview", "/new-thread"])
@pytest.mark.parametrize(
    "body",
    [
        b"markdown=%00a%00&title=%00&reason=%00&key=%00&number=%00&category=%00&purpose=%00&tags=%00&on=%00&project=%00",
        b"markdown=%ff%fe&title=%ff%ff%ff&reason=%ff&key=%ff&number=%ff&category=%ff&tags=%ff&draft=%ff",
        b"\xff\xfe\x00markdown=\xff",
        b"markdown=" + b"x" * 200_000,
        b"title=" + b"x" * 200_000 + b"&markdown=x&reason=" + b"y" * 5_000 + b"&tags=" + b"z" * 5_000,
        b"markdown=x&number=" + b"9" * 400 + b"&category=" + b"9" * 400 + b"&key=" + b"9" * 400,
        b"markdown=x&number=9223372036854775807&category=9223372036854775807",
        b"&".join(b"a%d=1" % n for n in range(500)),
        b"markdown=" + b"[quote]" * 12_000,
        b"markdown=" + b"%2A_%60%5B" * 9_000,
        b"",
    ],
    ids=["nul", "not-utf8", "bytes", "long", "long-title", "digits", "bigint", "many", "quotes", "marks", "empty"],
)
async def test_hostile_forms_are_refused_or_taken_as_text(path: str, body: bytes, world: World, thread: int) -> None:
    post = await fetch_value("select id from post")
    which = post if path.startswith("/posts") else thread
    headers = {"content-type": "application/x-www-form-urlencoded", "x-csrf-token": world.owner.token()}
    sent = await world.owner.http.post(path.format(which), content=body, headers=headers)
    assert sent.status_code < 500, sent.text
    assert "Traceback" not in sent.text and "asyncpg" not in sent.text
    assert await fetch_value("select count(*) from post where length(markdown) > 100000") == 0


async def test_more_than_fits_is_told_with_what_was_typed_or_refused_unread(world: World, thread: int) -> None:
    long = await world.outsider.post(f"/t/{thread}/replies", {"markdown": "word " * 40_000})
    assert long.status_code == 422 and "word word" in long.text
    huge = await world.outsider.post(f"/t/{thread}/replies", {"markdown": "x" * 1_100_000})
    assert huge.status_code == 413
    assert await fetch_value("select count(*) from post") == 1


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain", ""])
@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b"[" * 50_000, b'{"markdown": 1e999, "key": null}'])
async def test_bodies_of_other_kinds_are_refused(kind: str, body: bytes, world: World, thread: int) -> None:
    for path in (f"/t/{thread}/replies", "/drafts"):
        headers = {"content-type": kind, "x-csrf-token": world.outsider.token()}
        sent = await world.outsider.http.post(path, content=body, headers=headers)
        assert sent.status_code in (400, 415, 422), (path, sent.status_code)


async def test_every_write_needs_the_pages_token(world: World, thread: int) -> None:
    for path in (*(path.format(thread) for path in WRITES), "/drafts", "/drafts/delete", "/preview"):
        assert (await world.owner.http.post(path, data={"markdown": "x", "number": "1"})).status_code == 403


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\u202e", "\u200b\u200b", "<!-- all of it -->", "<b></b>", "```\n```"]
)
async def test_a_text_of_which_nothing_would_be_seen_is_kept_and_not_posted(
    world: World, thread: int, text: str
) -> None:
    ana = world.people["ana"]
    told = "Nothing of this would be seen."
    posts = await fetch_value("select count(*) from post")
    replied = await ana.post(f"/t/{thread}/replies", {"markdown": text})
    ask = {"title": "Why is it empty?", "project": "pelican", "capacity": "personal", "terms": "1"}
    asked = await ana.post("/new-thread", ask | {"markdown": text})
    post = await fetch_value("select id from post where thread_id = $1", thread)
    edited = await ana.post(f"/posts/{post}/edit", {"title": "How do I read a file?", "markdown": text})
    for sent in (replied, asked, edited):
        assert sent.status_code == 422 and told in sent.text
        assert escape(text).strip() in sent.text
    assert await fetch_value("select count(*) from post") == posts
    assert await fetch_value("select count(*) from post_revision") == 0


@pytest.mark.parametrize("text", ["`<script>`", "> quoted alone", "---", "- [ ] ", "1", "```\ncode\n```", "👍"])
async def test_a_text_of_which_something_is_seen_is_posted(world: World, thread: int, text: str) -> None:
    assert (await world.people["ana"].post(f"/t/{thread}/replies", {"markdown": text})).status_code == 303
