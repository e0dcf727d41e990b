"""A mailbox for tests: pymap, an IMAP server that is not ours, as a process of its own, with what delivers into it."""

import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self

from imapclient import IMAPClient

from tests.standins.process import PATIENCE, free_port

# Nobody is to guess this password: it need not take half a second to look at it.
PYMAP = (
    "from pysasl.hashing import BuiltinHash; BuiltinHash.__init__.__kwdefaults__['rounds'] = 1;"
    "from pymap.main import main; main()"
)
USER, PASSWORD = "mail@help.example", "an IMAP password"


@dataclass
class Mailbox:
    """One user's INBOX, in the memory of the server: started again it is empty, and has another UIDVALIDITY."""

    port: int
    user: str
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """As HAAS_IMAP has it."""
        return f"imap://{self.user.replace('@', '%40')}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/INBOX"

    @classmethod
    def start(cls, user: str = USER) -> Self:
        made = cls(free_port(), user)
        made.begin()
        return made

    def begin(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", PYMAP),
                *("--host", "127.0.0.1", "--port", str(self.port), "--no-tls"),
                *("dict", "--demo-user", self.user, "--demo-password", PASSWORD),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.client().logout()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until, "pymap did not start"
                time.sleep(0.05)

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def client(self) -> IMAPClient:
        """A mail program that has opened the INBOX."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=PATIENCE)
        client.login(self.user, PASSWORD)
        client.select_folder("INBOX")
        return client

    def deliver(self, raw: bytes, *flags: bytes) -> None:
        """Lay a mail into the INBOX, as a delivery agent does."""
        client = self.client()
        client.append("INBOX", raw, flags)
        client.logout()

    def empty(self) -> None:
        client = self.client()
        client.delete_messages(client.search(), silent=True)
        client.expunge()
        client.logout()

    def seen(self) -> dict[int, bool]:
        """Each mail's UID, and whether it is marked as read."""
        client = self.client()
        found = client.fetch(client.search(), ["FLAGS"])
        client.logout()
        return {uid: b"\\Seen" in parts[b"FLAGS"] for uid, parts in found.items()}

    def mails(self) -> list[bytes]:
        """Each mail, oldest first."""
        client = self.client()
        found = client.fetch(client.search(), ["BODY.PEEK[]"])
        client.logout()
        return [found[uid][b"BODY[]"] for uid in sorted(found)]
