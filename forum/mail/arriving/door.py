"""The one way a mail comes in, whichever door it took: kept raw, once for each recipient, before anybody says "taken"."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forum.database.engine import action
from forum.incoming.actions import keep
from forum.incoming.sources import Known
from forum.mail.addresses import Address, find_address
from forum.mail.letters import mail_domain
from forum.settings import Settings
from forum.web.switches import switches_on

SOURCE: Final = "mail"
SIZE_MOST: Final = 25_000_000
RECIPIENTS_MOST: Final = 50
MESSAGE_ID: Final = re.compile(rb"(?im)^message-id[ \t]{0,20}:\s{0,10}<?([^<>\s]{1,250})>?")
WAYS_BACK: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)")
HEAD_MOST: Final = 100_000


@dataclass(frozen=True)
class Mailed:
    """A mail as a door took it: the sender told to the server ("" for none, None where nobody knows), who it is for, its
    bytes."""

    sender: str | None
    recipients: Sequence[str]
    raw: bytes


class Away(RuntimeError):
    """Nothing can be taken at the moment; the sender tries again."""


async def address_of(recipient: str, settings: Settings) -> Address | None:
    """What a recipient means here; None where there is no such address."""
    return await find_address(recipient, mail_domain(settings), settings.secret_key)


async def check_open() -> None:
    """Raises Away while the site is only to be read."""
    if "read_only" in await switches_on():
        raise Away("this site can only be read for a while")


@action
async def take_in(mailed: Mailed) -> int:
    """Keep a mail for each of its recipients; how many were new. A mail that is delivered twice is one. When this returns
    it is committed: only then may a door say that it was taken (trust.md F77)."""
    new = 0
    for recipient in mailed.recipients:
        told = {"recipient": recipient[:320]}
        if mailed.sender is not None:
            told["sender"] = mailed.sender.replace("\0", "")[:320]
        known = Known(same_as(mailed.raw, recipient), shape_of(recipient))
        new += await keep(SOURCE, known, mailed.raw, told)
    return new


def same_as(raw: bytes, recipient: str) -> str:
    """What makes two deliveries one: Message-ID, recipient, and what it says; the traces of its way do not count."""
    head, _, body = raw[:HEAD_MOST].replace(b"\r\n", b"\n").partition(b"\n\n")
    body += raw[HEAD_MOST:].replace(b"\r\n", b"\n")
    found = MESSAGE_ID.search(head)
    # without an id it is its sender, time and subject
    who = found[1] if found else b"\n".join(sorted(re.findall(rb"(?im)^(?:from|date|subject):.*", head)))
    made = hashlib.sha256()
    for piece in (who, recipient.lower().encode("utf-8", "replace"), body.rstrip()):
        made.update(hashlib.sha256(piece).digest())
    return made.hexdigest()


def shape_of(recipient: str) -> str:
    """What kind of address it came to; never a token, which who looks at the list of deliveries might use."""
    local = recipient.partition("@")[0].lower()
    if local.startswith(("bounces+", "noreply")):
        return "report"
    project, plus, rest = local.partition("+")
    return f"{project}+answer"[:100] if plus and re.fullmatch(r"t[a-z2-7]{26}", rest) else local[:100]


def has_bare_ends(raw: bytes) -> bool:
    """Whether a line ends in LF or CR alone, by which a second mail can be smuggled inside a first (trust.md F78)."""
    return WAYS_BACK.search(raw) is not None
