"""A mail to a project or a category: a question of a member's, or a letter that waits until its sender has confirmed it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Final
from uuid import UUID

from forum.database.engine import connection, fetch_one
from forum.mail.addresses import ANSWER, find_address
from forum.mail.arriving.mail import Fate, Mail, came_by_mail, member_at, project_name, tell_by_mail, with_files
from forum.mail.arriving.strangers import keep_letter
from forum.mail.letters import mail_domain
from forum.mail.reading.vouched import Vouched
from forum.settings import settings
from forum.threads.rules import TITLE_LEAST, TITLE_MOST
from forum.threads.uploads import hang_uploads
from forum.web import i18n
from forum.web.errors import Problem, TooMany
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.sessions import reader_of_person

PREFIXES: Final = re.compile(
    r"^(?:\s*(?:re|aw|wg|sv|vs|antw|fwd?|fw|tr|rv|i|odp|答复|转发)\s*(?:\[\d+\])?\s*[:：]|\s*\[[^\[\]]{1,40}\](?=\s*\S))+\s*",
    re.IGNORECASE,
)


# So many addresses of To and Cc are looked at.
ADDRESSES_MOST: Final = 50


@dataclass(frozen=True)
class Question:
    """What is asked by mail. `category`: a slug, "" to have it guessed · `may_submit`: it is sure who asks, so it may go
    to the team at once if nothing is missing."""

    project: int
    title: str
    markdown: str
    category: str
    may_submit: bool
    key: UUID


@dataclass(frozen=True)
class Came:
    """What came of a question: its thread and first post, where it stands, and whether its author has still to finish it."""

    thread: int
    post: int
    url: str
    is_draft: bool
    is_new: bool = True


# Raises what asking raises.
Ask = Callable[[Reader, Question], Awaitable[Came]]
_asks: list[Ask] = []


def answer_questions_by(ask: Ask) -> None:
    """Let this make questions out of mails; `forum/wiring.py` alone does this."""
    _asks[:] = [ask]


def title_of(subject: str, text: str) -> str:
    """A thread's title out of a subject, without "Re:" and names of lists; the first words of the text where it says
    nothing."""
    plain = " ".join(PREFIXES.sub("", subject).split())
    if len(plain) < TITLE_LEAST:
        first = next(
            (line.strip("#>*_- ") for line in text.split("\n") if len(line.strip("#>*_- ")) >= TITLE_LEAST), ""
        )
        plain = (f"{plain}: {first}" if plain else first) or plain
    if len(plain) < TITLE_LEAST:
        plain = f"{_('A question by mail')} {plain}".strip()
    return plain if len(plain) <= TITLE_MOST else plain[: TITLE_MOST - 1].rstrip() + "…"


async def take_question(mail: Mail) -> Fate:
    """Ask for a member, or let a stranger confirm first. Raises TooMany: the job tries again later."""
    project, letter = mail.address.project, mail.understood.letter
    assert project is not None
    if not mail.understood.text.strip() and not letter.body.files:
        return Fate("dropped", "says nothing", project=project)
    if await answers_too(mail):
        return Fate("dropped", "went to the address of an answer as well", project=project)
    known = await member_at(mail.sender)
    if known is not None and known["is_disabled"]:
        return Fate("held", "the person may not sign in any more", person=known["id"], project=project)
    if mail.vouched is Vouched.FAILED:
        return Fate("held", "fails DMARC", person=known["id"] if known else None, project=project)
    kind = await kind_of_place(mail.address.category)
    is_sure = mail.vouched is Vouched.PASSED
    if known is None or (not is_sure and kind not in ("", "support")):
        # what is public, or read by a team, at once waits for who wrote it to say so
        return await keep_letter(mail, known["id"] if known else None)
    reader = await reader_of_person(known["id"])
    i18n.current.set(reader.locale or "en")
    fate = {"person": known["id"], "project": project}
    try:
        came = await ask(reader, mail, may_submit=is_sure)
    except TooMany:
        raise
    except Problem as problem:
        await tell_by_mail(mail, known["id"], "not_posted", reason=problem.message, title="", path="")
        return Fate("held", f"not asked: {problem.kind}", **fate)
    if came.is_new:
        await tell_by_mail(
            mail,
            known["id"],
            "asked" if not came.is_draft else "finish",
            path=came.url,
            title=title_of(letter.subject, mail.understood.text),
            project=await project_name(project),
        )
    return Fate("draft" if came.is_draft else "asked", "", thread=came.thread, **fate)


async def answers_too(mail: Mail) -> bool:
    """Whether a mail went to the address of an answer as well: it is that, and no question beside it."""
    current, letter = settings(), mail.understood.letter
    named = getaddresses([*letter.all("to"), *letter.all("cc")])[:ADDRESSES_MOST]
    for _name, address in named:
        if ANSWER.fullmatch(address.partition("@")[0].lower()):
            found = await find_address(address, mail_domain(current), current.secret_key)
            if found is not None and found.project == mail.address.project:
                return True
    return False


async def kind_of_place(category: int | None) -> str:
    """The kind of the category a mail was sent to; "" where it names none and a guess keeps to support."""
    row = await fetch_one("select kind from category where id = $1", category) if category else None
    return row["kind"] if row else ""


async def ask(reader: Reader, mail: Mail, *, may_submit: bool) -> Came:
    """Ask what a mail asks, as this reader: all of it or nothing."""
    project = mail.address.project
    assert project is not None and _asks
    place = await fetch_one("select slug from category where id = $1", mail.address.category)
    understood = mail.understood
    async with connection() as link, link.transaction():
        markdown, files = await with_files(reader.person, mail, understood.text)
        came = await _asks[0](
            reader,
            Question(
                project=project,
                title=title_of(understood.letter.subject, understood.text),
                markdown=markdown,
                category=place["slug"] if place else "",
                may_submit=may_submit,
                key=mail.key,
            ),
        )
        if came.is_new:
            await hang_uploads(files, came.thread, came.post)
            await came_by_mail(mail, came.post)
    return came
