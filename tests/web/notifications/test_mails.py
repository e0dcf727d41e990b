"""Notices as mails, through a mail server: one thread in every mail program, sent once, asked for visibility when sent."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import aiosmtplib
import pytest

from categories.support.silence import close_silent
from forum.database.engine import execute, fetch, fetch_value
from forum.mail.letters import sealed
from forum.notifications.actions import tell
from forum.notifications.digest import send_digests
from forum.notifications.mailing import mail_notice
from forum.settings import Settings
from forum.threads.editing import edit_post
from forum.threads.writing import post_reply
from tests.helpers.site import Site
from tests.helpers.smtp import MailServer
from tests.helpers.tickets import asked
from tests.helpers.world import World


@pytest.fixture
async def post_office() -> AsyncIterator[MailServer]:
    async with MailServer.open() as opened:
        yield opened


@pytest.fixture
async def world(database: str, settings: Settings, post_office: MailServer) -> AsyncIterator[World]:
    """A site that sends by a mail server, and takes answers in."""
    chosen = replace(settings, smtp_url=post_office.url, mail_domain="help.example.org", smtp_listen="127.0.0.1:8170")
    async with Site.open(chosen) as site:
        yield await World.make(site)


def mails(post_office: MailServer) -> list[EmailMessage]:
    return [
        cast(EmailMessage, message_from_bytes(text.encode(), policy=policy.default)) for _to, text in post_office.taken
    ]


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


async def answered(world: World, text: str = "Pass **flush** to it, see [the thread](/t/1).", **kwargs: Any) -> int:
    one = await asked(world, **kwargs)
    await post_reply(await world.supporter.reader(), one.thread, text)
    await world.site.jobs()
    return one.thread


async def test_the_answer_reaches_the_asker_at_once_in_both_parts(world: World, post_office: MailServer) -> None:
    await answered(world)
    [mail] = mails(post_office)
    assert mail["to"] == "ana@example.org" and mail["from"] == "Test Help <noreply@help.example.org>"
    assert mail["subject"] == "Re: [Pelican Toolkit] How do I read a file?"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = part(mail, "plain"), part(mail, "html")
    assert "Sam Supporter answered your question." in text and "Pass **flush** to it" in text
    assert "<strong>flush</strong>" in html and 'href="http://testserver/t/1"' in html
    for where in (text, html):
        assert "http://testserver/t/how-do-i-read-a-file/1/2#post_2" in where
        assert "Reply to this mail" in where
    assert '<meta name="color-scheme" content="light dark">' in html and "prefers-color-scheme: dark" in html


async def test_mails_of_a_thread_refer_to_each_other_and_say_what_machines_need(
    world: World, post_office: MailServer
) -> None:
    thread = await answered(world)
    await post_reply(await world.supporter.reader(), thread, "One more.", reply_to=2)
    await world.site.jobs()
    first, second = mails(post_office)
    ana = world.people["ana"].person
    posts = [row["id"] for row in await fetch("select id from post where thread_id = $1 order by number", thread)]
    # who knows the numbers, which are public, does not know the names
    key = world.site.settings.secret_key
    root, *ids = [f"<{sealed(f'post-{post}-{ana}', key)}@help.example.org>" for post in posts]
    assert [first["message-id"], second["message-id"]] == ids
    assert first["references"] == first["in-reply-to"] == root
    assert second["references"] == f"{root} {ids[0]}" and second["in-reply-to"] == ids[0]
    assert first["subject"] == second["subject"] and first["thread-topic"] == "How do I read a file?"
    assert first["auto-submitted"] == "auto-generated"
    assert first["list-id"] == "<pelican.help.example.org>"
    assert first["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    token = await fetch_value("select token from reply_address where person_id = $1", ana)
    assert first["reply-to"] == second["reply-to"] == f"pelican+t{token}@help.example.org"


async def test_nobody_is_given_an_address_where_no_answer_arrives_or_that_is_not_theirs_to_use(
    world: World, post_office: MailServer, settings: Settings
) -> None:
    thread = await answered(world)
    await world.outsider.post(f"/t/{thread}/level", {"level": "every"})
    await post_reply(await world.supporter.reader(), thread, "For all.")
    await world.site.jobs()
    by_person = {mail["to"]: mail for mail in mails(post_office)[1:]}
    assert by_person["ana@example.org"]["reply-to"] is not None
    # somebody who only follows may not write to a ticket's address
    assert by_person["otto@example.org"]["reply-to"] is None
    assert "Reply to this mail" not in part(by_person["otto@example.org"], "plain")
    async with Site.open(replace(settings, smtp_url=post_office.url, mail_domain="help.example.org")) as site:
        await post_reply(await world.supporter.reader(), thread, "And again.")
        await site.jobs()
    assert all(mail["reply-to"] is None for mail in mails(post_office)[3:])


async def test_one_click_mutes_the_thread_and_looking_does_not(world: World, post_office: MailServer) -> None:
    thread = await answered(world)
    [mail] = mails(post_office)
    link = mail["list-unsubscribe"].strip("<>")
    assert link.startswith("http://testserver/unsubscribe/") and link in part(mail, "html")
    machine = world.site.guest().http
    look = await machine.get(link)
    assert look.status_code == 200 and f'action="{link.removeprefix("http://testserver")}"' in look.text
    assert await fetch_value("select count(*) from thread_level") == 0
    for _twice in range(2):
        done = await machine.post(link, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200 and "How do I read" not in done.text
    assert await fetch_value("select level from thread_level where thread_id = $1", thread) == "mute"
    await post_reply(await world.supporter.reader(), thread, "@ana, hear me.")
    await world.site.jobs()
    assert len(post_office.taken) == 1
    assert (await machine.post("/unsubscribe/" + "a" * 26)).status_code == 404


async def test_a_way_out_dies_with_the_address_it_was_sent_to(world: World, post_office: MailServer) -> None:
    await answered(world)
    link = mails(post_office)[0]["list-unsubscribe"].strip("<>")
    await execute("update person set email = 'new@example.org' where username = 'ana'")
    assert (await world.site.guest().http.post(link)).status_code == 404
    assert (await world.site.guest().get(link)).status_code == 404
    assert await fetch_value("select count(*) from thread_level") == 0


async def test_a_restart_and_a_job_run_again_send_nothing_twice(world: World, post_office: MailServer) -> None:
    post_office.refuse = 1
    one = await asked(world)
    await post_reply(await world.supporter.reader(), one.thread, "An answer.")
    notice = "select id from notice where kind = 'answer'"
    await execute("delete from pgqueuer where entrypoint = 'mail_notice'")
    await world.site.jobs()
    if await fetch_value("select count(*) from mail where sent_at is not null") == 0:
        with pytest.raises(aiosmtplib.SMTPException):
            post_office.refuse = 1
            await mail_notice(await fetch_value(notice))
        await mail_notice(await fetch_value(notice))
    # killed before it noted that the notice was mailed: the mail itself is remembered
    await execute("update notice set mailed_at = null")
    for _again in range(2):
        await mail_notice(await fetch_value(notice))
    assert len(post_office.taken) == 1
    assert await fetch_value("select mailed_at is not null from notice where kind = 'answer'")


@pytest.mark.parametrize(
    "what",
    [
        "update post set deleted_at = now() where number = 2",
        "update thread set visibility = 'team'",
        "update post set purpose = 'whisper' where number = 2",
        "insert into thread_level select 1, id, 'mute' from person where username = 'ana'",
        "update person set disabled_at = now() where username = 'ana'",
        "update person set email_confirmed_at = null where username = 'ana'",
    ],
)
async def test_what_may_not_be_seen_when_the_mail_leaves_is_not_in_it(
    world: World, post_office: MailServer, what: str
) -> None:
    one = await asked(world)
    await execute("update thread set author_id = $1", world.outsider.person)
    await execute("insert into thread_level select $1, id, 'every' from person where username = 'ana'", one.thread)
    await execute("update thread_level set level = 'digest'")
    await post_reply(await world.supporter.reader(), one.thread, "canarytext")
    await world.site.jobs()
    await execute("update notice set mailed_at = null")
    await execute("delete from mail")
    post_office.taken.clear()
    notice = await fetch_value("select n.id from notice n join person p on p.id = n.person_id where username = 'ana'")
    await execute("delete from thread_participant")
    await mail_notice(notice)
    assert "canarytext" in post_office.taken.pop()[1]
    await execute("update notice set mailed_at = null")
    await execute("delete from mail")
    if what.startswith("insert"):
        await execute("delete from thread_level")
        what = what.replace("select 1", f"select {one.thread}")
    await execute(what)
    await mail_notice(notice)
    assert post_office.taken == []


async def test_names_make_neither_links_nor_headers(world: World, post_office: MailServer) -> None:
    await execute(
        "update person set name = E'evil.example/x <b>\\r\\nBcc: all@example.org' where id = $1", world.supporter.person
    )
    await answered(world)
    [mail] = mails(post_office)
    assert mail["bcc"] is None and "evil" not in str(mail["subject"]) + str(mail["from"])
    assert "evil.example" not in part(mail, "plain") and "evil.example" not in part(mail, "html")
    assert "evil.\u2060example" in part(mail, "plain")


async def test_answers_wait_for_the_digest_of_who_wants_that_and_every_message_comes_to_who_wants_that(
    world: World, post_office: MailServer
) -> None:
    ana = await world.person("ana")
    await ana.post("/u/ana/preferences/mail", {"hour": "8", "zone": "UTC", "day": "1", "digest": "on"})
    thread = await answered(world)
    assert post_office.taken == []
    await ana.post(f"/t/{thread}/level", {"level": "every"})
    await post_reply(await world.outsider.reader(), thread, "I have it too.")
    await world.site.jobs()
    [mail] = mails(post_office)
    assert "Otto wrote:" in part(mail, "plain") and "every message in this thread" in part(mail, "plain")


async def test_nothing_comes_at_once_of_a_thread_that_somebody_wants_in_the_digest(
    world: World, post_office: MailServer
) -> None:
    one = await asked(world)
    assert (await one.ana.post(f"/t/{one.thread}/level", {"level": "digest"})).status_code == 303
    await one.says(world.supporter)
    await world.site.jobs()
    assert post_office.taken == []
    assert await fetch_value("select count(*) from notice where kind = 'answer' and mailed_at is null") == 1


async def test_of_a_muted_ticket_nothing_is_told_neither_a_mention_nor_its_end_nor_in_the_digest(
    world: World, post_office: MailServer
) -> None:
    one = await asked(world)
    await one.ana.post(f"/t/{one.thread}/level", {"level": "mute"})
    await world.owner.post(f"/t/{one.thread}/level", {"level": "mute"})
    await world.owner.post(f"/tickets/{one.ticket}/assignment", {"username": "olga"})
    sam = await world.supporter.reader()
    first = await post_reply(sam, one.thread, "Dear @ana and @olga, look.")
    await edit_post(sam, first.post, "Dear @ana, @olga and @otto, look.", reason="")
    await post_reply(sam, one.thread, "Whispered to @olga.", purpose="whisper")
    await post_reply(sam, one.thread, "That is it, @ana.", purpose="resolve")
    await close_silent(datetime.now(UTC) + timedelta(days=28))
    await world.site.jobs()
    for days in (0, 8):
        await send_digests((datetime.now(UTC) + timedelta(days=days)).isoformat())
        await world.site.jobs()
    told = await fetch("select p.username, n.kind from notice n join person p on p.id = n.person_id")
    assert [tuple(row) for row in told] == [("otto", "mention")]
    assert {mail["to"] for mail in mails(post_office)} <= {"otto@example.org"}
    assert "bubblecount" not in (await one.ana.get("/about")).text


async def test_a_new_ticket_is_mailed_to_those_of_the_team_who_asked_for_it_when_it_is_submitted(
    world: World, post_office: MailServer
) -> None:
    await world.supporter.post(
        "/u/sam/preferences/mail",
        {"hour": "8", "zone": "UTC", "day": "1", "digest": "on", "project": str(world.project)},
    )
    draft = await world.ask("Is this for Sam?", as_draft=True)
    await world.site.jobs()
    assert post_office.taken == []
    form = {"capacity": "personal", "terms": "1"}
    await world.people["ana"].post(f"/tickets/{draft.ticket}/submission", form)
    await world.site.jobs()
    [mail] = mails(post_office)
    assert mail["to"] == "sam@example.org" and "Is this for Sam?" in mail["subject"]
    assert "You asked to hear of every new ticket" in part(mail, "plain")
    # and one click ends exactly that
    await world.site.guest().http.post(mail["list-unsubscribe"].strip("<>"))
    await asked(world, "Another one", by="bea")
    await world.site.jobs()
    assert len(post_office.taken) == 1


async def test_a_title_from_elsewhere_makes_no_header(world: World, post_office: MailServer) -> None:
    one = await asked(world)
    await execute("update thread set title = E'Read\\u2028it\\r\\nBcc: all@example.org'")
    await one.says(world.supporter)
    await world.site.jobs()
    [mail] = mails(post_office)
    assert mail["bcc"] is None and mail["thread-topic"] == "Read it Bcc: all@example.org"


@pytest.mark.parametrize("level", ["", "every"])
async def test_an_answer_that_resolves_the_ticket_is_one_mail_that_asks_below_it_how_it_went_by_three_links(
    world: World, post_office: MailServer, level: str
) -> None:
    one = await asked(world)
    await one.ana.post(f"/t/{one.thread}/level", {"level": level})
    await post_reply(await world.supporter.reader(), one.thread, "So it is, dear @ana.", purpose="resolve")
    await world.site.jobs()
    [mail] = mails(post_office)
    assert mail["to"] == "ana@example.org" and mail["subject"] == "Re: [Pelican Toolkit] How do I read a file?"
    key, ana = world.site.settings.secret_key, one.ana.person
    root, answer = [row["id"] for row in await fetch("select id from post order by id")]
    assert mail["message-id"] == f"<{sealed(f'post-{answer}-{ana}', key)}@help.example.org>"
    assert mail["references"] == f"<{sealed(f'post-{root}-{ana}', key)}@help.example.org>"
    path = await fetch_value("select said ->> 'rate' from notice where kind = 'solved_by'")
    for where in (part(mail, "plain"), part(mail, "html")):
        parts = ("Sam Supporter answered", "So it is", "your ticket is resolved", "just reply", "How did it go?", path)
        assert [where.index(each) for each in parts] == sorted(where.index(each) for each in parts)
    for words, face in (("Good", 3), ("So-so", 2), ("Bad", 1)):
        url = f"{world.site.settings.base_url}{path}?face={face}"
        assert f"{words}: {url}" in part(mail, "plain").splitlines()
        assert f'href="{url}"' in part(mail, "html") and f">{words}</a>" in part(mail, "html")
        assert (await world.site.guest().get(f"{path}?face={face}")).status_code == 200
    assert await fetch_value("select count(*) from rating") == 0
    assert await fetch_value("select count(*) from notice") == 1


async def test_an_answer_that_resolves_the_ticket_waits_for_the_digest_where_answers_do(
    world: World, post_office: MailServer
) -> None:
    one, other = await asked(world), await asked(world, "Another one", by="bea")
    await one.ana.post("/u/ana/preferences/mail", {"hour": "8", "zone": "UTC", "day": "1", "digest": "on"})
    await other.ana.post(f"/t/{other.thread}/level", {"level": "digest"})
    for each in (one, other):
        await each.says(world.supporter, "resolve")
    await world.site.jobs()
    assert post_office.taken == []
    for days in (0, 8):
        await send_digests((datetime.now(UTC) + timedelta(days=days)).isoformat())
        await world.site.jobs()
    for mail in mails(post_office):
        if mail["to"] in ("ana@example.org", "bea@example.org"):
            assert part(mail, "plain").count("and it is resolved") == 1
    assert {"ana@example.org", "bea@example.org"} <= {mail["to"] for mail in mails(post_office)}


async def test_a_ticket_that_is_over_without_another_answer_is_told_in_a_mail_of_its_own(
    world: World, post_office: MailServer
) -> None:
    one = await asked(world)
    await one.says(world.supporter)
    await world.site.jobs()
    assert (await world.owner.post(f"/tickets/{one.ticket}/resolution")).status_code == 303
    await world.site.jobs()
    _answer, mail = mails(post_office)
    path = await fetch_value("select said ->> 'rate' from notice where kind = 'ticket_over'")
    assert "is solved. How did it go?" in part(mail, "plain") and f"{path}?face=3" in part(mail, "plain")


async def test_the_mail_of_a_ticket_that_falls_silent_brings_the_click_that_keeps_it(
    world: World, post_office: MailServer
) -> None:
    one = await asked(world)
    await one.says(world.supporter)
    await world.site.jobs()
    post_office.taken.clear()
    await close_silent(datetime.now(UTC) + timedelta(days=28))
    await world.site.jobs()
    [mail] = mails(post_office)
    url = f"{world.site.settings.base_url}/tickets/{one.ticket}/still-needed"
    assert f"I still need help: {url}" in part(mail, "plain").splitlines()
    assert f'href="{url}"' in part(mail, "html")
    assert (await one.ana.get(f"/tickets/{one.ticket}/still-needed")).status_code == 200
    assert (await world.outsider.get(f"/tickets/{one.ticket}/still-needed")).status_code == 404


async def test_where_mail_comes_by_a_pipe_answers_have_an_address_too(
    world: World, post_office: MailServer, settings: Settings
) -> None:
    one = await asked(world)
    await one.says(world.supporter)
    piped = replace(settings, smtp_url=post_office.url, mail_domain="help.example.org", smtp_listen="pipe")
    async with Site.open(piped) as site:
        await site.jobs()
    [mail] = mails(post_office)
    assert mail["reply-to"].startswith("pelican+t")


async def test_what_concerns_ones_own_standing_offers_no_way_out_that_ends_something_else(
    world: World, post_office: MailServer
) -> None:
    ana = await world.person("ana")
    await tell(ana.person or 0, "proof_lapsed", key="x", name="Pond", address="github.com/pond/pond", proof=1)
    await world.site.jobs()
    [mail] = mails(post_office)
    assert "Pond" in part(mail, "plain") and mail["list-unsubscribe"] is None
    assert "unsubscribe" not in part(mail, "plain") + part(mail, "html")
    assert await fetch_value("select count(*) from unsubscribe_address") == 0
