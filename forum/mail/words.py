"""What a project says in its mails in its own words: a pattern for the subject and a sentence for each occasion."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup, escape

from forum.accounts.rules import plain_name
from forum.database.engine import action, execute, fetch
from forum.mail.letters import post_html
from forum.markup import cook
from forum.settings import Settings
from forum.web.errors import Invalid
from forum.web.i18n import _

LONGEST: Final = 4000
SUBJECT: Final = "subject"
SUBJECT_LONGEST: Final = 200
VARIABLE: Final = re.compile(r"\{([a-z_]*)\}")
# what {…} may name, in one text or another
VARIABLES: Final[Mapping[str, Callable[[], str]]] = {
    "project": lambda: _("the project's name"),
    "site": lambda: _("the site's name"),
    "title": lambda: _("the title of the thread"),
    "name": lambda: _("who wrote or did it"),
    "days": lambda: _("how many days"),
    "day": lambda: _("the day on which the ticket closes by itself"),
    "due": lambda: _("the moment by which an answer was promised"),
}
ALWAYS: Final = ("project", "site", "title")
SOMEBODY: Final = (*ALWAYS, "name")


@dataclass(frozen=True)
class Occasion:
    """A text that a project may word: its name, when it is used, the site's own words, and what {…} may name in it.
    `is_told`: while no project words it, the mail says its kind's sentence, which the site's words stand for;
    `is_part`: it has no mail of its own."""

    name: str
    when: Callable[[], str]
    words: Callable[[], str]
    takes: Sequence[str] = SOMEBODY
    is_told: bool = False
    is_part: bool = False


_occasions: dict[str, Occasion] = {
    each.name: each
    for each in (
        Occasion(
            SUBJECT,
            lambda: _(
                "Subject of every mail about a thread. One pattern for all, so that mail programs keep them together."
            ),
            lambda: "[{project}] {title}",
            is_part=True,
        ),
        Occasion(
            "answer", lambda: _("To the asker: the team has answered."), lambda: _("{name} answered your question.")
        ),
        Occasion(
            "facts",
            lambda: _("To the asker: the team needs to know more."),
            lambda: _("{name} needs to know more before the team can go on. Your place in the queue waits for you."),
        ),
        Occasion("reply", lambda: _("To those who follow: somebody else wrote."), lambda: _("{name} wrote:")),
        Occasion(
            "whisper",
            lambda: _("To those of the team who take part: somebody whispered."),
            lambda: _("{name} whispered to the team:"),
        ),
        Occasion("mention", lambda: _("To somebody who was mentioned."), lambda: _("{name} mentioned you.")),
        Occasion(
            "accepted",
            lambda: _("To who wrote the accepted answer."),
            lambda: _("Your answer was accepted. Thank you."),
        ),
        Occasion(
            "assigned",
            lambda: _("To a member of the team: a ticket is theirs."),
            lambda: _("{name} assigned this ticket to you."),
        ),
        Occasion(
            "new_ticket", lambda: _("To members of the team who asked for it: a new ticket."), lambda: _("{name} asks:")
        ),
        Occasion("closing", lambda: _("Below every mail about a thread; empty at first."), lambda: "", is_part=True),
    )
}
OCCASIONS: Final[Mapping[str, Occasion]] = MappingProxyType(_occasions)
# What is said below the post of an occasion, above its links, is the occasion of this name.
BELOW: Final = "{}_below"


def register(occasion: Occasion) -> None:
    """Let projects word this, too; `forum/wiring.py` alone does this."""
    _occasions[occasion.name] = occasion


Words = Mapping[tuple[int, str], str]


async def words_of(projects: Collection[int | None]) -> Words:
    """What these projects say in their own words, by project and occasion. One statement, none for no project."""
    if not (asked := [project for project in projects if project is not None]):
        return {}
    rows = await fetch("select project_id, name, words from mail_words where project_id = any($1)", asked)
    return {(row["project_id"], row["name"]): row["words"] for row in rows}


def filled(words: str, said: Mapping[str, str]) -> str:
    """The words with what {…} stands for; a name that means nothing here stays as it is."""
    return VARIABLE.sub(lambda found: said.get(found[1], found[0]), words)


def filled_html(words: str, said: Mapping[str, str], base_url: str) -> Markup:
    """The same as HTML: the words are Markdown, what {…} stands for is text, whatever it looks like."""
    names = list(said)
    marks = {name: f"\ue000{n}\ue001" for n, name in enumerate(names)}
    html = str(post_html(cook(filled(words, marks)).html, base_url))
    for name, mark in marks.items():
        html = html.replace(mark, str(escape(said[name])))
    return Markup(html)


def in_words(words: Words, values: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Subject pattern, intro and closing of a mail as its project words them; the site's where it does not.

    `values`: project, project_name, project_words (the occasion), title, name, intro and below (what is said where
    nobody words it), fills (what {…} stands for beside), html (a cooked post, or "").
    """
    said = {
        **values["fills"],
        "project": values["project_name"],
        "site": settings.site_name,
        "title": values["title"],
        "name": plain_name(values["name"]),
    }
    project, occasion = values["project"], values["project_words"]
    own = words.get((project, occasion))
    if own is None and occasion in OCCASIONS and not OCCASIONS[occasion].is_told:
        own = OCCASIONS[occasion].words()
    if own is not None and "{name}" in own and not said["name"]:
        # nobody did it, as where a ticket was given to whose turn it was
        own = None
    if own is None:
        # a sentence of a kind that no project words: as it is
        intro, intro_html = values["intro"], Markup("<p>%s</p>") % values["intro"]
    else:
        intro, intro_html = filled(own, said), filled_html(own, said, settings.base_url)
    below = words.get((project, BELOW.format(occasion)), "")
    closing = words.get((project, "closing"), "")
    # what is about no thread has its sentence for a subject
    pattern = words.get((project, SUBJECT)) or OCCASIONS[SUBJECT].words() if values["title"] else values["intro"]
    return {
        "intro": intro,
        "intro_html": intro_html,
        "below": filled(below, said) or values["below"],
        "below_html": filled_html(below, said, settings.base_url) if below else Markup("<p>%s</p>") % values["below"],
        "closing": filled(closing, said),
        "closing_html": filled_html(closing, said, settings.base_url) if closing else "",
        "subject_line": " ".join(filled(pattern, said).split())[:300],
        "name": said["name"],
        "html": post_html(values["html"], settings.base_url) if values["html"] else "",
    }


def faults_of(name: str, words: str) -> str:
    """What is wrong with a project's words for an occasion, in a sentence; "" where nothing is."""
    if unknown := sorted({found for found in VARIABLE.findall(words) if found not in OCCASIONS[name].takes}):
        return _("There is no %(names)s to put there.") % {"names": ", ".join(f"{{{each}}}" for each in unknown)}
    if name == SUBJECT and words and "{title}" not in words:
        return _("The subject needs {title}, or nobody knows what the mail is about.")
    if name == SUBJECT and ("\n" in words or len(words) > SUBJECT_LONGEST):
        return _("One line of at most %(n)d characters.") % {"n": SUBJECT_LONGEST}
    return ""


@action
async def word_mails(editor: int, project: int, words: Mapping[str, str]) -> None:
    """Keep a project's words by occasion; an empty one means the site's. Raises Invalid by occasion."""
    faults = {name: fault for name, text in words.items() if (fault := faults_of(name, text))}
    if faults:
        raise Invalid(faults)
    kept = {name: text for name, text in words.items() if text and text != OCCASIONS[name].words()}
    await execute(
        "delete from mail_words where project_id = $1 and name = any($2)", project, [n for n in words if n not in kept]
    )
    await execute(
        "insert into mail_words (project_id, name, words, edited_by) select $1, n, w, $4"
        " from unnest($2::text[], $3::text[]) x(n, w) on conflict (project_id, name) do update"
        " set words = excluded.words, edited_by = excluded.edited_by, edited_at = now()"
        " where mail_words.words <> excluded.words",
        project,
        list(kept),
        list(kept.values()),
        editor,
    )
