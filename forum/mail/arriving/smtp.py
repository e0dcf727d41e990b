"""The door for mail servers: SMTP or LMTP, inside the worker, by aiosmtpd."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from forum.mail.arriving.door import (
    RECIPIENTS_MOST,
    SIZE_MOST,
    Away,
    Mailed,
    address_of,
    check_open,
    has_bare_ends,
    take_in,
)
from forum.mail.letters import mail_domain
from forum.settings import Settings
from forum.web.errors import TooMany
from forum.web.limits import limit, network_of

log = structlog.get_logger()
# Unknown addresses that one client may ask for in an hour, and mails of one sender that are taken in an hour.
UNKNOWN_MOST: Final = 60
MAILS_MOST: Final = 240
# Mails in an hour of a client from elsewhere, whoever it says it sends for: each may be 25 MB.
CLIENT_MOST: Final = 600
HOUR: Final = 3600
# HAAS_SMTP_LISTEN of a site whose mail server brings each mail by `haas mail receive`.
PIPE: Final = "pipe"
# A client that says nothing is let go after so many seconds (RFC 5321 §4.5.3.2.7 wants five minutes).
SILENCE: Final = 300
CONNECTIONS_MOST: Final = 200
NOW_CLOSED: Final = "451 4.3.2 Not now; try again"
ASKED_TOO_OFTEN: Final = "450 4.7.1 Too often; try again later"


class Door:
    """What aiosmtpd asks for each step of a delivery."""

    def __init__(self, settings: Settings, *, is_lmtp: bool) -> None:
        self.settings = settings
        self.is_lmtp = is_lmtp

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether anything can be taken now."""
        try:
            await check_open()
        except Away:
            return NOW_CLOSED
        except Exception:
            log.warning("mail cannot be taken", exc_info=True)
            return NOW_CLOSED
        envelope.mail_from = address or ""
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Only addresses that exist; and nobody tries them all out."""
        if len(envelope.rcpt_tos) >= RECIPIENTS_MOST:
            return "452 4.5.3 Too many recipients"
        try:
            if await address_of(address, self.settings) is not None:
                envelope.rcpt_tos.append(address)
                return "250 2.1.5 Ok"
            if client := client_of(session):
                await limit(f"smtp-unknown:{client}", most=UNKNOWN_MOST, seconds=HOUR)
        except TooMany:
            return ASKED_TOO_OFTEN
        except Exception:
            log.warning("recipient cannot be looked up", exc_info=True)
            return NOW_CLOSED
        return "550 5.1.1 No such address here"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The mail, kept before it is acknowledged."""
        said = await self.taken(session, envelope)
        # LMTP wants an answer for each recipient (RFC 2033 §4.2); they were taken together or not at all
        return "\r\n".join([said] * len(envelope.rcpt_tos)) if self.is_lmtp else said

    async def taken(self, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        if has_bare_ends(raw):
            return "554 5.6.0 A line ends in a bare CR or LF"
        sender = (envelope.mail_from or "").lower()
        try:
            await check_open()
            if client := client_of(session):
                await limit(f"smtp-client:{client}", most=CLIENT_MOST, seconds=HOUR)
            await limit(f"mail-from:{sender or client_of(session)}", most=MAILS_MOST, seconds=HOUR)
            await take_in(Mailed(sender, envelope.rcpt_tos, raw))
        except TooMany:
            return ASKED_TOO_OFTEN
        except Away:
            return NOW_CLOSED
        except Exception:
            # whatever it is (the disk, the database), the sender keeps the mail and tries again
            log.warning("mail was not taken", exc_info=True)
            return "451 4.3.0 Could not keep it; try again"
        return "250 2.0.0 Taken"

    async def handle_VRFY(self, server: SMTP, _session: Session, _envelope: Envelope, _address: str) -> str:
        return "252 2.5.2 Send a mail and see"

    async def handle_exception(self, error: Exception) -> str:
        log.warning("mail server", error=type(error).__name__)
        return "451 4.3.0 Something broke; try again"


def client_of(session: Session) -> str:
    """The network of a client from elsewhere; "" for this machine's own mail server, which speaks for everybody."""
    peer: Any = session.peer
    host = peer[0] if isinstance(peer, tuple) and peer else ""
    return "" if host in ("", "127.0.0.1", "::1", "::ffff:127.0.0.1") else network_of(str(host))


def parsed_listen(value: str) -> tuple[bool, str | tuple[str, int]]:
    """HAAS_SMTP_LISTEN as (is it LMTP, a path or host and port): `host:port`, `lmtp:host:port`, `lmtp:/path/socket`.

    Raises ValueError with a sentence.
    """
    is_lmtp = value.startswith("lmtp:")
    rest = value.removeprefix("lmtp:")
    if is_lmtp and rest.startswith("/"):
        return True, rest
    host, colon, port = rest.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) < 65_536:
        raise ValueError("HAAS_SMTP_LISTEN is host:port, lmtp:host:port, lmtp:/path/to/socket or pipe")
    return is_lmtp, (host.strip("[]") or "127.0.0.1", int(port))


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[Any]:
    """Take mail at `settings.smtp_listen` for as long as the block runs; gives the server, whose sockets say the port.

    Several workers of one machine share the port; of a socket in the file system the last has it.
    """
    is_lmtp, where = parsed_listen(settings.smtp_listen)
    door = Door(settings, is_lmtp=is_lmtp)

    def made() -> SMTP:
        protocol: SMTP = (LMTP if is_lmtp else SMTP)(
            door,
            data_size_limit=SIZE_MOST,
            hostname=mail_domain(settings),
            ident="HaaS",
            enable_SMTPUTF8=False,
            timeout=SILENCE,
            loop=asyncio.get_running_loop(),
        )
        return protocol

    loop = asyncio.get_running_loop()
    if isinstance(where, str):
        await asyncio.to_thread(Path(where).unlink, missing_ok=True)
        server: Any = await loop.create_unix_server(made, where, backlog=CONNECTIONS_MOST)
        # the mail server runs as somebody else
        await asyncio.to_thread(Path(where).chmod, 0o666)
    else:
        server = await loop.create_server(made, where[0], where[1], reuse_port=True, backlog=CONNECTIONS_MOST)
    log.info("taking mail", at=settings.smtp_listen)
    try:
        yield server
    finally:
        server.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 2)
