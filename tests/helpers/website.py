"""Somebody's web server on this machine: files by path, redirects, and trouble."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PLACE = "/.well-known/haas-proof.txt"


@dataclass
class Website:
    """`files`: path → text; `redirects`: path → address; `status`: of every answer, 0 for none; `heard`: paths asked for."""

    port: int = 0
    files: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    status: int = 200
    heard: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Website"]:
        made = cls()
        async with await asyncio.start_server(made.talk, "127.0.0.1", 0) as server:
            made.port = server.sockets[0].getsockname()[1]
            yield made

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            self.heard.append(path)
            if self.status:
                writer.write(self.answer(path))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, path: str) -> bytes:
        if path in self.redirects:
            return f"HTTP/1.1 302 Found\r\nlocation: {self.redirects[path]}\r\ncontent-length: 0\r\n\r\n".encode()
        status = self.status if path in self.files or self.status != 200 else 404
        body = self.files.get(path, "not here").encode()
        return f"HTTP/1.1 {status} Told\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
