"""Whole sites of Stack Exchange: what the XML counts is what stands here, once, also after a kill -9 and from the API."""

import asyncio
import json
import os
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from xml.etree import ElementTree

import pytest

from forum.database import engine
from forum.database.engine import fetch, fetch_one, fetch_value
from forum.markup import cook
from forum.markup.from_html import to_markdown
from forum.recount import recount
from importers.faults import Malformed, Unreadable
from importers.stackexchange.asking import read_question
from importers.stackexchange.rows import BadDump, rows
from tests.helpers import databases
from tests.helpers.github import everything, make_project
from tests.helpers.site import Site
from tests.helpers.stackexchange import bring

SITES = ["cardano.stackexchange.com", "french.meta.stackexchange.com"]
# The goal is 300 posts a second, kept by `make bench`. Here other tests run beside, so only this process's own work is
# counted, and it is as slow as the machine is busy.
SECONDS_A_POST = 0.01
Json = dict[str, str]


def rows_of(folder: Path, name: str) -> list[Json]:
    """The rows of a file, read without any code of the importer."""
    return [dict(row.attrib) for row in ElementTree.parse(folder / f"{name}.xml").getroot()]


def counted(folder: Path) -> dict[str, Any]:
    """What a dump holds that belongs to threads."""
    posts = {row["Id"]: row for row in rows_of(folder, "Posts") if row["PostTypeId"] in ("1", "2")}
    comments = [row for row in rows_of(folder, "Comments") if row["PostId"] in posts]
    questions = [row for row in posts.values() if row["PostTypeId"] == "1"]
    owners = {row.get("OwnerUserId", "gone") for row in posts.values()} | {c.get("UserId", "gone") for c in comments}
    return {
        "threads": len(questions),
        "posts": len(posts) + len(comments),
        "people": len(owners),
        "tags": len({tag for row in questions for tag in re.findall("<([^>]+)>", row["Tags"])}),
        "closed": sum("ClosedDate" in row for row in questions),
        "accepted": sum("AcceptedAnswerId" in row for row in questions),
        "score": sum(int(row["Score"]) for row in [*posts.values(), *comments]),
        "licences": dict(Counter(row["ContentLicense"] for row in [*posts.values(), *comments])),
    }


async def stored() -> dict[str, Any]:
    """The same of the database."""
    row = await fetch_one(
        "select (select count(*) from thread) as threads, (select count(*) from post) as posts,"
        " (select count(*) from person where kind = 'placeholder') as people, (select count(*) from tag) as tags,"
        " (select count(*) from thread where is_closed) as closed,"
        " (select count(*) from thread where accepted_number is not null) as accepted,"
        " (select sum((attribution ->> 'score')::int) from post) as score"
    )
    assert row is not None
    licences = await fetch("select attribution ->> 'licence' as licence, count(*) as n from post group by 1")
    return dict(row) | {"licences": {each["licence"]: each["n"] for each in licences}}


@pytest.mark.parametrize("name", SITES)
async def test_a_whole_site_stands_here_as_its_xml_counts(
    site: Site, shared_data: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_project(site)
    folder = shared_data / "stackexchange-dump" / name
    wanted = counted(folder)
    began, worked = perf_counter(), process_time()

    summary = await bring(folder, host=name, spool=str(tmp_path / "spool"))

    took, worked = perf_counter() - began, process_time() - worked
    with capsys.disabled():
        print(f"\nimport of {name}: {wanted['posts']} posts, {took:.1f} s, {worked:.1f} s of work")
    assert await stored() == wanted
    told = summary.as_json()
    assert {key: told[key] for key in ("threads", "posts", "people", "tags", "created")} == {
        **{key: wanted[key] for key in ("threads", "posts", "people", "tags")},
        "created": wanted["threads"],
    }
    # what is left out belongs to no thread
    assert all("belong to no thread" in f.why or "not here" in f.why or "is here" in f.why for f in summary.skipped)
    assert worked < 2 + wanted["posts"] * SECONDS_A_POST
    await check_threads(folder, name)
    assert await recount() == []
    assert await fetch_value("select count(*) from reputation_event") == 0

    again = await bring(folder, host=name, spool=str(tmp_path / "spool"))
    assert again.as_json() == told | {"created": 0, "unchanged": wanted["threads"]}
    assert await stored() == wanted


async def check_threads(folder: Path, name: str) -> None:
    """Each answer stands in its question's thread, with its date and votes; what was accepted there is accepted here."""
    votes: Counter[tuple[str, str]] = Counter((v["PostId"], v["VoteTypeId"]) for v in rows_of(folder, "Votes"))
    here = {
        row["foreign_id"].rpartition("/")[2]: row
        for row in await fetch(
            "select o.foreign_id, p.number, p.created_at, p.attribution, t.origin_url as thread_url, t.accepted_number,"
            " t.title from origin_alias o join post p on p.id = o.row_id join thread t on t.id = p.thread_id"
            " where o.kind = 'post' and o.foreign_id like '%/posts/%'"
        )
    }
    accepted = {}
    for told in rows_of(folder, "Posts"):
        if told["PostTypeId"] not in ("1", "2"):
            assert told["Id"] not in here
            continue
        row = here[told["Id"]]
        assert row["thread_url"] == f"https://{name}/q/{told.get('ParentId', told['Id'])}"
        assert f"{row['created_at']:%Y-%m-%dT%H:%M:%S}" == told["CreationDate"][:19]
        assert row["attribution"]["score"] == int(told["Score"])
        assert (row["attribution"]["up"], row["attribution"]["down"]) == (
            votes[told["Id"], "2"],
            votes[told["Id"], "3"],
        )
        if told["PostTypeId"] == "1":
            assert (row["number"], row["title"]) == (1, " ".join(told["Title"].split()))
            accepted[told["Id"]] = here[told["AcceptedAnswerId"]]["number"] if "AcceptedAnswerId" in told else None
            assert row["accepted_number"] == accepted[told["Id"]]
    comments = await fetch(
        "select c.created_at, a.created_at as about_at, a.number < c.number as is_behind from post c"
        " join post a on a.thread_id = c.thread_id and a.number = c.reply_to where c.attribution ->> 'kind' = 'comment'"
    )
    assert len(comments) == await fetch_value("select count(*) from post where attribution ->> 'kind' = 'comment'")
    assert all(row["is_behind"] for row in comments)


def words_of(html: str) -> str:
    """The words of HTML, without pictures, white space and what our cooking adds."""
    html = re.sub(
        r"<header>.*?</header>|<a class=\"image\".*?</a>|<span class=\"image\".*?</span>", "", html, flags=re.S
    )
    return "".join(unescape(re.sub(r"<[^>]*>", "", html)).split()).replace("Spoiler", "")


def code_of(html: str) -> list[str]:
    found = re.findall(r"<pre[^>]*>\n?(?:<code[^>]*>)?(.*?)(?:</code>)?</pre>", html, re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", "", each)).rstrip("\n") for each in found]


@pytest.mark.parametrize("name", SITES)
def test_words_and_code_of_a_whole_site_survive_the_way_over_markdown(shared_data: Path, name: str) -> None:
    for told in rows_of(shared_data / "stackexchange-dump" / name, "Posts"):
        cooked = cook(to_markdown(told["Body"], f"https://{name}/")).html

        assert words_of(cooked) == words_of(told["Body"]), told["Id"]
        assert code_of(cooked) == code_of(told["Body"]), told["Id"]
        assert cooked.count("<li>") == told["Body"].count("<li>"), told["Id"]


def test_recorded_answers_of_the_api_are_read(shared_data: Path) -> None:
    read, faults = 0, list[Malformed]()
    for file in sorted((shared_data / "stackexchange-api").glob("*.json")):
        told = json.loads(file.read_text())
        for item in told if isinstance(told, list) else told.get("items", []):
            if "question_id" not in item or "answer_id" in item:
                continue
            try:
                question = read_question(item, f"question {item['question_id']}", faults)
            except Unreadable as error:
                # lists without a filter carry no bodies
                assert "body" not in item and "body_markdown" not in item and str(error) == "it has no text"
                continue
            read += 1
            assert question.id == item["question_id"] and question.tags == tuple(item["tags"])
            assert [e.kind for e in question.entries] == ["question"] + ["answer"] * len(item["answers"])
    assert read >= 8
    assert {fault.why for fault in faults} == {"it has no text"}


def test_hostile_xml_ends_in_one_line(shared_data: Path, tmp_path: Path) -> None:
    dice = random.Random(5)
    whole = (shared_data / "stackexchange-dump" / SITES[0] / "PostLinks.xml").read_bytes()
    file = tmp_path / "PostLinks.xml"
    for _attempt in range(300):
        broken = bytearray(whole)
        for _mutation in range(dice.randint(1, 4)):
            at = dice.randrange(len(broken))
            broken[at : at + dice.randint(0, 3)] = dice.choice(
                [b"", b"<", b"&", b"\x00", b"\xff", b'"', b"<!DOCTYPE a>"]
            )
        file.write_bytes(bytes(broken))
        try:
            for _row in rows(file, "postlinks"):
                pass
        except BadDump as error:
            assert re.match(r"PostLinks.xml, line \d+: ", str(error)) and "\n" not in str(error)


@pytest.fixture
async def second_url(server: Any, template: str) -> AsyncIterator[str]:
    """Another database, for the import that is killed."""
    name = f"test_{os.getpid()}_killed_stack"
    yield await databases.create(server, template, name)
    await databases.drop(server, name)


RUN = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from forum.wiring import wire
from forum.database import engine
from importers.stackexchange.commands import batches_of
from importers.stackexchange.dump import Dump
from importers.stackexchange.importing import find_place, import_questions

async def main(url, folder, spool):
    await engine.connect(url, size=2)
    wire()
    host = Path(folder).name
    place = await find_place(host, host, "pond")
    dump = Dump(Path(folder), Path(spool))
    total = dump.read()
    await import_questions(place, batches_of(dump, total), now=datetime(2026, 1, 1, tzinfo=UTC),
                           progress=lambda done, total: print(done, flush=True))
    await engine.disconnect()

asyncio.run(main(*sys.argv[1:]))
"""


async def import_until(url: str, folder: Path, spool: Path, records: int | None, moment: float) -> int:
    """Import in a process of its own; kill it `moment` seconds after so many records. Returns its exit status."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, url, str(folder), str(spool), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if records is not None and int(line) >= records:
            await asyncio.sleep(moment)
            process.send_signal(signal.SIGKILL)
            break
    await process.stdout.read()
    return await process.wait()


async def test_an_import_that_is_killed_is_resumed_as_if_nothing_had_been(
    site: Site, shared_data: Path, tmp_path: Path, database_url: str, second_url: str
) -> None:
    folder = shared_data / "stackexchange-dump" / SITES[1]
    spool = tmp_path / "spool"
    await make_project(site)
    assert await import_until(database_url, folder, spool, None, 0) == 0
    wanted = await everything()
    await engine.disconnect()
    await engine.connect(second_url, size=5)
    await make_project(site)
    chance = random.Random(3)

    for records in (25, 100, 200):
        assert await import_until(second_url, folder, spool, records, chance.random() * 0.05) == -signal.SIGKILL
        halves = await fetch_value(
            "select count(*) from thread t where not exists (select 1 from import_record r join origin_alias o"
            " on o.foreign_id = r.foreign_id and o.kind = 'thread' where o.row_id = t.id)"
            " or t.last_number <> (select count(*) from post p where p.thread_id = t.id)"
        )
        assert halves == 0
        assert await fetch_value("select count(*) from thread") >= records
    assert await import_until(second_url, folder, spool, None, 0) == 0
    assert await everything() == wanted
    assert await recount() == []
    await engine.disconnect()
