"""A promotion's life: its states, what can happen to it, when it is tried again, and what is said of failures (pure)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from forum.outside.github import Refused
from forum.web.i18n import _


class State(StrEnum):
    """Where a promotion is in its life; the value is what the database keeps."""

    WANTED = "wanted"  # nothing was sent since somebody wanted it
    CREATING = "creating"  # a request may be on its way, or may have been answered to nobody
    LINKED = "linked"
    FAILED = "failed"


class Event(StrEnum):
    """What can happen to a promotion."""

    STARTED = "started"
    PUT_OFF = "put_off"  # not now, and nothing was made: GitHub said so, or was not asked for it
    SUCCEEDED = "succeeded"  # made just now, or found made before
    GAVE_UP = "gave_up"
    WANTED_AGAIN = "wanted_again"


S, E = State, Event
TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (S.WANTED, E.STARTED): S.CREATING,
    # begun before and not known how it ended: looked for first
    (S.CREATING, E.STARTED): S.CREATING,
    (S.CREATING, E.PUT_OFF): S.WANTED,
    (S.CREATING, E.SUCCEEDED): S.LINKED,
    # it was given up while a request that lived on was answered after all
    (S.FAILED, E.SUCCEEDED): S.LINKED,
    (S.WANTED, E.GAVE_UP): S.FAILED,
    (S.CREATING, E.GAVE_UP): S.FAILED,
    (S.FAILED, E.WANTED_AGAIN): S.WANTED,
}

# No try lives longer than this, so that none begins while another one still talks.
TRY_FOR: Final = timedelta(seconds=60)
# Nor does one begin sooner after the start of another: by then what was sent has been done or never will be, and stands
# in the list of issues that is looked through.
BETWEEN: Final = timedelta(seconds=90)
LONGEST: Final = timedelta(hours=1)
MOST_TRIES: Final = 10
# Clocks differ: how much earlier than by ours an issue may have been made by theirs.
CLOCKS: Final = timedelta(hours=1)
# One that has not been taken up for so long may be started by hand.
OVERDUE: Final = timedelta(minutes=10)


def after(state: State, event: Event) -> State | None:
    """The state after an event; None where it changes nothing any more."""
    return TRANSITIONS.get((state, event))


def next_try(tries: int, started: datetime) -> datetime | None:
    """When to try again after so many tries, the last of which began at `started`; None: never."""
    if tries >= MOST_TRIES:
        return None
    wait: timedelta = BETWEEN * 2 ** (tries - 1)
    return started + min(wait, LONGEST)


# What keeps a thread from being promoted at all, before anything is asked of GitHub.
OBSTACLES: Final = ("not-public", "not-bug", "imported", "no-app", "no-repository")
# What went wrong with one that was wanted.
PROBLEMS: Final = (
    "key",
    "not-installed",
    "permission",
    "gone",
    "no-issues",
    "archived",
    "moved",
    "refused",
    "limited",
    "no-answer",
)


def problem_of(refused: Refused, *, asked_for_token: bool) -> str:
    """Which problem a refusal is. `asked_for_token`: the App was refused, not its installation."""
    said = refused.message.lower()
    match refused.status:
        case 0 | 401:
            return "key"
        case 301 | 302 | 307 | 308:
            return "moved"
        case 404 if asked_for_token:
            return "not-installed"
        case 404:
            return "gone"
        case 410:
            return "no-issues"
        case 403 if "archived" in said:
            return "archived"
        case 403 | 422 if asked_for_token or "not accessible" in said:
            return "permission"
    return "refused"


def sentence(problem: str, repository: str, detail: str = "") -> str:
    """What is wrong and what to do about it, for a maintainer."""
    told = {"repository": repository, "detail": detail or _("no reason was given")}
    match problem:
        case "not-public":
            return _("Only a thread that everybody may read can become a GitHub issue. This one is not public.")
        case "not-bug":
            return _(
                "Only a thread in a category for bugs or feature requests can become a GitHub issue. Move it there first."
            )
        case "imported":
            return _("This thread came from GitHub: its issue is there already.")
        case "no-app":
            return _(
                "This site is not connected to GitHub: it has no GitHub App. Whoever runs the site sets one up"
                " at /admin/github, or with GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY."
            )
        case "no-repository":
            return _("The project names no repository on GitHub. Enter its address under Settings first.")
        case "key":
            return _(
                "GitHub does not take this site's GitHub App for what it says it is. Whoever runs the site checks"
                " GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY; haas doctor tells more. Then try again."
            )
        case "not-installed":
            return (
                _(
                    "The GitHub App of this site is not installed on %(repository)s. Install it there, or give it access"
                    " to this repository, then try again."
                )
                % told
            )
        case "permission":
            return (
                _(
                    "The GitHub App of this site may not write issues in %(repository)s. Give it the permission"
                    ' "Issues: read and write" and accept it on GitHub, then try again.'
                )
                % told
            )
        case "gone":
            return (
                _(
                    "GitHub knows no %(repository)s, or does not show it to this site. Correct the repository under"
                    " Settings, or give the App access to it, then try again."
                )
                % told
            )
        case "no-issues":
            return (
                _(
                    "Issues are switched off in %(repository)s. Switch them on in its settings on GitHub, then try again."
                )
                % told
            )
        case "archived":
            return (
                _("%(repository)s is archived on GitHub, so nothing can be added. Unarchive it, then try again.") % told
            )
        case "moved":
            return (
                _(
                    "%(repository)s has another name on GitHub now. Correct the repository under Settings, then try again."
                )
                % told
            )
        case "limited":
            return _("GitHub has had too many requests from this site for hours. Try again later.")
        case "no-answer":
            return _(
                "GitHub did not answer, however often it was tried. Try again later. Should the issue have come"
                " into being after all, it is found and not made twice."
            )
    return _("GitHub refused it: %(detail)s. Change title or text, then try again.") % told
