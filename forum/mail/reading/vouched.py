"""Whether a mail's From can be believed: what our own mail server found out (DMARC), as it wrote it on top of the mail."""

import re
from enum import StrEnum
from typing import Final

from forum.mail.reading.letter import Letter

RESULT: Final = re.compile(r"(?:^|;)\s*(dmarc|dkim|spf)\s*=\s*([a-z]+)([^;]*)", re.IGNORECASE)
DOMAIN: Final = re.compile(
    r"(?:header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*(?:[^\s;@]*@)?([A-Za-z0-9.-]+)", re.IGNORECASE
)


class Vouched(StrEnum):
    """passed: the domain in From stands by the mail · failed: it does not · unknown: nobody looked."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


def vouched_for(letter: Letter, authserv: str) -> Vouched:
    """What the server that calls itself `authserv` wrote into the topmost Authentication-Results of its name (RFC 8601).

    Those further down may be the sender's own. Where it looked and wrote of no DMARC, a signature (DKIM) or a path (SPF)
    of the From's own domain is enough to pass, and nothing is failed.
    """
    domain = letter.sender.rpartition("@")[2]
    if not authserv or not domain:
        return Vouched.UNKNOWN
    for said in letter.all("authentication-results"):
        name, _semicolon, results = said.partition(";")
        if not name.split() or name.split()[0].lower() != authserv.lower():
            continue
        found = [(m[1].lower(), m[2].lower(), m[3]) for m in RESULT.finditer(results)]
        for method, result, more in found:
            if method == "dmarc" and result == "pass":
                # of whose From it says so, where it tells
                whose = DOMAIN.findall(more)
                return Vouched.PASSED if not whose or any(aligned(d, domain) for d in whose) else Vouched.UNKNOWN
            if method == "dmarc" and result in ("fail", "permerror", "temperror", "quarantine", "reject"):
                return Vouched.FAILED
        for method, result, more in found:
            if method in ("dkim", "spf") and result == "pass" and any(aligned(d, domain) for d in DOMAIN.findall(more)):
                return Vouched.PASSED
        return Vouched.UNKNOWN
    return Vouched.UNKNOWN


def aligned(domain: str, of: str) -> bool:
    """Whether `domain` is `of` or one above it, whole labels compared (trust.md C53)."""
    low = domain.lower().rstrip(".")
    return "." in low and (of == low or of.endswith(f".{low}"))
