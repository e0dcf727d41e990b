"""Replying: once, by whom, as what, and with nothing lost when it is refused."""

import asyncio
from contextvars import Context
from dataclasses import replace
from uuid import uuid4

import pytest

from forum.database.engine import execute, fetch_one, fetch_value, transaction
from forum.threads.writing import store_reply
from tests.helpers.live import somebody_waits
from tests.helpers.site import Browser, Site
from tests.helpers.world import World

TEXT = "My long and careful answer."


async def test_a_reply_leads_to_itself_and_is_counted(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    sent = await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": TEXT})
    assert sent.status_code == 303 and sent.headers["location"] == f"{asked.posted.url}/2#post_2"
    page = await world.outsider.get(f"{asked.posted.url}/2")
    assert TEXT in page.text and 'id="post_2"' in page.text
    row = await fetch_one("select reply_count, last_number, cardinality(people) as faces from thread")
    assert dict(row or {}) == {"reply_count": 1, "last_number": 2, "faces": 2}


async def test_a_form_sent_twice_makes_one_post(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    fields = {"markdown": TEXT, "key": str(uuid4())}
    first = await world.outsider.post(f"/t/{thread}/replies", fields)
    again = await world.outsider.post(f"/t/{thread}/replies", fields | {"markdown": "Another text"})
    assert first.headers["location"] == again.headers["location"]
    assert await fetch_value("select count(*) from post") == 2


async def test_sent_again_while_it_is_stored_and_the_thread_closes_it_is_still_one_post(world: World) -> None:
    """The second waits for the lock of the first, and is told of it all the same."""
    thread, reader, key = (
        (await world.ask("How do I read a file?")).posted.thread,
        await world.outsider.reader(),
        uuid4(),
    )
    async with transaction():
        first = await store_reply(reader, thread, TEXT, key=key)
        again = asyncio.create_task(store_reply(reader, thread, TEXT, key=key), context=Context())
        await somebody_waits()
        await execute("update thread set is_closed = true")
    assert await again == replace(first, is_new=False)
    assert await fetch_value("select count(*) from post") == 2


async def test_somebody_elses_key_is_no_obstacle(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    fields = {"markdown": TEXT, "key": str(uuid4())}
    await world.outsider.post(f"/t/{thread}/replies", fields)
    await world.supporter.post(f"/t/{thread}/replies", fields)
    assert await fetch_value("select count(*) from post") == 3


async def test_a_reply_to_a_thread_that_closed_meanwhile_is_refused_and_the_text_kept(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    await execute("update thread set is_closed = true")
    sent = await world.outsider.post(f"/t/{thread}/replies", {"markdown": TEXT})
    assert sent.status_code == 409 and "closed" in sent.text
    assert f"{TEXT}</textarea>" in sent.text
    assert await fetch_value("select count(*) from post") == 1


async def test_a_reply_without_words_is_refused(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    sent = await world.outsider.post(f"/t/{thread}/replies", {"markdown": " \n\t "})
    assert sent.status_code == 422 and "Write something first." in sent.text


async def test_before_the_address_is_confirmed_the_text_is_kept_but_not_published(world: World, site: Site) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    new = await site.member("nina", confirmed=False)
    sent = await new.post(f"/t/{thread}/replies", {"markdown": TEXT})
    assert sent.status_code == 403 and f"{TEXT}</textarea>" in sent.text
    assert await fetch_value("select count(*) from post") == 1


async def test_too_many_replies_are_refused_with_their_text(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    answers = [await world.outsider.post(f"/t/{thread}/replies", {"markdown": f"{TEXT} {n}"}) for n in range(41)]
    assert {answer.status_code for answer in answers[:40]} == {303}
    assert answers[40].status_code == 429 and f"{TEXT} 40</textarea>" in answers[40].text
    assert "try again. Your text is kept." in answers[40].text


async def test_of_a_kept_text_is_spoken_only_where_there_is_one(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    post = await fetch_value("select id from post")
    for key in (f"react:{world.outsider.person}", f"post:{world.outsider.person}"):
        slot = "extract(epoch from now())::bigint / 60 * 60"
        # a minute may begin meanwhile
        await execute(f"insert into rate (key, slot, count) values ($1, {slot}, 60), ($1, {slot} + 60, 60)", key)
    reacted = await world.outsider.htmx(f"/posts/{post}/reactions/like", {"on": "1"})
    replied = await world.outsider.htmx(f"/t/{asked.posted.thread}/replies", {"markdown": TEXT})
    assert (reacted.status_code, replied.status_code) == (429, 429)
    assert reacted.headers["x-message"].endswith("and try again.")
    assert replied.headers["x-message"].endswith("and try again. Your text is kept.")


@pytest.mark.parametrize("repository", ["", "pelican/pelican"])
async def test_preview_shows_the_very_html_that_is_stored_and_stores_nothing(world: World, repository: str) -> None:
    await execute("update project set repository = $1", repository)
    thread = (await world.ask("How do I read a file?")).posted.thread
    text = "A **bold** word, `code`, @olga, #12 and <script>alert(1)</script>"
    shown = await world.outsider.post(f"/t/{thread}/replies", {"markdown": text, "preview": "1"})
    assert shown.status_code == 200 and await fetch_value("select count(*) from post") == 1
    swapped = await world.outsider.htmx("/preview", {"markdown": text, "project": "pelican"})
    await world.outsider.post(f"/t/{thread}/replies", {"markdown": text})
    html = await fetch_value("select html from post where number = 2")
    assert html in shown.text and html == swapped.text and "<script>alert" not in html
    assert ("/issues/12" in html) is bool(repository)
    mine = f"/posts/{await fetch_value('select id from post where number = 2')}/edit"
    assert html in (await world.outsider.post(mine, {"markdown": text, "preview": "1"})).text


# --- what a reply is for -------------------------------------------------------------------------------------------

ALLOWED = {
    "reply": {"outsider", "asker", "supporter", "triager", "maintainer", "owner", "moderator", "admin"},
    "thanks": {"outsider", "asker", "supporter", "triager", "maintainer", "owner", "moderator", "admin"},
    "facts": {"supporter", "triager", "maintainer", "owner"},
    "resolve": {"supporter", "triager", "maintainer", "owner"},
    "whisper": {"supporter", "triager", "maintainer", "owner"},
}


@pytest.mark.parametrize("purpose", ALLOWED)
async def test_each_purpose_is_for_whom_the_matrix_says(purpose: str, world: World, cast: dict[str, Browser]) -> None:
    asked = await world.ask("How do I read a file?")
    done = set()
    for role, browser in cast.items():
        await browser.get(asked.posted.url)
        await browser.get("/login")
        sent = await browser.post(f"/t/{asked.posted.thread}/replies", {"markdown": TEXT, "purpose": purpose})
        assert sent.status_code in (303, 401, 403), (role, sent.text)
        done |= {role} if sent.status_code == 303 else set()
    assert done == ALLOWED[purpose]
    assert await fetch_value("select count(*) from post where purpose = $1 and number > 1", purpose) == len(done)


async def test_an_unknown_purpose_is_refused(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    sent = await world.supporter.post(f"/t/{thread}/replies", {"markdown": TEXT, "purpose": "shout"})
    assert sent.status_code == 422 and f"{TEXT}</textarea>" in sent.text


async def test_a_ticked_whisper_stays_one_whichever_button_is_pressed(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    await world.supporter.post(f"/t/{thread}/replies", {"markdown": TEXT, "purpose": ["whisper", "resolve"]})
    assert await fetch_value("select purpose from post where number = 2") == "whisper"
    assert await fetch_value("select state from ticket") == "waiting"


async def test_a_refused_whisper_comes_back_with_its_box_ticked(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted.thread
    sent = await world.supporter.post(f"/t/{thread}/replies", {"markdown": TEXT, "purpose": "whisper", "preview": "1"})
    assert 'value="whisper" checked' in sent.text


async def test_the_askers_reply_opens_a_closed_thread_and_just_thanks_does_not(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await world.supporter.post(f"/t/{asked.posted.thread}/closure")
    asker = world.people["ana"]
    await asker.post(f"/t/{asked.posted.thread}/replies", {"markdown": "Thank you!", "purpose": "thanks"})
    assert await fetch_value("select is_closed from thread")
    await asker.post(f"/t/{asked.posted.thread}/replies", {"markdown": "It is back."})
    assert not await fetch_value("select is_closed from thread")
