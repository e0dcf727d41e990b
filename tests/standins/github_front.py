"""One GitHub in front of two stand-ins: who signs people in, and the API; as GitHub Enterprise Server puts them on one host."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

API = "/api/v3"
REQUEST = re.compile(rb"^([A-Z]+) (\S+) HTTP/1\.1\r\n")
# What of the API belongs to signing in.
PEOPLE = (f"{API}/user", f"{API}/user/emails")


@dataclass
class Front:
    """`people` and `api`: ports of the stand-ins."""

    people: int
    api: int
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @asynccontextmanager
    async def open(cls, people: str, api: str) -> AsyncIterator["Front"]:
        made = cls(int(people.rpartition(":")[2]), int(api.rpartition(":")[2]))
        server = await asyncio.start_server(made.pass_on, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        yield made
        server.close()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a connection, then the end of it."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            found = REQUEST.match(head)
            assert found is not None
            path = found[2].decode()
            is_people = not path.startswith(API) or path.partition("?")[0] in PEOPLE
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            target = path if is_people else path.removeprefix(API)
            head = head.replace(found[2], target.encode(), 1)
            head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)[:-2] + b"Connection: close\r\n\r\n"
            there, out = await asyncio.open_connection("127.0.0.1", self.people if is_people else self.api)
            out.write(head + body)
            answer = await self.whole(there)
            out.close()
            writer.write(answer)
            await writer.drain()
        writer.close()

    async def whole(self, there: asyncio.StreamReader) -> bytes:
        """An answer, and no more of its connection."""
        head = await there.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        body = await there.readexactly(int(length[1])) if length else b""
        return re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)[:-2] + b"Connection: close\r\n\r\n" + body
