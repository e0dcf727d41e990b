"""The rows of bumps: many at once, whose sums and order must be right, and how soon open browsers show one."""

import asyncio
import time
from dataclasses import dataclass

from categories.support.queries import queue_slice, queue_state
from forum.bench import listen, load
from forum.bench.load import BadAnswer, post
from forum.bench.rows import Row, row
from forum.bench.servers import SECRET
from forum.bench.site import Person, Site
from forum.database.engine import fetch, fetch_one
from forum.web import csrf, sessions

BUMPS, TICKETS = 200, 20
SEEN = 20
TEAM = 24
LEAST = 5_000


@dataclass(frozen=True)
class Waiting:
    """A ticket that waits, with whoever asked, signed in, and what was paid for it before."""

    ticket: int
    asker: Person
    rank: int


@dataclass(frozen=True)
class Shop:
    """A project with tickets that wait, and its owner, signed in."""

    project: int
    owner: Person
    tickets: list[Waiting]


async def signed_in(person: int) -> Person:
    token = await sessions.start_session(person, "haas-bench")
    return Person(f"{sessions.COOKIE}={token}", csrf.token_for(SECRET, token))


async def shop_of() -> Shop:
    """The project in which most wait. Raises BadAnswer where too few do."""
    project = await fetch_one(
        "select q.project_id as id, m.person_id as owner from queue q join project_member m"
        " on m.project_id = q.project_id and m.role = 'owner' order by q.unpaid + q.paid desc limit 1"
    )
    assert project is not None
    rows = await fetch(
        "select k.id, k.rank_amount, min(r.person_id) as asker from queue_entry e join ticket k on k.id = e.ticket_id"
        " join ticket_requester r on r.ticket_id = k.id join person p on p.id = r.person_id"
        " join thread t on t.id = k.thread_id where e.project_id = $1 and k.state = 'waiting'"
        " and p.email_confirmed_at is not null and t.visibility = 'public' group by k.id order by k.id limit $2",
        project["id"],
        TICKETS,
    )
    if len(rows) < TICKETS:
        raise BadAnswer(f"only {len(rows)} tickets wait")
    tickets = [Waiting(each["id"], await signed_in(each["asker"]), each["rank_amount"]) for each in rows]
    return Shop(project["id"], await signed_in(project["owner"]), tickets)


async def order(site: Site, shop: Shop, amounts: list[tuple[Waiting, int]], key: str) -> list[int]:
    """Order these all at once; the ids of the bumps."""
    before = await newest_bump()
    asks = [
        post(
            f"/api/v1/tickets/{each.ticket}/bumps",
            site.port,
            f"amount={amount}&currency=EUR&method=offline",
            each.asker.cookie,
            each.asker.token,
            key=f"{key}-{n}",
        )
        for n, (each, amount) in enumerate(amounts)
    ]
    await load.load(site.port, asks, 60, clients=min(len(asks), BUMPS), wanted=201)
    rows = await fetch("select id from bump where id > $1 and project_id = $2 order by id", before, shop.project)
    if len(rows) != len(amounts):
        raise BadAnswer(f"{len(amounts)} ordered, {len(rows)} there")
    return [each["id"] for each in rows]


async def newest_bump() -> int:
    found = await fetch_one("select coalesce(max(id), 0) as id from bump")
    return int(found["id"]) if found else 0


def receipt(site: Site, shop: Shop, bump: int) -> bytes:
    return post(f"/bumps/{bump}/receipt", site.port, "", shop.owner.cookie, shop.owner.token)


async def concurrent_row(site: Site) -> Row:
    """Seconds for 200 bumps on 20 tickets, ordered all at once and then all at once marked received, every sum and the
    whole order looked at afterwards. Raises BadAnswer where one is wrong."""
    shop = await shop_of()
    amounts = [(shop.tickets[n % TICKETS], LEAST + 100 * site.dice.randrange(500)) for n in range(BUMPS)]
    booked_before = await booked(shop)
    began = time.perf_counter()
    bumps = await order(site, shop, amounts, f"bench-{time.time_ns()}")
    receipts = [receipt(site, shop, bump) for bump in bumps]
    site.dice.shuffle(receipts)
    await load.load(site.port, receipts, 60, clients=BUMPS, wanted=303)
    took = time.perf_counter() - began
    await check(shop, amounts, bumps, booked_before)
    return row("bump_concurrent_200", took)


async def booked(shop: Shop) -> int:
    """What the books of the project's entity have as income, in minor units."""
    found = await fetch_one(
        "select coalesce(-sum(balance), 0)::bigint as income from ledger_account where project_id = $1"
        " and kind = 'income'",
        shop.project,
    )
    return int(found["income"]) if found else 0


async def check(shop: Shop, amounts: list[tuple[Waiting, int]], bumps: list[int], before: int) -> None:
    """Raises BadAnswer unless ranks, books, invoices and the order of the queue are what these bumps make of them."""
    sums = {each.ticket: each.rank for each, _amount in amounts}
    for each, amount in amounts:
        sums[each.ticket] += amount
    rows = await fetch("select id, rank_amount, waiting_since from ticket where id = any($1)", list(sums))
    if {each["id"]: each["rank_amount"] for each in rows} != sums:
        raise BadAnswer("the rank amounts are not the sums of the bumps")
    if await booked(shop) - before != sum(amount for _each, amount in amounts):
        raise BadAnswer("the books have another sum")
    invoices = await fetch("select i.number from invoice i where i.bump_id = any($1) order by i.number", bumps)
    numbers = [each["number"] for each in invoices]
    if len(numbers) != len(bumps) or numbers[-1] - numbers[0] != len(bumps) - 1:
        raise BadAnswer("the invoices are not numbered without a gap")
    state = await queue_state(shop.project)
    standing = [each.ticket for each in await queue_slice(shop.project, state, 1, state.total) if each.ticket in sums]
    right = sorted(rows, key=lambda each: (-each["rank_amount"], each["waiting_since"], each["id"]))
    if standing != [each["id"] for each in right]:
        raise BadAnswer("the queue is in another order")
    if await fetch("select 1 from queue_faults($1)", shop.project):
        raise BadAnswer("the queue's counts are wrong")


async def seen_row(site: Site) -> Row:
    """Seconds from the sending of "received" until the last of all open browsers on the ticket's thread shows it, the
    slowest of twenty bumps."""
    shop = await shop_of()
    chosen = shop.tickets[0]
    half = site.scale.sockets // 2
    asked = [chosen.asker.cookie, shop.owner.cookie, *(person.cookie for person in site.people)]
    cookies = [*asked[:half], *([""] * (site.scale.sockets - len(asked[:half])))]
    return row("bump_seen_s", await slowest_seen(site, shop, "place", chosen.ticket, cookies))


async def seen_inboxes_row(site: Site) -> Row:
    """The same for open inboxes: a team of twenty-four, each with as many of them open as it takes."""
    shop = await shop_of()
    rows = await fetch(
        "insert into project_member (project_id, person_id, role) select $1, id, 'supporter' from person"
        " where username like 'bulk%' order by id limit $2 on conflict (project_id, person_id) do update set role ="
        " project_member.role returning person_id",
        shop.project,
        TEAM,
    )
    team = [(await signed_in(each["person_id"])).cookie for each in rows]
    cookies = [team[n % len(team)] for n in range(site.scale.sockets)]
    return row("bump_seen_inboxes_s", await slowest_seen(site, shop, "inbox", shop.project, cookies))


async def slowest_seen(site: Site, shop: Shop, stream: str, number: int, cookies: list[str]) -> float:
    """Seconds until the last of these browsers on a stream has heard of a bump, the slowest of twenty."""
    bumps = await order(site, shop, [(shop.tickets[0], LEAST + n) for n in range(SEEN)], f"seen-{time.time_ns()}")
    version = (await queue_state(shop.project)).version
    listeners, heard = await listen.listen(site.port, cookies, number, version, stream=stream)
    slowest = 0.0
    try:
        for n, bump in enumerate(bumps, start=1):
            began = time.perf_counter()
            await load.load(site.port, [receipt(site, shop, bump)], 5, clients=1, wanted=303)
            while any(len(times) < n for times in heard.times):
                if time.perf_counter() - began > 10:
                    deaf = sum(len(times) < n for times in heard.times)
                    raise BadAnswer(f"{deaf} of {len(cookies)} sockets did not hear of bump {n}")
                await asyncio.sleep(0.005)
            slowest = max(slowest, *(times[n - 1] - began for times in heard.times))
            await asyncio.sleep(0.1)
    finally:
        for listener in listeners:
            listener.transport.close()
    return slowest
