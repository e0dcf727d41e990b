"""Splitting posts off: they keep what is theirs, counters stay true, old addresses lead on, nobody sees more than before."""

import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.recount import recount
from forum.threads.actions import react
from forum.threads.splitting import split
from forum.threads.uploads import hang_uploads, keep_upload
from forum.threads.writing import post_reply
from forum.web.errors import Forbidden, Invalid, NotFound
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World


async def long_thread(site: Site) -> tuple[Asked, Browser]:
    """Six posts: the question, Sam's answer (2), Ben's own question (3), Sam to Ben (4), a whisper (5), Ana (6)."""
    world = await World.make(site)
    tri = await world.person("tri")
    await world.team(tri, "triager")
    one = await asked(world)
    ben, sam = await (await world.person("ben")).reader(), await world.supporter.reader()
    await post_reply(sam, one.thread, "Pass `flush`.")
    mine = await post_reply(ben, one.thread, "And how do I write one?")
    reply = await post_reply(sam, one.thread, "Use `sink`.", reply_to=3)
    await post_reply(sam, one.thread, "He means another function.", purpose="whisper")
    await post_reply(await one.ana.reader(), one.thread, "Thank you, that was it.")
    await react(await one.ana.reader(), reply.post, "like", on=True)
    await react(await one.ana.reader(), mine.post, "like", on=True)
    return one, tri


async def support(one: Asked) -> int:
    return await one.world.category("support")


async def test_posts_keep_ids_reactions_and_order_and_become_a_ticket_of_who_wrote_them(site: Site) -> None:
    one, tri = await long_thread(site)
    before = await fetch("select id, number, reactions from post where thread_id = $1 order by number", one.thread)
    made = await split(await tri.reader(), one.thread, [3, 4, 5], "How do I write a file?", await support(one))
    rows = await fetch(
        "select id, number, reactions, reply_to, purpose from post where thread_id = $1 order by number", made.thread
    )
    assert [row["id"] for row in rows] == [row["id"] for row in before[2:5]]
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert [row["reactions"] for row in rows] == [row["reactions"] for row in before[2:5]]
    assert [row["reply_to"] for row in rows] == [None, 1, None]
    thread = await fetch_one("select * from thread where id = $1", made.thread)
    ben = (await one.world.person("ben")).person
    assert thread is not None
    assert (thread["author_id"], thread["reply_count"], thread["last_number"], thread["last_public_number"]) == (
        ben,
        1,
        3,
        2,
    )
    ticket = await fetch_one("select state, capacity from ticket where thread_id = $1", made.thread)
    assert ticket is not None and tuple(ticket) == ("waiting", None)
    old = await fetch_one("select reply_count, last_number from thread where id = $1", one.thread)
    assert old is not None and tuple(old) == (2, 6)
    assert await recount() == []


async def test_the_old_thread_tells_where_they_went_and_old_addresses_lead_there(site: Site) -> None:
    one, tri = await long_thread(site)
    made = await split(await tri.reader(), one.thread, [3, 4], "How do I write a file?", await support(one))
    page = (await site.guest().get(one.url)).text
    assert "moved 2 posts to" in page and f"/t/{made.thread}" in page and "Use <code>sink" not in page
    line = await fetch_value("select id from post where thread_id = $1 and number = 4", one.thread)
    assert f"/posts/{line}/moved" in page and 'id="post_4"' in page
    led = await site.guest().get(f"/posts/{line}/moved")
    assert led.headers["location"] == f"/t/how-do-i-write-a-file/{made.thread}/2#post_2"
    new = (await site.guest().get(f"/t/how-do-i-write-a-file/{made.thread}")).text
    assert "split this off" in new and f"/t/thread/{one.thread}/3" in new
    # the thread goes on counting where it was
    assert await one.says(one.world.supporter) == 7
    assert await recount() == []


async def test_an_accepted_answer_among_them_is_not_accepted_any_more(site: Site) -> None:
    one, tri = await long_thread(site)
    await one.accept(4)
    assert await one.state() == "resolved"
    made = await split(await tri.reader(), one.thread, [3, 4], "How do I write a file?", await support(one))
    accepted = await fetch("select accepted_number from thread where id = any($1)", [one.thread, made.thread])
    assert [row["accepted_number"] for row in accepted] == [None, None]
    assert await one.state() != "resolved"
    assert await recount() == []


async def test_another_accepted_answer_stays(site: Site) -> None:
    one, tri = await long_thread(site)
    await one.accept(2)
    await split(await tri.reader(), one.thread, [3, 4], "How do I write a file?", await support(one))
    assert await fetch_value("select accepted_number from thread where id = $1", one.thread) == 2


@pytest.mark.parametrize("numbers", [[], [1, 2], [99], [5], [3, 99]])
async def test_what_cannot_be_split_off_is_refused(site: Site, numbers: list[int]) -> None:
    one, tri = await long_thread(site)
    with pytest.raises(Invalid):
        await split(await tri.reader(), one.thread, numbers, "How do I write a file?", await support(one))
    with pytest.raises(Invalid):
        await split(await tri.reader(), one.thread, [3], "", await support(one))
    assert await fetch_value("select count(*) from thread") == 1


async def test_twice_the_same_posts_are_split_off_once(site: Site) -> None:
    one, tri = await long_thread(site)
    form = {"numbers": ["3", "4"], "title": "How do I write a file?", "category": str(await support(one))}
    assert (await tri.post(f"/t/{one.thread}/split", form)).status_code == 303
    again = await tri.post(f"/t/{one.thread}/split", form)
    assert again.status_code == 422 and "not there any more" in again.text


async def test_strangers_askers_and_supporters_without_the_ticket_do_not_split(site: Site) -> None:
    one, _tri = await long_thread(site)
    category = await support(one)
    for browser in (one.world.outsider, one.ana, one.world.supporter):
        with pytest.raises(Forbidden):
            await split(await browser.reader(), one.thread, [3], "How do I write a file?", category)
        assert (await browser.get(f"/t/{one.thread}/split")).status_code == 403
    await one.world.supporter.post(f"/tickets/{one.ticket}/claim")
    await split(await one.world.supporter.reader(), one.thread, [3], "How do I write a file?", category)


async def test_what_was_public_can_become_private_and_then_is(site: Site) -> None:
    one, _tri = await long_thread(site)
    security = await one.world.category("security")
    made = await split(await one.world.owner.reader(), one.thread, [3], "A hole in writing files", security)
    otto = one.world.outsider
    page = (await otto.get(one.url)).text
    assert "moved 1 post to a thread elsewhere" in page and f"/t/{made.thread}" not in page
    assert "how do I write one" not in page
    line = await fetch_value("select id from post where thread_id = $1 and number = 3", one.thread)
    assert (await otto.get(f"/posts/{line}/moved")).status_code == 404
    assert (await otto.get(f"/t/{made.slug}/{made.thread}")).status_code == 404
    # she asked in the public thread, and not this
    assert (await one.ana.get(f"/t/{made.slug}/{made.thread}")).status_code == 404
    # whoever wrote it is its reporter
    assert (await (await one.world.person("ben")).get(f"/t/{made.slug}/{made.thread}")).status_code == 200


async def test_what_is_private_does_not_become_public(site: Site) -> None:
    one, _tri = await long_thread(site)
    await one.move("security")
    owner = await one.world.owner.reader()
    with pytest.raises(Invalid):
        await split(owner, one.thread, [3], "How do I write a file?", await support(one))
    security = await one.world.category("security")
    made = await split(owner, one.thread, [3], "A hole in writing files", security)
    assert await fetch_value("select visibility from thread where id = $1", made.thread) == "private"
    with pytest.raises(NotFound):
        await split(await one.world.outsider.reader(), one.thread, [4], "Mine", security)


async def test_the_form_offers_what_the_reader_sees(site: Site) -> None:
    one, tri = await long_thread(site)
    await execute("update post set deleted_at = now() where thread_id = $1 and number = 2", one.thread)
    page = (await tri.get(f"/t/{one.thread}/split?from=4")).text
    picked = [n for n in range(1, 8) if f'value="{n}" checked' in page]
    assert picked == [4, 5, 6] and 'name="numbers" value="2"' not in page and "And how do I write one?" in page


async def test_a_file_goes_with_its_post_and_is_seen_by_who_sees_it_there(site: Site) -> None:
    one, _tri = await long_thread(site)
    post = await fetch_value("select id from post where thread_id = $1 and number = 3", one.thread)
    file = await keep_upload(one.ana.person or 0, "hole.txt", b"how to get in")
    await hang_uploads([file["id"]], one.thread, post)
    path = f"/uploads/{file['id']}"
    assert (await site.guest().get(path)).status_code == 200
    security = await one.world.category("security")
    await split(await one.world.owner.reader(), one.thread, [3], "A hole in writing files", security)
    for browser in (site.guest(), one.ana, one.world.outsider):
        assert (await browser.get(path)).status_code == 404
    seen = await one.world.owner.get(path)
    assert seen.status_code == 200 and seen.headers["cache-control"] == "private, no-store"
