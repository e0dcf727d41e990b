"""The demo: a community that people believe, true in every counter, made once."""

from datetime import UTC, datetime, timedelta

import pytest

from categories.proofs.jobs import check_proof, check_proofs
from forum.database.engine import execute, fetch, fetch_value, transaction
from forum.demo import NotEmpty, make_demo
from forum.demo.bulk import load_bulk
from forum.demo.fill import DemoResult
from forum.demo.payouts import divide_pool, set_thanks_back
from forum.demo.words import Writer
from forum.demo.world import PROJECTS, SIGN_INS, read_threads, unwrap
from forum.markup import cook
from forum.recount import recount
from reputation.actions import backfill
from tests.helpers.money import balances
from tests.helpers.payouts import earned, state
from tests.helpers.site import Site
from tests.helpers.world import World


@pytest.fixture
async def demo(site: Site) -> DemoResult:
    return await make_demo(site.settings, password="pelicans carry much")


async def test_the_demo_is_a_community_whose_counters_are_true(site: Site, demo: DemoResult) -> None:
    assert demo.projects == 6
    assert demo.people >= 30
    assert demo.threads >= 60
    assert demo.posts > demo.threads
    assert await recount() == []


async def test_tickets_are_in_every_state_and_many_wait(site: Site, demo: DemoResult) -> None:
    states = {row["state"]: row["n"] for row in await fetch("select state, count(*) as n from ticket group by 1")}
    assert set(states) == {"draft", "waiting", "needs_facts", "answered", "resolved", "closed", "suspended"}
    pelican = await fetch_value("select id from project where slug = 'pelican'")
    assert await fetch_value("select unpaid from queue where project_id = $1", pelican) >= 20


async def test_the_expected_range_is_measured_where_enough_was_answered(site: Site, demo: DemoResult) -> None:
    measured = await fetch("select p.slug, unpaid_from, unpaid_to from queue join project p on p.id = project_id")
    ranges = {row["slug"]: (row["unpaid_from"], row["unpaid_to"]) for row in measured}
    least, most = ranges["pelican"]
    assert 1 <= least <= most <= 10
    assert ranges["heron"] == (None, None)


async def test_the_demo_earned_points_on_the_days_it_tells_of(site: Site, demo: DemoResult) -> None:
    row = (
        await fetch(
            "select count(*) as n, count(distinct day) as days, count(distinct kind) as kinds, bool_and(at <= now()) as past"
            " from reputation_event"
        )
    )[0]
    assert row["n"] > 100 and row["days"] > 20 and row["kinds"] == 4 and row["past"]
    page = (await site.guest().get("/p/pelican/supporters?period=year")).text
    assert page.count("?period=year") > 8


async def test_what_is_loaded_in_bulk_earns_what_the_actions_earned(site: Site, demo: DemoResult) -> None:
    totals = "select array_agg(t order by project_id, person_id, period)::text from reputation_total t"
    by_actions = await fetch_value(totals)
    async with transaction():
        await execute("set local role none")
        await execute("set local session_replication_role = replica")
        await execute("delete from reputation_event")
        await execute("delete from reputation_total")
        await execute("set local session_replication_role = origin")
        await backfill()
    assert await fetch_value(totals) == by_actions
    assert await recount() == []


async def test_nothing_in_the_demo_happened_in_the_future_or_all_at_once(site: Site, demo: DemoResult) -> None:
    row = (
        await fetch(
            "select count(distinct created_at::date) as days, bool_and(created_at <= now()) as past,"
            " (select bool_and(p.created_at >= t.created_at) from post p join thread t on t.id = p.thread_id) as after,"
            " (select bool_and(t.bumped_at <= now() - interval '10 minutes') from thread t) as old from post"
        )
    )[0]
    assert row["days"] > 20
    assert row["past"]
    assert row["after"]
    assert row["old"]
    acts = await fetch(
        "select a.at > t.created_at - interval '1 second' as later from thread_act a join thread t on t.id = thread_id"
    )
    assert all(act["later"] for act in acts)


async def test_the_demos_pool_is_divided_in_the_past_and_nothing_is_done_without_one(site: Site) -> None:
    world = await World.make(site)
    owner, began = await world.owner.reader(), datetime.now(UTC)
    assert await divide_pool(owner, world.project, began) is None
    assert await fetch_value("select count(*) from payout_policy") == 0
    await earned(world, 20000, by=[world.outsider])
    assert await divide_pool(owner, world.project, began) is None, "money of later than the demo"
    now = datetime.now(UTC)
    run = await divide_pool(owner, world.project, now)
    assert run is not None and await state(run) == "booked"
    row = (
        await fetch(
            "select drafted_at < approved_at and approved_at < booked_at and booked_at < $2 as in_order,"
            " (select max(at) from ledger_transaction) <= $2 as past from payout_run where id = $1",
            run,
            now,
        )
    )[0]
    assert row["in_order"] and row["past"]
    assert await fetch_value("select count(*) from payout_line where paid_at is null and person_id is not null") == 1
    assert (await balances())["entity", "pool"] == 0


async def test_the_demo_has_paid_bumps_in_its_queue_and_its_books(site: Site, demo: DemoResult) -> None:
    pelican = await fetch_value("select id from project where slug = 'pelican'")
    row = (
        await fetch(
            "select count(*) filter (where state = 'paid') as paid, count(*) filter (where state = 'open') as open,"
            " bool_and(coalesce(paid_at, created_at) between created_at and now()) as past,"
            " sum(amount) filter (where state = 'paid')::bigint as sum from bump where project_id = $1",
            pelican,
        )
    )[0]
    assert row["paid"] >= 8 and row["open"] == 1 and row["past"]
    income = "select -sum(balance)::bigint from ledger_account where kind = 'income' and project_id = $1"
    assert await fetch_value(income, pelican) == row["sum"]
    assert await fetch_value("select paid from queue where project_id = $1", pelican) >= 4
    assert await fetch("select 1 from queue_faults($1)", pelican) == []
    times = await fetch(
        "select at from ledger_transaction where project_id = $1 and kind = 'bump' order by id", pelican
    )
    assert len(times) == row["paid"] and [t["at"] for t in times] == sorted(t["at"] for t in times)
    owner = await site.browser(await fetch_value("select id from person where username = 'demo-owner'"))
    page = await owner.get("/p/pelican/bumps")
    assert page.text.count("/receipt") == 1 and page.text.count("PF-2") == row["paid"]


async def test_whoever_is_thanked_in_the_past_was_so_when_they_had_answered_and_gets_no_mail(site: Site) -> None:
    world = await World.make(site)
    await earned(world, by=[world.outsider])
    await execute("update bump_thanks set at = now() - interval '30 days'")
    await set_thanks_back(world.project)
    row = (
        await fetch(
            "select count(*) as n, bool_and(x.at >= p.created_at and x.at >= k.first_response_at and x.at <= now()) as after"
            " from bump_thanks x join post p on p.author_id = x.person_id join bump b on b.id = x.bump_id"
            " join ticket k on k.id = b.ticket_id"
        )
    )[0]
    assert (row["n"], row["after"]) == (2, True)
    await site.jobs()
    assert site.mails() == []


async def test_a_demo_that_runs_for_a_year_stays_verified_and_asks_nobody(site: Site, demo: DemoResult) -> None:
    year = datetime.now(UTC) + timedelta(days=365)
    await check_proofs(year)
    assert await fetch_value("select count(*) from pgqueuer where entrypoint = 'check_proof'") == 0
    for row in await fetch("select id from proof where state = 'proven'"):
        await check_proof(row["id"], year)
    assert await fetch_value("select count(*) from proof where state = 'proven' and failures = 0") == 2
    assert "verified" in (await site.guest().get("/p/pelican")).text
    owner = await site.browser(await fetch_value("select id from person where username = 'demo-owner'"))
    page = (await owner.get("/p/pelican/settings/proof")).text
    assert "Verified" in page and "next look" not in page and "9999" not in page


async def test_each_sign_in_opens_with_the_one_password(site: Site, demo: DemoResult) -> None:
    assert demo.sign_ins == SIGN_INS
    for username in SIGN_INS:
        browser = site.guest()
        await browser.get("/login")
        answer = await browser.post("/login", {"login": username, "password": demo.password})
        assert answer.status_code == 303, username
    assert await fetch_value("select site_role from person where username = 'demo-admin'") == "admin"
    with_password = await fetch("select username from person where password is not null order by 1")
    assert [row["username"] for row in with_password] == sorted(SIGN_INS)


async def test_a_second_demo_is_refused_and_changes_nothing(site: Site, demo: DemoResult) -> None:
    with pytest.raises(NotEmpty, match="empty site"):
        await make_demo(site.settings)
    assert await fetch_value("select count(*) from project") == demo.projects


async def test_a_site_with_somebody_on_it_is_not_filled(site: Site) -> None:
    await site.person("ada")
    with pytest.raises(NotEmpty):
        await make_demo(site.settings)


async def test_a_bulk_load_keeps_every_counter_and_every_thread_can_be_read(site: Site, demo: DemoResult) -> None:
    await load_bulk(300)
    assert await recount() == []
    assert await fetch_value("select count(*) from thread") == 300
    assert await fetch_value("select max(last_number) from thread") == 150
    paths = await fetch(
        "select '/t/' || slug || '/' || id as path from thread where visibility = 'public' order by id desc"
    )
    guest = site.guest()
    for row in paths[:40]:
        assert (await guest.get(row["path"])).status_code == 200
    words = await fetch_value("select title from thread order by id desc limit 1")
    found = await guest.get("/search", params={"q": words.split()[-1]})
    assert words in found.text.replace("<mark>", "").replace("</mark>", "")


async def test_what_comes_after_a_bulk_load_gets_a_free_id(site: Site, demo: DemoResult) -> None:
    await load_bulk(200)
    for table in ("thread", "post", "ticket"):
        following = await fetch_value(f"select nextval(pg_get_serial_sequence('{table}', 'id'))")
        assert following > await fetch_value(f"select max(id) from {table}")


def test_blocks_cooked_one_by_one_are_what_they_are_cooked_together() -> None:
    writer = Writer(1)
    for _ in range(40):
        piece = writer.post()
        assert cook(piece.markdown).html.strip() == piece.html.strip()


def test_the_texts_of_the_demo_can_be_read() -> None:
    for project in PROJECTS:
        for name in project.files:
            for first, *_later in read_threads(name):
                assert first.verb == "ask"


def test_paragraphs_become_one_line_and_everything_else_stays() -> None:
    text = "One\ntwo.\n\n- a\n- b\n\n```\nx = 1\ny = 2\n```\n| a |\n| - |\n> q\nafter"
    assert unwrap(text) == "One two.\n\n- a\n- b\n\n```\nx = 1\ny = 2\n```\n| a |\n| - |\n> q after"
