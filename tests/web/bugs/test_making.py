"""The issue is made once, whatever GitHub answers, whenever the job is killed, however often it runs."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest

from categories.bugs import jobs, states
from categories.bugs.actions import begin
from forum.database import engine
from forum.database.engine import execute, fetch, fetch_value
from forum.outside import github as client
from forum.settings import settings, use
from tests.web.bugs.conftest import Bug

LINKED = "linked"


async def promoted(bug: Bug, **typed: str) -> Bug:
    assert await bug.promote(**typed) == 303
    return bug


async def acts(bug: Bug) -> list[Any]:
    return [row["data"] for row in await fetch("select data from thread_act where kind = 'promote'")]


async def test_the_worker_makes_the_issue(bug: Bug) -> None:
    await promoted(bug)
    await bug.world.site.jobs()
    assert await bug.state() == LINKED
    [made] = bug.github.made()
    assert made["title"] == "The pump stops"
    assert made["body"].startswith("It ran all day.\n\n---\nReported by `ana` on [Test Help]")
    assert f"http://testserver/t/{bug.thread}" in made["body"]
    assert await acts(bug) == [{"issue": "Heron/pond#12", "url": "https://github.com/Heron/pond/issues/12"}]


async def test_a_token_may_write_issues_of_one_repository_alone_and_is_used_again(bug: Bug) -> None:
    await promoted(bug)
    await bug.job()
    other = await bug.world.ask("The lamp flickers", category="bugs")
    bug.thread = other.posted.thread
    await promoted(bug)
    await bug.job()
    asked = [each.body for each in bug.github.asked if each.path.endswith("access_tokens")]
    assert asked == [{"repositories": ["pond"], "permissions": {"issues": "write"}}]
    assert len(bug.github.issues) == 2


async def test_a_token_that_expires_or_is_revoked_is_replaced(bug: Bug) -> None:
    await promoted(bug)
    await bug.job()
    for minutes, forget in ((58, False), (1, True)):
        bug.thread = (await bug.world.ask(f"Another {minutes}", category="bugs")).posted.thread
        await promoted(bug)
        if forget:
            bug.github.tokens.clear()
        await bug.job(minutes)
        assert await bug.state() == LINKED
    assert len([each for each in bug.github.asked if each.path.endswith("access_tokens")]) == 3
    assert len(bug.github.issues) == 3


async def test_running_again_changes_nothing(bug: Bug) -> None:
    await promoted(bug)
    await bug.job()
    before = len(bug.github.asked), await bug.row(), await acts(bug)
    await bug.job(5)
    await bug.promote()
    await bug.world.site.jobs()
    assert (len(bug.github.asked), await bug.row(), await acts(bug)) == before


UNSURE: list[dict[str, Any]] = [
    {"status": 500, "does_it": True},
    {"status": 502, "does_it": False},
    {"status": 0, "does_it": True},
    {"status": 0, "does_it": False},
    {"status": 200, "does_it": True, "hangs": True},
    {"status": 200, "does_it": True},
]


@pytest.mark.parametrize("fault", UNSURE, ids=str)
async def test_after_an_answer_that_does_not_come_it_is_looked_for_first(
    bug: Bug, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SILENCE", 0.3)
    bug.github.fail("POST", "/issues", **fault)
    await promoted(bug)
    await bug.job()
    assert await bug.state() == "creating"
    assert "being made" in await bug.page() and "did not answer" in await bug.page()
    assert "being made" not in await bug.page(bug.world.supporter)
    await bug.job(1)
    assert len(bug.github.made()) == 1, "it waits before it looks"
    await bug.job(1)
    assert await bug.state() == LINKED
    assert len(bug.github.issues) == 1
    assert len(await acts(bug)) == 1


async def test_the_next_try_is_a_job_of_its_own_at_its_time(bug: Bug) -> None:
    bug.github.fail("POST", "/issues", 500)
    await promoted(bug)
    await execute("delete from pgqueuer")
    await bug.job()
    row = await bug.row()
    due = await fetch_value("select execute_after from pgqueuer where entrypoint = 'promote_thread'")
    assert abs(due - row["next_at"]) < timedelta(seconds=5)
    await execute("update pgqueuer set execute_after = now()")
    await execute("update promotion set next_at = now()")
    await bug.world.site.jobs()
    assert await bug.state() == LINKED


async def test_of_two_that_hold_the_marker_the_first_is_the_issue(bug: Bug) -> None:
    bug.github.fail("POST", "/issues", 500, does_it=True)
    await promoted(bug)
    await bug.job()
    copied = bug.github.issues[0] | {"number": 99, "id": 99, "node_id": "I_99"}
    pull = copied | {"number": 5, "id": 5, "pull_request": {"url": "https://api.github.com/x"}}
    bug.github.issues += [copied] if bug.github.description else [copied, pull]
    await bug.job(2)
    assert (await bug.row())["number"] == 12


async def test_it_is_found_behind_hundreds_that_were_made_meanwhile(bug: Bug) -> None:
    bug.github.fail("POST", "/issues", 500, does_it=True)
    await promoted(bug)
    await bug.job()
    mine = bug.github.issues[0]
    bug.github.issues += [mine | {"number": 100 + n, "id": 100 + n, "body": "Another."} for n in range(250)]
    await bug.job(2)
    assert (await bug.row())["number"] == 12
    assert len(bug.github.made()) == 1


LIMITS: list[tuple[int, str, dict[str, str], int]] = [
    (403, "API rate limit exceeded for installation ID 77.", {"x-ratelimit-remaining": "0"}, 1800),
    (403, "You have exceeded a secondary rate limit.", {"retry-after": "240"}, 242),
    (403, "You have exceeded a secondary rate limit. Please wait.", {}, 62),
    (429, "Too many requests", {}, 62),
]


@pytest.mark.parametrize(("status", "message", "headers", "wait"), LIMITS, ids=str)
@pytest.mark.parametrize("where", ["/issues", "/access_tokens"])
async def test_a_rate_limit_is_waited_for(
    bug: Bug, status: int, message: str, headers: dict[str, str], wait: int, where: str
) -> None:
    if "x-ratelimit-remaining" in headers:
        # their clock is ten minutes ahead of ours
        reset = bug.now + timedelta(minutes=10, seconds=wait - 2)
        ahead = (bug.now + timedelta(minutes=10)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = headers | {"x-ratelimit-reset": str(int(reset.timestamp())), "date": ahead}
    bug.github.fail("POST", where, status, message=message, headers=headers)
    await promoted(bug)
    await bug.job()
    row = await bug.row()
    assert row["state"] == "wanted" and row["sent_at"] is None
    assert abs((row["next_at"] - bug.now).total_seconds() - wait) < 2
    assert "asks this site to wait" in await bug.page()
    asked = len(bug.github.asked)
    await bug.job(wait / 60 - 0.1)
    assert len(bug.github.asked) == asked
    await bug.job(0.2)
    assert await bug.state() == LINKED
    assert not [each for each in bug.github.asked if (each.method, each.path[-7:]) == ("GET", "/issues")]


REFUSALS = [
    ("GET", "/installation", 404, "Not Found", "is not installed on Heron/pond"),
    ("GET", "/installation", 401, "A JSON web token could not be decoded", "GITHUB_APP_ID"),
    ("GET", "/installation", 301, "Moved Permanently", "has another name on GitHub now"),
    ("POST", "/access_tokens", 422, "The permissions requested are not granted.", "Issues: read and write"),
    ("POST", "/issues", 404, "Not Found", "GitHub knows no Heron/pond"),
    ("POST", "/issues", 410, "Issues are disabled for this repo", "switched off in Heron/pond"),
    ("POST", "/issues", 403, "Resource not accessible by integration", "may not write issues"),
    ("POST", "/issues", 403, "Repository was archived so is read-only.", "is archived"),
    ("POST", "/issues", 422, "Validation Failed", "GitHub refused it: Validation Failed"),
]


@pytest.mark.parametrize(("method", "ending", "status", "message", "told"), REFUSALS, ids=str)
async def test_a_refusal_is_told_with_what_to_do_and_tried_again_by_a_button(
    bug: Bug, method: str, ending: str, status: int, message: str, told: str
) -> None:
    await promoted(bug)
    bug.github.fail(method, ending, status, message=message)
    await bug.job()
    assert await bug.state() == "failed"
    assert not bug.github.issues
    page = await bug.page()
    assert told in page.replace("&#34;", '"') and f'formaction="/t/{bug.thread}/promotion/again"' in page
    assert told not in (await bug.page(bug.world.supporter)).replace("&#34;", '"')
    assert (await bug.mia.post(f"/t/{bug.thread}/promotion/again")).status_code == 303
    await bug.job(1)
    assert await bug.state() == LINKED
    assert len(bug.github.issues) == 1


async def test_it_is_given_up_after_hours_without_an_answer_and_still_found_later(bug: Bug) -> None:
    await promoted(bug)
    bug.github.fail("POST", "/issues", 500, does_it=True)
    bug.github.fail("GET", "/issues", 502, times=100)
    for _hour in range(states.MOST_TRIES):
        await bug.job(61)
    assert await bug.state() == "failed"
    assert "however often it was tried" in await bug.page()
    bug.github.faults.clear()
    await bug.mia.post(f"/t/{bug.thread}/promotion/again")
    await bug.job(1)
    assert await bug.state() == LINKED
    assert len(bug.github.made()) == 1


async def test_a_changed_text_is_sent_after_a_refusal(bug: Bug) -> None:
    bug.github.fail("POST", "/issues", 422, message="Validation Failed")
    await promoted(bug)
    await bug.job()
    form = (await bug.mia.get(f"/t/{bug.thread}/promotion")).text
    assert "It ran all day." in form and "Validation Failed" in form
    await promoted(bug, body="It ran all night.")
    await bug.job(1)
    assert bug.github.issues[0]["body"].startswith("It ran all night.")


@pytest.mark.parametrize("kind", ["private", "members", "team", "support"])
async def test_what_is_not_public_any_more_when_its_job_runs_is_not_sent(bug: Bug, kind: str) -> None:
    await promoted(bug)
    if kind == "support":
        support = await bug.world.category("support")
        await execute("update thread set category_id = $2 where id = $1", bug.thread, support)
    else:
        await execute("update thread set visibility = $2 where id = $1", bug.thread, kind)
    await bug.job()
    assert await bug.state() == "failed"
    assert not bug.github.asked


async def test_without_an_app_by_now_it_says_so(bug: Bug) -> None:
    await promoted(bug)
    chosen = settings()
    use(type(chosen)(**{**vars(chosen), "github_app_private_key": "nonsense"}))
    await bug.job()
    assert (await bug.row())["problem"] == "key"


async def test_two_workers_at_once_make_one(bug: Bug) -> None:
    await promoted(bug)
    await asyncio.gather(*(jobs.promote_thread(bug.thread, bug.now) for _ in range(4)))
    assert await bug.state() == LINKED
    assert len(bug.github.made()) == 1
    assert len(await acts(bug)) == 1


async def test_a_try_that_was_followed_by_another_one_has_no_say(bug: Bug) -> None:
    await promoted(bug)
    old = await begin(bug.thread, bug.now)
    assert old is not None
    await bug.job(5)
    assert await bug.state() == LINKED
    await jobs.not_made(old, old.started, problem="gone", detail="", again=None)
    assert await bug.state() == LINKED


async def killed(bug: Bug, step: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run the job and end it at its nth step: before or after a statement, while a request is done or answered; whether
    it got that far."""
    count = 0
    task = asyncio.create_task(jobs.promote_thread(bug.thread, bug.now))

    async def one(*_what: str) -> None:
        nonlocal count
        count += 1
        if count == step:
            task.cancel()
        await asyncio.sleep(0)

    run = engine.run

    async def watched(method: str, sql: str, values: Any) -> Any:
        await one()
        result = await run(method, sql, values)
        await one()
        return result

    with monkeypatch.context() as patch:
        patch.setattr(engine, "run", watched)
        # the request goes on over there, whatever becomes of who sent it
        bug.github.hook = one
        with contextlib.suppress(asyncio.CancelledError):
            await task
    bug.github.hook = None
    return count >= step


async def test_killed_at_any_step_it_is_one_issue_in_the_end(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    step = 0
    got_there = True
    while got_there and step < 60:
        step += 1
        bug.thread = (await bug.world.ask(f"Broken thing {step}", category="bugs", by="ben")).posted.thread
        await execute("delete from rate")
        await promoted(bug)
        client.forget_tokens()
        got_there = await killed(bug, step, monkeypatch)
        # the library gives the job to another worker within a minute; it waits until the first is over for certain
        await bug.job(0.5)
        await bug.job(1.5)
        assert await bug.state() == LINKED, step
        assert len(bug.github.issues) == step
        assert len(await acts(bug)) == step
    assert 15 < step < 59
