"""What GitHub is asked for survives kill -9 of who asks: an import goes on where it was, and the bot says and does it once."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from forum.database import engine
from forum.database.engine import execute, fetch_value
from forum.outside import github as client
from forum.settings import Settings
from importers.github.bot.moves import want
from tests.helpers import databases
from tests.helpers.bot import REPOSITORY as NUMBER
from tests.helpers.bot import SECRET
from tests.helpers.bot import Pond as Bot
from tests.helpers.github import REPOSITORY, everything, issue, make_project, rest, rest_comment, user
from tests.helpers.github import comment as said
from tests.helpers.history import as_app
from tests.helpers.running import PATIENCE, ROOT, environment
from tests.helpers.site import Site
from tests.standins.github import Asked, GitHub
from tests.standins.github_history import History

ISSUES, COMMENTS, TALKS = 15, 15, 12
Moment = Callable[[Asked, str], bool]


class Deaths:
    """Runs `haas` whose GitHub is the stand-in, and kills it at the moment that is waited for: `(request, "before" or
    "after" it was done there)`."""

    def __init__(self, github: GitHub, warm: asyncio.subprocess.Process, data: Path) -> None:
        self.github, self.warm, self.data = github, warm, data
        self.moment: Moment | None = None
        self.pid = 0
        github.hook = self.look

    async def look(self, _method: str, when: str) -> None:
        if self.moment and self.moment(self.github.asked[-1], when):
            self.moment = None
            os.kill(self.pid, signal.SIGKILL)

    async def begin(self, url: str, *words: str) -> None:
        env = environment(self.data, url) | {
            "GITHUB_APP_ID": self.github.app_id,
            "GITHUB_APP_PRIVATE_KEY": self.github.private_key.replace("\n", "\\n"),
            "GITHUB_API_BASE": self.github.url,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "HAAS_SECRET_KEY": "a key of the tests",
        }
        assert self.warm.stdin and self.warm.stdout
        told = json.dumps({"words": words, "env": env, "cwd": str(self.data)})
        self.warm.stdin.write(told.encode() + b"\n")
        self.pid = int(await self.warm.stdout.readline())

    async def ended(self) -> int:
        assert self.warm.stdout
        return int(await asyncio.wait_for(self.warm.stdout.readline(), PATIENCE))

    async def run(self, url: str, *words: str, until: Moment | None = None) -> int:
        """Its exit status, negative where a signal ended it."""
        self.moment = until
        await self.begin(url, *words)
        return await self.ended()

    @property
    def said(self) -> str:
        return (self.data / "said.log").read_text()


@pytest.fixture
async def warm() -> AsyncIterator[asyncio.subprocess.Process]:
    """What begins processes without loading everything anew."""
    program, pipe = (sys.executable, "-P", "-m", "tests.faults.warm"), asyncio.subprocess.PIPE
    env = environment(ROOT)
    made = await asyncio.create_subprocess_exec(*program, cwd=ROOT, env=env, stdin=pipe, stdout=pipe)
    assert made.stdout and await made.stdout.readline() == b"ready\n"
    yield made
    assert made.stdin
    made.stdin.close()
    await made.wait()


# --- the import ------------------------------------------------------------------------------------------------------


def lively() -> History:
    """Issues, comments and discussions on several pages, with reactions, replies and an answer."""
    history = History(page_most=6)
    for number in range(1, ISSUES + 1):
        history.issues.append(rest(issue(number, f"The pump stops at night {number}", labels=["bug"])))
    for n in range(COMMENTS):
        number, at = 1 + n % 7, f"2024-05-02T08:{n:02}:00Z"
        row = rest_comment(number, said(("egret", "coot")[n % 2], f"Mine too, {n}.", at), 100 + n)
        row["html_url"] = f"https://github.com/{REPOSITORY}/issues/{number}#issuecomment-{100 + n}"
        history.comments.append(row)
    history.reactions = {"1": [(user("coot"), "+1")], "103": [(user("wader"), "heart")], "9": [(user("egret"), "+1")]}
    history.discussions = [talk(n) for n in range(1, TALKS + 1)]
    return history


def talk(n: int) -> dict[str, Any]:
    def spoken(k: int, who: str, **more: Any) -> dict[str, Any]:
        at = f"2024-06-01T08:{k % 60:02}:00Z"
        author = {"login": who, "databaseId": user(who)["id"]}
        told = {"databaseId": 1000 * n + k, "body": f"Said {k}.", "createdAt": at, "updatedAt": at, "author": author}
        return told | {"faces": [("+1", user("coot"))] if k == 1 else []} | more

    replies = [spoken(50 + k, "coot") for k in range(3)]
    comments = [
        spoken(k, "egret", id=f"DC_{n}_{k}", replies=replies if k == 1 else []) for k in range(1, 24 if n == 11 else 3)
    ]
    head = {"id": f"D_{n}", "number": 100 + n, "title": f"How wide is pond {n}?", "closed": False, "closedAt": None}
    head |= {"locked": False, "stateReason": None, "labels": [], "answer": {"databaseId": 1000 * n + 1}}
    head["answerChosenAt"] = "2024-06-01T09:00:00Z"
    head |= {"category": {"name": "Q&A", "slug": "q-a", "isAnswerable": True}, "comments": comments}
    made = f"2024-06-01T07:{n:02}:00Z"
    return spoken(0, "wader") | head | {"createdAt": made, "updatedAt": made}


def is_page(ending: str, page: str) -> Moment:
    return lambda one, when: when == "after" and one.path.endswith(ending) and one.query.get("page", "1") == page


def is_query(name: str, nth: str | None) -> Moment:
    def found(one: Asked, when: str) -> bool:
        body = one.body or {}
        about = str(body.get("query", "")).startswith(f"query {name}(") and body["variables"]["after"] == nth
        return when == "before" and one.path.endswith("/graphql") and about

    return found


MOMENTS: dict[str, Moment] = {
    "a page of comments was told": is_page("/issues/comments", "2"),
    "a page of issues was told": is_page("/issues", "3"),
    "reactions are asked for": lambda one, when: when == "before" and one.path.endswith("/reactions"),
    "the second page of discussions is asked for": is_query("Discussions", "10"),
    "more comments of a discussion are asked for": is_query("Comments", "20"),
}


@pytest.fixture
async def second_url(server: Any, template: str) -> AsyncIterator[str]:
    """Another database, for the import that is killed."""
    name = f"test_{os.getpid()}_github_killed"
    yield await databases.create(server, template, name)
    await databases.drop(server, name)


async def test_an_import_that_is_killed_again_and_again_ends_as_if_nothing_had_been(
    site: Site, database_url: str, second_url: str, tmp_path: Path, warm: asyncio.subprocess.Process
) -> None:
    words = ("import", "github", REPOSITORY, "--project", "pond", "--json")
    async with GitHub.open() as github:
        github.history = lively()
        await make_project(site)
        deaths = Deaths(github, warm, tmp_path)
        assert await deaths.run(database_url, *words) == 0, deaths.said
        wanted, needed = await everything(), Counter(map(address, github.asked))
        assert len(wanted["thread"]) == ISSUES + TALKS
        await engine.disconnect()
        await engine.connect(second_url, size=5)
        try:
            await make_project(site)
            github.asked.clear()
            for name, moment in MOMENTS.items():
                assert await deaths.run(second_url, *words, until=moment) == -signal.SIGKILL, (name, deaths.said)
            assert await deaths.run(second_url, *words) == 0, deaths.said
            assert await everything() == wanted
        finally:
            await engine.disconnect()
            await engine.connect(database_url, size=5)
    asked = Counter(map(address, github.asked))
    again = {one: n - needed[one] for one, n in asked.items() if n > needed[one] and "installation" not in one}
    # who dies while a page is on its way asks for that page again, and for no other; what the repository is, is asked anew
    assert set(asked) == set(needed)
    assert again.pop(f"/repos/{REPOSITORY}[]") == len(MOMENTS)
    # a page of discussions is stored whole: dying over the comments of one costs both
    assert again.pop("/graphql Discussions 10") == 2 and sum(again.values()) == len(MOMENTS) - 1, again


def address(one: Asked) -> str:
    """What was asked for."""
    if one.path.endswith("/graphql"):
        body = one.body or {}
        return f"/graphql {body['query'].split('(')[0].split()[1]} {body['variables']['after']}"
    return one.path + str(sorted(one.query.items()))


# --- the bot ---------------------------------------------------------------------------------------------------------


def wrote(ending: str, method: str, when: str = "after") -> Moment:
    """`after`: it is done there, and its answer never comes here."""
    return lambda one, at: at == when and one.method == method and one.path.endswith(ending)


async def test_a_worker_killed_between_the_bots_steps_says_and_does_it_once(
    database: str, settings: Settings, tmp_path: Path, warm: asyncio.subprocess.Process
) -> None:
    client.forget_tokens()
    moments = {
        "said, and not booked": wrote("/7/comments", "POST"),
        "not closed yet": wrote("/issues/7", "PATCH", "before"),
        "closed, and not booked": wrote("/issues/7", "PATCH"),
        "labelled, and not booked": wrote("/7/labels", "POST"),
    }
    async with GitHub.open() as github, Site.open(as_app(settings, github, SECRET)) as site:
        bot = await Bot.make(site, github)
        github.open_issue(7, "How do I run two pumps?", "I have two.")
        await want(NUMBER, 7, "move", kind="support", login="mia", comment=1)
        deaths = Deaths(github, warm, tmp_path)
        for name, moment in moments.items():
            assert await deaths.run(database, "worker", until=moment) == -signal.SIGKILL, (name, deaths.said)
            # time goes by: what the dead one held is somebody else's
            await execute("update github_move set next_at = now()")
            await execute("update pgqueuer set heartbeat = now() - interval '1 hour', execute_after = now()")
        await site.jobs()
        assert len(bot.said(7)) == 1
        assert (bot.row(7)["state"], [label["name"] for label in bot.row(7)["labels"]]) == ("closed", ["support"])
        assert Counter(bot.writes())["POST /repos/heron/Pond/issues/7/comments"] == 1
        assert [await fetch_value(f"select count(*) from {table}") for table in ("thread", "ticket")] == [1, 1]
        move = await bot.move(7)
        assert move is not None and move["problem"] == "" and set(move["steps"]) == {"closed", "labelled"}
