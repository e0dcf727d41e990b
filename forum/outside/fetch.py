"""The one way to fetch an address that somebody named: checked before, pinned, capped in time, bytes, redirects."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import BinaryIO

import httpx

from forum.outside.trust import trust

REDIRECTS = 3
# Statuses of who has too much to do, rather than nothing to give.
BUSY = (408, 425, 429)
# Seconds without a byte; the whole fetch has its own limit, so that a slow drip ends too.
SILENCE = 20
TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the IPv4 address stands in the last four bytes
# All that was ever given out of IPv6: beyond it are wrapped IPv4 addresses of other fashions, a network's own NAT64, site-local ones.
GIVEN_OUT = IPv6Network("2000::/3")

Resolve = Callable[[str, int], Awaitable[list[str]]]


class FetchFailed(Exception):
    """Nothing was fetched; the message says why, in words for the person who named the address. `is_away`: whoever is
    there has trouble of their own at the moment, and may answer otherwise later."""

    def __init__(self, message: str, *, is_away: bool = False) -> None:
        super().__init__(message)
        self.is_away = is_away


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, whichever way it is written or wrapped (D58)."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in TRANSLATED:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in GIVEN_OUT:
            return False
    return ip.is_global and not ip.is_multicast


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host as the system knows them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def read_url(url: str) -> httpx.URL:
    """An http(s) URL with a host and without a password. Raises FetchFailed."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise FetchFailed("this is not an address") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise FetchFailed("only http and https addresses are fetched")
    if parsed.userinfo:
        raise FetchFailed("an address with a name and password in it is not fetched")
    return parsed


def is_same_place(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether both addresses are of one host (a leading `www.` aside), and the second is no less safe than the first."""
    hosts = [url.host.lower().removeprefix("www.") for url in (one, other)]
    if hosts[0] != hosts[1] or (one.scheme == "https" and other.scheme != "https"):
        return False
    # httpx leaves a scheme's own port out; from http to https the port changes with it
    return one.port == other.port


async def checked_address(url: httpx.URL, *, private: bool, resolver: Resolve) -> str:
    """The address to connect to: looked up once, and public unless `private` is allowed. Raises FetchFailed."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = await resolver(url.raw_host.decode("ascii"), port)
    except (OSError, UnicodeError) as error:
        is_away = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise FetchFailed(f"{url.host} has no address", is_away=is_away) from None
    for address in found:
        if private or is_public(address):
            return address
    raise FetchFailed(f"{url.host} is not on the public internet")


async def download(
    url: str,
    to: BinaryIO,
    *,
    most: int,
    seconds: float = 600,
    named_by_operator: bool = False,
    stays: bool = False,
    resolver: Resolve = resolve,
) -> str:
    """Write what stands at `url` into `to`, at most `most` bytes within `seconds`; returns the URL it came from.

    The address connected to is the one that was checked, at each of at most three redirects (D59, D61). With
    `named_by_operator` the host of `url` itself, and it alone, may be private: who runs a command on this machine
    could read it anyway, whoever redirects could not. With `stays` no redirect leads to another host or port (a leading
    `www.` aside), nor from https to http: what is read there shall speak for that host. Bytes arrive as they were sent: compression is the reader's
    to undo. Raises FetchFailed.
    """
    first = read_url(url)
    named = (first.host, first.port)
    try:
        async with (
            asyncio.timeout(seconds),
            # proxies and credentials of the environment are for other programs
            httpx.AsyncClient(trust_env=False, verify=trust(), timeout=SILENCE) as client,
        ):
            for _hop in range(REDIRECTS + 1):
                target = read_url(url)
                is_named = named_by_operator and (target.host, target.port) == named
                address = await checked_address(target, private=is_named, resolver=resolver)
                onward = await get(client, target, address, to, most)
                if onward is None:
                    return url
                url = str(target.join(onward))
                if stays and not is_same_place(first, read_url(url)):
                    raise FetchFailed("it redirects to somewhere else")
    except TimeoutError:
        raise FetchFailed(f"it took longer than {seconds:.0f} seconds", is_away=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
        raise FetchFailed(f"it cannot be fetched ({error or type(error).__name__})", is_away=True) from None
    raise FetchFailed(f"it redirects more than {REDIRECTS} times")


async def get(client: httpx.AsyncClient, url: httpx.URL, address: str, to: BinaryIO, most: int) -> str | None:
    """One request to the checked address: where it redirects to, or None when the body is written."""
    request = client.build_request(
        "GET",
        url.copy_with(host=address),
        headers={"host": url.netloc.decode("ascii"), "accept-encoding": "identity", "user-agent": "haas"},
        # the certificate is asked for by name, though the address is a number
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )
    response = await client.send(request, stream=True)
    try:
        if response.has_redirect_location:
            return response.headers["location"]
        if response.status_code != 200:
            is_away = response.status_code in BUSY or response.status_code >= 500
            raise FetchFailed(f"{url.host} answered with status {response.status_code}", is_away=is_away)
        size = 0
        async for chunk in response.aiter_raw():
            size += len(chunk)
            if size > most:
                size_most = f"{most // 1_000_000} MB" if most >= 1_000_000 else f"{most} bytes"
                raise FetchFailed(f"it is larger than {size_most}")
            to.write(chunk)
    finally:
        await response.aclose()
    return None
