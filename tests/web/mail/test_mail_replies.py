"""Answers by mail: posted as who they are from, once, and never as anybody they are not from."""

from email import message_from_bytes, policy

import pytest

from forum.database.engine import execute, fetch_value
from forum.mail.letters import sealed
from forum.settings import Settings
from forum.threads.actions import close_thread
from forum.threads.writing import post_reply
from tests.helpers.mail_in import AUTHSERV, DOMAIN, Post, answer_address, bring, mail, posts_of, vouched, with_mail
from tests.helpers.site import Site

QUOTED = "Yes, it does.\n\nOn Mon, 2 Nov 2026 at 10:00, Sam <sam@example.org> wrote:\n> Does it happen with 2.1?\n"


@pytest.fixture
async def post(site: Site, settings: Settings) -> Post:
    site.settings = with_mail(settings)
    return await Post.make(site)


async def state(post: Post) -> str:
    return str(await fetch_value("select state from ticket where thread_id = $1", post.thread))


async def test_an_answer_by_mail_is_a_post_with_what_it_quotes_folded_away(site: Site, post: Post) -> None:
    fate = await bring(site, mail("sam@example.org", post.sams, QUOTED), post.sams)
    assert fate is not None and fate["outcome"] == "posted" and fate["thread_id"] == post.thread
    last = (await posts_of(post.thread))[-1]
    assert last["author_id"] == post.world.supporter.person and last["markdown"].startswith("Yes, it does.")
    assert "<details>" in last["html"] and "Does it happen with 2.1?" in last["html"]
    assert await state(post) == "answered"


def texts_to(site: Site, username: str) -> list[str]:
    """What the mails to somebody say, each as text and as HTML."""
    mails = [each for each in site.mails() if f"To: {username}@example.org" in each]
    told = [message_from_bytes(each.encode(), policy=policy.default) for each in mails]
    return [part.get_content() for mail in told for part in mail.walk() if not part.is_multipart()]


async def test_what_only_its_person_may_have_is_not_published_with_what_a_mail_quotes(site: Site, post: Post) -> None:
    await post_reply(await post.world.supporter.reader(), post.thread, "Pass flush.", purpose="resolve")
    await site.jobs()
    texts = texts_to(site, "ana")
    secrets = [
        await fetch_value("select token from rating_link"),
        await fetch_value("select token from unsubscribe_address where thread_id = $1", post.thread),
        post.anas.partition("+")[2].partition("@")[0],
    ]
    assert all(secret in "".join(texts) for secret in secrets[:2])
    quoted = "\n".join(f"> {line}" for line in texts[0].splitlines())
    plain = f"It still loses one.\n\nOn Sat, 28 Nov 2026, Test Help <{post.anas}> wrote:\n{quoted}\n"
    html = f"<p>Look: <a href='mailto:{post.anas.replace('+', '%2B')}'>here</a></p><blockquote type='cite'>{texts[1]}</blockquote>"
    unquoted = f"It does not.\n{texts[0]}"
    for n, said in enumerate(({"text": plain}, {"text": "", "html": html}, {"text": unquoted})):
        raw = mail("ana@example.org", post.anas, message_id=f"<{n}@home.example>", **said)
        fate = await bring(site, raw, post.anas)
        assert fate is not None and fate["outcome"] == "posted"
    for each in (await posts_of(post.thread))[2:]:
        assert not [secret for secret in secrets if secret in each["markdown"] or secret in each["html"]], each[
            "markdown"
        ]


async def test_a_mail_that_is_delivered_twice_is_one_post(site: Site, post: Post) -> None:
    raw = mail("sam@example.org", post.sams, "Pass flush.")
    await bring(site, raw, post.sams)
    await bring(site, b"Received: from elsewhere by mx; Sat, 28 Nov 2026 10:00:05 +0000\r\n" + raw, post.sams)
    assert [p["markdown"] for p in await posts_of(post.thread)][1:] == ["Pass flush."]
    assert await fetch_value("select count(*) from incoming where source = 'mail'") == 1
    assert await fetch_value("select count(*) from origin_alias where source = 'mail'") == 1


async def test_a_mail_that_is_handled_again_is_one_post(site: Site, post: Post) -> None:
    await bring(site, mail("sam@example.org", post.sams, "Pass flush."), post.sams)
    admin = await site.member("adam", admin=True)
    number = await fetch_value("select id from incoming")
    assert (await admin.post(f"/admin/incoming/{number}/again")).status_code == 303
    await site.jobs()
    assert len(await posts_of(post.thread)) == 2


@pytest.mark.parametrize("sender", ["mallory@example.net", "otto@example.org", "sam@example.org.evil.example"])
async def test_a_token_in_other_hands_posts_nothing_and_its_person_hears(site: Site, post: Post, sender: str) -> None:
    fate = await bring(site, mail(sender, post.sams, "I am Sam."), post.sams)
    assert fate is not None and fate["outcome"] == "held"
    assert len(await posts_of(post.thread)) == 1
    told = [m for m in site.mails() if "To: sam@example.org" in m]
    assert len(told) == 1 and "was not posted" in told[0] and "I am Sam" not in told[0]


async def test_two_senders_in_one_header_are_nobody(site: Site, post: Post) -> None:
    raw = mail("sam@example.org", post.sams, "I am Sam.").replace(
        b"From: sam@example.org", b"From: sam@example.org, mallory@example.net"
    )
    fate = await bring(site, raw, post.sams)
    assert fate is not None and fate["outcome"] == "held"
    assert len(await posts_of(post.thread)) == 1


@pytest.mark.parametrize(("result", "outcome"), [("pass", "posted"), ("fail", "held"), ("none", "posted")])
async def test_what_fails_dmarc_never_posts_as_the_user(
    site: Site, settings: Settings, post: Post, result: str, outcome: str
) -> None:
    with_mail(settings, mail_authserv=AUTHSERV)
    fate = await bring(site, mail("sam@example.org", post.sams, "Hello", headers=(vouched(result),)), post.sams)
    assert fate is not None and fate["outcome"] == outcome
    assert len(await posts_of(post.thread)) == (2 if outcome == "posted" else 1)


async def test_a_result_of_dmarc_that_the_sender_wrote_counts_for_nothing(
    site: Site, settings: Settings, post: Post
) -> None:
    with_mail(settings, mail_authserv=AUTHSERV)
    raw = mail("sam@example.org", post.sams, "Hello", headers=(vouched("fail"), vouched("pass")))
    fate = await bring(site, raw, post.sams)
    assert fate is not None and fate["outcome"] == "held"


async def test_a_token_nobody_gave_out_reaches_nothing(site: Site, post: Post) -> None:
    fate = await bring(site, mail("sam@example.org", "x", "Hello"), f"pelican+t{'a' * 26}@{DOMAIN}")
    assert fate is not None and fate["outcome"] == "dropped"
    assert len(await posts_of(post.thread)) == 1


async def test_only_team_and_requesters_write_to_a_ticket_by_mail(site: Site, post: Post) -> None:
    otto = await answer_address(post.world.outsider, post.thread)
    fate = await bring(site, mail("otto@example.org", otto, "Me too!"), otto)
    assert fate is not None and fate["outcome"] == "held"
    assert len(await posts_of(post.thread)) == 1
    # in a thread without a ticket anybody may who may on its page
    report = await post.world.ask("resample() crashes on an empty frame", category="bugs")
    ottos = await answer_address(post.world.outsider, report.posted.thread)
    fate = await bring(site, mail("otto@example.org", ottos, "Me too!", message_id="<2@home.example>"), ottos)
    assert fate is not None and fate["outcome"] == "posted"


async def test_who_has_left_the_team_or_was_disabled_posts_nothing(site: Site, post: Post) -> None:
    await execute("delete from project_member where person_id = $1", post.world.supporter.person)
    fate = await bring(site, mail("sam@example.org", post.sams, "Still here."), post.sams)
    assert fate is not None and fate["outcome"] == "held"
    await execute("update person set disabled_at = now() where id = $1", post.ana.person)
    fate = await bring(site, mail("ana@example.org", post.anas, "Hello?", message_id="<2@home.example>"), post.anas)
    assert fate is not None and fate["outcome"] == "held"
    assert len(await posts_of(post.thread)) == 1


async def test_who_may_not_see_a_thread_any_more_is_not_told_its_title(site: Site, post: Post) -> None:
    secret = await post.world.ask("A canaryhole in resample()", category="security")
    ottos = await answer_address(post.world.outsider, secret.posted.thread)
    fate = await bring(site, mail("otto@example.org", ottos, "What hole?"), ottos)
    assert fate is not None and fate["outcome"] == "held"
    assert not any("canaryhole" in m for m in site.mails())


async def test_what_the_team_begins_with_says_what_it_is_for(site: Site, post: Post) -> None:
    for word, purpose in (("#whisper", "whisper"), ("#facts", "facts"), ("#resolve", "resolve")):
        raw = mail("sam@example.org", post.sams, f"{word}\n\nWhich version?", message_id=f"<{purpose}@home.example>")
        fate = await bring(site, raw, post.sams)
        assert fate is not None and fate["outcome"] == "posted", purpose
    posts = (await posts_of(post.thread))[1:]
    assert [(p["purpose"], p["markdown"]) for p in posts] == [
        (purpose, "Which version?") for purpose in ("whisper", "facts", "resolve")
    ]


async def test_what_answers_a_whisper_is_one_and_what_it_quotes_reaches_nobody_else(site: Site, post: Post) -> None:
    site.settings = with_mail(site.settings, smtp_listen="pipe")
    words = "A canarywhisper, @sam."
    sam = post.world.supporter.person
    await execute("insert into thread_level (thread_id, person_id, level) values ($1, $2, 'every')", post.thread, sam)
    whisper = await post_reply(await post.world.owner.reader(), post.thread, words, purpose="whisper")
    await site.jobs()
    texts = texts_to(site, "sam")
    assert len(texts) == 2 and all("canarywhisper" in each for each in texts)
    assert all("A reply to this mail is a whisper, too." in " ".join(each.split()) for each in texts)
    ours = about(site, whisper.post, post.world.supporter.person)
    quote = "\n\nOn Sat, 28 Nov 2026, Olga <olga@example.org> wrote:\n> A canarywhisper.\n"
    for n, (word, headers) in enumerate((
        ("", {"In-Reply-To": ours}),
        ("", {"In-Reply-To": "<0@home.example>", "References": f"{ours} <0@home.example>"}),
        ("#reply\n", {"In-Reply-To": ours}),
        ("#facts\n", {"In-Reply-To": ours}),
    )):  # fmt: skip
        raw = mail(
            "sam@example.org",
            post.sams,
            f"{word}I think so.{quote}",
            message_id=f"<{n}@home.example>",
            headers=tuple(headers.items()),
        )
        fate = await bring(site, raw, post.sams)
        assert fate is not None and fate["outcome"] == "posted"
    posts = (await posts_of(post.thread))[2:]
    assert [p["purpose"] for p in posts] == ["whisper", "whisper", "reply", "facts"]
    assert [p["markdown"] for p in posts[2:]] == ["I think so."] * 2
    assert "canarywhisper" not in (await post.ana.get(post.url)).text
    # a whisper that was taken away is no less the team's
    await execute("update post set deleted_at = now() where id = $1", whisper.post)
    raw = mail(
        "sam@example.org", post.sams, f"Yes.{quote}", message_id="<9@home.example>", headers=(("In-Reply-To", ours),)
    )
    await bring(site, raw, post.sams)
    assert (await posts_of(post.thread))[-1]["purpose"] == "whisper"


@pytest.mark.parametrize("fence", ["```", "~~~~~~~~", "```python", "````\n```"])
async def test_a_code_block_left_open_does_not_take_in_what_is_folded_away(site: Site, post: Post, fence: str) -> None:
    quote = "\n\nOn Sat, 28 Nov 2026, Olga <olga@example.org> wrote:\n> Which version?\n"
    raw = mail("sam@example.org", post.sams, f"Run:\n\n{fence}\npip list{quote}", files=(("a.txt", b"a"),))
    await bring(site, raw, post.sams)
    html = (await posts_of(post.thread))[-1]["html"]
    assert "<details>" in html and "&lt;details" not in html and 'href="/uploads/' in html


async def test_what_was_removed_does_not_come_back_in_what_a_mail_quotes(site: Site, post: Post) -> None:
    second = await post_reply(await post.ana.reader(), post.thread, "My canarypassword.")
    await execute("update post set deleted_at = now() where id = $1", second.post)
    text = "Change it!\n\nOn Sat, 28 Nov 2026, Ana <ana@example.org> wrote:\n> My canarypassword.\n"
    ours = about(site, second.post, post.world.supporter.person)
    await bring(site, mail("sam@example.org", post.sams, text, headers=(("In-Reply-To", ours),)), post.sams)
    assert (await posts_of(post.thread))[-1]["markdown"] == "Change it!"


async def test_a_requester_cannot_whisper_by_mail(site: Site, post: Post) -> None:
    await bring(site, mail("ana@example.org", post.anas, "#whisper\nhello"), post.anas)
    last = (await posts_of(post.thread))[-1]
    assert last["purpose"] == "reply" and "#whisper" in last["markdown"]


async def test_short_thanks_leave_an_answered_ticket_answered(site: Site, post: Post) -> None:
    await bring(site, mail("sam@example.org", post.sams, "Pass flush."), post.sams)
    await bring(site, mail("ana@example.org", post.anas, "Thanks a lot!\n\nAna", message_id="<2@a.example>"), post.anas)
    assert (await posts_of(post.thread))[-1]["purpose"] == "thanks" and await state(post) == "answered"
    raw = mail("ana@example.org", post.anas, "Thanks, but it still loses the last one.", message_id="<3@a.example>")
    await bring(site, raw, post.anas)
    assert (await posts_of(post.thread))[-1]["purpose"] == "reply" and await state(post) == "waiting"


async def test_a_closed_thread_is_closed_by_mail_too_but_for_its_asker(site: Site, post: Post) -> None:
    report = await post.world.ask("resample() crashes on an empty frame", category="bugs")
    thread = report.posted.thread
    ottos = await answer_address(post.world.outsider, thread)
    await close_thread(await post.world.owner.reader(), thread)
    fate = await bring(site, mail("otto@example.org", ottos, "Me too!"), ottos)
    assert fate is not None and fate["outcome"] == "held"
    anas = await answer_address(post.ana, thread)
    fate = await bring(site, mail("ana@example.org", anas, "It is back.", message_id="<2@a.example>"), anas)
    assert fate is not None and fate["outcome"] == "posted"


AUTOMATIC = (
    ("Auto-Submitted", "auto-replied"),
    ("X-Autoreply", "yes"),
    ("Precedence", "auto_reply"),
)


@pytest.mark.parametrize("header", AUTOMATIC)
async def test_what_a_machine_answers_is_no_post_and_is_answered_by_nothing(
    site: Site, post: Post, header: tuple[str, str]
) -> None:
    for sender, to in (("sam@example.org", post.sams), ("someone@example.net", f"pelican@{DOMAIN}")):
        raw = mail(sender, to, "I am away.", headers=(header,), message_id=f"<{sender}>")
        fate = await bring(site, raw, to)
        assert fate is not None and (fate["kind"], fate["outcome"]) == ("auto-reply", "dropped")
    assert len(await posts_of(post.thread)) == 1 and not site.mails()


async def test_our_own_mail_that_comes_back_ends_there(site: Site, post: Post) -> None:
    await bring(site, mail("otto@example.org", post.sams, "Not Sam."), post.sams)
    own = message_from_bytes(site.mails()[0].encode())
    raw = mail("sam@example.org", post.sams, "Round and round.", message_id=own["Message-ID"])
    fate = await bring(site, raw, post.sams)
    assert fate is not None and (fate["kind"], fate["outcome"]) == ("loop", "dropped")
    circle = tuple(("Received", f"from a{n} by b{n}") for n in range(60))
    fate = await bring(site, mail("sam@example.org", post.sams, "Again.", headers=circle), post.sams)
    assert fate is not None and fate["kind"] == "loop"
    assert len(await posts_of(post.thread)) == 1 and len(site.mails()) == 1


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x02\x08\x06\x00\x00\x00"


async def test_files_hang_on_the_post_and_are_seen_by_who_sees_it(site: Site, post: Post) -> None:
    files = (("shot.png", PNG), ("../../evil.html", b"<script>alert(1)</script>"), ("log.txt", b"Traceback"))
    raw = mail("sam@example.org", post.sams, "#whisper\nSee these.", files=files)
    await bring(site, raw, post.sams)
    last = (await posts_of(post.thread))[-1]
    rows = await fetch_value("select array_agg(id order by id) from upload where post_id = $1", last["id"])
    assert len(rows) == 3 and f"/uploads/{rows[0]}" in last["html"]
    page = await post.world.supporter.get(f"/uploads/{rows[1]}")
    assert page.status_code == 200 and page.headers["content-type"] == "application/octet-stream"
    assert (
        page.headers["content-disposition"].startswith("attachment") and ".." not in page.headers["content-disposition"]
    )
    assert page.headers["x-content-type-options"] == "nosniff"
    picture = await post.world.owner.get(f"/uploads/{rows[0]}")
    assert picture.headers["content-type"] == "image/png" and picture.content == PNG
    # a whisper's file is no more the asker's than the whisper
    for browser in (site.guest(), post.ana, post.world.outsider):
        assert (await browser.get(f"/uploads/{rows[0]}")).status_code == 404
    await execute("update post set deleted_at = now() where id = $1", last["id"])
    assert (await post.world.owner.get(f"/uploads/{rows[0]}")).status_code == 404


def about(site: Site, post: int, person: int | None) -> str:
    """The Message-ID of our mail to a person about a post."""
    return f"<{sealed(f'post-{post}-{person}', site.settings.secret_key)}@{DOMAIN}>"


async def answers(site: Site, post: Post, number: int, **headers: str) -> int | None:
    """Which post Sam's mail with these headers answers; the mail itself is posted."""
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    raw = mail("sam@example.org", post.sams, f"Mail {number}", message_id=f"<{number}@sam.example>", headers=given)
    fate = await bring(site, raw, post.sams)
    assert fate is not None and fate["outcome"] == "posted"
    found: int | None = await fetch_value("select reply_to from post where markdown = $1", f"Mail {number}")
    return found


async def test_an_answer_by_mail_says_which_post_it_answers_on_the_page_too(site: Site, post: Post) -> None:
    ana, sam = await post.ana.reader(), post.world.supporter.person
    second = await post_reply(ana, post.thread, "It is 2.1.")
    await post_reply(ana, post.thread, "And 2.2.")
    first = (await posts_of(post.thread))[0]["id"]
    ours = about(site, second.post, sam)
    assert await answers(site, post, 1, In_Reply_To=ours, References=f"{about(site, first, sam)} {ours}") == 2
    # some programs send References alone, and people answer their own mails
    references = f"{about(site, first, sam)} {ours} <1@sam.example>"
    assert await answers(site, post, 2, In_Reply_To="<1@sam.example>", References=references) == 2
    # the first post is the thread
    assert await answers(site, post, 3, In_Reply_To=about(site, first, sam)) is None
    page = (await post.world.outsider.get(post.url)).text
    assert page.count("answers post 2") == 2 and f"{post.url}/2#post_2" in page


async def test_what_a_mail_claims_to_answer_is_ours_its_persons_and_in_sight(site: Site, post: Post) -> None:
    sam, owner = post.world.supporter, post.world.owner
    second = await post_reply(await post.ana.reader(), post.thread, "It is 2.1.")
    whisper = await post_reply(await owner.reader(), post.thread, "Hm.", purpose="whisper")
    other = (await post.world.ask("Another one")).posted.thread
    elsewhere = await post_reply(await post.ana.reader(), other, "Elsewhere.")
    good = about(site, second.post, sam.person)
    hostile = (
        good.replace("post-", "post-0"),
        good.replace(f"@{DOMAIN}", "@evil.example"),
        f"<post-{second.post}-{sam.person}@{DOMAIN}>",
        f"<post-{second.post}-{sam.person}.{'0' * 16}@{DOMAIN}>",
        f"<{sealed(f'post-{second.post}-{sam.person}', 'a key of theirs')}@{DOMAIN}>",
        f"<{sealed(f'post-{10**30}-{sam.person}', site.settings.secret_key)}@{DOMAIN}>",
        about(site, second.post, owner.person),
        about(site, elsewhere.post, sam.person),
        "<" * 500,
    )
    for n, header in enumerate(hostile):
        assert await answers(site, post, n, In_Reply_To=header) is None, header
    raw = mail(
        "sam@example.org", post.sams, "#whisper\nHm?", headers=(("In-Reply-To", about(site, whisper.post, sam.person)),)
    )
    await bring(site, raw, post.sams)
    assert await fetch_value("select reply_to from post where markdown = 'Hm?'") == 3
    # a public answer does not point at what only the team may see
    raw = mail(
        "sam@example.org",
        post.sams,
        "#reply\nNo.",
        message_id="<w@sam.example>",
        headers=(("In-Reply-To", about(site, whisper.post, sam.person)),),
    )
    await bring(site, raw, post.sams)
    last = (await posts_of(post.thread))[-1]
    assert last["purpose"] == "reply" and last["markdown"] == "No."
    assert await fetch_value("select reply_to from post where markdown = 'No.'") is None
    await execute("update post set deleted_at = now() where id = $1", second.post)
    assert await answers(site, post, 100, In_Reply_To=good) is None


async def test_a_mail_with_nothing_but_a_quotation_is_not_posted(site: Site, post: Post) -> None:
    raw = mail("sam@example.org", post.sams, "On Mon, 2 Nov 2026 at 10:00, Ana <a@b.example> wrote:\n> Hello?\n")
    fate = await bring(site, raw, post.sams)
    assert fate is not None and fate["outcome"] == "held"
    assert len(await posts_of(post.thread)) == 1
