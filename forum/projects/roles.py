"""The matrix of product.md, as data that pages, actions and tests all read."""

from typing import Final, Literal, get_args

from forum.web.errors import Forbidden, SignInFirst
from forum.web.reader import Reader

Role = Literal["anybody", "requester", "supporter", "triager", "maintainer", "owner"]
ROLES: Final[tuple[str, ...]] = get_args(Role)
TEAM: Final = ("supporter", "triager", "maintainer", "owner")

# how a role may do a deed: always, to what is their own, on a ticket assigned to them, where they were invited
Grant = Literal["yes", "own", "assigned", "invited"]
YES_ALL: Final[dict[str, Grant]] = dict.fromkeys(ROLES, "yes")


def grants(**by_role: Grant) -> dict[str, Grant]:
    return {role: by_role[role] for role in ROLES if role in by_role}


def team_and(*, since: str, **more: Grant) -> dict[str, Grant]:
    """`yes` for a role and all above it, and what else is granted below."""
    always: dict[str, Grant] = dict.fromkeys(TEAM[TEAM.index(since) :], "yes")
    return always | more


# what is done to public things needs a signed-in reader where it writes
MATRIX: Final[dict[str, dict[str, Grant]]] = {
    "read": YES_ALL,
    "ask": YES_ALL,
    "answer": YES_ALL,
    "react": YES_ALL,
    "accept": team_and(since="triager", requester="own", supporter="assigned"),
    "close_own": grants(requester="own"),
    "bump": grants(requester="own"),
    "rate": grants(requester="own"),
    "read_private_ticket": team_and(since="supporter", requester="own"),
    "read_security": team_and(since="maintainer", requester="own", supporter="invited", triager="invited"),
    "whisper": team_and(since="supporter"),
    "claim": team_and(since="supporter"),
    "answer_for_team": team_and(since="supporter"),
    "ask_for_facts": team_and(since="supporter"),
    "use_templates": team_and(since="supporter"),
    "snooze": team_and(since="supporter"),
    "resolve": team_and(since="supporter"),
    "close": team_and(since="supporter"),
    "move": team_and(since="triager", supporter="assigned"),
    "assign": team_and(since="triager", supporter="assigned"),
    "merge": team_and(since="triager", supporter="assigned"),
    "split": team_and(since="triager", supporter="assigned"),
    "link": team_and(since="triager", supporter="assigned"),
    "take_in": team_and(since="triager"),
    "promote": team_and(since="maintainer"),
    "edit_project": team_and(since="maintainer"),
    "moderate": team_and(since="triager"),
    "sell": team_and(since="owner"),
    "ban": team_and(since="owner"),
    "pay_out": team_and(since="owner"),
    "edit_team": team_and(since="owner"),
}

# what a moderator of the site may do, everywhere public: what triagers may
MODERATOR: Final = frozenset(deed for deed, by_role in MATRIX.items() if by_role.get("triager") == "yes")


def may(
    reader: Reader,
    deed: str,
    project: int,
    *,
    own: bool = False,
    assigned: bool = False,
    invited: bool = False,
    public: bool = False,
) -> bool:
    """Whether `reader` may do `deed` in a project.

    `own`: it is their own thread or ticket · `assigned`: the ticket is assigned to them · `invited`: they are a
    participant by invitation · `public`: the thread is public (only there do the site's moderators act).
    A KeyError means a deed the matrix does not know.
    """
    by_role = MATRIX[deed]
    if public and reader.is_moderator and deed in MODERATOR:
        return True
    for role in ("anybody", "requester" if own else None, reader.role_in(project)):
        grant = by_role.get(role) if role else None
        if grant is not None and (
            grant == "yes"
            or (grant == "own" and own)
            or (grant == "assigned" and assigned)
            or (grant == "invited" and invited)
        ):
            return True
    return False


def require(reader: Reader, deed: str, project: int, **circumstances: bool) -> None:
    """Raises SignInFirst or Forbidden where `may` says no."""
    if not reader.is_signed_in:
        raise SignInFirst
    if not may(reader, deed, project, **circumstances):
        raise Forbidden


def at_most(granter: str | None, role: str) -> bool:
    """Whether somebody of role `granter` may grant `role`: nobody grants a role above their own."""
    return granter in TEAM and TEAM.index(role) <= TEAM.index(str(granter))
