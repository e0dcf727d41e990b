"""What is done to threads and posts: edit, react, accept, close, move; by whom, and that twice is once."""

import re
from collections.abc import Awaitable, Callable

import pytest

from forum.database.engine import execute, fetch_one, fetch_value
from forum.live.threads import thread_news
from forum.threads.writing import record_act
from tests.helpers.site import Browser
from tests.helpers.world import World

PostId = Callable[[int, int], Awaitable[int]]


async def reply(browser: Browser, thread: int, text: str = "An answer.") -> None:
    assert (await browser.post(f"/t/{thread}/replies", {"markdown": text})).status_code == 303


def told_in(html: str) -> list[str]:
    """The lines between posts, as one reads them, without their dates."""
    lines = re.findall(r'<p class="event".*?</svg><span>(.*?)</span><time', html, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", "", line).split()) for line in lines]


# --- reactions -----------------------------------------------------------------------------------------------------


async def test_a_reaction_counts_once_however_often_it_is_sent(world: World, post_id: PostId) -> None:
    asked = await world.ask("How do I read a file?")
    first = await post_id(asked.posted.thread, 1)
    for _ in range(2):
        await world.outsider.post(f"/posts/{first}/reactions/like", {"on": "1"})
    await world.supporter.post(f"/posts/{first}/reactions/like", {"on": "1"})
    assert await fetch_value("select reactions from post") == {"like": 2}
    for _ in range(2):
        await world.outsider.post(f"/posts/{first}/reactions/like", {"on": "0"})
    assert await fetch_value("select reactions from post") == {"like": 1}
    assert await fetch_value("select count(*) from reaction") == 1


async def test_a_reaction_answers_htmx_with_the_post_as_it_now_stands(world: World, post_id: PostId) -> None:
    asked = await world.ask("How do I read a file?")
    answer = await world.outsider.htmx(f"/posts/{await post_id(asked.posted.thread, 1)}/reactions/same", {"on": "1"})
    assert answer.text.lstrip().startswith("<article") and "Same here" in answer.text and ">1<" in answer.text


async def test_what_one_wrote_elsewhere_is_ones_own(world: World, post_id: PostId) -> None:
    """Nobody likes themselves under an imported name that is theirs."""
    asked = await world.ask("How do I read a file?")
    first = await post_id(asked.posted.thread, 1)
    await execute("update post set author_id = $1 where id = $2", ghost := await world.site.person("ghost"), first)
    await execute("update person set same_as = $1 where id = $2", world.outsider.person, ghost)
    answer = await world.outsider.post(f"/posts/{first}/reactions/like", {"on": "1"})
    assert answer.status_code == 403 and await fetch_value("select count(*) from reaction") == 0
    assert (await world.supporter.post(f"/posts/{first}/reactions/like", {"on": "1"})).status_code == 303


@pytest.mark.parametrize(
    ("who", "number", "kind", "status"),
    [
        ("outsider", 1, "same", 303),
        ("outsider", 2, "same", 422),
        ("outsider", 1, "hate", 422),
        ("asker", 1, "like", 403),
        ("guest", 1, "like", 401),
        ("outsider", 9, "like", 404),
    ],
)
async def test_reactions_are_refused_where_they_make_no_sense(
    who: str, number: int, kind: str, status: int, world: World, cast: dict[str, Browser], post_id: PostId
) -> None:
    asked = await world.ask("How do I read a file?")
    await reply(world.supporter, asked.posted.thread)
    await cast["guest"].get("/login")
    post = await post_id(asked.posted.thread, number) or 10**12
    assert (await cast[who].post(f"/posts/{post}/reactions/{kind}", {"on": "1"})).status_code == status


# --- accepting, closing, moving: the matrix ------------------------------------------------------------------------

MATRIX = {
    "acceptance": {"asker", "triager", "maintainer", "owner", "moderator", "admin"},
    "closure": {"asker", "supporter", "triager", "maintainer", "owner", "moderator", "admin"},
    "bucket/bugs": {"triager", "maintainer", "owner", "moderator", "admin"},
}
ROLES = ("guest", "outsider", "asker", "supporter", "triager", "maintainer", "owner", "moderator", "admin")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("deed", MATRIX)
async def test_deeds_are_for_whom_the_matrix_says(deed: str, role: str, world: World, cast: dict[str, Browser]) -> None:
    asked = await world.ask("How do I read a file?")
    await reply(world.supporter, asked.posted.thread)
    await cast["guest"].get("/login")
    sent = await cast[role].post(f"/t/{asked.posted.thread}/{deed}", {"number": "2"})
    row = await fetch_one(
        "select accepted_number is not null as acceptance, is_closed as closure, c.kind = 'bugs' as bucket"
        " from thread t join category c on c.id = t.category_id"
    )
    assert row is not None
    allowed = role in MATRIX[deed]
    assert sent.status_code == (303 if allowed else 401 if role == "guest" else 403)
    assert row[deed.split("/")[0]] is allowed


async def test_a_supporter_accepts_on_the_ticket_assigned_to_them(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await reply(world.outsider, asked.posted.thread)
    assert (await world.supporter.post(f"/t/{asked.posted.thread}/acceptance", {"number": "2"})).status_code == 403
    await world.supporter.post(f"/tickets/{asked.ticket}/claim")
    assert (await world.supporter.post(f"/t/{asked.posted.thread}/acceptance", {"number": "2"})).status_code == 303


async def test_an_acceptance_moves_is_taken_back_and_never_counts_twice(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    asker, path = world.people["ana"], f"/t/{asked.posted.thread}/acceptance"
    await reply(world.outsider, asked.posted.thread, "One")
    await reply(world.supporter, asked.posted.thread, "Two")
    for number in ("2", "2", "3"):
        await asker.post(path, {"number": number})
    assert await fetch_value("select accepted_number from thread") == 3
    assert await fetch_value("select count(*) from thread_act where kind = 'accept'") == 2
    page = await world.site.guest().get(asked.posted.url)
    assert page.text.count("post--accepted") == 1
    for _ in range(2):
        assert (await asker.post(f"{path}/delete")).status_code == 303
    assert await fetch_value("select accepted_number from thread") is None
    assert await fetch_value("select count(*) from thread_act where kind = 'take_back'") == 1


@pytest.mark.parametrize(("number", "status"), [("1", 422), ("77", 404), ("", 422), ("x", 422), ("2", 404)])
async def test_what_cannot_be_an_answer_is_not_accepted(number: str, status: int, world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await world.supporter.post(f"/t/{asked.posted.thread}/replies", {"markdown": "Hm", "purpose": "whisper"})
    sent = await world.people["ana"].post(f"/t/{asked.posted.thread}/acceptance", {"number": number})
    assert sent.status_code == status
    assert await fetch_value("select accepted_number from thread") is None


async def test_closing_twice_is_one_act_and_it_opens_again(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    path = f"/t/{asked.posted.thread}/closure"
    for _ in range(2):
        await world.supporter.post(path, {"reason": "answered in the docs"})
    page = await world.outsider.get(asked.posted.url)
    assert page.text.count("closed the thread: answered in the docs") == 1
    assert 'id="reply"' not in page.text
    for _ in range(2):
        await world.supporter.post(f"{path}/delete")
    assert await fetch_value("select count(*) from thread_act where kind = 'reopen'") == 1
    assert 'id="reply"' in (await world.outsider.get(asked.posted.url)).text


@pytest.mark.parametrize(
    ("origin", "url", "on"),
    [
        ("github", "https://github.com/pelican/pelican/issues/1", " on GitHub"),
        ("stackexchange", "https://stackoverflow.com/q/1", " on Stack Overflow"),
        ("stackexchange", "https://dba.stackexchange.com/q/1", " on dba.stackexchange.com"),
        ("local", None, ""),
    ],
)
async def test_what_nobody_known_here_did_is_a_whole_sentence(
    world: World, origin: str, url: str | None, on: str
) -> None:
    thread = (await world.ask("How do I read a file?")).posted
    await execute("update thread set origin = $2, origin_url = $3 where id = $1", thread.thread, origin, url)
    for kind in ("close", "reopen", "accept", "take_back", "move", "unclaim"):
        await record_act(thread.thread, kind, None, number=1, to="Bugs")
    await record_act(thread.thread, "close", None, reason="duplicate", of="/t/x/9", of_name="9")
    said = [
        f"Closed{on}" if on else "The thread was closed",
        f"Opened again{on}" if on else "The thread was opened again",
        f"Post 1 was accepted as the answer{on}",
        f"The acceptance of post 1 was taken back{on}",
        "The thread was moved to Bugs",
        "The ticket went back into the queue",
        f"Closed{on}: a duplicate of 9" if on else "The thread was closed: a duplicate of 9",
    ]
    assert told_in((await world.outsider.get(thread.url)).text)[1:] == said
    live = await thread_news(await world.outsider.reader(), thread.thread, 0)
    assert live and told_in("".join(each.get("html", "") for each in live.items))[1:] == said


async def test_who_closed_elsewhere_and_has_no_row_here_is_named(world: World) -> None:
    thread = (await world.ask("How do I read a file?")).posted
    await execute("update thread set origin = 'github' where id = $1", thread.thread)
    await record_act(thread.thread, "close", None, by="<keeper>", reason="not planned")
    page = (await world.outsider.get(thread.url)).text
    assert told_in(page)[1:] == ["&lt;keeper&gt; on GitHub closed the thread: not planned"]


async def test_a_moved_thread_keeps_its_url(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    before = await world.category("support"), await world.category("bugs")
    sent = await world.owner.post(f"/t/{asked.posted.thread}/move", {"category": str(before[1])})
    assert sent.status_code == 303 and sent.headers["location"] == asked.posted.url
    page = await world.outsider.get(asked.posted.url)
    assert page.status_code == 200 and "moved the thread to" in page.text and "/c/pelican/bugs" in page.text
    counts = await fetch_value("select array_agg(thread_count order by id) from category where id = any($1)", before)
    assert sorted(counts) == [0, 1]


async def test_moving_to_a_private_category_hides_the_thread_from_others(world: World) -> None:
    asked = await world.ask("The parser runs what it reads")
    await reply(world.outsider, asked.posted.thread)
    private = await world.category("security")
    assert (await world.owner.post(f"/t/{asked.posted.thread}/move", {"category": str(private)})).status_code == 303
    assert (await world.outsider.get(asked.posted.url)).status_code == 404
    assert (await world.site.guest().get(asked.posted.url)).status_code == 404
    assert (await world.people["ana"].get(asked.posted.url)).status_code == 200


async def test_a_category_of_another_project_is_no_place_to_move_to(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    for category in ("999999", "x", ""):
        sent = await world.owner.post(f"/t/{asked.posted.thread}/move", {"category": category})
        assert sent.status_code == 422


# --- editing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
async def test_the_author_and_who_moderates_edit_and_nobody_else(
    role: str, world: World, cast: dict[str, Browser], post_id: PostId
) -> None:
    asked = await world.ask("How do I read a file?")
    first = await post_id(asked.posted.thread, 1)
    await cast["guest"].get("/login")
    fields = {"title": "How do I write a file?", "markdown": "Changed.", "reason": "clearer"}
    sent = await cast[role].post(f"/posts/{first}/edit", fields)
    allowed = role in {"asker", "triager", "maintainer", "owner", "moderator", "admin"}
    assert sent.status_code == (303 if allowed else 401 if role == "guest" else 404)
    assert await fetch_value("select count(*) from post_revision") == int(allowed)
    assert await fetch_value("select title from thread") == ("How do I write a file?" if allowed else asked_title)


asked_title = "How do I read a file?"


async def test_an_edit_keeps_what_stood_there_and_shows_what_changed(world: World, post_id: PostId) -> None:
    asked = await world.ask(asked_title, markdown="I like the red house.")
    first, asker = await post_id(asked.posted.thread, 1), world.people["ana"]
    await asker.post(
        f"/posts/{first}/edit",
        {"title": "How do I write a file?", "markdown": "I like the blue house.", "reason": "wrong <colour>"},
    )
    shown = await world.site.guest().get(f"/posts/{first}/revisions")
    assert shown.status_code == 200
    assert "I like the <del>red</del><ins>blue</ins> house." in shown.text
    assert "How do I <del>read</del><ins>write</ins> a file?" in shown.text
    assert "wrong &lt;colour&gt;" in shown.text and 'href="/u/ana"' in shown.text
    thread = await world.site.guest().get(f"/t/{asked.posted.thread}")
    assert thread.headers["location"].startswith("/t/how-do-i-write-a-file/")
    assert f"/posts/{first}/revisions" in (await world.outsider.get(thread.headers["location"])).text


async def test_saving_without_a_change_makes_no_revision(world: World, post_id: PostId) -> None:
    asked = await world.ask(asked_title, markdown="The same.")
    first = await post_id(asked.posted.thread, 1)
    await world.people["ana"].post(f"/posts/{first}/edit", {"title": asked_title, "markdown": "The same."})
    assert await fetch_value("select count(*) from post_revision") == 0
    assert "never changed" in (await world.outsider.get(f"/posts/{first}/revisions")).text


async def test_a_faulty_edit_comes_back_with_all_that_was_typed(world: World, post_id: PostId) -> None:
    asked = await world.ask(asked_title)
    first = await post_id(asked.posted.thread, 1)
    sent = await world.people["ana"].post(
        f"/posts/{first}/edit", {"title": "", "markdown": "New words", "tags": "one two", "reason": "because"}
    )
    assert sent.status_code == 422
    assert "New words</textarea>" in sent.text and 'value="one two"' in sent.text and 'value="because"' in sent.text


async def test_too_many_edits_are_refused_with_their_text(world: World, post_id: PostId) -> None:
    asked = await world.ask(asked_title)
    first, ana = await post_id(asked.posted.thread, 1), world.people["ana"]
    sent = [
        await ana.post(f"/posts/{first}/edit", {"title": asked_title, "markdown": f"Draft {n}"}) for n in range(1, 42)
    ]
    assert {answer.status_code for answer in sent[:40]} == {303}
    assert sent[40].status_code == 429 and "Draft 41</textarea>" in sent[40].text
    assert await fetch_value("select markdown from post where id = $1", first) == "Draft 40"


async def test_many_edits_come_in_pages_each_against_the_one_before(world: World, post_id: PostId) -> None:
    asked = await world.ask(asked_title, markdown="Draft 0")
    first = await post_id(asked.posted.thread, 1)
    for n in range(1, 14):
        await world.people["ana"].post(f"/posts/{first}/edit", {"title": asked_title, "markdown": f"Draft {n}"})
    newest = (await world.outsider.get(f"/posts/{first}/revisions")).text
    assert "Draft <del>12</del><ins>13</ins>" in newest and "Draft <del>3</del><ins>4</ins>" in newest
    assert "<ins>3</ins>" not in newest and 'href="?below=4"' in newest
    older = (await world.outsider.get(f"/posts/{first}/revisions?below=4")).text
    assert "Draft <del>2</del><ins>3</ins>" in older and "Draft <del>0</del><ins>1</ins>" in older
    assert "<ins>4</ins>" not in older and "below=" not in older


async def test_changes_of_what_is_not_to_be_seen_are_not_to_be_seen(world: World, post_id: PostId) -> None:
    asked = await world.ask("The parser runs what it reads", category="security")
    private = await post_id(asked.posted.thread, 1)
    public = (await world.ask("How do I read a file?")).posted.thread
    await world.supporter.post(f"/t/{public}/replies", {"markdown": "Secret", "purpose": "whisper"})
    await reply(world.outsider, public)
    whisper, deleted = await post_id(public, 2), await post_id(public, 3)
    await execute("update post set deleted_at = now() where id = $1", deleted)
    for post in (private, whisper, deleted):
        for browser in (world.site.guest(), world.outsider):
            assert (await browser.get(f"/posts/{post}/revisions")).status_code == 404
    assert (await world.people["ana"].get(f"/posts/{private}/revisions")).status_code == 200
    assert (await world.supporter.get(f"/posts/{whisper}/revisions")).status_code == 200
