"""What the bot says (pure): the project's own words or the site's, with variables filled in and a marker."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from categories.bugs.quiet import quiet
from forum.web.i18n import _
from forum.web.look import workdays

TEXT_MOST: Final = 10_000
VARIABLE: Final = re.compile(r"\{([a-z_]+)\}")
_MARKUP: Final = re.compile(r"[\[\]<>`*_\\|\r\n]")


@dataclass(frozen=True)
class Facts:
    """What the variables stand for. `line`: where an unpaid ticket would stand now, of how many then; `days`: the
    expected range in workdays; `link`: the thread's address (of a warning: where to report); `raising`: of the plans."""

    site: str
    base_url: str
    project: str
    repository: str
    author: str
    bot: str
    link: str = ""
    raising: str = ""
    line: tuple[int, int] = (1, 1)
    days: tuple[int, int] = (7, 10)

    def values(self) -> dict[str, str]:
        position, waiting = self.line
        return {
            "author": f"@{self.author}",
            "link": self.link,
            "range": workdays(*self.days),
            "position": str(position),
            "waiting": str(waiting),
            "raise": self.raising,
            "project": _MARKUP.sub("", self.project),
            "site": _MARKUP.sub("", self.site),
            "repository": self.repository,
        }


def variables() -> list[tuple[str, str]]:
    """The variables a project's words may hold, and what each is, for the form."""
    return [
        ("link", _("the address of the thread, needed")),
        ("author", _("who wrote the issue, as a mention")),
        ("range", _("the expected time of a first answer, such as 7–10 workdays")),
        ("position", _("the place in the queue it would have now")),
        ("waiting", _("how many would wait then")),
        ("raise", _("the address of the plans")),
        ("project", _("the project's name")),
        ("site", _("this site's name")),
        ("repository", _("OWNER/REPO")),
    ]


def own_text() -> str:
    """The site's words for a question that moves here."""
    return _(
        "Hi {author}, thank you for writing. This is a question about using {project}, and those are answered at"
        " {site}, so it has moved there with everything said so far:\n\n"
        "**{link}**\n\n"
        "It is a draft until you confirm it: sign in there with GitHub, it takes a minute. A first answer is then expected"
        " in {range}; it would be number {position} of {waiting} in the queue. Asking is free and stays free; whoever"
        " needs an answer sooner can [raise it]({raise}).\n\n"
        "This issue is closed because it is answered elsewhere, not because it was wrong to ask."
    )


def faults_of(text: str) -> list[str]:
    """What is wrong with a project's own words, in sentences; none for no words."""
    if not text:
        return []
    known = {name for name, _what in variables()}
    told = []
    if unknown := sorted(set(VARIABLE.findall(text)) - known):
        told.append(_("There is no variable %(names)s.") % {"names": ", ".join(f"{{{name}}}" for name in unknown)})
    if "{link}" not in text:
        told.append(_("Put {link} somewhere: without it nobody finds the thread."))
    return told


def filled(text: str, values: Mapping[str, str]) -> str:
    """The words with their variables; each is filled in once, so that no value can bring another."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def moved_text(text: str, kind: str, facts: Facts) -> str:
    """What is said of an issue that moved. The project's own words are of questions; they call nobody but its author."""
    if kind == "support":
        calm = quiet(text, repository=facts.repository, base_url=facts.base_url, is_home=True) if text else own_text()
    elif kind == "bugs":
        calm = _("{author}, this is now followed as a bug of {project} at {site}, with everything said so far: {link}")
    else:
        calm = _(
            "{author}, this is now followed as an idea for {project} at {site}, with everything said so far: {link}"
        )
    return filled(calm, facts.values())


def security_text(facts: Facts) -> str:
    """What is said where an issue tells of a weakness in public."""
    told = _(
        "{author}, please say nothing more about this in public. Report it privately, where only you and the maintainers"
        " read it: {link}\n\nThe team has been told."
    )
    return filled(told, facts.values())


def offer_text(facts: Facts) -> str:
    """What is said where an issue looks like a question."""
    told = _(
        "{author}, this looks like a question about using {project}. Questions are answered at {site}, where a first"
        " answer is expected in {range}; asking is free. If you would like it to move there with everything said so"
        " far, write `@{bot} +support`. Otherwise nothing happens: the issue stays open, and a maintainer reads it."
    )
    return filled(told, facts.values() | {"bot": facts.bot})


def pointer_text(facts: Facts) -> str:
    """What is answered, once, to a comment on an issue that has moved."""
    told = _("This issue has moved, and what is written here is not read any more. Please go on there: {link}")
    return filled(told, facts.values())


def marker_of(purpose: str, key: UUID) -> str:
    """What makes the bot's comment known again; GitHub does not show it."""
    return f"<!-- haas:bot:{purpose}:{key.hex} -->"
