"""What a report of failed delivery says: whose address, which of our mails, and whether it is for good."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from forum.mail.reading.bodies import Part, kind_of, leaves, payload, text_of
from forum.mail.reading.letter import ID, Letter
from forum.mail.reading.words import clean, decoded, header_text

LOOKED_AT: Final = 200_000
ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+=#/'*-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
REPLY: Final = re.compile(r"(?<![\d.])([245]\d\d)(?=[ \-#<]|$)")
MESSAGE_ID: Final = re.compile(r"^[>\s]*message-id:\s*<?([^<>\s]{3,250})>?", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """One address that a mail did not reach. `hard`: nothing sent there will arrive · `status`: an enhanced code of RFC
    3463 as it was told, or "" · `is_delayed`: it is still being tried (or has arrived), so nothing follows from it."""

    address: str
    status: str
    reason: str
    hard: bool
    is_delayed: bool = False


@dataclass(frozen=True)
class Report:
    """A report: who was not reached, and the Message-IDs of mails it is about (without brackets)."""

    failures: tuple[Failure, ...]
    message_ids: tuple[str, ...]

    @property
    def hard(self) -> bool:
        return any(failure.hard for failure in self.failures)


# What the words of a diagnosis mean, the first that fits: reason, whether the address is gone for good, and the words.
# The reasons are sisimai's. What is asked first outranks the codes, since many servers say 5.1.1 to what they only dislike.
REASONS: Final[tuple[tuple[str, bool, str], ...]] = (
    ("hostunknown", True, r"(?:account|user|mailbox) or domain may not exist"),
    ("mailererror", False, r"command output|couldn't create|command died|procmail"),
    (
        "mailboxfull",
        False,
        r"mailbox (?:is )?(?:full|quota)|quota (?:exceeded|is full)|over ?quota|exceeded.{0,40}(?:quota|storage)|mailbox.{0,30}exceed"
        r"|(?:disk|storage) (?:space|quota|full)|insufficient (?:system |disk )?(?:storage|space)|not enough (?:disk )?space|out of (?:disk )?space|容量|いっぱい|メールボックスが一杯|dd 452|account is full|user is over",
    ),
    (
        "hasmoved",
        True,
        r"no longer on server|has moved|recipient (?:has )?moved|has been replaced by|address (?:has )?changed to|is no longer (?:valid|in use|available)",
    ),
    (
        "suspend",
        False,
        r"suspend|account (?:that you tried to reach )?(?:is |has been )?(?:disabled|inactive|locked|deactivat)|inactive (?:user|account|mailbox)|temporarily (?:disabled|locked)|mailbox (?:is )?(?:frozen|currently disabled)|receiving mail at a rate",
    ),
    (
        "authfailure",
        False,
        r"\bspf\b|\bdkim\b|\bdmarc\b|sender policy framework|authentication (?:checks|results|failed|required)|does not pass authentication|unauthenticated",
    ),
    (
        "requireptr",
        False,
        r"reverse (?:dns|lookup|mapping)|\bptr\b|rdns|cannot find your (?:hostname|reverse)|cannot resolve your",
    ),
    (
        "norelaying",
        False,
        r"relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed))|not permitted to relay|unable to relay|relaying denied",
    ),
    (
        "mesgtoobig",
        False,
        r"(?:message|mail|size).{0,30}(?:too (?:big|large)|exceed).{0,40}|exceeds (?:the )?(?:maximum|size|fixed|internal)|(?:message|content) (?:is )?too large|size limit|message size",
    ),
    (
        "spamdetected",
        False,
        r"\bspam\b|\bube\b|unsolicited|junk mail|looks like|bulk email|content rejected|message content rejected",
    ),
    (
        "blocked",
        False,
        r"my name was rejected|block(?:ed|ing|list)|blacklist|\brbl\b|dnsbl|spamhaus|banned|reputation|denied by|access denied|refused by|connection refused|not allowed to (?:send|connect)|poor reputation",
    ),
    (
        "toomanyconn",
        False,
        r"too many|rate limit|throttl|connection (?:rate|limit)|frequency limited|try again later.{0,40}connection",
    ),
    ("policyviolation", False, r"policy|not rfc ?5322|rfc 5322|does not comply|violat|prohibited"),
    (
        "contenterror",
        False,
        r"8bit|conversion|invalid (?:header|content)|illegal (?:attachment|content)|bare (?:cr|lf)|improper use",
    ),
    ("securityerror", False, r"\bvirus\b|malware|security|executable"),
    (
        "filtered",
        False,
        r"filter|refused due to recipient preferences|recipient preferences|user reject"
        r"|recipient (?:denied|refuses)|not accept(?:ed|ing)? (?:mail|messages) from|拒否|受信拒否|unwanted|mailbox access restricted|access to .{0,60}restricted|your message has been (?:rejected|denied)|said: 550 5\.2\.0",
    ),
    (
        "rejected",
        False,
        r"sender (?:address )?(?:rejected|domain)|domain of sender|sender.{0,40}(?:not exist|rejected|denied|invalid)|not (?:a )?member|members? (?:only|of)|(?:from|sender) address|posting to|permission to post|権限がない",
    ),
    (
        "hostunknown",
        True,
        r"host(?: or domain)? (?:name )?(?:not found|unknown|lookup)|unknown host|domain (?:is )?(?:not (?:reachable|found|exist)|does not exist|unknown)|host not found|no such (?:host|domain)|(?:invalid|unrouteable|illegal) (?:domain|host)|nxdomain|name service error|no mx|unrouteable mail domain|domain.{0,40}not (?:be )?(?:found|reachable)|could not resolve|recipient's domain|dns error",
    ),
    (
        "userunknown",
        True,
        r"user ?unknown|unknown (?:user|recipient|address|mailbox|local)|no such (?:user|recipient|person|mailbox|address|account)|(?:user|recipient|mailbox|account|address|local part)(?: name)?.{0,60}(?:not (?:found|exist|known|listed|available|allowed|valid|here)|does ?n[o']t exist|doesn't|unknown|invalid|unavailable|disabled|rejected|no longer|not a valid)"
        r"|(?:invalid|bad|illegal|unroutable|unrouteable) (?:recipient|address|mailbox|user)|(?:not|isn't) (?:a )?(?:our customer|local user|known user|a valid)|does not exist|doesn't have an? .{0,30}account|not listed in|not our customer|not recognized|no mailbox here|no account|mailbox (?:name )?not|user .{0,60} unknown|destination.{0,40}not|recipient.{0,40}reject|見つかりません|存在し|宛先が|アドレスが|undeliverable address|couldn't be found|wasn't found|unable to find|not known|e-?mail address.{0,60}(?:not|invalid)|local user|no valid recipients",
    ),
    (
        "expired",
        False,
        r"expired|timed? ?out|timeout|too long|retry (?:time|limit)|giving up|delivery (?:time|delayed)|been (?:in the )?queue|temporarily deferred|too old|could not be delivered for|cannot be delivered (?:within|in)|for more than|hours",
    ),
    ("networkerror", False, r"loop|too many hops|mail forwarding|network|unreachable|hop count"),
    ("onhold", False, r"on hold|held"),
)
COMPILED: Final = tuple((reason, hard, re.compile(words, re.IGNORECASE)) for reason, hard, words in REASONS)
# Status codes that mean it whatever the words: RFC 3463 §3.2 and the IANA registry of enhanced status codes.
HARD_STATUS: Final = frozenset(
    ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.0.911", "5.0.912", "5.1.351")
)
SOFT_STATUS: Final = ("4.", "5.2.2", "5.2.3", "5.3.", "5.6.", "5.7.", "2.")


def read_report(letter: Letter) -> Report:
    """What a mail that is a bounce reports. Never raises; nothing recognised is a report without failures."""
    texts, told = [], []
    ids: list[str] = []
    for part, _around in leaves(letter.parsed):
        kind = kind_of(part)
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            told += list(status_groups(part))
        elif kind in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/partial",
            "message/global-headers",
        ):
            ids += original_ids(part)
        elif kind.startswith(("text/", "multipart/")):
            # a multipart that is one part has lost its boundary
            texts.append(text_of(part, LOOKED_AT))
    text = "\n".join(texts) or letter.body.text[:LOOKED_AT]
    if not told and "final-recipient:" in text.lower():
        told = list(groups_in(text))
    words, original = before_original(text)
    ids += MESSAGE_ID.findall(original)[:5]
    failures = [failure for group in told if (failure := of_group(group, words)) is not None]
    if not failures:
        failures = list(of_words(letter, words))
    return Report(tuple(failures[:100]), tuple(dict.fromkeys([*ids, *letter.ids]))[:20])


def status_groups(part: Part) -> Iterator[dict[str, str]]:
    """The groups of fields of a delivery status, one an address; the first, of the whole mail, names none."""
    inner: Any = part.get_payload()
    blocks = inner if isinstance(inner, list) else []
    for block in blocks[:200]:
        group = {str(name).lower(): header_text(value) for name, value in getattr(block, "_headers", [])[:50]}
        if "final-recipient" in group or "original-recipient" in group or ("status" in group and "action" in group):
            yield group
    if not blocks:
        yield from groups_in(clean(decoded(payload(part)[:LOOKED_AT], "utf-8")))


def groups_in(text: str) -> Iterator[dict[str, str]]:
    """The same out of text, where the parts were lost."""
    for piece in text.split("\n\n")[:500]:
        fields = dict(re.findall(r"(?m)^([A-Za-z-]{3,40}):[ \t]*(.*(?:\n[ \t].+){0,20})", piece))
        group = {name.lower(): " ".join(value.split()) for name, value in fields.items()}
        if "final-recipient" in group or "original-recipient" in group:
            yield group


def original_ids(part: Part) -> list[str]:
    """The Message-ID of the mail that was sent back, whole or in its headers."""
    inner: Any = part.get_payload()
    if isinstance(inner, list) and inner:
        said = header_text(inner[0].get("message-id") or "", 300)
        return ID.findall(said)[:1] or [found for found in [said.strip("<> ")] if found]
    return MESSAGE_ID.findall(clean(decoded(payload(part)[:LOOKED_AT], "utf-8")))[:1]


ORIGINAL: Final = re.compile(
    r"(?im)^[ \t>]*(?:-{2,}.{0,80}(?:copy of|original message|below this line|returned message|undelivered message|message header|unsent message|mail header).{0,80}"
    r"|(?:original|returned|unsent) message (?:follows|header|below|:).{0,60}|received: from .*|return-path: .*|message-id: .*|reporting-mta: .*unused)$"
)


def before_original(text: str) -> tuple[str, str]:
    """The report's own words, and the mail it sends back below them."""
    found = ORIGINAL.search(text)
    return (text[: found.start()], text[found.start() :]) if found and found.start() > 40 else (text, text)


def of_group(group: dict[str, str], words: str) -> Failure | None:
    """One group of a delivery status."""
    address = address_in([group.get("original-recipient", ""), group.get("final-recipient", "")])
    diagnosis = " ".join((group.get("diagnostic-code", ""), group.get("x-supplementary-info", "")))
    action = group.get("action", "").lower().split(" ")[0]
    codes = STATUS.findall(diagnosis)
    status = ".".join(codes[-1]) if codes else next((".".join(c) for c in STATUS.findall(group.get("status", ""))), "")
    if action in ("delivered", "relayed", "expanded", "delayed") or status.startswith("2."):
        return Failure(address, status, "delivered" if action != "delayed" else "expired", hard=False, is_delayed=True)
    enough = len(diagnosis.strip()) > 12
    reason, hard = judged(status, diagnosis if enough else f"{diagnosis} {nearby(words, address)}")
    if hard and is_after_data(words):
        reason, hard = "filtered", False
    if reason == "" and enough:
        reason, hard = judged(status, nearby(words, address))
    return Failure(address, status, reason, hard)


def nearby(words: str, address: str) -> str:
    """What stands around an address in a report, else its beginning."""
    at = words.lower().find(address.lower()) if address else -1
    return words[max(0, at - 200) : at + 800] if at >= 0 else words[:1500]


def of_words(letter: Letter, words: str) -> Iterator[Failure]:
    """The failures of a report that is words alone."""
    named = ADDRESS.findall(letter.first("x-failed-recipients"))
    sender = letter.sender.lower()
    others = [
        a
        for a in ADDRESS.findall(words[:20_000])
        if a.lower() != sender and not a.lower().startswith(("mailer-daemon", "postmaster"))
    ]
    told = [found for found in LINE_OF.finditer(words[:20_000]) if found[1].lower() not in (sender, letter_to(letter))]
    if len(told) > 1:
        pieces = [
            (
                found[1].lower(),
                words[found.start() : (told[n + 1].start() if n + 1 < len(told) else found.end() + 1500)],
            )
            for n, found in enumerate(told[:50])
        ]
        if all(REPLY.search(piece) or STATUS.search(piece) for _address, piece in pieces):
            for address, piece in pieces:
                yield failure_of(address, piece)
            return
    addresses = list(dict.fromkeys(a.lower() for a in (named or others[:1])))
    for address in addresses or [""]:
        around = nearby(words, address) if len(addresses) > 1 else words[:3000]
        yield failure_of(address, f"{letter.subject} {around}")


LINE_OF: Final = re.compile(rf"(?m)^[ \t]*[*<]?[ \t]*<?({ADDRESS.pattern})>?[ \t]*(?::|$|\()")


def letter_to(letter: Letter) -> str:
    return address_in([letter.first("to")])


def failure_of(address: str, around: str) -> Failure:
    """A failure out of the words around an address."""
    codes = [".".join(code) for code in STATUS.findall(around)]
    replies = REPLY.findall(around)
    status = next((code for code in codes if code[0] in "45"), "") or (f"{replies[0][0]}.0.0" if replies else "")
    reason, hard = judged(status, around)
    return Failure(address, status, reason, hard)


# Said after the text was sent: a server that knows no such address says so before that, so it was the text.
AFTER_DATA: Final = re.compile(r"in reply to (?:end of )?DATA|>>> (?:DATA|\.)\s*\n\s*<<< 5\d\d", re.IGNORECASE)


def is_after_data(words: str) -> bool:
    low = words.lower()
    return AFTER_DATA.search(words) is not None and "rcpt to" not in low and "need rcpt" not in low


def judged(status: str, words: str) -> tuple[str, bool]:
    """Reason and hardness out of a status and the words of a diagnosis."""
    words = words[:4000]
    is_late = is_after_data(words)
    for reason, hard, pattern in COMPILED:
        if pattern.search(words):
            if is_late and hard:
                return "filtered", False
            return reason, hard and not status.startswith(("4.", "2."))
    if status in HARD_STATUS and not is_late:
        return "userunknown", True
    return "", False


def address_in(values: Iterable[str]) -> str:
    for value in values:
        if found := ADDRESS.search(value):
            return found[0].lower()
    return ""
