"""Importing questions with a tag from the API: against a stand-in that refuses what the real one refuses."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forum.database.engine import fetch, fetch_value
from forum.doctor import check_stackexchange
from forum.outside.stackexchange import Client, Exhausted, NoAnswer, Refused
from forum.settings import Settings, use
from importers.stackexchange.asking import Asking
from importers.stackexchange.commands import run_import
from importers.stackexchange.importing import find_place, import_questions
from importers.summary import Summary
from tests.helpers.github import make_project
from tests.helpers.site import Site
from tests.helpers.stackexchange import (
    NOW,
    answer,
    as_api,
    bring,
    comment,
    counts,
    posts_of,
    question,
    votes,
    write_dump,
)
from tests.standins.process import Standin

STACK = "stackoverflow.com"
POSTS = [
    question(1, 'Why "this" & that?', AcceptedAnswerId=2),
    answer(2, 1),
    answer(3, 1, OwnerUserId=None, OwnerDisplayName="user<99>"),
    question(4, "Is rain enough?", Tags="<rain><pump>", CreationDate="2021-05-02T08:00:00.000"),
]
COMMENTS = [comment(5, 2), comment(6, 1)]
VOTES = votes(1, 4, 1) + votes(2, 0, 1)


@pytest.fixture(scope="session")
def process() -> Iterator[Standin]:
    """The API's stand-in, started once a test process."""
    running = Standin.serve("tests.standins.stackexchange:app")
    yield running
    running.stop()


@pytest.fixture
def api(process: Standin) -> Standin:
    """The API as new, with four posts."""
    process.reset()
    process.tell(questions=as_api(POSTS, COMMENTS, voted=VOTES))
    return process


@pytest.fixture(autouse=True)
async def pond(site: Site, settings: Settings, api: Standin) -> AsyncIterator[None]:
    await make_project(site)
    use(replace(settings, stackexchange_api_base=api.url))
    yield
    use(settings)


class Waits(list[float]):
    """What is waited for, without waiting."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def ask(api: Standin, tag: str = "pump", **more: Any) -> Summary:
    """Import what has a tag, with waits that are only written down."""
    client = Client(f"{api.url}/2.3", "stackoverflow", wait=more.pop("waits", Waits()), **more)
    place = await find_place(STACK, f"{STACK}/tagged/{tag}", "pond")
    return await import_questions(place, Asking(client, STACK, tag).batches(), now=NOW)


async def test_what_has_a_tag_comes_in(api: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run_import("pond", "pump", None, None, True) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["threads"], told["posts"], told["people"], told["tags"], told["skipped"]) == (2, 6, 3, 3, [])
    posts = await posts_of(1, STACK)
    assert posts[0]["title"] == 'Why "this" & that?' and posts[0]["accepted_number"] == 2
    assert [(p["username"], p["reply_to"]) for p in posts] == [
        (f"7@{STACK}", None),
        (f"8@{STACK}", None),
        (f"deleted@{STACK}", None),
        (f"7@{STACK}", 2),
        (f"7@{STACK}", 1),
    ]
    assert posts[2]["attribution"]["gone"] == "user<99>"
    assert posts[3]["markdown"] == "With `rinse <2.0`? Thanks *a lot*"
    assert posts[0]["attribution"] | {"up": 4, "down": 1, "licence": "CC BY-SA 4.0"} == posts[0]["attribution"]
    # nothing that has another tag, and never an address that the answer names
    assert all(post["origin_url"].startswith(f"https://{STACK}/") for post in posts)
    assert {each["fields"].get("tagged", "pump") for each in api.heard()} == {"pump"}


async def test_the_same_question_through_dump_and_api_is_one(tmp_path: Path, api: Standin) -> None:
    folder = write_dump(tmp_path, POSTS, host=STACK, Comments=COMMENTS, Votes=VOTES)
    dumped = await bring(folder, host=STACK)
    before = [tuple(post.values()) for id_ in (1, 4) for post in await posts_of(id_, STACK)]

    asked = await ask(api)
    again = await bring(folder, host=STACK)

    assert counts(dumped) == (2, 0, 0)
    assert counts(asked) == (0, 0, 2) and counts(again) == (0, 0, 2)
    assert [tuple(post.values()) for id_ in (1, 4) for post in await posts_of(id_, STACK)] == before
    assert await fetch_value("select count(*) from person where kind = 'placeholder'") == 3


async def test_pages_are_turned_and_pauses_kept(api: Standin) -> None:
    many = [
        question(n, Tags="<pump>", CreationDate=f"2021-05-01T{n // 60:02}:{n % 60:02}:00.000") for n in range(1, 251)
    ]
    api.tell(questions=as_api(many), backoff=100)
    waits = Waits()

    client = Client(f"{api.url}/2.3", "stackoverflow", wait=waits)
    with pytest.raises(NoAnswer, match="backoff was not kept"):
        # it was not waited for really, and the stand-in knows
        async for _batch in Asking(client, STACK, "pump").batches():
            pass

    assert waits and 50 < waits[0] <= 100


async def test_all_pages_are_read_and_with_the_pause_that_is_asked_for(api: Standin) -> None:
    many = [
        question(n, Tags="<pump>", CreationDate=f"2021-05-01T{n // 60:02}:{n % 60:02}:00.000") for n in range(1, 251)
    ]
    api.tell(questions=as_api(many), backoff=0.05)

    client = Client(f"{api.url}/2.3", "stackoverflow")
    place = await find_place(STACK, f"{STACK}/tagged/pump", "pond")
    summary = await import_questions(place, Asking(client, STACK, "pump").batches(), now=NOW)

    assert counts(summary) == (250, 0, 0)
    pages = [each["fields"]["page"] for each in api.heard() if each["path"] == "/2.3/questions"]
    assert pages == ["1", "2", "3"]


async def test_what_lies_behind_the_25th_page_is_reached_by_its_date(api: Standin) -> None:
    # several of one second, where one window ends and the next begins
    many = [
        question(n, Tags="<pump>", CreationDate=f"2021-05-01T{n // 3 // 60:02}:{n // 3 % 60:02}:00.000")
        for n in range(1, 2_601)
    ]
    api.tell(questions=as_api(many))
    client = Client(f"{api.url}/2.3", "stackoverflow", wait=Waits())

    found = [q.id async for batch in Asking(client, STACK, "pump").batches() for q in batch.questions]

    assert found == list(range(1, 2_601))
    assert max(int(each["fields"].get("page", 1)) for each in api.heard()) == 25


@pytest.mark.parametrize("denied", [False, True])
async def test_what_a_page_leaves_out_is_asked_for(api: Standin, denied: bool) -> None:
    api.tell(nests=False, deny_filters=denied)
    summary = await ask(api)

    # the plain filter tells no Markdown of comments, so their HTML is taken
    assert (summary.threads, summary.posts, summary.skipped) == (2, 6, [])
    assert [p["number"] for p in await posts_of(1, STACK)] == [1, 2, 3, 4, 5]


async def test_a_key_is_sent_and_a_wrong_one_is_refused(api: Standin) -> None:
    api.tell(key="a key")
    assert (await ask(api, key="a key")).threads == 2
    assert all(each["fields"]["key"] == "a key" for each in api.heard())

    with pytest.raises(Refused, match="doesn't match a known application"):
        await ask(api, key="another")


async def test_doctor_tells_whether_the_key_is_known(settings: Settings, api: Standin) -> None:
    api.tell(key="a key", quota=42)
    here = replace(settings, stackexchange_api_base=api.url)

    checks = [await check_stackexchange(replace(here, stackexchange_key=key)) for key in ("", "a key", "another")]

    assert [check.ok for check in checks] == [None, True, False]
    assert "41 requests are left" in checks[1].detail and "known application" in checks[2].detail
    assert "a key" not in dict(replace(here, stackexchange_key="a key").described()).values()


async def test_a_quota_that_ends_stops_the_run_which_goes_on_there(
    api: Standin, capsys: pytest.CaptureFixture[str]
) -> None:
    many = [
        question(n, Tags="<pump>", CreationDate=f"2021-05-01T{n // 60:02}:{n % 60:02}:00.000") for n in range(1, 251)
    ]
    # for a filter and two pages
    api.tell(questions=as_api(many), quota=3)

    assert await run_import("pond", "pump", None, None, True) == 1

    out, err = capsys.readouterr()
    assert json.loads(out)["created"] == 200
    assert "more requests available in 61234 seconds" in err and err.count("\n") == 1
    api.tell(quota=300)
    assert await run_import("pond", "pump", None, None, True) == 0
    out, err = capsys.readouterr()
    # the last of what was read is read again: others may have been asked in the same second
    assert (json.loads(out)["created"], json.loads(out)["unchanged"]) == (50, 1)
    assert "Going on" in err
    assert await fetch_value("select count(*) from thread") == 250
    # and the run after that begins at the beginning
    assert await run_import("pond", "pump", None, None, True) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == 250


async def test_nothing_is_imported_where_the_api_says_no(api: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    api.tell(site="serverfault")

    assert await run_import("pond", "pump", "stackoverflow", None) == 1

    out, err = capsys.readouterr()
    assert not out and "No site found for name `stackoverflow`" in err and err.count("\n") == 1
    assert await fetch_value("select count(*) from import_source") == 0


@pytest.mark.parametrize(
    "fails",
    [
        [[500, {"error_id": 500, "error_name": "internal_error", "error_message": "x"}]],
        [[400, {"error_id": 503, "error_name": "temporarily_unavailable", "error_message": "x"}]] * 3,
        [
            [
                400,
                {
                    "error_id": 502,
                    "error_name": "throttle_violation",
                    "error_message": "more requests available in 3 seconds",
                },
            ]
        ],
        [[502, ["no object"]], [200, ["no object"]], [200, {"no": "items"}]],
    ],
)
async def test_what_may_pass_is_asked_for_again(api: Standin, fails: list[Any]) -> None:
    api.tell(fails=fails)
    waits = Waits()

    assert (await ask(api, waits=waits)).threads == 2
    assert len(waits) >= len(fails) and max(waits) < 30


async def test_what_does_not_pass_is_told(api: Standin) -> None:
    api.tell(fails=[[500, {"error_id": 500, "error_message": "out of order"}]] * 9)

    with pytest.raises(NoAnswer, match="out of order"):
        await ask(api)


async def test_a_long_pause_is_not_waited_for(api: Standin) -> None:
    message = "too many requests from this IP, more requests available in 4000 seconds"
    api.tell(fails=[[400, {"error_id": 502, "error_name": "throttle_violation", "error_message": message}]])
    waits = Waits()

    with pytest.raises(Exhausted):
        await ask(api, waits=waits)

    assert not waits


async def test_nobody_there_is_told() -> None:
    client = Client("http://127.0.0.1:9", "stackoverflow", wait=Waits())

    with pytest.raises(NoAnswer):
        await client.ask("/questions")


async def test_hostile_answers_cost_themselves_alone(api: Standin) -> None:
    (good, _other) = as_api(POSTS, COMMENTS)
    odd: list[Any] = [
        None,
        {"question_id": "1"},
        good | {"question_id": 50, "creation_date": "soon"},
        good | {"question_id": 51, "body": None},
        good
        | {
            "question_id": 52,
            "answers": [{"answer_id": -1}, "x"],
            "answer_count": 0,
            "comments": {"a": 1},
            "comment_count": 0,
        },
        good | {"question_id": 2**70},
        good
        | {
            "question_id": 53,
            "owner": "Ada",
            "tags": [5, "a" * 500, "pump"],
            "title": "<b>" * 900,
            "answers": [],
            "answer_count": 0,
        },
    ]
    for item in odd[1:]:
        item.setdefault("tags", ["pump"])
        item.setdefault("creation_date", 1_600_000_000)
    odd[2]["creation_date"] = 1_600_000_001
    odd[2]["content_license"] = "none"
    api.tell(questions=[item for item in odd if item] + [good])

    summary = await ask(api)

    assert counts(summary) == (3, 0, 0)
    assert {fault.where for fault in summary.skipped} == {
        "a question",
        "question 1",
        "question 50",
        "question 51",
        "question 52, answer -1",
    }
    assert len((await posts_of(53, STACK))[0]["title"]) == 300


async def test_a_bomb_is_not_unpacked(api: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forum.outside.stackexchange.ANSWER_MOST", 100_000)
    api.tell(questions=as_api([question(1, Tags="<pump>", Body="<p>" + "x" * 1_000_000)]))

    with pytest.raises(NoAnswer, match="larger than"):
        await ask(api)


async def test_two_tags_of_a_site_may_stand_in_two_projects(
    site: Site, api: Standin, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_project(site, "lake")
    assert await run_import("pond", "pump", None, None, True) == 0
    capsys.readouterr()

    assert await run_import("lake", "rain", None, None, True) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["created"] == 0
    assert told["skipped"] == [{"where": "question 4", "why": "it stands in another project already"}]
    assert {row["name"] for row in await fetch("select name from import_source")} == {
        f"{STACK}/tagged/{t}" for t in ("pump", "rain")
    }
