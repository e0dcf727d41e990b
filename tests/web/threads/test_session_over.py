"""Who writes while their session ends elsewhere: nothing is done, nothing is lost, and signing in leads back to it."""

import html
import re
from typing import Any

import httpx
import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.threads.drafts import keep_draft
from forum.web import csrf, sessions
from tests.helpers.site import PASSWORD, Browser
from tests.helpers.world import World

WORDS = "It is *every* window,\nnot only the last."


def hidden(page: httpx.Response, form: str) -> dict[str, str]:
    """The hidden fields of the form with this in its tag."""
    [(_tag, inside)] = re.findall(rf"<form([^>]*{re.escape(form)}[^>]*)>(.*?)</form>", page.text, re.DOTALL)
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside)
    return {name: html.unescape(value) for name, value in pairs}


async def end(browser: Browser) -> None:
    """As signing out in another tab does."""
    await sessions.end_session(browser.http.cookies[sessions.COOKIE])
    browser.http.cookies.delete(sessions.COOKIE)


async def send(browser: Browser, path: str, fields: dict[str, Any], came_from: str, **headers: str) -> httpx.Response:
    """A form as a browser sends it, with the token that stands in it."""
    return await browser.http.post(
        path, data=fields, headers={"referer": f"{browser.http.base_url}{came_from}"} | headers
    )


async def sign_in(browser: Browser, name: str, page: httpx.Response) -> httpx.Response:
    """Sign in by the form on this page; the page that it leads to."""
    entered = await browser.http.post("/login", data=hidden(page, "/login") | {"login": name, "password": PASSWORD})
    assert entered.status_code == 303
    return await browser.get(entered.headers["location"], follow_redirects=True)


@pytest.mark.parametrize("ended", ["elsewhere", "by itself"])
async def test_a_reply_stands_in_the_composer_again_after_signing_in(world: World, ended: str) -> None:
    asked = await world.ask("How do I read a file?")
    url, otto = asked.posted.url, world.outsider
    fields = hidden(await otto.get(url), 'id="reply"') | {"markdown": WORDS}
    if ended == "elsewhere":
        await end(otto)
    else:
        await execute("update session set expires_at = now()")
    answer = await send(otto, f"/t/{asked.posted.thread}/replies", fields, url)
    assert answer.status_code == 401
    assert "You are signed out." in answer.text and "What you wrote is kept" in answer.text
    assert await fetch_value("select count(*) from post") == 1
    assert await fetch_value("select count(*) from draft") == 0
    assert hidden(answer, "/login")["next"] == f"{url}#reply"
    assert f"{WORDS}</textarea>" in (await sign_in(otto, "otto", answer)).text


async def test_from_a_preview_without_script_it_leads_to_the_thread_too(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    path, otto = f"/t/{asked.posted.thread}/replies", world.outsider
    preview = await otto.post(path, {"markdown": WORDS, "preview": "1"})
    fields = hidden(preview, 'id="reply"') | {"markdown": WORDS}
    await end(otto)
    page = await sign_in(otto, "otto", await send(otto, path, fields, path))
    assert page.url.path == asked.posted.url and f"{WORDS}</textarea>" in page.text


async def test_a_change_of_a_post_goes_on_with_all_that_was_said_of_it(world: World) -> None:
    await world.ask("How do I read a file?")
    ana, post = world.people["ana"], await fetch_value("select id from post")
    path = f"/posts/{post}/edit"
    fields = hidden(await ana.get(path), path)
    fields |= {"title": "How do I read two files?", "markdown": WORDS, "tags": "io files", "reason": "r" * 200}
    await end(ana)
    page = await sign_in(ana, "ana", await send(ana, path, fields, path))
    assert "Here is your draft again" in page.text and "the post was changed since" not in page.text
    assert f"{WORDS}</textarea>" in page.text and 'value="How do I read two files?"' in page.text
    assert "io" in page.text and "files" in page.text and "r" * 200 in page.text


async def test_a_draft_with_a_number_goes_on_under_it(world: World) -> None:
    otto = world.outsider
    await keep_draft(await otto.reader(), "new-thread", title="Another one", markdown="Another text")
    await keep_draft(await otto.reader(), "new-thread:2", title="Where is it?", markdown="It is")
    fields = hidden(await otto.get("/new-thread?draft=2"), 'id="askform"')
    fields |= {"title": "Where is it?", "markdown": "It is not here."}
    await end(otto)
    page = await sign_in(otto, "otto", await send(otto, "/new-thread", fields, "/new-thread?draft=2"))
    assert "It is not here.</textarea>" in page.text
    drafts = await fetch("select key, markdown from draft order by key")
    assert [tuple(row) for row in drafts] == [("new-thread", "Another text"), ("new-thread:2", "It is not here.")]


async def test_an_answer_in_the_inbox_stands_there_again(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    inbox, sam = f"/p/pelican/inbox/{asked.ticket}", world.supporter
    fields = hidden(await sam.get(inbox), 'id="reply"') | {"markdown": WORDS}
    await end(sam)
    page = await sign_in(sam, "sam", await send(sam, f"{inbox}/answers", fields, inbox))
    assert page.url.path == inbox and f"{WORDS}</textarea>" in page.text


async def test_a_reply_goes_on_below_another_draft_of_the_same_thread(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    url, otto = asked.posted.url, world.outsider
    fields = hidden(await otto.get(url), 'id="reply"') | {"markdown": WORDS}
    await keep_draft(await otto.reader(), f"thread:{asked.posted.thread}", markdown="From the telephone.")
    await end(otto)
    page = await sign_in(otto, "otto", await send(otto, f"/t/{asked.posted.thread}/replies", fields, url))
    assert f"From the telephone.\n\n{WORDS}</textarea>" in page.text


async def test_a_text_that_is_no_draft_is_given_back_to_copy(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    ana = world.people["ana"]
    fields = {
        "csrf": hidden(await ana.get(asked.posted.url), 'id="act"')["csrf"],
        "reason": "It was the wrong <b> file",
    }
    await end(ana)
    answer = await send(ana, f"/t/{asked.posted.thread}/closure", fields, asked.posted.url)
    assert answer.status_code == 401 and "You are signed out." in answer.text
    assert "It was the wrong &lt;b&gt; file</textarea>" in answer.text and "What you wrote is kept" not in answer.text
    assert not await fetch_value("select is_closed from thread")


@pytest.mark.parametrize(
    ("text", "told"), [(WORDS, "You are signed out. Your text is kept."), ("", "You are signed out.")]
)
async def test_htmx_is_told_so_and_where_to_sign_in(world: World, text: str, told: str) -> None:
    asked = await world.ask("How do I read a file?")
    url, otto = asked.posted.url, world.outsider
    fields = hidden(await otto.get(url), 'id="reply"') | {"markdown": text}
    await end(otto)
    answer = await send(otto, f"/t/{asked.posted.thread}/replies", fields, url, **{"hx-request": "true"})
    assert (answer.status_code, answer.headers["x-message"]) == (401, told)
    assert f'href="/login?next={url}' in answer.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
async def test_words_that_another_site_sends_are_not_carried(world: World, origin: str) -> None:
    asked = await world.ask("How do I read a file?")
    url, otto = asked.posted.url, world.outsider
    fields = hidden(await otto.get(url), 'id="reply"') | {"markdown": WORDS}
    await end(otto)
    path = f"/t/{asked.posted.thread}/replies"
    assert (await send(otto, path, fields, url, origin=origin)).status_code == 403
    # the same from here
    assert (await send(otto, path, fields, url, origin=str(otto.http.base_url).rstrip("/"))).status_code == 401


async def test_the_form_of_another_session_and_a_guests_form_without_its_token_stay_refused(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    url, otto = asked.posted.url, world.outsider
    fields = hidden(await otto.get(url), 'id="reply"') | {"markdown": WORDS}
    path = f"/t/{asked.posted.thread}/replies"
    assert (await send(world.supporter, path, fields, url)).status_code == 403
    guest = world.site.guest()
    own = hidden(await guest.get("/new-thread"), 'id="askform"')
    guest.http.cookies.set(csrf.GUEST_COOKIE, "another")
    refused = await send(guest, "/new-thread", own | {"title": "Where is it?", "markdown": WORDS}, "/new-thread")
    assert refused.status_code == 403 and f"{WORDS}</textarea>" in refused.text
    assert await fetch_value("select count(*) from post") == 1


async def test_what_does_not_fit_one_draft_is_two(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    url, otto = asked.posted.url, world.outsider
    older = "a " * 25_000
    await keep_draft(await otto.reader(), f"thread:{asked.posted.thread}", markdown=older)
    fields = hidden(await otto.get(url), 'id="reply"') | {"markdown": "b " * 30_000}
    await end(otto)
    page = await sign_in(otto, "otto", await send(otto, f"/t/{asked.posted.thread}/replies", fields, url))
    assert page.url.path == url and "b b b" in page.text
    rows = await fetch("select key, length(markdown) as size from draft where person_id = $1 order by key", otto.person)
    assert [(row["key"], row["size"]) for row in rows] == [
        ("new-thread:2", len(older)),
        (f"thread:{asked.posted.thread}", 60_000),
    ]


async def test_another_draft_of_the_same_change_steps_aside(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    ana, post = world.people["ana"], asked.posted.post
    fields = hidden(await ana.get(f"/posts/{post}/edit"), "editform") | {"title": "How?", "markdown": WORDS}
    await keep_draft(await ana.reader(), f"post:{post}", markdown="An hour of typing elsewhere.")
    await end(ana)
    await sign_in(ana, "ana", await send(ana, f"/posts/{post}/edit", fields, f"/posts/{post}/edit"))
    rows = await fetch("select key, markdown from draft where person_id = $1 order by key", ana.person)
    assert [(row["key"], row["markdown"]) for row in rows] == [
        ("new-thread:2", "An hour of typing elsewhere."),
        (f"post:{post}", WORDS),
    ]


TICKED = '<input type="checkbox" name="purpose" value="whisper" checked>'


async def test_a_whisper_is_one_still_after_signing_in(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    url, sam = asked.posted.url, world.supporter
    fields: dict[str, Any] = hidden(await sam.get(url), 'id="reply"') | {"markdown": WORDS}
    await end(sam)
    # as its box and the button beside it are sent
    fields["purpose"] = ["whisper", "facts"]
    page = await sign_in(sam, "sam", await send(sam, f"/t/{asked.posted.thread}/replies", fields, url))
    assert f"{WORDS}</textarea>" in page.text and TICKED in page.text
    assert await fetch_value("select data ->> 'purpose' from draft") == "whisper"


async def test_the_draft_of_a_whisper_ticks_its_box(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    draft = {"key": f"thread:{asked.posted.thread}", "markdown": WORDS}
    assert (await world.supporter.post("/drafts", draft | {"purpose": "whisper"})).status_code == 200
    assert TICKED in (await world.supporter.get(asked.posted.url)).text
    assert (await world.supporter.post("/drafts", draft)).status_code == 200
    assert TICKED not in (await world.supporter.get(asked.posted.url)).text


KEPT = re.compile(r'<textarea id="kept-[0-9]+"([^>]*)>\n(.*?)</textarea>', re.DOTALL)
OTHER = "Not the\nlast <b> one"


def kept(page: httpx.Response, path: str) -> dict[str, Any]:
    """The form to this path with the texts that are given back beside it, as a browser sends them."""
    form = re.search(rf'<form id="([^"]+)" method="post" action="{path}"', page.text)
    assert form
    texts = [html.unescape(text) for tag, text in KEPT.findall(page.text) if f'name="kept" form="{form[1]}"' in tag]
    return hidden(page, f'action="{path}"') | {"kept": [text.replace("\n", "\r\n") for text in texts]}


async def closing(world: World) -> httpx.Response:
    """The answer to who closes a thread, with words, in a session that is over."""
    asked = await world.ask("How do I read a file?")
    ana = world.people["ana"]
    token = hidden(await ana.get(asked.posted.url), 'id="act"')["csrf"]
    await end(ana)
    fields = {"csrf": token, "reason": "It was the wrong file", "note": OTHER}
    return await send(ana, f"/t/{asked.posted.thread}/closure", fields, asked.posted.url)


def gives_back(page: httpx.Response) -> bool:
    return [html.unescape(text) for _tag, text in KEPT.findall(page.text)] == ["It was the wrong file", OTHER]


async def test_a_text_to_copy_stands_there_again_after_a_mistyped_password(world: World) -> None:
    page, ana = await closing(world), world.people["ana"]
    for _try in range(2):
        assert gives_back(page)
        page = await ana.http.post("/login", data=kept(page, "/login") | {"login": "ana", "password": "mistyped"})
        assert page.status_code == 422
    # whoever waits, too; and by way of signing up
    await execute("update rate set count = 1000 where key like 'sign-in-as:%'")
    page = await ana.http.post("/login", data=kept(page, "/login") | {"login": "ana", "password": PASSWORD})
    assert page.status_code == 429 and gives_back(page)
    page = await ana.http.post("/signup", data=kept(page, "/login") | {"show": "1"})
    assert page.status_code == 200 and gives_back(page)
    page = await ana.http.post("/signup", data=kept(page, "/signup") | {"username": "a b", "password": "short"})
    assert page.status_code == 422 and gives_back(page)
    page = await ana.http.post("/login", data=kept(page, "/signup") | {"show": "1"})
    assert page.status_code == 200 and gives_back(page)
    await execute("delete from rate")
    page = await ana.http.post("/login", data=kept(page, "/login") | {"login": "ana", "password": PASSWORD})
    assert page.status_code == 303 and page.headers["location"].startswith("/t/")


async def test_texts_that_do_not_fit_the_form_are_given_back_once_and_keep_nobody_out(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    ana = world.people["ana"]
    token = hidden(await ana.get(asked.posted.url), 'id="act"')["csrf"]
    await end(ana)
    # a file is sent as it is, and would be three times as long in the form to sign in
    sent = {"csrf": (None, token), "log": ("log.txt", "ß\n" * 300_000)}
    page = await ana.http.post(f"/t/{asked.posted.thread}/closure", files=sent)
    assert page.status_code == 401 and "ß\nß\n" in page.text
    fields = kept(page, "/login")
    assert fields["kept"] == []
    page = await ana.http.post("/login", data=fields | {"login": "ana", "password": "mistyped"})
    assert page.status_code == 422
