"""Where a proof lies, when it is checked again, and what follows from what a check finds (pure)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from urllib.parse import urlsplit

from forum.outside.github import repository_of

# Where the file stands, in a repository's default branch and on a website (RFC 8615 keeps this folder for such).
FILE: Final = ".well-known/haas-proof.txt"
# The most of such a file that is read, in bytes, and for how long it is waited for, in seconds.
FILE_MOST: Final = 4096
FILE_SECONDS: Final = 15
# The most of a code of conduct or a guideline that is read.
PAGE_MOST: Final = 5_000_000
# Checked again after a month; proofs of one day spread over five.
MONTH, SPREAD = timedelta(days=28), 5
# A check that failed is repeated after a week, one that could not be made after a day.
AGAIN, AWAY = timedelta(days=7), timedelta(days=1)
# So many failed checks in a row end it.
MOST_FAILURES: Final = 3

Way = Literal["github_repository", "github_organisation", "repository_file", "website_file"]
WAYS: Final = ("github_repository", "github_organisation", "repository_file", "website_file")
ORGANISATION = re.compile(r"https?://(?:www\.)?github\.com/([A-Za-z0-9][A-Za-z0-9-]*)/?", re.IGNORECASE)
STEP = re.compile(r"[A-Za-z0-9_~][A-Za-z0-9_.~-]*")


class State(StrEnum):
    """Whether control of a project is shown."""

    OPEN = "open"  # not yet
    PROVEN = "proven"
    LAPSED = "lapsed"  # it was


class Event(StrEnum):
    SHOWN = "shown"
    FAILED = "failed"  # once more than is borne
    CHANGED = "changed"  # the project names another address now, and a check saw it


TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (State.OPEN, Event.SHOWN): State.PROVEN,
    (State.LAPSED, Event.SHOWN): State.PROVEN,
    # once more, by another way or another person
    (State.PROVEN, Event.SHOWN): State.PROVEN,
    (State.PROVEN, Event.FAILED): State.LAPSED,
    (State.PROVEN, Event.CHANGED): State.LAPSED,
}


def after(state: State, event: Event) -> State | None:
    """The state after an event; None where it changes nothing."""
    return TRANSITIONS.get((state, event))


class Found(StrEnum):
    """What a check found."""

    HELD = "held"
    FAILED = "failed"
    AWAY = "away"  # nobody answered: it says nothing


@dataclass(frozen=True)
class Next:
    """What follows from a check: how many failed in a row, when the next one is (None: it is over)."""

    failures: int
    due_at: datetime | None


def next_check(proof: int, failures: int, found: Found, now: datetime) -> Next:
    """What follows from what a check found now, `failures` having failed in a row before it."""
    match found:
        case Found.HELD:
            return Next(0, now + MONTH + timedelta(days=proof % SPREAD))
        case Found.AWAY:
            return Next(failures, now + AWAY)
    return Next(failures + 1, now + AGAIN if failures + 1 < MOST_FAILURES else None)


def place_of(way: str, address: str) -> str:
    """What GitHub calls a place: OWNER/REPO, or an organisation's login; "" where the address is no such place."""
    repository = repository_of(address)
    if way == "github_repository":
        return repository
    if repository:
        return repository.partition("/")[0]
    found = ORGANISATION.fullmatch(address.strip())
    return found[1] if found else ""


def file_addresses(way: str, address: str) -> tuple[str, ...]:
    """Where the file of a project with this repository or website may stand, likeliest first; () where it cannot: the
    address is not one of a repository, or of a host."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        return ()
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        return ()
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = name + (f":{port}" if port else "")
    base = f"{parts.scheme}://{host}"
    if way == "website_file":
        return (f"{base}/{FILE}",)
    path = parts.path.strip("/").removesuffix(".git")
    steps = path.split("/")
    if parts.query or len(steps) < 2 or not all(STEP.fullmatch(step) for step in steps):
        return ()
    match parts.hostname.removeprefix("www."):
        case "github.com":
            found = repository_of(address)
            return (f"https://raw.githubusercontent.com/{found}/HEAD/{FILE}",) if found else ()
        case "bitbucket.org":
            return (f"{base}/{path}/raw/HEAD/{FILE}",)
        case "git.sr.ht":
            return (f"{base}/{path}/blob/HEAD/{FILE}",)
    gitlab = f"{base}/{path}/-/raw/HEAD/{FILE}"
    # Forgejo and Gitea have no word for the default branch but in their API
    forgejo = f"{base}/api/v1/repos/{path}/raw/{FILE}"
    if parts.hostname == "codeberg.org":
        return (forgejo,)
    return (gitlab, forgejo) if len(steps) == 2 else (gitlab,)


def holds_token(body: bytes, token: str) -> bool:
    """Whether a line of a file is the token, and nothing else."""
    return token in (line.strip() for line in body.decode("utf-8", "replace").splitlines())
