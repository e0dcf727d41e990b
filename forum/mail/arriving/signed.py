"""Whether a mail is signed by the domain of its From (DKIM, RFC 6376): looked at here where no mail server of ours does."""

import asyncio
import base64
import re
from collections.abc import Callable
from email.utils import getaddresses
from functools import partial
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
# Line ends that one program takes for such and another does not: two would read two mails out of the same bytes.
BARE: Final = re.compile(rb"\r(?!\n)")
# Of these a signature covers the last, and who reads takes the first: where there are two, it says nothing.
ONCE: Final = ("from", "to", "cc", "subject", "date", "message-id", "content-type", "content-transfer-encoding")
# What is larger nobody honest sends, and the library takes minutes over it, in which nothing else of the process goes on: a head
# and a signature in bytes, spaces between two of its letters, a key's record, its modulus and exponent in bits.
HEAD_MOST: Final = 100_000
SIGNATURE_MOST: Final = 4000
SPACES: Final = re.compile(r"\s{20}")
RECORD_MOST: Final = 3000
MODULUS_MOST, EXPONENT_MOST = 8192, 32
# What a signature has to cover: else a mail could be passed on with another of these.
COVERED: Final = frozenset((b"from", b"to", b"subject"))
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


async def vouch(letter: Letter, raw: bytes, authserv: str, to: str, ask: Ask = ask_dns) -> Vouched:
    """What our mail server found out, where there is one (`authserv`); else whether From's own domain signed the mail, to
    this address of ours, which is enough to pass. Without a signature nothing is failed: of that only DMARC's policy could
    tell."""
    if authserv:
        # what that server saw may be another mail than what is read here
        found = vouched_for(letter, authserv)
        return Vouched.UNKNOWN if found is Vouched.PASSED and BARE.search(raw) else found
    domain = letter.sender.rpartition("@")[2]
    # as they stand there: how they are folded counts
    written = [str(value) for value in letter.parsed.get_all("dkim-signature", [])]
    which = [n for n, value in enumerate(written) if domain and may_count(value, domain)]
    if not which or not is_plain(letter, raw) or not is_written_to(letter, to):
        return Vouched.UNKNOWN
    async with _turns:
        try:
            async with asyncio.timeout(WHOLE):
                is_good = await asyncio.to_thread(is_signed, raw, letter, which[:SIGNATURES_MOST], ask)
        except TimeoutError:
            return Vouched.UNKNOWN
    return Vouched.PASSED if is_good else Vouched.UNKNOWN


def is_plain(letter: Letter, raw: bytes) -> bool:
    """Whether a mail can be read in one way only, and has a head of a mail's size."""
    ends = [at for at in (raw.find(b"\n\n", 0, HEAD_MOST), raw.find(b"\n\r\n", 0, HEAD_MOST)) if at >= 0]
    return bool(ends) and not BARE.search(raw) and all(len(letter.all(name)) < 2 for name in ONCE)


def is_written_to(letter: Letter, to: str) -> bool:
    """Whether To or Cc name this address: what somebody wrote to others is theirs too, and no question to us, whoever sends
    it on."""
    named = getaddresses([*letter.all("to"), *letter.all("cc")])
    return to.lower() in (address.lower() for _name, address in named)


def may_count(signature: str, domain: str) -> bool:
    """Whether a signature would say something of From: by its domain or one above it, by an algorithm that holds, over all
    of the text (`l=` lets anybody add to it)."""
    if len(signature) > SIGNATURE_MOST or SPACES.search(signature):
        return False
    tags = {name: "".join(value.split()) for name, value in TAG.findall(signature)}
    return aligned(tags.get("d", ""), domain) and tags.get("a", "").lower() in ALGORITHMS and "l" not in tags


def is_signed(raw: bytes, letter: Letter, which: list[int], ask: Ask) -> bool:
    """Whether one of these signatures of a mail (by their places) is good, covers what counts, and is From's domain's also
    as it was read for that."""
    dkim: Any = late("dkim")
    late("dkim.canonicalization").strip_trailing_whitespace = without_trailing_spaces
    domain = letter.sender.rpartition("@")[2]
    counts = COVERED | {b"cc"} if letter.has("cc") else COVERED
    for place in which:
        try:
            signer = dkim.DKIM(raw, minkey=1024, timeout=QUESTION)
            if not signer.verify(place, dnsfunc=partial(ask_key, ask)):
                continue
            covered = {name.strip().lower() for name in signer.signature_fields[b"h"].split(b":")}
            if covered >= counts and aligned(signer.domain.decode("ascii"), domain):
                return True
        except Exception:
            continue
    return False


def ask_key(ask: Ask, name: bytes, timeout: float = QUESTION) -> bytes | None:
    """A key's record, if it is a key that can be worked with in no time."""
    record = ask(name, timeout=timeout)
    if record is None or len(record) > RECORD_MOST:
        return None
    tags: dict[bytes, bytes] = late("dkim.util").parse_tag_value(record)
    if tags.get(b"k", b"rsa") == b"rsa":
        key = late("dkim.crypto").parse_public_key(base64.b64decode(tags[b"p"]))
        if key["modulus"].bit_length() > MODULUS_MOST or key["publicExponent"].bit_length() > EXPONENT_MOST:
            return None
    return record


def without_trailing_spaces(content: bytes) -> bytes:
    """A text without the spaces and tabs at its lines' ends, as the library's own function has it, which takes the square of
    their number."""
    *lines, rest = content.split(b"\r\n")
    return b"\r\n".join([*(line.rstrip(b" \t") for line in lines), rest])
