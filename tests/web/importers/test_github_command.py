"""`haas import github`: its summary, its exit status, and one line when it fails."""

import asyncio
import json
from pathlib import Path

import pytest

from importers.github.commands import run_import
from tests.helpers.github import REPOSITORY, archive, comment, issue, make_project, thread_of, write
from tests.helpers.site import Site

TALK = [comment("egret", "Mine too."), comment("wader", "Since when?"), comment("egret", "May.")]


@pytest.fixture(autouse=True)
async def pond(site: Site) -> int:
    return await make_project(site)


async def test_what_goes_wrong_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write(tmp_path, archive(issue(7))))
    for repository, project, where, status, told in (
        ("pond", "pond", file, 2, "OWNER/REPO"),
        (REPOSITORY, "nowhere", None, 1, "no project nowhere"),
        (REPOSITORY, "nowhere", file, 1, "no project nowhere"),
        (REPOSITORY, "pond", "/nowhere/at/all", 1, "no such file"),
        (REPOSITORY, "pond", "ftp://example.org/a.json", 1, "only http"),
        ("heron/lake", "pond", file, 1, "not of heron/lake"),
    ):
        assert await run_import(repository, project, where) == status

        out, err = capsys.readouterr()
        assert told in err and err.count("\n") == 1 and not out


async def test_the_summary_is_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, archive(issue(7, comments=TALK), 5))

    assert await run_import(REPOSITORY, "pond", str(file), True) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["skipped"] == [{"where": "issues[1]", "why": "this is not an object"}]
    assert (told["threads"], told["posts"], told["people"], told["created"]) == (1, 4, 2, 1)


async def test_a_cut_archive_fails_but_keeps_what_came_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = json.dumps(archive(issue(7), issue(8))).encode()
    file = write(tmp_path, whole[: whole.index(b'"number": 8') + 30])

    assert await run_import(REPOSITORY, "pond", str(file), True) == 1

    out, err = capsys.readouterr()
    assert json.loads(out)["threads"] == 1 and "after issues[0]" in err
    assert (await thread_of(7))["title"] == "The pump stops at night"


async def test_an_archive_is_fetched_from_the_address_the_operator_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = write(tmp_path, archive(issue(7))).read_bytes()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await run_import(REPOSITORY, "pond", f"http://127.0.0.1:{port}/archive.json", True) == 0

    assert json.loads(capsys.readouterr().out)["created"] == 1
