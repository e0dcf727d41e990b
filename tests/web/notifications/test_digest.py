"""The digest: once a workday, of what waits, for whom it is; however often, late and in parallel workers come."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtplib import SMTPRecipientsRefused

from forum.database.engine import execute, fetch, fetch_value
from forum.notifications import digest, sections
from forum.notifications.actions import choose_mails, tell
from forum.notifications.digest import claim_batch, compose_digests, send_digests
from forum.notifications.rules import Rhythm
from forum.notifications.sections import Line, Recipient
from forum.settings import Settings
from forum.threads.writing import post_reply
from tests.conftest import Statements
from tests.helpers.site import Browser, Site
from tests.helpers.smtp import MailServer
from tests.helpers.tickets import asked, paid
from tests.helpers.world import World

# a Monday
MONDAY = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


async def chooses(browser: Browser, at: datetime = MONDAY - DAY, **rhythm: Any) -> None:
    await choose_mails(browser.person or 0, digest=True, rhythm=Rhythm(**rhythm), answers_at_once=False, now=at)


async def goes_by(world: World, at: datetime) -> None:
    """A quarter of an hour's job, and what it left to do."""
    await send_digests(at.isoformat())
    await world.site.jobs()


def sent_to(world: World, name: str) -> list[str]:
    """The texts of the digests somebody got, with their subjects."""
    found = []
    for text in world.site.mails():
        mail = message_from_bytes(text.encode(), policy=policy.default)
        body = mail.get_body(("plain",))  # type: ignore[attr-defined]
        if mail["to"] == f"{name}@example.org" and mail["list-id"].startswith("<digest."):
            found.append(f"{mail['subject']}\n{body.get_content()}")
    return found


async def test_news_mentions_assignments_and_the_queue_come_in_one_mail(world: World) -> None:
    one, rich = await asked(world), await asked(world, "A paid one", by="bea")
    await paid(rich)
    await chooses(world.supporter)
    sam = await world.supporter.reader()
    await post_reply(sam, one.thread, "First.")
    for n in range(3):
        await post_reply(await one.ana.reader(), one.thread, f"It goes on {n}.")
    await post_reply(await one.ana.reader(), rich.thread, "What does @sam say?")
    await world.owner.post(f"/tickets/{rich.ticket}/assignment", {"username": "sam"})
    await world.site.jobs()
    await goes_by(world, MONDAY)
    [text] = sent_to(world, "sam")
    assert text.startswith("Your digest for Monday, 1 March")
    assert "How do I read a file?\n  3 new posts, last by Ana: It goes on 2." in text
    assert "Ana mentioned you in “A paid one”." in text
    assert "Olga Owner assigned “A paid one” to you." in text
    queue = text.partition("Next in the queue")[2]
    assert queue.index("A paid one") < queue.index("How do I read a file?")
    assert "paid €5.00" in queue and "oldest first, waits 0 days" in queue
    assert sent_to(world, "otto") == []


async def test_names_make_no_links_in_a_digest(world: World) -> None:
    one = await asked(world)
    await execute("update person set name = 'www.evil.example' where username in ('otto', 'olga')")
    otto = await world.outsider.reader()
    await post_reply(otto, one.thread, "A word.")
    await post_reply(otto, one.thread, "What does @ana say?")
    await tell(one.ana.person or 0, "assigned", key="x", thread=one.thread, by="www.evil.example")
    await world.site.jobs()
    await chooses(one.ana)
    await goes_by(world, MONDAY)
    [text] = sent_to(world, "ana")
    assert "1 new post" in text and "mentioned you" in text and "assigned" in text
    assert "evil.example" not in text and text.count("www.\u2060evil.\u2060example") == 3


async def test_nothing_is_sent_when_there_is_nothing_and_nothing_is_told_twice(world: World) -> None:
    one = await asked(world)
    await chooses(one.ana)
    await goes_by(world, MONDAY)
    assert sent_to(world, "ana") == [] and await fetch_value("select count(*) from digest") > 0
    await post_reply(await world.outsider.reader(), one.thread, "A word.")
    await world.site.jobs()
    await goes_by(world, MONDAY + DAY)
    await goes_by(world, MONDAY + 2 * DAY)
    assert len(sent_to(world, "ana")) == 1


async def test_each_workday_has_one_whatever_workers_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await chooses(world.supporter, zone="Europe/Vienna")

    async def always(people: Sequence[Recipient]) -> dict[int, list[Line]]:
        return {person.id: [Line("Something.")] for person in people}

    monkeypatch.setattr(digest, "sections", [sections.Section("x", lambda: "Always", always)])
    for quarter in range(0, 4 * 24 * 8, 2):
        now = MONDAY - timedelta(hours=8) + quarter * timedelta(minutes=15)
        if now.day in (3, 4) and now < MONDAY + timedelta(days=3, hours=4):
            continue  # away for a day and a half
        # several workers at once, and the same again
        await asyncio.gather(*(send_digests(now.isoformat()) for _worker in range(2)))
        if quarter % 16 == 0:
            await world.site.jobs()
    await world.site.jobs()
    days = [text.splitlines()[0].rpartition("for ")[2] for text in sent_to(world, "sam")]
    assert days == [
        "Monday, 1 March",
        "Tuesday, 2 March",
        "Thursday, 4 March",
        "Friday, 5 March",
        "Monday, 8 March",
    ], "one for the days away, none at the weekend"


async def test_the_news_of_a_holiday_come_on_the_next_workday(world: World) -> None:
    one = await asked(world)
    # Easter Monday is the 29th in Austria
    await chooses(one.ana, datetime(2027, 3, 26, 12, tzinfo=UTC), zone="Europe/Vienna", country="AT")
    await post_reply(await world.outsider.reader(), one.thread, "A word at Easter.")
    await world.site.jobs()
    for day in (27, 28, 29):
        await goes_by(world, datetime(2027, 3, day, 9, tzinfo=UTC))
    assert sent_to(world, "ana") == []
    await goes_by(world, datetime(2027, 3, 30, 9, tzinfo=UTC))
    [text] = sent_to(world, "ana")
    assert "Your digest for Tuesday, 30 March" in text and "A word at Easter." in text


async def test_a_worker_that_dies_anywhere_costs_nobody_a_digest_and_gives_nobody_two(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await asked(world)
    people = [one.ana, world.supporter]
    for each in people:
        await chooses(each)
        await tell(each.person or 0, "accepted", key="k", thread=one.thread)
    await execute("update notice set created_at = $1", MONDAY - DAY)
    before = "select count(*) from pgqueuer where entrypoint = 'compose_digests'"

    async def dies(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(digest, "enqueue", dies)
        with pytest.raises(RuntimeError):
            await claim_batch(MONDAY)
    assert await fetch_value("select count(*) from digest") == 0 and await fetch_value(before) == 0
    assert await claim_batch(MONDAY) and not await claim_batch(MONDAY)
    rows = await fetch("select person_id, day from digest")
    batch = [[row["person_id"], row["day"].isoformat()] for row in rows]
    # one mail has left, then the process dies before it writes down what was told
    await compose_digests([next(pair for pair in batch if pair[0] == one.ana.person)])
    await execute("update notice set mailed_at = null")
    for _again in range(3):
        await compose_digests(batch)
    assert len(sent_to(world, "ana")) == len(sent_to(world, "sam")) == 1
    assert await fetch_value("select count(*) from notice where mailed_at is null") == 0


async def test_what_may_not_be_seen_any_more_is_in_no_digest(world: World) -> None:
    public = await asked(world, "In public")
    moved = await asked(world, "canarymoved moves away", by="bea")
    secret = await world.ask("canarysecret hole", category="security")
    otto, sam = await world.outsider.reader(), await world.supporter.reader()
    for browser in (world.outsider, world.supporter):
        await chooses(browser)
        await execute("insert into thread_level values ($1, $2, 'digest')", public.thread, browser.person)
        await execute("insert into thread_level values ($1, $2, 'digest')", moved.thread, browser.person)
    gone = await post_reply(await world.owner.reader(), public.thread, "canarydeleted text")
    await post_reply(await public.ana.reader(), moved.thread, "canarytext")
    await post_reply(await public.ana.reader(), public.thread, "This stays.")
    await world.site.jobs()
    await post_reply(sam, public.thread, "canarywhisper", purpose="whisper")
    for reader in (otto, sam):
        await tell(reader.person, "mention", key="s", thread=secret.posted.thread, post=1)
        await tell(reader.person, "mention", key="w", thread=public.thread, post=4)
    await execute("update post set deleted_at = now() where id = $1", gone.post)
    await execute("update thread set visibility = 'private' where id = $1", moved.thread)
    await goes_by(world, MONDAY)
    [text] = sent_to(world, "otto")
    assert "This stays." in text and "canary" not in text
    assert "Private ticket" in sent_to(world, "sam")[0] and "canary" not in sent_to(world, "sam")[0]
    page = await world.outsider.get("/u/otto/notifications")
    assert "In public" in page.text and "canary" not in page.text


async def test_what_was_read_or_muted_is_told_no_more(world: World) -> None:
    one, two = await asked(world, "Read"), await asked(world, "Muted")
    await chooses(one.ana)
    for each in (one, two):
        await post_reply(await world.outsider.reader(), each.thread, "A word.")
    await world.site.jobs()
    await one.ana.get(one.url)
    await one.ana.post(f"/t/{two.thread}/level", {"level": "mute"})
    await goes_by(world, MONDAY)
    assert sent_to(world, "ana") == []


async def test_a_batch_costs_as_many_statements_as_one_person_but_for_the_sending(
    world: World, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await asked(world)

    async def nothing(*_args: Any, **_more: Any) -> None:
        return None

    monkeypatch.setattr(digest, "do", nothing)
    counted = []
    for names in (["pia"], [f"pia{n}" for n in range(12)]):
        people = [await world.person(name) for name in names]
        for person in people:
            await world.team(person, "supporter")
            await tell(person.person or 0, "mention", key="k", thread=one.thread, post=1)
        days = [[person.person, "2027-03-01"] for person in people]
        await execute("insert into digest select p.id, '2027-03-01', now() from person p on conflict do nothing")
        statements.clear()
        await compose_digests(days)
        counted.append(statements.count)
    assert counted[0] == counted[1] < 14


async def test_one_click_ends_the_digest_and_nothing_else(world: World) -> None:
    one = await asked(world)
    await chooses(one.ana)
    await tell(one.ana.person or 0, "accepted", key="k", thread=one.thread)
    await execute("update notice set created_at = $1", MONDAY - DAY)
    await goes_by(world, MONDAY)
    mail = world.site.mails()[-1].encode()
    link = message_from_bytes(mail, policy=policy.default)["list-unsubscribe"].strip("<>")
    assert (await world.site.guest().http.post(link)).status_code == 200
    await tell(one.ana.person or 0, "accepted", key="k2", thread=one.thread)
    await goes_by(world, MONDAY + DAY)
    assert len(sent_to(world, "ana")) == 1
    row = await fetch("select digest, answers_at_once, hour from mail_preference where person_id = $1", one.ana.person)
    assert [tuple(each) for each in row] == [(False, False, 8)]


async def test_whom_the_mail_server_refuses_for_now_has_nobody_else_told_twice(
    database: str, settings: Settings
) -> None:
    async with (
        MailServer.open() as post_office,
        Site.open(replace(settings, smtp_url=post_office.url)) as site,
    ):
        world = await World.make(site)
        one = await asked(world)
        for each in (one.ana, world.supporter):
            await chooses(each)
            await tell(each.person or 0, "accepted", key="k", thread=one.thread)
        await execute("update notice set created_at = $1", MONDAY - DAY)
        await execute("delete from project_member where person_id = $1", world.owner.person)
        post_office.refuses["ana@example.org"] = "450 4.2.0 Mailbox busy"
        assert await claim_batch(MONDAY)
        rows = await fetch("select person_id, day from digest")
        batch = [[row["person_id"], row["day"].isoformat()] for row in rows]
        for _again in range(2):
            with pytest.raises(SMTPRecipientsRefused):
                await compose_digests(batch)
        mailed = await fetch("select person_id from notice where mailed_at is not null")
        assert [row["person_id"] for row in mailed] == [world.supporter.person]
        post_office.refuses.clear()
        await compose_digests(batch)
        assert [to for to, _text in post_office.taken] == [["sam@example.org"], ["ana@example.org"]]
        assert await fetch_value("select count(*) from notice where mailed_at is null") == 0
