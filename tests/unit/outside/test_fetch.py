"""Fetching what somebody named: public addresses alone, the one that was checked, and never too long or too much."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from forum.outside.fetch import FetchFailed, download, is_public, is_same_place, read_url

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    """A server on this machine that answers each request by `answer(head, writer)`; gives its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        try:
            await answer(head, writer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as running:
        yield running.sockets[0].getsockname()[1]


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body


def says(text: bytes) -> Answer:
    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    return answer


async def fetch(url: str, *, most: int = 1000, named: bool = True, **more: object) -> bytes:
    to = io.BytesIO()
    await download(url, to, most=most, named_by_operator=named, **more)  # type: ignore[arg-type]
    return to.getvalue()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("140.82.121.3", True),
        ("2606:50c0:8000::153", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::7f00:1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("fec0::1", False),
        ("64:ff9b::8c52:7903", True),
        ("2002:7f00:1::", False),
        ("nonsense", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "url",
    [
        "",
        "archive.json",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "http://",
        "https://u:p@example.org/",
    ],
)
def test_only_plain_web_addresses_are_read(url: str) -> None:
    with pytest.raises(FetchFailed):
        read_url(url)


async def test_the_body_arrives_as_it_was_sent() -> None:
    async with server(says(reply(b"\x1f\x8b packed", **{"content-encoding": "gzip"}))) as port:
        assert await fetch(f"http://127.0.0.1:{port}/a") == b"\x1f\x8b packed"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(FetchFailed, match=r"public internet|no address"):
        await fetch(f"http://{host}:1/", named=False)


async def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    heads: list[str] = []
    asked: list[str] = []

    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        heads.append(head.lower())
        writer.write(reply(b"ok"))

    async def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with server(answer) as port:
        assert await fetch(f"http://archive.test:{port}/a?b", resolver=resolver) == b"ok"

    assert asked == ["archive.test"]
    assert heads[0].startswith("get /a?b http/1.1\r\n") and f"host: archive.test:{port}\r\n" in heads[0]


async def test_a_name_that_also_means_this_machine_leads_nowhere_else() -> None:
    async def resolver(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1", "10.0.0.1"]

    with pytest.raises(FetchFailed, match="public internet"):
        await fetch("http://rebound.test/", named=False, resolver=resolver)


async def test_a_redirect_may_not_lead_inside() -> None:
    async with server(says(reply(b"secret"))) as inner:
        there = {"location": f"http://127.0.0.1:{inner}/"}
        async with server(says(reply(b"", "302 Found", **there))) as outer:
            with pytest.raises(FetchFailed, match="public internet"):
                await fetch(f"http://127.0.0.1:{outer}/")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "//", "http://u:p@example.org/"])
async def test_a_redirect_may_not_change_to_another_kind(location: str) -> None:
    async with server(says(reply(b"", "302 Found", location=location))) as port:
        with pytest.raises(FetchFailed):
            await fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(("times", "arrives"), [(3, True), (4, False)])
async def test_redirects_are_followed_three_times(times: int, arrives: bool) -> None:
    left = [times]

    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        left[0] -= 1
        writer.write(reply(b"", "302 Found", location="/on") if left[0] >= 0 else reply(b"there"))

    async with server(answer) as port:
        if arrives:
            assert await fetch(f"http://127.0.0.1:{port}/") == b"there"
        else:
            with pytest.raises(FetchFailed, match="redirects"):
                await fetch(f"http://127.0.0.1:{port}/")


async def test_too_much_is_refused_even_when_its_length_was_not_told() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000
    async with server(says(endless)) as port:
        with pytest.raises(FetchFailed, match="larger"):
            await fetch(f"http://127.0.0.1:{port}/", most=4000)


async def test_a_slow_drip_ends() -> None:
    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with server(answer) as port:
        with pytest.raises(FetchFailed, match="longer than"):
            await fetch(f"http://127.0.0.1:{port}/", seconds=0.2)


@pytest.mark.parametrize(
    "told", [b"", b"nonsense\r\n\r\n", reply(b"", "404 Not Found"), b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"]
)
async def test_failing_servers_are_told_in_one_line(told: bytes) -> None:
    async with server(says(told)) as port:
        with pytest.raises(FetchFailed) as failed:
            await fetch(f"http://127.0.0.1:{port}/")
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("status", "away"), [("404 Not Found", False), ("410 Gone", False), ("429 Slow", True), ("503 Away", True)]
)
async def test_who_has_trouble_is_told_apart_from_who_has_nothing(status: str, away: bool) -> None:
    async with server(says(reply(b"", status))) as port:
        with pytest.raises(FetchFailed) as failed:
            await fetch(f"http://127.0.0.1:{port}/")
    assert failed.value.is_away is away


async def test_nobody_there_is_trouble_and_a_private_address_is_none() -> None:
    async with server(says(b"")) as port:
        pass
    with pytest.raises(FetchFailed) as silent:
        await fetch(f"http://127.0.0.1:{port}/")
    with pytest.raises(FetchFailed) as private:
        await fetch("http://127.0.0.1/", named=False)
    assert (silent.value.is_away, private.value.is_away) == (True, False)


async def test_a_fetch_that_stays_follows_redirects_within_its_host_alone() -> None:
    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"there") if head.startswith("GET /on") else reply(b"", "302 Found", location="/on"))

    async with server(says(reply(b"other"))) as other, server(answer) as port:
        assert await fetch(f"http://127.0.0.1:{port}/", stays=True) == b"there"
        leads_away = reply(b"", "302 Found", location=f"http://127.0.0.1:{other}/")
        async with server(says(leads_away)) as leaving:
            with pytest.raises(FetchFailed, match="somewhere else"):
                await fetch(f"http://127.0.0.1:{leaving}/", stays=True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://pond.example/a", "https://www.pond.example/b", True),
        ("https://www.pond.example/a", "https://POND.example/b", True),
        ("https://pond.example/a", "http://pond.example/b", False),
        ("https://pond.example/a", "https://pond.example:8443/b", False),
        ("https://pond.example/a", "https://evil.example/b", False),
        ("https://pond.example/a", "https://pond.example.evil.example/b", False),
        ("http://pond.example/a", "https://pond.example/b", True),
    ],
)
def test_what_counts_as_the_same_host(one: str, other: str, same: bool) -> None:
    assert is_same_place(read_url(one), read_url(other)) is same
