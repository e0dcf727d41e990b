"""What a project says in its mails, and every mail there is, to look at."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from categories.support.silence import close_silent
from forum.database.engine import fetch, fetch_value
from forum.mail.letters import TEMPLATES, blocks_of, compose, post_html
from forum.mail.samples import names, notice_values, sample
from forum.mail.words import OCCASIONS, in_words
from forum.markup import cook
from forum.notifications import kinds
from forum.settings import Settings
from forum.threads.writing import post_reply
from tests.helpers.site import Site
from tests.helpers.tickets import asked
from tests.helpers.world import World

PAGE = "/p/pelican/settings/mail"


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


def form(**words: str) -> dict[str, str]:
    return {f"words-{name}": words.get(name, "") for name in OCCASIONS}


async def test_a_projects_words_are_in_its_mails_and_in_no_others(world: World) -> None:
    own = form(answer="*Hooray*, {name} of {project} has <b>looked</b> at “{title}”.", subject="{title} ({project})")
    assert (await world.owner.post(PAGE, own)).status_code == 303
    one = await asked(world, "A & B <script>alert(1)</script>")
    await post_reply(await world.supporter.reader(), one.thread, "An answer.")
    await world.site.jobs()
    [text] = world.site.mails()
    assert "Subject: Re: A & B <script>alert(1)</script> (Pelican Toolkit)" in text
    assert "*Hooray*, Sam Supporter of Pelican Toolkit has" in text
    assert "<em>Hooray</em>, Sam Supporter" in text and "<b>looked</b>" in text
    html = text.partition("text/html")[2]
    assert "<script" not in html and "A &amp; B &lt;script&gt;" in html
    page = (await world.owner.get(PAGE)).text
    assert "*Hooray*, {name} of {project}" in page and "{title} ({project})" in page
    await world.owner.post(PAGE, form())
    assert await fetch("select 1 from mail_words") == []


async def test_every_mail_of_a_ticket_is_worded_by_its_project_with_what_it_knows(world: World) -> None:
    own = form(
        going_silent="Still there? {title} has been quiet for {days} days and is put away on **{day}**.",
        ticket_over="Done: {title}.",
        solved_by="{name} of {project} writes:",
        solved_by_below="That was it for *{title}*. How were we?",
    )
    assert (await world.owner.post(PAGE, own)).status_code == 303
    for words, name in (
        ("Still there? How do I keep the last window? has been quiet for 27 days", "going_silent"),
        ("Done: How do I keep the last window?.", "ticket_over"),
        ("That was it for <em>How do I keep the last window?</em>", "solved_by"),
    ):
        assert words in (await world.owner.post(PAGE, own | {"of": name})).text
    silent, over, solved = [
        await asked(world, title, by=by)
        for title, by in (("Ana's own", "ana"), ("Bea's own", "bea"), ("Cem's own", "cem"))
    ]
    await silent.says(world.supporter)
    await close_silent(datetime.now(UTC) + timedelta(days=28))
    await world.owner.post(f"/tickets/{over.ticket}/resolution")
    await solved.says(world.supporter, "resolve")
    await world.site.jobs()
    mails = {mail.partition("To: ")[2].partition("@")[0]: mail for mail in world.site.mails()}
    assert "Still there? Ana's own has been quiet for 28 days and is put away on **" in "".join(world.site.mails())
    assert "Done: Bea's own." in mails["bea"] and "Sam Supporter of Pelican Toolkit writes:" in mails["cem"]
    assert mails["cem"].index("A word about this.") < mails["cem"].index("That was it for *Cem's own*. How were we?")
    # what a mail does not know cannot stand in it
    wrong = await world.owner.post(PAGE, form(going_silent="{name}", ticket_over="{day}"))
    assert wrong.status_code == 422 and "no {name} to" in wrong.text and "no {day} to" in wrong.text


async def test_words_with_faults_are_kept_on_the_page_and_not_used(world: World) -> None:
    for wrong, said in (
        (form(answer="{nobody} answered"), "There is no {nobody} to put there."),
        (form(subject="A mail"), "The subject needs {title}"),
        (form(reply="x" * 4001), "At most 4000 characters"),
        (form(subject="{title}" + "x" * 200), "at most 200 characters"),
    ):
        answer = await world.owner.post(PAGE, wrong)
        assert answer.status_code == 422 and said in answer.text
    assert await fetch_value("select count(*) from mail_words") == 0


async def test_who_may_not_edit_the_project_words_nothing(world: World) -> None:
    for browser in (world.outsider, world.supporter):
        for answer in (
            await browser.get(PAGE),
            await browser.post(PAGE, form(answer="Mine.")),
            await browser.post(PAGE, form() | {"of": "answer"}),
        ):
            assert answer.status_code == 403
    assert await fetch_value("select count(*) from mail_words") == 0


async def test_a_mail_is_shown_in_words_that_are_not_kept_yet_and_can_do_nothing_there(world: World) -> None:
    typed = form(answer="Not kept: {name}.") | {"of": "answer"}
    for look in ("light", "dark"):
        answer = await world.owner.post(PAGE, typed | {"look": look})
        policy = answer.headers["content-security-policy"]
        assert "Not kept: Sam Supporter." in answer.text and "sandbox" in policy and "script-src" not in policy
        assert ("@media all" in answer.text) == (look == "dark")
    text = await world.owner.post(PAGE, typed | {"look": "text"})
    assert text.headers["content-type"].startswith("text/plain") and "Not kept: Sam Supporter." in text.text
    assert (await world.owner.post(PAGE, form() | {"of": "nothing"})).status_code == 404
    assert await fetch_value("select count(*) from mail_words") == 0


async def test_admins_see_every_mail_in_every_look_and_nobody_else_does(world: World) -> None:
    admin = await world.site.member("adam", admin=True)
    page = await admin.get("/admin/mail/preview")
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    for name in names():
        assert f'src="/admin/mail/preview/{name}/dark"' in page.text
        for look in ("light", "dark"):
            one = await admin.get(f"/admin/mail/preview/{name}/{look}")
            assert one.status_code == 200 and "sandbox" in one.headers["content-security-policy"]
            assert len(one.headers.get_list("content-security-policy")) == 1
    assert (await admin.get("/admin/mail/preview/digest/blue")).status_code == 404
    assert (await admin.get("/admin/mail/preview/nothing/dark")).status_code == 404
    for path in ("/admin/mail/preview", "/admin/mail/preview/digest/dark"):
        assert (await world.owner.get(path)).status_code == 404


def test_every_mail_has_a_sample_and_says_the_same_in_both_parts() -> None:
    templates = {file.stem for file in TEMPLATES.glob("*.txt")}
    assert templates - {"notice", "digest"} == {name for name in names() if not name.startswith(("notice-", "digest"))}
    told = {f"notice-{kind.worded_as(said)}" for kind in kinds.kinds.values() for said in kind.examples}
    assert told | {f"notice-{kind.name}" for kind in kinds.OF_THREADS} <= set(names())
    for name in names():
        letter = sample(name, Settings())
        assert letter is not None and letter.subject
        assert "{" not in letter.subject and "(prefers-color-scheme: dark)" in letter.html
        for kind, words in blocks_of(letter.text) if not name.startswith(("notice", "digest")) else ():
            shown = words if kind == "link" else words.split()[-1]
            assert shown.replace("'", "&#39;") in letter.html, (name, words)


POST = """Try this:

```python
x = 1
```

- [x] done
- [ ] open

<details><summary>Log</summary>

a line of 10,000

</details>

Thanks."""


def test_a_post_in_a_mail_shows_no_more_than_one_reads_there() -> None:
    html = str(post_html(cook(POST).html, "https://help.example"))
    text = re.sub(r"<[^>]+>", "", html)
    # no word that stands there for a button's sake; what is folded on the page is there
    assert "Python" not in text and "☑ done" in text and "☐ open" in text
    assert "▸ Log" in text and "10,000" not in text and "Thanks." in text
    values = notice_values("reply", 0, "Pelican", Settings()) | {"text": POST}
    plain = compose("notice", Settings(), values | in_words({}, values, Settings())).text
    assert "▸ Log" in plain and "10,000" not in plain and "Thanks." in plain and "<" not in plain


def test_a_mail_of_an_account_has_one_button_that_says_what_it_does() -> None:
    letter = sample("confirm", Settings())
    assert letter is not None and "<h1" in letter.html and ">Confirm the address</a>" in letter.html
    thanks = sample("thanks", Settings())
    assert thanks is not None and thanks.html.count('class="button"') == 1
    assert ">Open the thread</a>" in thanks.html and ">See what they made</a>" in thanks.html
    for name in names():
        one = sample(name, Settings())
        assert one is not None and ">Open<" not in one.html, name


def test_the_places_of_the_queue_stand_in_the_digests_text() -> None:
    digest = sample("digest", Settings())
    assert digest is not None and "\n1. Crash when" in digest.text and "\n3. No wheel" in digest.text
