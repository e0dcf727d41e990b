"""Kept pages are sent compressed to whoever takes it, and are the same page for everybody else."""

import gzip
from typing import Any

import pytest

from forum.web import parts
from forum.web.packed import takes_gzip
from tests.helpers.site import Browser
from tests.helpers.world import World

VARY = "Cookie, Accept-Encoding"


@pytest.fixture
async def paths(world: World) -> list[str]:
    """A thread, and the lists that it stands on."""
    return [(await world.ask("How do I read a file?")).posted.url, "/latest", "/"]


async def raw(browser: Browser, path: str, accepted: str) -> tuple[Any, bytes]:
    """Headers and body as they were sent."""
    async with browser.http.stream("GET", path, headers={"accept-encoding": accepted}) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join([part async for part in answer.aiter_raw()])


async def test_whoever_takes_gzip_gets_it_and_everybody_else_the_same_page_plain(
    world: World, paths: list[str]
) -> None:
    guest = world.site.guest()
    for path in paths:
        for _fresh_then_kept in range(2):
            headers, packed = await raw(guest, path, "gzip, deflate, br")
            assert (headers["content-encoding"], headers["vary"]) == ("gzip", VARY)
            assert headers["content-length"] == str(len(packed))
            plain_headers, plain = await raw(guest, path, "identity")
            assert "content-encoding" not in plain_headers and plain_headers["vary"] == VARY
            assert gzip.decompress(packed) == plain and 2 * len(packed) < len(plain)
            assert plain_headers.get("etag") == headers.get("etag")


async def test_head_tells_what_get_would(world: World, paths: list[str]) -> None:
    guest = world.site.guest()
    for accepted in ("gzip", "identity"):
        got = await guest.get(paths[0], headers={"accept-encoding": accepted})
        told = await guest.http.head(paths[0], headers={"accept-encoding": accepted})
        names = ("etag", "vary", "content-length", "content-encoding", "content-type")
        assert [told.headers.get(name) for name in names] == [got.headers.get(name) for name in names]


async def test_an_unchanged_page_is_not_sent_again_in_either_form(world: World, paths: list[str]) -> None:
    guest = world.site.guest()
    tag = (await guest.get(paths[0])).headers["etag"]
    for accepted in ("gzip", "identity"):
        again = await guest.get(paths[0], headers={"accept-encoding": accepted, "if-none-match": tag})
        assert again.status_code == 304 and not again.content
        assert again.headers["vary"] == VARY and "content-encoding" not in again.headers


@pytest.mark.parametrize("who", ["outsider", "owner"])
async def test_a_page_with_a_token_is_never_compressed(who: str, world: World, paths: list[str]) -> None:
    browser: Browser = getattr(world, who)
    for path in paths:
        headers, body = await raw(browser, path, "gzip")
        assert "content-encoding" not in headers
        assert browser.token().encode() in body


async def test_what_a_guest_asked_for_in_the_address_is_not_compressed(world: World, paths: list[str]) -> None:
    headers, _body = await raw(world.site.guest(), paths[0] + "?title=guess", "gzip")
    assert "content-encoding" not in headers


async def test_a_guests_page_with_a_token_is_kept_for_nobody(
    world: World, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def token(request: Any, _head: Any = None) -> dict[str, Any]:
        return {"thread": {"id": request.csrf_token}}

    monkeypatch.setitem(parts._parts, "thread_below", [parts.Part(token, "search/below_thread.html")])
    tokens = []
    for guest in (world.site.guest(), world.site.guest()):
        headers, _body = await raw(guest, paths[0], "gzip")
        assert "content-encoding" not in headers and headers["cache-control"] == "private, no-store"
        tokens.append((await guest.get(paths[0])).text)
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=1.0, identity; q=0.5", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("x-gzip", False),
    ],
)
def test_a_weight_of_nothing_means_no(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) == takes
