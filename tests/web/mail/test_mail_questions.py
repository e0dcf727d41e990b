"""Questions by mail: of members, drafts until nothing is missing; of strangers, seen by nobody until they confirm."""

import re
from email import message_from_bytes, policy

import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.jobs import enqueue
from forum.settings import Settings
from forum.web import sessions
from tests.helpers.mail_in import AUTHSERV, DOMAIN, answer_address, bring, mail, vouched, with_mail
from tests.helpers.site import Site, links
from tests.helpers.world import World

PROJECT = f"pelican@{DOMAIN}"
SECURITY = f"pelican+security@{DOMAIN}"
BUGS = f"pelican+bugs@{DOMAIN}"
TEXT = "I call resample() and the last window is gone.\n\nWhat can I do?\n\n-- \nAna"


@pytest.fixture
async def world(site: Site, settings: Settings) -> World:
    site.settings = with_mail(settings, mail_authserv=AUTHSERV)
    return await World.make(site)


def question(sender: str, to: str, *, result: str = "", **more: object) -> bytes:
    headers = (vouched(result),) if result else ()
    given = {"subject": "Re: [pelican-users] The last window is gone"} | more
    return mail(sender, to, TEXT, headers=headers, **given)  # type: ignore[arg-type]


async def test_a_member_who_writes_gets_a_draft_and_the_link_to_finish_it(site: Site, world: World) -> None:
    ana = await world.person("ana")
    fate = await bring(site, question("ana@example.org", PROJECT, result="pass"), PROJECT)
    assert fate is not None and fate["outcome"] == "draft"
    thread = await fetch_one("select * from thread where id = $1", fate["thread_id"])
    assert thread is not None and thread["title"] == "The last window is gone" and thread["visibility"] == "author"
    path = next(link for link in links(site.mails()[-1]) if "/t/" in link).removeprefix("http://testserver")
    assert (await ana.get(path, follow_redirects=True)).status_code == 200
    for other in (world.supporter, world.owner, world.outsider, site.guest()):
        assert (await other.get(path)).status_code == 404


async def test_where_nothing_is_missing_the_team_has_it_at_once(site: Site, world: World) -> None:
    await world.ask("How do I resample?", by="ana")
    fate = await bring(site, question("ana@example.org", PROJECT, result="pass"), PROJECT)
    assert fate is not None and fate["outcome"] == "asked"
    assert await fetch_value("select state from ticket where thread_id = $1", fate["thread_id"]) == "waiting"
    # whoever only says that they are ana has made a draft that nobody sees
    raw = question("ana@example.org", PROJECT, message_id="<2@a.example>")
    fate = await bring(site, raw, PROJECT)
    assert fate is not None and fate["outcome"] == "draft"


async def test_a_mail_that_fails_dmarc_asks_nothing(site: Site, world: World) -> None:
    await world.person("ana")
    fate = await bring(site, question("ana@example.org", PROJECT, result="fail"), PROJECT)
    assert fate is not None and fate["outcome"] == "held"
    fate = await bring(
        site, question("nobody@example.net", PROJECT, result="fail", message_id="<2@a.example>"), PROJECT
    )
    assert fate is not None and fate["outcome"] == "held"
    assert await fetch_value("select count(*) from thread") == 0 and not site.mails()


async def test_a_report_to_the_security_address_is_private(site: Site, world: World) -> None:
    await world.person("ana")
    fate = await bring(site, question("ana@example.org", SECURITY, result="pass"), SECURITY)
    assert fate is not None and fate["outcome"] == "asked"
    thread = await fetch_one("select * from thread where id = $1", fate["thread_id"])
    assert thread is not None and thread["visibility"] == "private"
    path = f"/t/{thread['slug']}/{thread['id']}"
    assert (await world.owner.get(path)).status_code == 200
    for other in (world.supporter, world.outsider, site.guest()):
        assert (await other.get(path)).status_code == 404


async def test_what_would_be_seen_at_once_waits_for_a_member_nobody_vouches_for(site: Site, world: World) -> None:
    await world.person("ana")
    fate = await bring(site, question("ana@example.org", BUGS), BUGS)
    assert fate is not None and fate["outcome"] == "waits"
    assert await fetch_value("select count(*) from thread") == 0
    path = next(link for link in links(site.mails()[0]) if "/mail/" in link).removeprefix("http://testserver")
    guest = site.guest()
    page = await guest.get(path)
    assert "ana@example.org" in page.text and 'name="username"' not in page.text
    done = await guest.post(path)
    assert done.status_code == 303
    row = await fetch_one("select author_id, visibility from thread")
    assert row is not None and row["author_id"] == (await world.person("ana")).person and row["visibility"] == "public"
    # the link asked one question; it signs nobody in
    assert sessions.COOKIE not in guest.http.cookies


async def stranger(site: Site, *, to: str = PROJECT, sender: str = "nora.new@example.net", number: int = 1) -> str:
    """A stranger's mail; the path of the link they got, or "" where they got none."""
    before = len(site.mails())
    await bring(site, question(sender, to, message_id=f"<{number}@new.example>"), to)
    new = site.mails()[before:]
    found = [link for m in new for link in links(m) if "/mail/" in link]
    return found[0].removeprefix("http://testserver") if found else ""


async def test_what_a_stranger_gets_is_text_and_html_as_every_mail_is(site: Site, world: World) -> None:
    path = await stranger(site)
    [text] = site.mails()
    sent = message_from_bytes(text.encode(), policy=policy.default)
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]  # type: ignore[attr-defined]
    plain, html = (part.get_content() for part in sent.iter_parts())  # type: ignore[attr-defined]
    assert path in plain and f'href="http://testserver{path}"' in html and "prefers-color-scheme: dark" in html
    assert sent.get_all("auto-submitted") == ["auto-replied"] and sent["subject"].startswith("Confirm your mail")


async def test_a_stranger_gets_one_link_and_nobody_sees_what_they_wrote(site: Site, world: World) -> None:
    path = await stranger(site)
    assert path and len(site.mails()) == 1 and "last window" not in site.mails()[0]
    assert await fetch_value("select count(*) from thread") == 0
    assert await fetch_value("select count(*) from person where email = 'nora.new@example.net'") == 0
    for browser in (world.owner, world.supporter):
        for page in ("/p/pelican/inbox", "/latest", "/search?q=window", "/u/olga/drafts"):
            assert "last window" not in (await browser.get(page, follow_redirects=True)).text


async def test_looking_at_the_link_changes_nothing_and_pressing_the_button_asks(site: Site, world: World) -> None:
    path = await stranger(site)
    guest = site.guest()
    page = await guest.get(path)
    assert page.status_code == 200 and "I call resample()" in page.text and "nora-new" in page.text
    assert await fetch_value("select count(*) from thread") == 0
    done = await guest.post(path, {"username": "nora"})
    assert done.status_code == 303 and done.headers["location"].startswith("/t/")
    person = await fetch_one("select * from person where username = 'nora'")
    assert person is not None and person["email"] == "nora.new@example.net" and person["email_confirmed_at"] is not None
    thread = await fetch_one("select * from thread")
    assert thread is not None and thread["author_id"] == person["id"] and thread["visibility"] == "author"
    draft = await guest.get(done.headers["location"], follow_redirects=True)
    assert draft.status_code == 200 and "I call resample()" in draft.text
    assert (await world.owner.get(done.headers["location"])).status_code == 404


async def test_the_link_works_once(site: Site, world: World) -> None:
    path = await stranger(site)
    guest = site.guest()
    await guest.get(path)
    assert (await guest.post(path, {"username": "nora"})).status_code == 303
    other = site.guest()
    assert (await other.get(path)).status_code == 404
    assert (await other.post(path, {"username": "mallory"})).status_code == 404
    assert await fetch_value("select count(*) from thread") == 1
    assert await fetch_value("select count(*) from person where username = 'mallory'") == 0


async def test_a_name_that_is_taken_is_said_and_the_letter_waits_on(site: Site, world: World) -> None:
    path = await stranger(site)
    guest = site.guest()
    await guest.get(path)
    refused = await guest.post(path, {"username": "olga"})
    assert refused.status_code == 422 and "taken" in refused.text
    await execute("update site_switch set is_on = true where name = 'no_sign_ups'")
    assert (await guest.post(path, {"username": "nora"})).status_code == 403
    await execute("update site_switch set is_on = false where name = 'no_sign_ups'")
    assert (await guest.post(path, {"username": "nora"})).status_code == 303


async def test_one_address_cannot_be_flooded_with_links(site: Site, world: World) -> None:
    got = [await stranger(site, number=number) for number in range(6)]
    assert sum(bool(path) for path in got) == 3
    assert await fetch_value("select outcome from arrival order by incoming_id desc limit 1") == "held"
    assert await stranger(site, sender="other@example.net", number=99)


async def test_what_came_by_a_list_is_answered_by_nothing(site: Site, world: World) -> None:
    raw = mail("list@example.net", PROJECT, TEXT, headers=(("Precedence", "bulk"), ("List-Id", "<a.example>")))
    fate = await bring(site, raw, PROJECT)
    assert fate is not None and fate["outcome"] == "held" and not site.mails()


async def test_after_two_weeks_what_nobody_confirmed_is_gone(site: Site, world: World) -> None:
    path = await stranger(site)
    await execute("update letter set expires_at = now() - interval '1 minute'")
    assert (await site.guest().get(path)).status_code == 404
    await enqueue("forget_letters")
    await site.jobs()
    assert await fetch_value("select count(*) from letter") == 0
    row = (await fetch("select * from incoming"))[0]
    assert row["body"] is None and row["headers"] == {}


async def test_html_alone_becomes_markdown_and_its_files_uploads(site: Site, world: World) -> None:
    await world.person("ana")
    html = (
        "<html><body><p>It <b>fails</b> with <code>flush</code>:</p><ul><li>once</li><li>twice</li></ul>"
        '<div class="gmail_quote">On Monday Sam wrote:<blockquote>Old words</blockquote></div>'
        "<script>alert(1)</script></body></html>"
    )
    raw = mail("ana@example.org", PROJECT, "", html=html, subject="Hi", files=(("a.log", b"Traceback"),))
    fate = await bring(site, raw, PROJECT)
    assert fate is not None
    post = await fetch_one("select markdown, html from post where thread_id = $1", fate["thread_id"])
    assert post is not None and "It **fails** with `flush`:" in post["markdown"] and "- once" in post["markdown"]
    above, _details, below = post["markdown"].partition("<details>")
    assert "Old words" not in above and "Old words" in below and "alert" not in post["markdown"]
    assert re.search(r"\[a\.log\]\(/uploads/\d+\)", above)
    title = await fetch_value("select title from thread where id = $1", fate["thread_id"])
    assert title == "Hi: It **fails** with `flush`:"


async def test_whose_account_was_closed_meanwhile_asks_nothing_by_an_old_link(site: Site, world: World) -> None:
    await bring(site, question("newbie@example.org", PROJECT), PROJECT)
    link = next(each for each in links(site.mails()[-1]) if "/mail/" in each).removeprefix("http://testserver")
    person = await site.person("newbie")
    await execute("update person set disabled_at = now() where id = $1", person)
    guest = site.guest()
    assert (await guest.get(link)).status_code == 200
    answer = await guest.post(link, {"username": "newbie-2"})
    assert answer.status_code == 403 and "This account is closed." in answer.text
    assert await fetch_value("select count(*) from thread") == 0
    assert await fetch_value("select count(*) from session where person_id = $1", person) == 0


async def test_an_answer_that_went_to_the_project_too_is_no_question_beside_it(site: Site, world: World) -> None:
    one = await world.ask("How do I resample?", by="ana")
    answers = await answer_address(world.people["ana"], one.posted.thread)
    foreign = f"pelican+t{'a' * 26}@{DOMAIN}"
    for number, to in enumerate((f"{answers}, {PROJECT}", f"Support <{PROJECT}>, {foreign}")):
        raw = question("ana@example.org", to, result="pass", message_id=f"<{number}@home.example>")
        await bring(site, raw, *([PROJECT, answers] if number == 0 else [PROJECT]))
    rows = await fetch("select outcome, reason from arrival order by incoming_id")
    outcomes = [row["outcome"] for row in rows]
    assert sorted(outcomes[:2]) == ["dropped", "posted"] and outcomes[2] in ("draft", "asked"), rows
    assert await fetch_value("select count(*) from thread") == 2
