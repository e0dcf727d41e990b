"""A small SMTP server (RFC 5321) in this process, that keeps what it takes and can refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """`taken`: (recipients, message) of each mail; `refuse`: how many mails are still to be refused; `senders`: of the
    envelopes; `refuses`: what is answered to these recipients."""

    port: int = 0
    taken: list[tuple[list[str], str]] = field(default_factory=list)
    refuse: int = 0
    senders: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["MailServer"]:
        made = cls()
        server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        yield made
        server.close()
        await server.wait_closed()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []

        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 test")
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            if verb == "MAIL":
                self.senders.append(line.partition("<")[2].partition(">")[0])
                say("250 ok")
            elif verb == "RCPT":
                recipients.append(line.partition("<")[2].partition(">")[0])
                say(self.refuses.get(recipients[-1], "250 ok"))
            elif verb == "DATA":
                say("354 go on")
                message = (await reader.readuntil(b"\r\n.\r\n")).decode()
                if self.refuse:
                    self.refuse -= 1
                    say("451 try later")
                else:
                    self.taken.append((recipients, message.removesuffix("\r\n.\r\n")))
                    recipients = []
                    say("250 taken")
            elif verb == "RSET":
                recipients = []
                say("250 ok")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
        writer.close()
