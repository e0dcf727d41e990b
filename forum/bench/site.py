"""What is measured on a served site of 20,000 threads: pages, replies, live updates, memory, weight."""

import asyncio
import gzip
import random
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote_plus, urljoin
from uuid import UUID

from forum.bench import listen, load
from forum.bench.draw import uniform, zipf
from forum.bench.load import BadAnswer, Tally, fetch, get, post
from forum.bench.rows import Row, percentile, row
from forum.bench.servers import SECRET, Served, floor
from forum.database.engine import fetch as fetch_rows
from forum.demo.words import Writer
from forum.web import csrf, sessions

SEED = 99
# More than are sent in a run: what is drawn is never the same again, so nothing is kept that readers would not share.
DRAWS = 250_000
# So many pages of what people read most are read first, as on a site that has been up for a while.
WARM = 40_000
SAMPLES = 24
PEOPLE = 400
# what a reader of a page waits for beside the page itself
ASSET = re.compile(rb'<(?:link[^>]+rel="stylesheet"[^>]+href|script[^>]+src)="([^"]+)"')
IMPORT = re.compile(rb'(?:\bfrom|\bimport|@import)\s*(?:url\()?["\']([^"\']+\.(?:js|css))["\']')


@dataclass(frozen=True)
class Scale:
    """How much is measured: threads of the site, seconds of each round of load and of its floor, rounds, sockets,
    replies that they hear, issues and comments of the archive."""

    threads: int = 20_000
    seconds: float = 4.0
    floor_seconds: float = 2.0
    rounds: int = 3
    sockets: int = 500
    replies: int = 40
    issues: int = 1_000
    comments: int = 3_000


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in: the cookie header and the token of their forms."""

    cookie: str
    token: str


@dataclass(frozen=True)
class Place:
    """A public thread."""

    id: int
    path: str
    last: int
    version: int
    is_open: bool


@dataclass
class Site:
    """The served site, and what the load is drawn from."""

    served: Served
    scale: Scale
    people: list[Person]
    places: list[Place]
    floor: Served | None = None
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))

    @property
    def port(self) -> int:
        return self.served.port

    @property
    def deep(self) -> Place:
        return max(self.places, key=lambda place: place.last)

    def asks(self, name: str) -> list[bytes]:
        """The requests of a row, drawn anew by its name alone."""
        dice = random.Random(name)
        if name == "latest_anonymous":
            return [get("/latest", self.port)]
        if name.endswith("cold"):
            # each once: none is kept when it is asked for
            return [get(place.path, self.port) for place in dice.sample(self.places, len(self.places))]
        law = zipf if name.endswith("zipf") else uniform
        places = law(self.places, DRAWS, dice)
        if "anonymous" in name:
            return [get(place.path, self.port) for place in places]
        return [get(place.path, self.port, dice.choice(self.people).cookie) for place in places]


RATES = (
    # of a site that has just started; the others are of one that has been up for a while
    "thread_anonymous_cold",
    "thread_anonymous_zipf",
    "thread_anonymous_uniform",
    "latest_anonymous",
    "thread_signed_in_zipf",
    "thread_signed_in_uniform",
)


async def sign_in_people() -> list[Person]:
    """Sessions of many different people, as signing in makes them."""
    rows = await fetch_rows("select id from person where username like 'bulk%' order by id limit $1", PEOPLE)
    found = []
    for each in rows:
        token = await sessions.start_session(each["id"], "haas-bench")
        found.append(Person(f"{sessions.COOKIE}={token}", csrf.token_for(SECRET, token)))
    return found


async def public_places() -> list[Place]:
    rows = await fetch_rows(
        "select id, '/t/' || slug || '/' || id as path, last_number, version, not is_closed as is_open from thread"
        " where visibility = 'public' order by id"
    )
    return [Place(*each) for each in rows]


@asynccontextmanager
async def with_floor(site: Site, names: Sequence[str]) -> AsyncIterator[None]:
    """Have the floor run, with a sample of the very bytes that the site answers for each of these rows."""
    with TemporaryDirectory(prefix="haas-bench-") as folder:
        for name in names:
            asks = site.asks(name)
            for n in range(SAMPLES if len(asks) > 1 else 1):
                words = asks[n].decode().splitlines()
                cookie = next((w[8:] for w in words if w.startswith("Cookie: ")), "")
                status, body = await fetch(site.port, words[0].split()[1], cookie)
                if status != 200:
                    raise BadAnswer(f"{words[0]}: {status}")
                (Path(folder) / f"{name}-{n}").write_bytes(body)
        async with floor(Path(folder), f"{names[0]}-0") as site.floor:
            yield


async def rate_row(site: Site, name: str) -> Row:
    """Requests a second of a kind of page, beside those of the floor, in turns."""
    assert site.floor is not None
    asks = site.asks(name)
    samples = SAMPLES if len(asks) > 1 else 1
    floor_asks = [get(f"/{name}-{n}", site.floor.port) for n in range(samples)]
    here, there = Tally(), Tally()
    ours, floors = load.around(asks), load.around(floor_asks)
    read = await load.load(site.port, ours, site.scale.seconds)
    while name.endswith("zipf") and read.statuses.total() < WARM * site.scale.threads // 20_000:
        read.add(await load.load(site.port, ours, 1.0))
    await load.load(site.floor.port, floors, 0.5)
    before = (site.served.cpu_seconds, site.floor.cpu_seconds)
    for _ in range(site.scale.rounds):
        here.add(await load.load(site.port, ours, site.scale.seconds))
        there.add(await load.load(site.floor.port, floors, site.scale.floor_seconds))
    spent = [1e6 * (s.cpu_seconds - b) for s, b in zip((site.served, site.floor), before, strict=True)]
    cost = f"{spent[0] / here.statuses.total():.0f} µs of CPU a page, floor {spent[1] / there.statuses.total():.0f}"
    sys.stderr.write(f"{'':10}{name}: {cost}, {here.size / here.statuses.total() / 1000:.1f} kB\n")
    return row(name, here.rate, there.rate)


async def last_page_row(site: Site) -> Row:
    """Milliseconds a page, signed in: the last page of the deepest thread against its first, in turns."""
    deep = site.deep
    paths = (f"{deep.path}/{deep.last}", deep.path)
    asks = [load.around([get(path, site.port, p.cookie) for p in site.people]) for path in paths]
    tallies = (Tally(), Tally())
    for n in range(site.scale.rounds + 1):
        for kind, tally in zip(asks, tallies, strict=True):
            found = await load.load(site.port, kind, site.scale.seconds / 2)
            if n:  # the first round remembers what everybody has read
                tally.add(found)
    last, first = (1000 / tally.rate for tally in tallies)
    return row("thread_last_page_10k", last, first)


def replies(site: Site, *, to: Sequence[Place], htmx: bool = False) -> Iterator[bytes]:
    """Replies by many people to many threads, each with a key of its own."""
    writer = Writer(SEED)
    while True:
        person = site.dice.choice(site.people)
        place = site.dice.choice(to)
        key = UUID(int=site.dice.getrandbits(128))
        body = f"key={key}&markdown={quote_plus(writer.post().markdown)}"
        yield post(f"/t/{place.id}/replies", site.port, body, person.cookie, person.token, htmx=htmx)


async def store_row(site: Site) -> Row:
    """Replies stored a second, cooking and transaction and redirect included."""
    asks = replies(site, to=[place for place in site.places if place.is_open])
    tally = Tally()
    await load.load(site.port, asks, site.scale.seconds / 4, wanted=303)
    for _ in range(site.scale.rounds):
        tally.add(await load.load(site.port, asks, site.scale.seconds, wanted=303))
    return row("reply_store", tally.rate)


async def visible_row(site: Site) -> Row:
    """95th percentile of the milliseconds from the sending of a reply to its arrival at each of the open sockets."""
    place = site.dice.choice([p for p in site.places if p.is_open and 5 <= p.last <= 15])
    version = (await fetch_rows("select version from thread where id = $1", place.id))[0]["version"]
    half = site.scale.sockets // 2
    # all who are signed in here are different people; the rest are guests
    signed_in = [person.cookie for person in site.people[:half]]
    cookies = [*signed_in, *([""] * (site.scale.sockets - len(signed_in)))]
    site.dice.shuffle(cookies)
    listeners, heard = await listen.listen(site.port, cookies, place.id, version)
    asks = replies(site, to=[place], htmx=True)
    waits: list[float] = []
    try:
        for n in range(1, site.scale.replies + 1):
            began = time.perf_counter()
            await load.load(site.port, [next(asks)], 5, clients=1)
            while any(len(times) < n for times in heard.times):
                if time.perf_counter() - began > 10:
                    deaf = sum(len(times) < n for times in heard.times)
                    raise BadAnswer(f"{deaf} of {len(cookies)} sockets did not hear reply {n}")
                await asyncio.sleep(0.005)
            waits += [1000 * (times[n - 1] - began) for times in heard.times]
            await asyncio.sleep(0.1)
    finally:
        for listener in listeners:
            listener.transport.close()
    return row("reply_visible_p95_ms", percentile(waits, 0.95))


async def weight_row(site: Site) -> Row:
    """HTML, CSS and JavaScript of a thread page with 20 posts, as a browser is sent them, in kB (1000 bytes)."""
    place = site.dice.choice([p for p in site.places if p.last >= 20])
    status, page = await fetch(site.port, place.path)
    if status != 200:
        raise BadAnswer(f"{place.path}: {status}")
    total, seen, left = len(page), set[str](), [a.decode() for a in ASSET.findall(plain(page))]
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        status, body = await fetch(site.port, path)
        if status != 200:
            raise BadAnswer(f"{path}: {status}")
        total += len(body)
        left += [urljoin(path, found.decode()) for found in IMPORT.findall(plain(body))]
    return row("page_weight_kb", total / 1000)


def plain(body: bytes) -> bytes:
    """What was sent, uncompressed where it was not."""
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


async def memory_row(site: Site) -> Row:
    """Resident memory of the web process, after whatever load this run has put on it."""
    return row("web_rss_mb", site.served.rss_mb)
