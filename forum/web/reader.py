"""Who is reading: one small value that every query, action and template asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from forum.web.i18n import ngettext

# counted no further than this
MOST_UNREAD = 100
# and kept together with the newest of them: its id times this, and how many
BELL = 128
TEAM_ROLES = ("supporter", "triager", "maintainer", "owner")


@dataclass(frozen=True)
class Reader:
    """The person behind a request, or nobody in particular (`id` None).

    `roles` maps project ids to the role held in the team of that project; requesters and strangers hold none.
    """

    id: int | None = None
    username: str = ""
    name: str = ""
    site_role: str = "member"
    is_confirmed: bool = False
    session: int | None = None
    theme: str = ""
    locale: str = ""
    shortcuts: bool = True
    roles: Mapping[int, str] = field(default_factory=dict)
    # nothing is mailed any more, because nothing arrived
    mail_stopped: bool = False
    # how things are with one's notices: the newest unread one and how many there are (forum/web/sessions.py)
    bell: int = 0
    # what the site's admins had closed at that moment (forum/web/switches.py)
    switches: frozenset[str] = frozenset()
    # the session lasts longer from now on, and so must its cookie
    is_renewed: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.id is not None

    @property
    def person(self) -> int:
        """The id of a reader who is signed in; TypeError for a guest, whom a route should have stopped."""
        if self.id is None:
            raise TypeError("a guest has no id")
        return self.id

    @property
    def is_admin(self) -> bool:
        return self.site_role == "admin"

    @property
    def is_moderator(self) -> bool:
        return self.site_role in ("moderator", "admin")

    def role_in(self, project: int) -> str | None:
        return self.roles.get(project)

    def is_team(self, project: int) -> bool:
        return project in self.roles

    @property
    def unread(self) -> int:
        """How many notices they may see and have not read, at most 100."""
        return self.bell % BELL

    @property
    def bell_stream(self) -> str:
        """What an open page follows to show that count, from how things are now."""
        return f"bell:{self.id}@{self.bell}"

    @property
    def unread_shown(self) -> Markup:
        """How many notices wait, as the bell shows it; nothing where none does."""
        if not self.unread:
            return Markup("")
        shown = str(self.unread) if self.unread < MOST_UNREAD else f"{MOST_UNREAD - 1}+"
        said = ngettext("%(num)s unread", "%(num)s unread", self.unread) % {"num": shown}
        return Markup('<span class="bubblecount" aria-hidden="true">{}</span><span class="vh">, {}</span>').format(
            shown, said
        )

    @property
    def hue(self) -> int:
        return hue_of(self.id or 0)

    @property
    def initials(self) -> str:
        return initials_of(self.name or self.username)


GUEST = Reader()


def hue_of(row_id: int) -> int:
    """One of the eight hues, 1 to 8, that tell avatars and tiles apart."""
    return row_id % 8 + 1


def initials_of(name: str) -> str:
    """Two letters for an avatar: of the first and last word, or the first two of one word."""
    words = [w for w in name.replace("_", " ").replace("-", " ").replace(".", " ").split() if w[0].isalnum()]
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    return (words[0][:2] if words else name[:2]).upper()
