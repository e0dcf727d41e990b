"""What the bot does on GitHub it does once: whatever answers get lost, whatever limit holds, whenever it is killed."""

from datetime import UTC, datetime

import pytest

from forum.database.engine import execute, fetch_value
from importers.github.bot import jobs
from importers.github.bot.moves import MOST_TRIES, Move, note, want
from tests.helpers.bot import REPOSITORY, Pond

SAID = "@pond-helper +support"


@pytest.fixture
async def moving(pond: Pond) -> Pond:
    pond.github.open_issue(7, "How do I run two pumps?", "I have two.")
    return pond


async def whole(pond: Pond) -> None:
    """Everything is there, once."""
    move = await pond.move(7)
    assert move is not None and (move["state"], move["problem"]) == ("done", "")
    assert len(pond.said(7)) == 1
    assert pond.row(7)["state"] == "closed"
    assert [label["name"] for label in pond.row(7)["labels"]] == ["support"]
    assert [await fetch_value(f"select count(*) from {table}") for table in ("thread", "ticket")] == [1, 1]


@pytest.mark.parametrize("does_it", [True, False], ids=["done", "not-done"])
@pytest.mark.parametrize(
    ("method", "ending"),
    [("POST", "/7/comments"), ("PATCH", "/issues/7"), ("POST", "/7/labels"), ("POST", "/labels"), ("GET", "/issues/7")],
)
async def test_a_lost_answer_makes_nothing_twice(moving: Pond, method: str, ending: str, does_it: bool) -> None:
    moving.github.fail(method, ending, 0, does_it=does_it)
    await moving.comments(7, SAID)
    await moving.later()
    await whole(moving)


async def test_a_reaction_to_the_server_breaking_is_patience(moving: Pond) -> None:
    moving.github.fail("POST", "/7/comments", 502, times=2)
    await moving.comments(7, SAID)
    await moving.later()
    assert not moving.said(7)
    await moving.later(5)
    await whole(moving)


class Killed(BaseException):
    """No handler of ours catches it, so nothing more is written."""


@pytest.mark.parametrize("written", range(1, 6))
async def test_killed_at_any_step_it_goes_on_from_there(
    moving: Pond, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after kill -9: what was sent was done, what was committed stands, and nothing more is written."""
    await want(REPOSITORY, 7, "move", kind="support", login="mia", comment=1)
    move = await moving.move(7)
    assert move is not None
    done = 0

    async def counting(one: Move, sets: str, *values: object) -> None:
        nonlocal done
        done += 1
        if done == written:
            raise Killed
        await note(one, sets, *values)

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "note", counting)
        if written < 5:
            with pytest.raises(Killed):
                await jobs.github_move(move["id"])
        else:
            await jobs.github_move(move["id"])
    assert done == min(written, 4), "sent, said, closed, labelled"
    await moving.later()
    await whole(moving)


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (403, {"retry-after": "120"}, "You have exceeded a secondary rate limit"),
        (429, {"retry-after": "120"}, "Too many"),
        (403, {}, "You have exceeded a secondary rate limit. Please wait."),
    ],
)
async def test_a_secondary_limit_is_waited_for(
    moving: Pond, status: int, headers: dict[str, str], message: str
) -> None:
    moving.github.fail("POST", "/7/comments", status, message=message, headers=headers)
    await moving.comments(7, SAID)
    move = await moving.move(7)
    assert move is not None and (move["state"], move["problem"]) == ("doing", "limited")
    wait = (move["next_at"] - datetime.now(UTC)).total_seconds()
    assert 50 < wait < 125
    asked = len(moving.github.asked)
    await moving.site.jobs()
    assert len(moving.github.asked) == asked, "nothing is asked before its time"
    await moving.later(3)
    await whole(moving)


async def test_the_primary_limit_holds_up_a_command_too(moving: Pond) -> None:
    reset = str(int(datetime.now(UTC).timestamp()) + 1800)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    moving.github.fail("GET", "/permission", 403, message="API rate limit exceeded", headers=headers)
    await moving.comments(7, SAID)
    assert await moving.move(7) is None
    await moving.later(20)
    assert await moving.move(7) is None
    await moving.later(15)
    await whole(moving)


async def test_what_github_refuses_of_the_last_steps_keeps_nothing_else_from_being_done(moving: Pond) -> None:
    moving.github.fail("POST", "/7/labels", 410, message="Issues are disabled for this repo")
    await moving.comments(7, SAID)
    move = await moving.move(7)
    assert move is not None and move["state"] == "done" and "not labelled" in move["problem"]
    assert moving.row(7)["state"] == "closed" and len(moving.said(7)) == 1


async def test_given_up_it_is_tried_again_by_the_same_words(moving: Pond) -> None:
    moving.github.fail("POST", "/7/comments", 403, message="Resource not accessible by integration", times=99)
    await moving.comments(7, SAID)
    move = await moving.move(7)
    assert move is not None and move["state"] == "failed" and "not accessible" in move["problem"]
    admin = await moving.site.member("adam", admin=True)
    assert "1 failed" in (await admin.get("/admin/github")).text
    moving.github.faults.clear()
    await moving.comments(7, SAID)
    await whole(moving)


async def test_it_is_given_up_after_ten_tries(moving: Pond) -> None:
    moving.github.fail("POST", "/7/comments", 500, times=99)
    await moving.comments(7, SAID)
    for _again in range(MOST_TRIES):
        await moving.later(120)
    move = await moving.move(7)
    assert move is not None and (move["state"], move["tries"]) == ("failed", MOST_TRIES)


async def test_who_copies_the_marker_is_not_the_bot(moving: Pond) -> None:
    moving.github.fail("POST", "/7/comments", 0)
    await moving.comments(7, SAID)
    move = await moving.move(7)
    assert move is not None
    moving.github.write(7, f"<!-- haas:bot:move:{move['key'].hex} -->", "stranger")
    await moving.later()
    await whole(moving)


async def test_two_workers_at_once_say_it_once(moving: Pond) -> None:
    moving.github.fail("GET", "/7/comments", 0)
    await moving.comments(7, SAID)
    move = await moving.move(7)
    assert move is not None
    await jobs.github_move(move["id"])
    assert not moving.said(7), "another try may talk still"
    await moving.later()
    await whole(moving)


async def test_the_repository_taken_away_ends_it(moving: Pond) -> None:
    moving.github.fail("POST", "/7/comments", 0)
    await moving.comments(7, SAID)
    await execute("update github_repository set project_id = null")
    await moving.later()
    move = await moving.move(7)
    assert move is not None and move["state"] == "failed" and "no project" in move["problem"]
