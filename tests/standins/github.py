"""GitHub's REST API for one App (RFC 7519 proofs, installation tokens, issues), which keeps state and can fail in every way.

Where the official OpenAPI description is given, each request is checked against it and each answer begins as its example.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.standins.github_issues import Issues, Rows

if TYPE_CHECKING:
    from tests.standins.github_history import History
    from tests.standins.github_pages import Pages

Json = dict[str, Any]
Hook = Callable[[str, str], Awaitable[None]]
# The name that the description knows the API by.
OFFICIAL = "https://api.github.com"


@cache
def new_key() -> RSAKey:
    """The App's key pair, made once a process."""
    return RSAKey.generate_key(2048, auto_kid=False)


@dataclass
class Fault:
    """What goes wrong with requests `method` to paths that end like this, so many `times`.

    `status` 0: no answer at all, the connection is cut. `does_it`: what was asked for is done nevertheless. `hangs`: the
    answer never comes.
    """

    method: str
    ending: str
    status: int = 0
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    does_it: bool = False
    hangs: bool = False
    times: int = 1


@dataclass(frozen=True)
class Description:
    """The official description, for checking requests and for the examples in it."""

    api: OpenAPI
    examples: Json

    @classmethod
    def read(cls, file: Path) -> "Description":
        told = json.loads(file.read_text())
        return cls(OpenAPI.from_dict(told, config=Config(spec_validator_cls=None)), told["components"]["examples"])


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Json | None


@dataclass
class GitHub(Issues):
    """`repositories`: those on which the App is installed; `asked`: every request; `wrong`: what no client may send."""

    app_id: str = "4711"
    repositories: set[str] = field(default_factory=lambda: {"heron/pond"})
    description: Description | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    port: int = 0
    issues: list[Json] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    # called before a request is done, and again before it is answered
    hook: Hook | None = None
    first_number: int = 12
    # issues that change, comments, permissions (github_issues.py)
    bot_rows: Rows = field(default_factory=Rows)
    # what a repository's history tells of itself (github_history.py), and the headers of an answer beside the usual ones
    history: "History | None" = None
    more: dict[str, str] = field(default_factory=dict)
    # what people see of it (github_pages.py)
    pages: "Pages | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def app_settings(self) -> dict[str, str]:
        """What a site that is served is set to, so that this is its GitHub and its App."""
        return {
            "github_app_id": self.app_id,
            "github_app_private_key": self.private_key,
            "github_api_base": self.url,
        }

    @property
    def private_key(self) -> str:
        return new_key().as_pem(private=True).decode()

    @classmethod
    @asynccontextmanager
    async def open(cls, **kwargs: Any) -> AsyncIterator["GitHub"]:
        made = cls(**kwargs)
        talks: set[asyncio.Task[None]] = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            try:
                await made.talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                talks.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        yield made
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()

    def fail(self, method: str, ending: str, status: int = 0, **more: Any) -> None:
        self.faults.append(Fault(method, ending, status, **more))

    def made(self) -> list[Json]:
        """What was posted as issues."""
        return [each.body or {} for each in self.asked if (each.method, each.path[-7:]) == ("POST", "/issues")]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *rest = head.strip().split("\r\n")
        method, target, _version = line.split(" ")
        headers = {name.lower(): value.strip() for name, _colon, value in (each.partition(":") for each in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if self.pages is not None and (shown := await self.pages.show(method, target, body)) is not None:
            said = shown.encode()
            lines = f"content-type: text/html; charset=utf-8\r\ncontent-length: {len(said)}\r\n"
            writer.write(f"HTTP/1.1 200 OK\r\n{lines}connection: close\r\n\r\n".encode() + said)
            await writer.drain()
            return
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        one = Asked(method, url.path, query, headers, json.loads(body) if body else None)
        self.asked.append(one)
        self.check(one)
        if self.hook:
            await self.hook(method, "before")
        fault = next((f for f in self.faults if f.method == method and url.path.endswith(f.ending) and f.times), None)
        if fault is None:
            status, answer = self.answer(one)
        else:
            fault.times -= 1
            if fault.does_it:
                self.answer(one)
            status, answer = (
                fault.status,
                {"message": fault.message, "documentation_url": "https://docs.github.com/rest"},
            )
        if self.hook:
            await self.hook(method, "after")
        if self.pages is not None and fault is None and one.path.endswith("/attempts"):
            await self.pages.send(self.bot_rows.redelivered[-1])
        if fault and fault.hangs:
            await asyncio.sleep(600)
        if not status:
            return
        if fault is None:
            self.check_answer(one, status, answer)
        said = b"" if status in (204, 304) else json.dumps(answer).encode()
        more = {"content-type": "application/json; charset=utf-8", "content-length": str(len(said))}
        more |= self.more | (fault.headers if fault else {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}connection: close\r\n\r\n".encode() + said
        )
        await writer.drain()

    def check(self, one: Asked) -> None:
        if one.headers.get("accept") != "application/vnd.github+json" or not one.headers.get("user-agent"):
            self.wrong.append(f"{one.method} {one.path}: headers {one.headers}")
        if "x-github-api-version" not in one.headers:
            self.wrong.append(f"{one.method} {one.path}: no version")
        if self.description is not None and not one.path.endswith("/graphql"):
            try:
                self.description.api.validate_request(official(one))
            except Exception as error:
                self.wrong.append(f"{one.method} {one.path}: {error!r}")

    def check_answer(self, one: Asked, status: int, answer: Any) -> None:
        """The stand-in itself is held to the description, which does not list every refusal of a token."""
        if self.description is None or status in (204, 304, 401) or one.path.endswith("/graphql"):
            return
        if "/contents/" in one.path and isinstance(answer, list):
            # a folder: the description tells what it is by a property that no list has
            return
        said = MockResponse(json.dumps(answer).encode(), status_code=status, content_type="application/json")
        try:
            self.description.api.validate_response(official(one), said)
        except Exception as error:
            self.wrong.append(f"answer {status} to {one.method} {one.path}: {error!r}")

    def example(self, name: str) -> Json:
        if self.description is None:
            return {}
        return json.loads(json.dumps(self.description.examples[name]["value"]))  # type: ignore[no-any-return]

    # --- what it does ----------------------------------------------------------------------------------------------

    def answer(self, one: Asked) -> tuple[int, Any]:
        self.more = {}
        if self.history is not None and (told := self.history.answer(self, one)) is not None:
            return told
        match one.method, one.path.strip("/").split("/"):
            case "POST", ["app-manifests", code, "conversions"]:
                return self.answer_manifest(code)
            case method, ["app", *rest] if method == "GET" or rest[:1] == ["hook"]:
                told = self.answer_app(method, ["app", *rest], one.query)
                return (told or NOT_FOUND) if self.proven(one) else NOT_PROVEN
            case "GET", ["installation", "repositories"]:
                rows = [self.repository_row(name) for name in sorted(self.repositories)]
                return 200, {"total_count": len(rows), "repositories": rows}
            case "GET", ["repos", owner, name, "installation"]:
                if not self.proven(one):
                    return NOT_PROVEN
                known = f"{owner}/{name}".lower() in self.repositories
                return (200, self.example("installation") | {"id": 77}) if known else NOT_FOUND
            case "POST", ["app", "installations", "77", "access_tokens"]:
                return self.new_token(one.body or {}) if self.proven(one) else NOT_PROVEN
            case method, ["repos", owner, name, "issues"]:
                repository = f"{owner}/{name}".lower()
                holder = self.tokens.get(one.headers.get("authorization", "").removeprefix("Bearer "))
                if holder is None or holder[1] <= self.now:
                    return 401, {"message": "Bad credentials"}
                if holder[0] != name.lower() or repository not in self.repositories:
                    return NOT_FOUND
                return self.listed(one) if method == "GET" else self.create(f"{owner}/{name}", one.body or {})
            case method, ["repos", owner, name, *rest]:
                holder = self.tokens.get(one.headers.get("authorization", "").removeprefix("Bearer "))
                if holder is None or holder[1] <= self.now:
                    return 401, {"message": "Bad credentials"}
                if holder[0] != name.lower() or f"{owner}/{name}".lower() not in self.repositories:
                    return NOT_FOUND
                return self.answer_rows(method, rest, one.query, one.body or {}) or NOT_FOUND
        return NOT_FOUND

    def proven(self, one: Asked) -> bool:
        """Whether the App proves who it is: signed by its key, for at most ten minutes, and not from the future."""
        try:
            token = jwt.decode(one.headers.get("authorization", "").removeprefix("Bearer "), new_key(), ["RS256"])
        except JoseError:
            return False
        claims, now = token.claims, self.now.timestamp()
        in_time = claims["iat"] <= now + 5 and now - 5 < claims["exp"] <= claims["iat"] + 600
        return claims["iss"] == self.app_id and in_time

    def new_token(self, wanted: Json) -> tuple[int, Json]:
        have = self.bot_rows.app_permissions
        if any(have.get(name) not in (least, "write") for name, least in wanted["permissions"].items()):
            told = "The permissions requested are not granted to this installation."
            return 422, {"message": told, "documentation_url": "https://docs.github.com/rest"}
        token, expires = f"ghs_{len(self.tokens)}", self.now + timedelta(hours=1)
        self.tokens[token] = (wanted.get("repositories", ["*"])[0].lower(), expires)
        told = {"token": token, "expires_at": zulu(expires), "permissions": wanted["permissions"]}
        return 201, self.example("installation-token") | told

    def listed(self, one: Asked) -> tuple[int, list[Json]]:
        size, page = int(one.query.get("per_page", 30)), int(one.query.get("page", 1))
        newest = sorted(self.issues, key=lambda issue: (issue["created_at"], issue["number"]), reverse=True)
        return 200, newest[(page - 1) * size : page * size]

    def create(self, repository: str, sent: Json) -> tuple[int, Json]:
        number = self.first_number + len(self.issues)
        made = self.example("issue") | {
            "id": 5_000_000 + number,
            "node_id": f"I_{number}",
            "number": number,
            "title": sent["title"],
            "body": sent["body"],
            "html_url": f"https://github.com/{repository}/issues/{number}",
            "state": "open",
            "created_at": zulu(self.now),
            "updated_at": zulu(self.now),
        }
        made.pop("pull_request", None)
        self.issues.append(made)
        return 201, made


NOT_FOUND: tuple[int, Json] = (404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"})
NOT_PROVEN: tuple[int, Json] = (401, {"message": "A JSON web token could not be decoded"})


def official(one: Asked) -> MockRequest:
    data = None if one.body is None else json.dumps(one.body).encode()
    # the name of a file is one part of the path in the description, whatever folders it names
    before, mark, file = one.path.partition("/contents/")
    return MockRequest(
        OFFICIAL,
        one.method.lower(),
        before + mark + file.replace("/", "%2F"),
        args=one.query,
        data=data,
        content_type="application/json",
    )


def zulu(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
