"""The inbox's buckets, filters and saved views: counted right, in the queue's order, and each for whom it is."""

import re
from typing import Any

from categories.support.inbox.buckets import counts_of, listed
from categories.support.inbox.filters import BUCKETS, Filter, read_filter
from categories.support.inbox.view_counts import LOOKED_AT, count_of, counted_views, views_for
from categories.support.queries import queue_slice, queue_state
from forum.database.engine import execute, fetch, fetch_value
from forum.projects.actions import NewProject, create_project
from forum.recount import recount
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked, paid
from tests.helpers.world import World


async def tag(one: Asked, name: str) -> None:
    await execute("insert into tag (name) values ($1) on conflict do nothing", name)
    await execute("insert into thread_tag (thread_id, tag_id) select $1, id from tag where name = $2", one.thread, name)


async def counts(world: World, browser: Browser) -> dict[str, Any]:
    return await counts_of(world.project, browser.person or 0, await queue_state(world.project))


async def faults() -> list[str]:
    return [line for line in await recount() if line.startswith("inbox")]


async def ids(world: World, browser: Browser, chosen: Filter, page: int = 1) -> list[int]:
    found, _more = await listed(await browser.reader(), world.project, chosen, page)
    return [one["ticket"] for one in found]


async def many(world: World, count: int) -> list[Asked]:
    found = []
    for n in range(count):
        found.append(await asked(world, f"How do I read file {n}?", by=f"asker{n % 4}"))
        await execute("delete from rate")
        if n % 3 == 0:
            await paid(found[-1], 500 + 100 * (n % 5))
    return found


async def test_counts_follow_whatever_happens_to_tickets(site: Site) -> None:
    world = await World.make(site)
    first, second, third = await many(world, 3)
    await tag(first, "plots")
    await tag(second, "plots")
    assert await faults() == []
    before = await counts(world, world.supporter)
    assert (before["waiting"], before["unassigned"], before["mine"]) == (3, 3, 0)
    assert before["tags"] == [("plots", 2)]
    await world.supporter.post(f"/p/pelican/inbox/{first.ticket}/claim")
    await second.says(world.supporter, "facts")
    await third.says(world.supporter)
    now = await counts(world, world.supporter)
    wanted = {"waiting": 1, "unassigned": 0, "mine": 1, "needs_facts": 1, "answered": 1, "paid": 1, "unpaid": 0}
    assert {name: now[name] for name in wanted} == wanted
    assert now["tags"] == [("plots", 1)]
    assert (await counts(world, world.owner))["mine"] == 0
    await second.says(await world.person("asker1"))
    await world.supporter.post(f"/p/pelican/inbox/{first.ticket}/release")
    await third.accept(2, await world.person("asker2"))
    await second.move("bugs")
    now = await counts(world, world.supporter)
    assert (now["unassigned"], now.get("needs_facts"), now["answered"], now["resolved"]) == (1, 0, 0, 1)
    await execute("delete from thread_tag")
    assert (await counts(world, world.supporter))["tags"] == []
    assert await faults() == []


async def test_a_private_tickets_tag_is_counted_for_nobody_and_lists_it_to_who_may_read_it(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await tag(one, "secretive")
    await execute("update category set readers = '{owner}' where slug = 'support'")
    await execute("update thread set visibility = 'private' where id = $1", one.thread)
    for browser in (world.supporter, world.owner):
        assert (await counts(world, browser))["tags"] == []
    assert await faults() == []
    assert await ids(world, world.owner, Filter(tag="secretive")) == [one.ticket]
    assert await ids(world, world.supporter, Filter(tag="secretive")) == []
    page = (await world.supporter.get("/p/pelican/inbox")).text
    assert "Private ticket" in page
    assert "secretive" not in page
    await execute("update thread set visibility = 'public' where id = $1", one.thread)
    assert (await counts(world, world.supporter))["tags"] == [("secretive", 1)]
    assert await faults() == []


async def test_what_a_filter_leaves_stands_in_the_order_of_the_queue_at_its_places(site: Site) -> None:
    world = await World.make(site)
    tickets = await many(world, 14)
    await execute("update ticket set due_at = now() where id = any($1)", [tickets[4].ticket, tickets[9].ticket])
    await execute("select queue_enter(id) from ticket")
    for n in (1, 2, 3, 6, 9, 12):
        await tag(tickets[n], "plots")
    await world.supporter.post(f"/p/pelican/inbox/{tickets[6].ticket}/claim")
    state = await queue_state(world.project)
    whole = {s.ticket: s.position for s in await queue_slice(world.project, state, 1, 99)}
    order = sorted(whole, key=lambda ticket: whole[ticket])
    rows = {row["id"]: row for row in await fetch("select id, rank_amount, assignee_id from ticket")}
    reader = await world.supporter.reader()
    for chosen, keeps in {
        Filter(line="paid"): lambda t: rows[t]["rank_amount"] > 0,
        Filter(line="unpaid"): lambda t: rows[t]["rank_amount"] == 0,
        Filter("unassigned"): lambda t: rows[t]["assignee_id"] is None,
        Filter("mine"): lambda t: rows[t]["assignee_id"] == reader.id,
        Filter("due"): lambda t: t in (tickets[4].ticket, tickets[9].ticket),
        Filter(tag="plots"): lambda t: t in {tickets[n].ticket for n in (1, 2, 3, 6, 9, 12)},
        Filter("unassigned", "paid", "plots"): lambda t: t in {tickets[n].ticket for n in (3, 9, 12)},
        Filter(tag="no-such-tag"): lambda _t: False,
    }.items():
        found, more = await listed(reader, world.project, chosen, 1)
        assert [one["ticket"] for one in found] == [t for t in order if keeps(t)], chosen
        assert [one["position"] for one in found] == [whole[t] for t in order if keeps(t)], chosen
        assert not more


async def test_a_long_list_comes_in_pages_that_neither_repeat_nor_leave_out(site: Site) -> None:
    world = await World.make(site)
    await many(world, 55)
    state = await queue_state(world.project)
    order = [s.ticket for s in await queue_slice(world.project, state, 1, 99)]
    both = await ids(world, world.owner, Filter("unassigned")) + await ids(world, world.owner, Filter("unassigned"), 2)
    assert both == order
    page = (await world.owner.get("/p/pelican/inbox?view=unassigned")).text
    assert 'href="/p/pelican/inbox?view=unassigned&amp;page=2"' in page
    assert "page=1" in (await world.owner.get("/p/pelican/inbox?view=unassigned&page=2")).text
    # the queue itself says which places stand on the next page, and on the one before
    head = (await world.owner.get("/p/pelican/inbox")).text
    assert head.count('<li class="q"') == 50 and 'href="/p/pelican/inbox?from=51">51 to 55</a>' in head
    rest = (await world.owner.get("/p/pelican/inbox?from=51")).text
    assert rest.count('<li class="q"') == 5 and 'href="/p/pelican/inbox?from=1">' in rest and "1 to 50</a>" in rest
    assert (await world.owner.get("/p/pelican/inbox?from=900")).text.count('<li class="q"') == 5, "what is left of it"


async def test_whoever_works_on_a_page_of_a_list_stays_on_it(site: Site) -> None:
    world = await World.make(site)
    await many(world, 55)
    third, fourth = (await ids(world, world.supporter, Filter("unassigned"), 2))[2:4]
    inbox, where = "/p/pelican/inbox", "?view=unassigned&page=2"
    ticket, shown = f"{inbox}/{third}", "?view=unassigned&amp;page=2"
    page = (await world.supporter.get(f"{inbox}{where}")).text
    assert f'href="{ticket}{shown}"' in page
    beside = (await world.supporter.get(f"{ticket}{where}")).text
    alone = (await world.supporter.http.get(f"{ticket}{where}", headers={"hx-request": "true"})).text
    for text in (beside, alone):
        for way in (f'href="{inbox}', f'action="{ticket}/claim', f'action="{ticket}/answers'):
            assert f'{way}{shown}"' in text, way
    assert beside.count('<li class="q"') == 5 and 'href="/p/pelican/inbox?view=unassigned&amp;page=1"' in beside
    assert f'href="{inbox}?view=unassigned" aria-current="page"' in beside, "it is that bucket on any page"
    onward = await world.supporter.post(f"{ticket}/answers{where}", {"then": "next"})
    assert onward.headers["location"] == f"{inbox}/{fourth}{where}"
    refused = await world.supporter.post(f"{ticket}/answers{where}", {"markdown": " "})
    assert refused.status_code == 422 and refused.text.count('<li class="q"') == 5
    # the last of a page is followed by the next page, and the last of all by the beginning
    last = (await ids(world, world.supporter, Filter("unassigned"), 1))[-1]
    onward = await world.supporter.post(f"{inbox}/{last}/answers?view=unassigned", {"then": "next"})
    assert onward.headers["location"] == f"{inbox}{where}"
    last = (await ids(world, world.supporter, Filter("unassigned"), 2))[-1]
    onward = await world.supporter.post(f"{inbox}/{last}/answers{where}", {"then": "next"})
    assert onward.headers["location"] == f"{inbox}?view=unassigned"
    assert "That was the last one." in (await world.supporter.get(onward.headers["location"])).text
    # where all of a page was done, the list begins anew
    rest = await ids(world, world.supporter, Filter("unassigned"), 2)
    for number, each in enumerate(rest):
        onward = await world.supporter.post(f"{inbox}/{each}/answers{where}", {"markdown": "So.", "then": "next"})
        shown = (await world.supporter.get(onward.headers["location"])).text
        assert "This is who waits next." in shown
        assert shown.count('<li class="q"') == (50 if number == len(rest) - 1 else len(rest) - 1 - number)
    # the queue itself goes by places
    assert not re.search("(amp;|[?])page=", (await world.supporter.get(f"{inbox}?page=2")).text)


async def test_every_rank_says_why(site: Site) -> None:
    world = await World.make(site)
    tickets = [await asked(world, f"How do I read file {n}?", by=f"asker{n}") for n in range(5)]
    await paid(tickets[1], 7000)
    await paid(tickets[2], 5000)
    await execute("update ticket set due_at = now() where id = $1", tickets[3].ticket)
    await execute("select queue_enter(id) from ticket")
    reasons = [
        "Nothing was paid for it; no unpaid one has waited longer",
        "Raised by €70.00, and nobody has paid more",
        "Raised by €50.00; for 1 other more was paid, or as much and longer ago",
        "Its guarantee ends this workday or has ended",
        "Nothing was paid for it; 1 unpaid one has waited longer",
    ]
    for one, reason in zip(tickets, reasons, strict=True):
        page = (await world.supporter.get(f"/p/pelican/inbox/{one.ticket}")).text
        assert reason in page
        assert "paid €70.00" in page, "in the list, too"


async def test_an_address_that_names_no_filter_is_not_there(site: Site) -> None:
    world = await World.make(site)
    for query in ("view=nothing", "line=gold", f"tag={'x' * 61}", "tag=a%0Ab"):
        assert (await world.supporter.get(f"/p/pelican/inbox?{query}")).status_code == 404
    for bucket in BUCKETS:
        assert (await world.supporter.get(f"/p/pelican/inbox?view={bucket}")).status_code == 200
    assert read_filter({}) == Filter()


async def view_ids(world: World) -> list[int]:
    rows = await fetch("select id from inbox_view where project_id = $1 order by place, id", world.project)
    return [row["id"] for row in rows]


async def test_views_are_kept_changed_put_in_order_and_deleted(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await tag(one, "plots")
    base = "/p/pelican/inbox/views"
    sent = await world.supporter.post(base, {"name": "My plots", "view": "waiting", "tag": "plots"})
    assert sent.headers["location"] == "/p/pelican/inbox?tag=plots"
    await world.supporter.post(base, {"name": "Paid", "view": "waiting", "line": "paid"})
    page = (await world.supporter.get("/p/pelican/inbox?tag=plots")).text
    assert page.index("My plots") < page.index(">Paid<", page.index("My plots"))
    first, second = await view_ids(world)
    await world.supporter.post(f"{base}/{second}/move", {"step": "up"})
    assert await view_ids(world) == [second, first]
    await world.supporter.post(f"{base}/{first}", {"name": "All mine", "view": "mine"})
    assert 'href="/p/pelican/inbox?view=mine"' in (await world.supporter.get(base)).text
    # nobody else sees it, or may touch it
    assert "All mine" not in (await world.owner.get("/p/pelican/inbox")).text
    for browser in (world.owner, world.outsider):
        assert (await browser.post(f"{base}/{first}/delete")).status_code == 404
        assert (await browser.post(f"{base}/{first}", {"name": "x", "view": "mine"})).status_code == 404
    await world.supporter.post(f"{base}/{first}/delete")
    assert await view_ids(world) == [second]
    for wrong in ({"name": "", "view": "mine"}, {"name": "x" * 41}, {"name": "x", "view": "nothing"}):
        assert (await world.supporter.post(base, wrong)).status_code == 422


async def test_a_view_is_not_there_in_another_project(site: Site) -> None:
    world, hanna = await World.make(site), await site.member("hanna")
    await create_project(hanna.person or 0, NewProject("heron", "Heron", "Heron Foundation"))
    base = "/p/heron/inbox/views"
    await world.owner.post("/p/pelican/inbox/views", {"name": "Ours", "view": "waiting", "shared": "1"})
    [team] = await view_ids(world)
    for act, fields in (("", {"name": "x", "view": "mine"}), ("/move", {"step": "up"}), ("/delete", {})):
        assert (await hanna.post(f"{base}/{team}{act}", fields)).status_code == 404, act
    assert await fetch_value("select name from inbox_view where id = $1", team) == "Ours"


async def test_a_view_counts_what_its_list_shows(site: Site) -> None:
    world = await World.make(site)
    tickets = await many(world, 9)
    for n in (0, 1, 2, 3, 5, 7):
        await tag(tickets[n], "plots")
    for n in (2, 3, 4):
        await world.supporter.post(f"/p/pelican/inbox/{tickets[n].ticket}/claim")
    await tickets[0].says(world.supporter)
    await tickets[1].says(world.supporter, "facts")
    await execute("update ticket set due_at = now() where id = any($1)", [tickets[5].ticket, tickets[6].ticket])
    await execute("select queue_enter(id) from ticket where state = 'waiting'")
    later = "update ticket set snoozed_until = now() + interval '1 day' where id = any($1)"
    await execute(later, [tickets[3].ticket, tickets[7].ticket])
    reader = await world.supporter.reader()
    every = [Filter(b, line, name) for b in BUCKETS for line in ("", "paid", "unpaid") for name in ("", "plots")]
    await execute(
        "insert into inbox_view (project_id, person_id, name, bucket, line, tag, place, made_by)"
        " select $1, null, 'View', b, l, t, 1, $2 from unnest($3::text[], $4::text[], $5::text[]) v(b, l, t)",
        world.project,
        reader.person,
        *([getattr(each, name) for each in every] for name in ("bucket", "line", "tag")),
    )
    found = await counts(world, world.supporter)
    for view in views_for(reader.person, await counted_views(world.project, [reader.person]), found):
        if not view["filter"].is_whole:  # the queue's own count has what is snoozed too
            shown = await ids(world, world.supporter, view["filter"])
            assert view["n"] == (str(len(shown)) if shown else ""), view["filter"]
    assert (found["paid"], found["unpaid"], found["due"]) == (1, 4, 2)
    # another project's team sees neither view nor count, and more than is looked at is told as more
    assert await counted_views(world.project + 1, [reader.person]) == []
    row = {"bucket": "closed", "line": "paid", "tag": "", "n": 3, "seen": LOOKED_AT}
    assert [count_of(row | {"n": n}, {}) for n in (0, 3, 120)] == ["0+", "3+", "99+"]


async def test_views_of_the_whole_team_are_its_maintainers_to_make(site: Site) -> None:
    world = await World.make(site)
    base = "/p/pelican/inbox/views"
    form = {"name": "Breaching", "view": "due", "shared": "1"}
    assert (await world.supporter.post(base, form)).status_code == 403
    assert (await world.owner.post(base, form)).status_code == 303
    assert "Breaching" in (await world.supporter.get("/p/pelican/inbox")).text
    view = await fetch_value("select id from inbox_view")
    assert (await world.supporter.post(f"{base}/{view}/delete")).status_code == 403
    assert (await world.supporter.post(f"{base}/{view}/move", {"step": "up"})).status_code == 403
    assert (await world.outsider.get(base)).status_code == 404
    assert await fetch_value("select count(*) from inbox_view") == 1


async def test_what_is_done_is_listed_by_what_changed_last(site: Site) -> None:
    world = await World.make(site)
    tickets = await many(world, 4)
    for n in (2, 0, 3):
        await tickets[n].says(world.supporter)
    await tag(tickets[0], "plots")
    await tag(tickets[1], "plots")
    await world.supporter.post(f"/p/pelican/inbox/{tickets[0].ticket}/claim")
    answered = [tickets[n].ticket for n in (3, 0, 2)]
    assert await ids(world, world.owner, Filter("answered")) == answered
    assert await ids(world, world.owner, Filter("answered", tag="plots")) == [tickets[0].ticket]
    assert await ids(world, world.owner, Filter("answered", "paid")) == [tickets[n].ticket for n in (3, 0)]
    assert await ids(world, world.supporter, Filter("mine", tag="plots")) == [tickets[0].ticket]
    assert await ids(world, world.owner, Filter("mine", tag="plots")) == []
