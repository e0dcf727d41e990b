"""One look into a mailbox, for children that are killed while they look."""

import asyncio
import os
import signal
from pathlib import Path

from forum.mail.arriving.fetching import settle, take_new
from forum.mail.arriving.imap import Link, parsed_imap
from forum.settings import settings


async def look(imap: str) -> None:
    """Take what is new."""
    place = parsed_imap(imap)
    link = Link(place)
    await settle(place, await asyncio.to_thread(link.open))
    await take_new(link, place, settings())
    link.leave()


async def look_and_die(imap: str, mark: str) -> None:
    """The same, killed between taking the first mail and marking it as read; only where `mark` is no file yet."""

    marked = Link.mark_seen

    def die(link: Link, uid: int) -> None:
        if Path(mark).exists():
            marked(link, uid)
            return
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)

    Link.mark_seen = die  # type: ignore[method-assign]
    await look(imap)
