"""The kinds of notices: what each says, and whether it can wait for the digest. Registered in `forum/app.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from forum.web.i18n import _

Said = Mapping[str, Any]
# what can be done about it: (words, a path here or a whole address)
Links = Sequence[tuple[str, str]]
# where in the digest a notice stands
Group = Literal["news", "assigned", "mention"]


@dataclass(frozen=True)
class Kind:
    """A kind of notice. `sentence` makes one plain sentence out of what was said with it, and of the `title` of its
    thread and the `name` of who wrote its post, where there are such; `at_once`: it does not wait for the digest; `links`: what its mail offers beside
    the thread; `example`: what could be said with it, for the preview of all mails."""

    name: str
    sentence: Callable[[Said], str]
    at_once: bool = False
    group: Group = "news"
    links: Callable[[Said], Links] = lambda _said: ()
    example: Said | None = None

    def made_up(self, title: str) -> tuple[str, Links]:
        """Sentence and links of its example, about a thread of this title."""
        said = {"title": title, "name": "", **(self.example or {})}
        return self.sentence(said), self.links(said)


_kinds: dict[str, Kind] = {}
kinds: Mapping[str, Kind] = MappingProxyType(_kinds)


def register(kind: Kind) -> None:
    """Let notices of this kind be told; `forum/app.py` alone does this."""
    _kinds[kind.name] = kind


# What happens in threads, which nobody has to tell: forum/notifications/hearing.py does.
OF_THREADS: Final = (
    Kind("answer", lambda said: _("%(name)s answered your question “%(title)s”.") % said, at_once=True),
    Kind("facts", lambda said: _("%(name)s needs to know more about “%(title)s”.") % said, at_once=True),
    Kind("reply", lambda said: _("%(name)s wrote in “%(title)s”.") % said),
    Kind("whisper", lambda said: _("%(name)s whispered to the team in “%(title)s”.") % said),
    Kind("mention", lambda said: _("%(name)s mentioned you in “%(title)s”.") % said, group="mention"),
    Kind("accepted", lambda said: _("Your answer to “%(title)s” was accepted.") % said),
)
# Of these many come from one thread: lists show the thread once.
POSTS: Final = ("answer", "facts", "reply", "whisper")
# These hang on what a person chose: whether a team's answer to their own question comes at once.
ANSWERS: Final = ("answer", "facts")
