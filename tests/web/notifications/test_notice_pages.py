"""One's notices, the bell, and what one chooses to hear by mail."""

from datetime import UTC, datetime, timedelta

import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.notifications.actions import tell
from forum.notifications.mailing import mail_notice
from forum.notifications.sections import Recipient, lines_of, waiting_for
from forum.notifications.unsubscribe import ways_out
from forum.threads.writing import post_reply
from tests.helpers.tickets import asked
from tests.helpers.world import World

BELL = '<span class="bubblecount" aria-hidden="true">{}</span>'


async def test_the_bell_counts_what_is_unread_on_pages_of_ones_own_and_on_shared_ones(world: World) -> None:
    one = await asked(world)
    bea, cem = await world.person("bea"), await world.person("cem")
    for n in range(2):
        await tell(bea.person or 0, "accepted", key=str(n), project=world.project)
    for _made_then_kept in range(2):
        assert BELL.format(2) in (await bea.get(one.url)).text
        assert "bubblecount" not in (await cem.get(one.url)).text
    assert BELL.format(2) in (await bea.get("/about")).text
    assert "notifications" not in (await world.site.guest().get(one.url)).text
    assert (await bea.post("/u/bea/notifications/read")).status_code == 303
    assert "bubblecount" not in (await bea.get(one.url)).text


async def test_reading_a_thread_reads_its_notices(world: World) -> None:
    one, other = await asked(world), await asked(world, "Another one")
    for each in (one, other):
        await post_reply(await world.supporter.reader(), each.thread, "An answer.")
    await world.site.jobs()
    assert BELL.format(2) in (await one.ana.get("/about")).text
    # what is about the thread as a whole is read with it
    await tell(one.ana.person or 0, "snooze_over", key="x", thread=one.thread)
    await one.ana.get(one.url)
    assert BELL.format(1) in (await one.ana.get("/about")).text


async def test_the_bell_counts_nothing_that_may_not_be_seen_any_more(world: World) -> None:
    one, other = await asked(world), await asked(world, "Another one")
    otto = world.outsider
    posts = []
    for each in (one, other):
        posts.append(await post_reply(await world.supporter.reader(), each.thread, "Dear @otto, an answer."))
        await world.site.jobs()
    whisper = await post_reply(await world.supporter.reader(), one.thread, "Between us.", purpose="whisper")
    await tell(otto.person or 0, "mention", key="w", thread=one.thread, post=whisper.number)
    await tell(otto.person or 0, "mention", key="g", thread=one.thread, post=99)
    await tell(otto.person or 0, "accepted", key="p", project=world.project)
    for _made_then_kept in range(2):
        assert BELL.format(3) in (await otto.get("/about")).text
    await execute("update post set deleted_at = now() where id = $1", posts[0].post)
    await execute("update thread set visibility = 'private' where id = $1", other.thread)
    assert BELL.format(1) in (await otto.get(one.url)).text
    assert (await otto.get("/u/otto/notifications")).text.count('class="notice notice--new"') == 1


async def test_notices_are_ones_own_newest_first_in_pages(world: World) -> None:
    one = await asked(world)
    for n in range(35):
        await tell(one.ana.person or 0, "assigned", key=str(n), thread=one.thread, by=f"By{n:02}")
    page = (await one.ana.get("/u/ana/notifications")).text
    assert page.index("By34 assigned") < page.index("By05 assigned") and "By04 assigned" not in page
    older = page.partition("notifications?below=")[2].partition('"')[0]
    assert "By04 assigned" in (await one.ana.get(f"/u/ana/notifications?below={older}")).text
    for other in (world.outsider, world.owner):
        assert (await other.get("/u/ana/notifications")).status_code == 404
        assert (await other.post("/u/ana/notifications/read")).status_code == 404
    notice = await fetch_value("select max(id) from notice")
    await world.outsider.post("/u/otto/notifications/read", {"id": str(notice)})
    assert await fetch_value("select count(*) from notice where read_at is null") == 35
    await one.ana.post("/u/ana/notifications/read", {"id": str(notice)})
    assert await fetch_value("select count(*) from notice where read_at is null") == 34


async def test_the_menu_beside_a_thread_says_what_was_chosen_and_is_swapped_alone(world: World) -> None:
    one = await asked(world)
    bea = await world.person("bea")
    assert "As usual" in (await bea.get(one.url)).text
    swapped = await bea.htmx(f"/t/{one.thread}/level", {"level": "every"})
    assert swapped.text.startswith('<section class="panel" id="level"') and "Every message" in swapped.text
    page = (await bea.get(one.url)).text
    assert 'value="every" aria-current="true"' in page
    assert 'value="every" aria-current="true"' not in (await world.outsider.get(one.url)).text
    assert 'id="level"' not in (await world.site.guest().get(one.url)).text


async def test_what_one_hears_by_mail_is_kept_and_faults_are_told(world: World) -> None:
    sam = world.supporter
    page = (await sam.get("/u/sam/preferences/mail")).text
    assert (
        'name="project"' in page and 'name="project"' not in (await world.outsider.get("/u/otto/preferences/mail")).text
    )
    form = {
        "digest": "on",
        "hour": "17",
        "zone": "Europe/Vienna",
        "day": ["1", "2", "9"],
        "project": str(world.project),
    }
    assert (await sam.post("/u/sam/preferences/mail", form)).status_code == 303
    row = await fetch_one("select * from mail_preference")
    assert row is not None and (row["hour"], row["zone"], row["weekdays"]) == (17, "Europe/Vienna", [1, 2])
    assert not row["answers_at_once"] and row["next_at"] is not None
    page = (await sam.get("/u/sam/preferences/mail")).text
    assert '<option value="17" selected>' in page and '<option value="Europe/Vienna" selected>' in page
    for wrong in ({"zone": "../../etc/passwd"}, {"hour": "24"}, {"hour": "x"}, {"day": []}):
        answer = await sam.post("/u/sam/preferences/mail", form | wrong)
        assert answer.status_code == 422 and "Choose" in answer.text
    assert (await world.outsider.post("/u/sam/preferences/mail", form)).status_code == 404
    assert await fetch_value("select count(*) from mail_preference") == 1


async def test_whose_holidays_one_keeps_is_chosen_beside_the_hour(world: World) -> None:
    sam, path = world.supporter, "/u/sam/preferences/mail"
    form = {"digest": "on", "hour": "8", "zone": "UTC", "day": ["1", "2", "3", "4", "5"]}
    page = (await sam.get(path)).text
    assert '<option value="" selected>No country' in page and "In its part" not in page
    # looked at, and not kept
    looked = (await sam.get(path + "?country=DE")).text
    assert '<option value="BY">' in looked and "The next holidays:" in looked
    assert (await sam.post(path, form | {"country": "DE", "subdivision": "BY"})).status_code == 303
    kept = "select country || '-' || subdivision from mail_preference"
    assert await fetch_value(kept) == "DE-BY"
    assert '<option value="BY" selected>' in (await sam.get(path)).text
    # another country, with the part of the old one still in the form
    await sam.post(path, form | {"country": "AT", "subdivision": "BY"})
    assert await fetch_value(kept) == "AT-"
    assert (await sam.post(path, form | {"country": "ZZ"})).status_code == 422
    assert (await sam.get(path + "?country=ZZ")).status_code == 200
    await sam.post(path, form)
    assert await fetch_value(kept) == "-"


@pytest.mark.parametrize("purpose", ["digest", "answers", "new_tickets"])
async def test_each_way_out_ends_what_it_is_for(world: World, purpose: str) -> None:
    sam = world.supporter
    form = {"digest": "on", "answers": "on", "hour": "8", "zone": "UTC", "day": "1", "project": str(world.project)}
    await sam.post("/u/sam/preferences/mail", form)
    token = "a" * 26
    await execute(
        "insert into unsubscribe_address (token, person_id, purpose, project_id, email, expires_at) values"
        " ($1, $2, $3, $4, 'sam@example.org', now() + interval '1 day')",
        token,
        sam.person,
        purpose,
        world.project if purpose == "new_tickets" else None,
    )
    machine = world.site.guest().http
    assert (await machine.get(f"/unsubscribe/{token}")).status_code == 200
    state = (
        "select (select digest from mail_preference), (select answers_at_once from mail_preference),"
        " (select count(*) from new_ticket_mail)"
    )
    assert tuple((await fetch_one(state)) or ()) == (True, True, 1)
    assert (await machine.post(f"/unsubscribe/{token}")).status_code == 200
    ended = {"digest": (False, True, 1), "answers": (True, False, 1), "new_tickets": (True, True, 0)}
    assert tuple((await fetch_one(state)) or ()) == ended[purpose]
    await execute("update unsubscribe_address set expires_at = now() - interval '1 second'")
    assert (await machine.post(f"/unsubscribe/{token}")).status_code == 404


async def test_a_notice_of_another_release_breaks_no_page_and_nobodys_digest(world: World) -> None:
    one = await asked(world)
    person = one.ana.person or 0
    await tell(person, "snooze_over", key="x", thread=one.thread)
    # said without what its sentence is made of, and of a kind that is gone
    for kind in ("going_silent", "guarantee_missed", "ticket_over", "bygone"):
        await execute(
            "insert into notice (person_id, kind, key, thread_id, said) values ($1, $2, $2, $3, '{}')",
            person,
            kind,
            one.thread,
        )
    page = await one.ana.get("/u/ana/notifications")
    assert page.status_code == 200 and "is back: the time you snoozed it to" in page.text
    rows = await waiting_for([Recipient(person, "ana", "en", datetime.now(UTC) + timedelta(minutes=1))])
    assert len(rows) == 5 and [line.text for line in lines_of(rows) if "is back" not in line.text] == []
    await mail_notice(await fetch_value("select id from notice where kind = 'going_silent'"))
    assert world.site.mails() == []


async def test_one_click_works_however_a_mail_program_sends_it_and_for_whose_it_is_alone(world: World) -> None:
    one = await asked(world)
    ana = one.ana.person or 0
    link = f"/unsubscribe/{(await ways_out([ana], 'thread', thread=one.thread))[ana]}"
    # RFC 8058 §3.2: as multipart or as a form; somebody else's browser changes nothing about whose it is
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    kinds = {"content-type": "multipart/form-data; boundary=x", "origin": "https://mail.example"}
    for browser in (world.site.guest(), world.outsider):
        await execute("delete from thread_level")
        done = await browser.http.post(link, content=body, headers=kinds)
        assert done.status_code == 200 and "set-cookie" not in done.headers
        rows = await fetch("select thread_id, person_id, level from thread_level")
        assert [tuple(row.values()) for row in rows] == [(one.thread, ana, "mute")]
    await execute("delete from thread_level")
    for method in ("HEAD", "GET", "OPTIONS"):
        await world.site.guest().http.request(method, link, headers={"sec-purpose": "prefetch"})
    assert await fetch("select * from thread_level") == []
