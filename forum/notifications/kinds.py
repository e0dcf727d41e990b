"""The kinds of notices: what each says, and whether it can wait for the digest. Registered in `forum/wiring.py`."""

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
    thread and the `name` of who wrote its post, where there are such; `at_once`: it does not wait for the digest;
    `is_answer`: it waits all the same for who wants answers in the digest; `links`: what its mail offers beside the
    thread, and `below` what is said above them; `occasion`: under which name a project words it, and `fills` what
    {…} stands for there beside what every mail knows; `examples`: what could be said with it, for the preview."""

    name: str
    sentence: Callable[[Said], str]
    at_once: bool = False
    group: Group = "news"
    links: Callable[[Said], Links] = lambda _said: ()
    examples: Sequence[Said] = ()
    is_answer: bool = False
    below: Callable[[Said], str] = lambda _said: ""
    occasion: Callable[[Said], str] | None = None
    fills: Callable[[Said], Mapping[str, str]] = lambda _said: {}

    def worded_as(self, said: Said) -> str:
        """The occasion whose words a project may choose."""
        return self.occasion(said) if self.occasion else self.name

    def told(self, said: Said) -> dict[str, Any]:
        """What its mail says of itself, as the mail's values have it; links lead to paths here or to whole addresses."""
        return {
            "project_words": self.worded_as(said),
            "fills": dict(self.fills(said)),
            "below": self.below(said),
            "links": [{"text": text, "url": url} for text, url in self.links(said)],
        }

    def made_up(self, example: Said, title: str, name: str) -> dict[str, Any]:
        """The same of one of its examples, with its sentence and whether it brings a post, about a thread of this title
        and what somebody of this name did there."""
        said = {"title": title, "name": name, **example}
        return self.told(said) | {"intro": self.sentence(said), "has_post": self.is_answer}


_kinds: dict[str, Kind] = {}
kinds: Mapping[str, Kind] = MappingProxyType(_kinds)


def register(kind: Kind) -> None:
    """Let notices of this kind be told; `forum/wiring.py` alone does this."""
    _kinds[kind.name] = kind


# What happens in threads, which nobody has to tell: forum/notifications/hearing.py does.
OF_THREADS: Final = (
    Kind("answer", lambda said: _("%(name)s answered your question “%(title)s”.") % said, at_once=True, is_answer=True),
    Kind(
        "facts", lambda said: _("%(name)s needs to know more about “%(title)s”.") % said, at_once=True, is_answer=True
    ),
    Kind("reply", lambda said: _("%(name)s wrote in “%(title)s”.") % said),
    Kind("whisper", lambda said: _("%(name)s whispered to the team in “%(title)s”.") % said),
    Kind("mention", lambda said: _("%(name)s mentioned you in “%(title)s”.") % said, group="mention"),
    Kind("accepted", lambda said: _("Your answer to “%(title)s” was accepted.") % said),
)
# Of these many come from one thread: lists show the thread once.
POSTS: Final = ("answer", "facts", "reply", "whisper")
