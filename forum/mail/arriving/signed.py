"""Whether a mail is signed by the domain of its From (DKIM, RFC 6376): looked at here where no mail server of ours does."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final

import dns.exception
import dns.resolver

from forum.late import late
from forum.mail.reading.letter import Letter
from forum.mail.reading.vouched import Vouched, aligned, vouched_for

# Signatures of one mail that are looked at, and mails at a time: whoever writes names the servers that are asked.
SIGNATURES_MOST: Final = 3
AT_ONCE: Final = 2
# Seconds for one question to DNS, and for a whole mail.
QUESTION: Final = 4.0
WHOLE: Final = 10.0
TAG: Final = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)")
ALGORITHMS: Final = frozenset(("rsa-sha256", "ed25519-sha256"))
# (name, seconds) → the TXT record, None where there is none
Ask = Callable[..., bytes | None]
_turns = asyncio.Semaphore(AT_ONCE)


def ask_dns(name: bytes, timeout: float = QUESTION, resolver: "dns.resolver.Resolver | None" = None) -> bytes | None:
    """The TXT record of a name, by this machine's resolver."""
    asked = resolver or dns.resolver.get_default_resolver()
    try:
        answer = asked.resolve(name.decode("ascii"), "TXT", lifetime=min(timeout, QUESTION), search=False)
    except (dns.exception.DNSException, UnicodeError, OSError):
        return None
    return next((b"".join(record.strings) for record in answer), None)


async def vouch(letter: Letter, raw: bytes, authserv: str, ask: Ask = ask_dns) -> Vouched:
    """What our mail server found out, where there is one (`authserv`); else whether From's own domain signed the mail,
    which is enough to pass. Without a signature nothing is failed: of that only DMARC's policy could tell."""
    if authserv:
        return vouched_for(letter, authserv)
    domain = letter.sender.rpartition("@")[2]
    which = [n for n, value in enumerate(letter.all("dkim-signature")) if domain and may_count(value, domain)]
    if not which:
        return Vouched.UNKNOWN
    async with _turns:
        try:
            async with asyncio.timeout(WHOLE):
                is_good = await asyncio.to_thread(is_signed, raw, which[:SIGNATURES_MOST], ask)
        except TimeoutError:
            return Vouched.UNKNOWN
    return Vouched.PASSED if is_good else Vouched.UNKNOWN


def may_count(signature: str, domain: str) -> bool:
    """Whether a signature would say something of From: by its domain or one above it, by an algorithm that holds, over all
    of the text (`l=` lets anybody add to it)."""
    tags = {name: "".join(value.split()) for name, value in TAG.findall(signature)}
    return aligned(tags.get("d", ""), domain) and tags.get("a", "").lower() in ALGORITHMS and "l" not in tags


def is_signed(raw: bytes, which: list[int], ask: Ask) -> bool:
    """Whether one of these signatures of a mail (by their places) is good."""
    dkim: Any = late("dkim")
    for place in which:
        try:
            if dkim.DKIM(raw, minkey=1024, timeout=QUESTION).verify(place, dnsfunc=ask):
                return True
        except Exception:
            continue
    return False
