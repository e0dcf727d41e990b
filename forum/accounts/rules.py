"""What a username, an e-mail address and a password must look like."""

import re
from typing import Final

USERNAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,28}[A-Za-z0-9_])?")
# RFC 5322's dot-atom and a domain with a dot: nothing that could break a mail header (trust.md C51), and nothing that
# asks mail servers for SMTPUTF8, which many lack
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL = re.compile(
    rf"(?=[^@]{{1,64}}@){ATOM}(?:\.{ATOM})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.)+[A-Za-z]{{2,63}}"
)
# What mail programs make links of.
MAKES_LINKS: Final = re.compile(r"([.:/@])(?=\S)")
PASSWORD_LEAST: Final = 10
PASSWORD_MOST: Final = 256
# The hundred thousand worst lists all begin like this; length does the rest (ASVS 6.2.4).
COMMON = frozenset(
    (
        "password12",
        "password123",
        "1234567890",
        "qwertyuiop",
        "0987654321",
        "1q2w3e4r5t",
        "qwerty12345",
        "iloveyou12",
        "administrator",
    )
)


def is_username(name: str) -> bool:
    """2 to 30 letters, digits, `_`, `-`, `.`, not all digits, no dots in a row (`/u/{username}` and mentions)."""
    return (
        2 <= len(name) <= 30
        and USERNAME.fullmatch(name) is not None
        and not name.isdigit()
        and ".." not in name
        and not name.endswith((".json", ".rss"))
    )


def is_email(address: str) -> bool:
    return len(address) <= 254 and EMAIL.fullmatch(address) is not None


def is_weak(password: str, username: str, email: str) -> bool:
    """Whether a password is one that is guessed first."""
    low = password.lower()
    return low in COMMON or low == username.lower() or low == email.lower() or len(set(password)) < 4


def is_name(name: str) -> bool:
    """A display name may not become a link or a mail header (Flarum CVE-2026-30913)."""
    return len(name) <= 60 and name.isprintable() and not re.search(r"://|[<>\"@]|www\.", name)


def plain_name(name: str) -> str:
    """Somebody's name as it may stand in a mail: mail programs make links of what looks like one (trust.md C51)."""
    shown = " ".join(name.replace("<", " ").replace(">", " ").split())[:80]
    return MAKES_LINKS.sub("\\1\u2060", shown)
