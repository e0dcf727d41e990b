"""Mail out of a mailbox (HAAS_IMAP), for sites that cannot open a port: fetched by one worker, through the one door.

What was taken is known by UIDs, written in the transaction that keeps the mail; so nothing is taken twice or lost however
the worker ends, and a person may read the same mailbox. "Read" is only what we mark, not what we go by.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses
from typing import Any, Final

import asyncpg
import structlog
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from forum.database.engine import action, execute, fetch, fetch_one
from forum.incoming.rules import pause_after
from forum.mail.arriving.door import (
    HEAD_MOST,
    RECIPIENTS_MOST,
    SIZE_MOST,
    Away,
    Mailed,
    address_of,
    check_open,
    take_in,
)
from forum.mail.arriving.imap import Folder, Link, NoEntry, Place, parsed_imap, plain
from forum.settings import Settings

log = structlog.get_logger()
# How long news are waited for, and how often a server without IDLE is asked (seconds).
WAIT: Final = 60.0
# What comes between looking and waiting is told to nobody, and mails come together: soon after news we look again, then later
# and later.
WAIT_FIRST: Final = 1.0
# Another worker that fetches is looked after so often (seconds).
TURN: Final = 5.0
# After the first failure, and at most; a wrong password gets an account locked when it is tried too often.
PAUSE, PAUSE_MOST = 5.0, 300.0
PAUSE_NO_ENTRY, PAUSE_NO_ENTRY_MOST = 300.0, 3600.0
# So many UIDs are taken before the mailbox is looked at anew.
ROUND: Final = 200
# What servers write down of the address a mail was delivered to; To and Cc say it only of most.
DELIVERED: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "resent-to")
CONNECTION: Final = (OSError, IMAPClientAbortError)


@asynccontextmanager
async def fetching(settings: Settings) -> AsyncIterator[None]:
    """Fetch from `settings.imap` for as long as the block runs. Raises ValueError for what is no address of a mailbox."""
    place = parsed_imap(settings.imap)
    task = asyncio.create_task(fetch_forever(place, settings))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def fetch_forever(place: Place, settings: Settings) -> None:
    """Fetch whenever it is this worker's turn; never ends."""
    while True:
        try:
            async with in_turn(settings.database_url, place) as turn:
                log.info("fetching mail", mailbox=place.name)
                await fetch_while(turn, place, settings)
        except Exception as error:
            log.warning("fetching mail failed, trying again", error=type(error).__name__)
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def in_turn(url: str, place: Place) -> AsyncIterator[Any]:
    """Wait until no other worker fetches from there. The lock lives with its connection: it ends with this process."""
    link = await asyncpg.connect(url)
    try:
        # not by waiting for the lock itself: a statement that runs for days keeps the database from tidying up
        is_ours = False
        while not is_ours:
            is_ours = await link.fetchval(
                "select pg_try_advisory_lock(hashtextextended($1, 0))", f"mailbox:{place.name}"
            )
            await asyncio.sleep(0 if is_ours else TURN)
        yield link
    finally:
        with contextlib.suppress(Exception):
            await link.close(timeout=2)


async def fetch_while(turn: Any, place: Place, settings: Settings) -> None:
    """Fetch until the turn is lost; a mailbox that is away, or does not let us in, is tried again later and later."""
    failures = 0
    while not turn.is_closed():
        link = Link(place, within=settings.within)
        try:
            folder = await asyncio.to_thread(link.open)
            await settle(place, folder)
            wait = min(WAIT_FIRST, WAIT)
            while not turn.is_closed():
                if await take_new(link, place, settings):
                    continue
                await note_health(place, "")
                failures = 0
                if folder.can_idle:
                    is_news = await asyncio.to_thread(link.wait, wait)
                    wait = min(WAIT_FIRST if is_news else 2 * wait, WAIT)
                else:
                    await asyncio.sleep(WAIT)
        except (OSError, IMAPClientError, NoEntry) as error:
            failures += 1
            # that a connection ends now and then is no news
            if failures > 1 or isinstance(error, NoEntry):
                await note_health(place, plain(error))
            pause = pause_for(failures, is_no_entry=isinstance(error, NoEntry))
        else:
            pause = 0.0
        finally:
            link.cut()
        await asyncio.sleep(pause)


def pause_for(failures: int, *, is_no_entry: bool) -> float:
    """Seconds until the next try after so many failures in a row."""
    first, most = (PAUSE_NO_ENTRY, PAUSE_NO_ENTRY_MOST) if is_no_entry else (PAUSE, PAUSE_MOST)
    return min(first * 2.0 ** min(failures - 1, 20), most)


async def settle(place: Place, folder: Folder) -> None:
    """Know the folder by its UIDVALIDITY. New to us, it holds what is older than we: of that only what is unread is ours.
    Made anew, its UIDs are others, and what came since we last looked is looked at again; copies are told by content."""
    await execute("insert into mailbox (name) values ($1) on conflict do nothing", place.name)
    anew = await fetch_one(
        "update mailbox set uidvalidity = $2, first_uid = $3, last_uid = 0,"
        " since = (checked_at at time zone 'UTC')::date - 2 where name = $1 and uidvalidity <> $2 returning since",
        place.name,
        folder.validity,
        folder.next_uid,
    )
    if anew is not None:
        await execute("delete from mailbox_left where name = $1", place.name)


async def take_new(link: Link, place: Place, settings: Settings) -> bool:
    """Take what is new, and what could not be taken before and is due; whether more may wait. Raises what Link does."""
    try:
        await check_open()
    except Away:
        return False
    row = await fetch_one("select last_uid, first_uid, since from mailbox where name = $1", place.name)
    assert row is not None
    due = await fetch("select uid from mailbox_left where name = $1 and next_at <= now() order by uid", place.name)
    new = await asyncio.to_thread(link.uids, row["last_uid"], row["first_uid"], row["since"])
    for uid in [each["uid"] for each in due] + new[:ROUND]:
        await take_one(link, place, uid, settings)
    return len(new) > ROUND


async def take_one(link: Link, place: Place, uid: int, settings: Settings) -> None:
    """Take one mail; one that cannot be taken is left for later, and holds up nobody behind it."""
    try:
        size = await asyncio.to_thread(link.size, uid)
        if size is not None and size > SIZE_MOST:
            await leave(place, uid, "larger than 25 MB", for_good=True)
            return
        raw = None if size is None else await asyncio.to_thread(link.raw, uid)
        recipients = [] if raw is None else await recipients_of(raw, settings)
        await keep_one(place, uid, raw or b"", recipients)
    except Exception as error:
        # the kind of error and nothing of the mail, which whoever reads this list may not read
        await leave(place, uid, type(error).__name__)
        log.warning("a mail in the mailbox was not taken", uid=uid, error=type(error).__name__)
        if isinstance(error, CONNECTION):
            raise
        return
    if recipients:
        await asyncio.to_thread(link.mark_seen, uid)
    elif raw is not None:
        log.info("a mail in the mailbox is not for this site", uid=uid)


@action
async def keep_one(place: Place, uid: int, raw: bytes, recipients: list[str]) -> None:
    """Keep a mail and that it was taken, both or neither."""
    await take_in(Mailed(return_path(raw), recipients, raw))
    await passed(place, uid)
    await execute("delete from mailbox_left where name = $1 and uid = $2", place.name, uid)


async def passed(place: Place, uid: int) -> None:
    await execute("update mailbox set last_uid = greatest(last_uid, $2) where name = $1", place.name, uid)


@action
async def leave(place: Place, uid: int, why: str, *, for_good: bool = False) -> None:
    """Go past a mail, which stays in the mailbox as it is, and try it again later for a day, unless for good."""
    row = await fetch_one(
        "insert into mailbox_left (name, uid, why) values ($1, $2, $3) on conflict (name, uid) do update"
        " set tries = mailbox_left.tries + 1, why = excluded.why returning tries",
        place.name,
        uid,
        why[:200],
    )
    assert row is not None
    await execute(
        "update mailbox_left set next_at = now() + $3::interval where name = $1 and uid = $2",
        place.name,
        uid,
        None if for_good else pause_after(row["tries"]),
    )
    await passed(place, uid)


async def note_health(place: Place, failure: str) -> None:
    """Write down how the mailbox is, for /admin/mail/in; a failure is logged when it begins, or becomes another."""
    await execute("insert into mailbox (name) values ($1) on conflict do nothing", place.name)
    row = await fetch_one(
        "update mailbox m set failure = $2, checked_at = case when $2 = '' then now() else m.checked_at end,"
        " failing_since = case when $2 <> '' then coalesce(m.failing_since, now()) end"
        " from mailbox before where m.name = $1 and before.name = m.name returning before.failure as was",
        place.name,
        failure[:300],
    )
    was = row["was"] if row else ""
    if failure and failure[:300] != was:
        log.error("mail cannot be fetched", mailbox=place.name, error=failure)
    elif was and not failure:
        log.info("mail is fetched again", mailbox=place.name)


async def recipients_of(raw: bytes, settings: Settings) -> list[str]:
    """Our addresses that a mail was delivered to, by what the server wrote down; else those of To and Cc."""
    head = BytesHeaderParser(policy=compat32).parsebytes(raw[:HEAD_MOST])
    for names in (DELIVERED, ("to", "cc")):
        values = [str(value)[:8000] for name in names for value in head.get_all(name, [])[:20]]
        addresses = dict.fromkeys(address.lower() for _name, address in getaddresses(values) if "@" in address)
        ours = [
            each for each in list(addresses)[: 10 * RECIPIENTS_MOST] if await address_of(each, settings) is not None
        ]
        if ours:
            return ours[:RECIPIENTS_MOST]
    return []


def return_path(raw: bytes) -> str | None:
    """The sender told to the server, as it wrote it on top: "" for the empty one, None where it wrote nothing."""
    head = raw[:HEAD_MOST].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = re.search(rb"(?im)^return-path:[ \t]*<?([^<>\s]{0,320})>?", head)
    return found[1].decode("utf-8", "replace").lower() if found else None
