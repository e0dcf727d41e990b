"""A mailbox read over IMAP, by IMAPClient: every call here blocks, and is made in a thread."""

import re
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

CONNECT: Final = 10
READ: Final = 60
# What a server that does not tell its next UID is asked instead.
LAST: Final = "*"
HERE: Final = frozenset(("127.0.0.1", "::1", "localhost"))


class NoEntry(RuntimeError):
    """The mailbox does not let us in, and would not the next time: a wrong password, no such folder, no encryption."""


@dataclass(frozen=True)
class Place:
    """A mailbox: where it is, and how to get in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    is_tls: bool

    @property
    def name(self) -> str:
        """What it is called in the database and on pages: all but the password."""
        port = "" if self.port == (993 if self.is_tls else 143) else f":{self.port}"
        return f"{self.user} at {self.host}{port}/{self.folder}"[:600]


def parsed_imap(value: str) -> Place:
    """HAAS_IMAP: `imaps://user:password@host/folder`, or `imap://` (STARTTLS). Raises ValueError with a sentence, in which
    no password stands."""
    try:
        url = urlsplit(value)
        host, port, user = url.hostname, url.port, unquote(url.username or "")
    except ValueError:
        host, port, user = None, None, ""
    if not host or not user or url.scheme not in ("imap", "imaps"):
        raise ValueError("HAAS_IMAP is imaps://user:password@host/INBOX (@ in the user or password: %40)")
    is_tls = url.scheme == "imaps"
    folder = unquote(url.path.lstrip("/")) or "INBOX"
    return Place(host, port or (993 if is_tls else 143), user, unquote(url.password or ""), folder, is_tls)


@dataclass(frozen=True)
class Folder:
    """A folder as it was opened: `validity`, for which UIDs count · `next_uid`: that the next mail gets, at least."""

    validity: int
    next_uid: int
    count: int
    can_idle: bool


class Link:
    """One connection to a mailbox. Raises OSError and IMAPClientError (of it: abort, when the connection is of no use any
    more), and NoEntry."""

    def __init__(self, place: Place, *, within: frozenset[str] = frozenset()) -> None:
        self.place = place
        # a password goes without encryption to this machine, and to where the operator says it may
        self.is_near = bool({place.host, f"{place.host}:{place.port}"} & (HERE | within))
        self.client: IMAPClient | None = None
        self.is_cut = False

    @property
    def known(self) -> IMAPClient:
        if self.client is None or self.is_cut:
            raise OSError("the connection is closed")
        return self.client

    def open(self) -> Folder:
        """Connect, sign in, open the folder."""
        place = self.place
        secure = ssl.create_default_context()
        self.client = client = IMAPClient(
            place.host,
            place.port,
            ssl=place.is_tls,
            ssl_context=secure if place.is_tls else None,
            timeout=SocketTimeout(connect=CONNECT, read=READ),
        )
        if self.is_cut:
            # while it was made
            self.cut()
            raise OSError("the connection is closed")
        if not place.is_tls:
            if b"STARTTLS" in client.capabilities():
                client.starttls(secure)
            elif not self.is_near:
                raise NoEntry("offers no encryption, and our password is not sent without")
        try:
            client.login(place.user, place.password)
        except LoginError as error:
            if isinstance(error.__context__, IMAPClientAbortError):
                raise error.__context__ from None
            raise NoEntry(f"does not let us in: {plain(error)}") from None
        try:
            opened = client.select_folder(place.folder)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise NoEntry(f"has no folder {place.folder}: {plain(error)}") from None
        last = opened.get(b"UIDNEXT") or max(self.search(["UID", LAST]), default=0) + 1
        count = int(opened.get(b"EXISTS", 0))
        return Folder(int(opened.get(b"UIDVALIDITY", 0)), int(last), count, b"IDLE" in client.capabilities())

    def search(self, criteria: list[Any]) -> list[int]:
        return sorted(int(uid) for uid in self.known.search(criteria))

    def uids(self, after: int, first: int, since: date | None) -> list[int]:
        """The UIDs after `after`, in order; of those below `first` only what is unread, or came `since`."""
        start = max(after + 1, first)
        # "5:*" means the last mail too when it is the fourth
        found = [uid for uid in self.search(["UID", f"{start}:*"]) if uid >= start]
        if after + 1 < first:
            which = ["UNSEEN"] if since is None else ["OR", "UNSEEN", "SINCE", since]
            found = [*self.search(["UID", f"{after + 1}:{first - 1}", *which]), *found]
        return found

    def size(self, uid: int) -> int | None:
        """How many bytes a mail has; None for one that is not there any more."""
        found = self.known.fetch([uid], ["RFC822.SIZE"]).get(uid)
        return int(found[b"RFC822.SIZE"]) if found and b"RFC822.SIZE" in found else None

    def raw(self, uid: int) -> bytes | None:
        """A mail's bytes, and nothing is marked."""
        found = self.known.fetch([uid], ["BODY.PEEK[]"]).get(uid)
        return bytes(found[b"BODY[]"]) if found and found.get(b"BODY[]") is not None else None

    def mark_seen(self, uid: int) -> None:
        """Mark a mail as read, where the mailbox lets us."""
        try:
            self.known.add_flags([uid], [b"\\Seen"], silent=True)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            return

    def wait(self, seconds: float) -> bool:
        """Wait for news (IDLE, RFC 2177), at most so long; whether there are any. What is missed by it (it came between the
        last search and this) the next search finds."""
        client = self.known
        client.idle()
        with polling(client.socket()) as poll:
            is_news = bool(poll.poll(seconds * 1000))
        client.idle_done()
        return is_news

    def cut(self) -> None:
        """Close the connection, whichever call a thread waits in: that one fails."""
        self.is_cut = True
        if self.client is not None:
            with suppress(OSError, ValueError):
                # whoever reads lets go of the file, which could not be closed before
                self.client.socket().shutdown(socket.SHUT_RDWR)
            with suppress(OSError, ValueError):
                self.client.shutdown()

    def leave(self) -> None:
        """Sign out and close."""
        try:
            self.known.logout()
        except (OSError, IMAPClientError):
            pass
        self.cut()


@contextmanager
def polling(link: socket.socket) -> Iterator["select.poll"]:
    # select() knows no file beyond the 1,024th
    poll = select.poll()
    poll.register(link, select.POLLIN)
    yield poll


def plain(error: Exception) -> str:
    """What a server said, in one line."""
    said = re.sub(r"^b['\"]|['\"]$", "", str(error))
    return " ".join(said.split())[:160] or type(error).__name__
