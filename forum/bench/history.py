"""An invented repository behind a small stand-in of GitHub's REST API, for measuring the import of a whole history."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from forum.demo.words import Writer

REPOSITORY: Final = "bench/history"
A_PAGE: Final = 100
Json = dict[str, Any]


def person(n: int) -> Json:
    return {"login": f"login-{n}", "id": 10_000 + n, "type": "User"}


def zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def make_history(issues: int, comments: int, seed: int = 7) -> dict[str, list[Json]]:
    """So many issues with so many comments in all, some reacted to: lists of rows by the paths they are read at."""
    writer, dice = Writer(seed), random.Random(seed)
    people = max(2, issues // 8)
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    root = f"/repos/{REPOSITORY}/issues"
    told: dict[str, list[Json]] = {root: [], f"{root}/comments": []}

    def said(at: datetime, path: str) -> Json:
        given = [{"user": person(n), "content": "+1"} for n in dice.sample(range(people), dice.choice((0,) * 9 + (2,)))]
        if given:
            told[f"{path}/reactions"] = given
        text = writer.post().markdown + f"\n\nSee #{dice.randint(1, issues)}, @login-{dice.randrange(people)}."
        times = {"created_at": zulu(at), "updated_at": zulu(at)}
        return {"user": person(dice.randrange(people)), "body": text, "reactions": {"+1": len(given)}, **times}

    for number in range(1, issues + 1):
        at = begin + timedelta(hours=number)
        is_closed = dice.random() < 0.7
        labels = [{"name": f"label-{n}"} for n in dice.sample(range(30), dice.randint(0, 3))]
        row = said(at, f"{root}/{number}") | {"number": number, "id": 50_000 + number, "node_id": f"I_bench{number}"}
        row |= {"title": writer.title(), "labels": labels, "locked": False, "state": "closed" if is_closed else "open"}
        row["closed_at"] = zulu(at + timedelta(minutes=50)) if is_closed else None
        told[root].append(row)
    for n in range(comments):
        number, id_ = dice.randint(1, issues), 900_000 + n
        row = said(begin + timedelta(hours=number, minutes=dice.randint(1, 59)), f"{root}/comments/{id_}")
        page = f"https://github.com/{REPOSITORY}/issues/{number}#issuecomment-{id_}"
        api = f"https://api.github.com{root}/{number}"
        told[f"{root}/comments"].append(row | {"id": id_, "html_url": page, "issue_url": api})
    return told


@asynccontextmanager
async def served_history(told: dict[str, list[Json]]) -> AsyncIterator[str]:
    """The address of the API that tells it, in pages with Link and ETag."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(answer(told, url, head.split(b" ", 2)[1].decode()))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield url
    server.close()


def answer(told: dict[str, list[Json]], url: str, target: str) -> bytes:
    """The bytes that answer a GET."""
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    page, rows = int(query.get("page", 1)), told.get(parts.path)
    more = ""
    if parts.path == f"/repos/{REPOSITORY}":
        said = json.dumps({"id": 1, "full_name": REPOSITORY, "private": False, "has_discussions": False})
    elif rows is None:
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"
    else:
        said = json.dumps(rows[(page - 1) * A_PAGE : page * A_PAGE])
        last = max(1, -(-len(rows) // A_PAGE))
        for rel, number in (("next", page + 1), ("last", last)) if page < last else ():
            more += f'<{url}{parts.path}?{urlencode(query | {"page": number})}>; rel="{rel}", '
        more = f"link: {more[:-2]}\r\n" if more else ""
    head = f'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\netag: W/"{page}"\r\n{more}content-length: '
    return f"{head}{len(said)}\r\n\r\n{said}".encode()
