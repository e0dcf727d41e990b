"""Questions with their answers and comments as plain values, whichever door they came through."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from forum.markup.from_html import to_markdown
from forum.markup.inline import line_start
from forum.markup.text import MAX_LENGTH, tidy
from forum.threads.attribution import LICENCE, Attribution, Kind
from forum.threads.rules import open_fence
from forum.web.i18n import _
from importers.faults import Unreadable, one_line, short_hash
from importers.stackexchange.sites import answer_url, comment_url, licence_at, question_url, user_url

TITLE_MOST, NAME_MOST = 300, 100
ID_MOST = 2**53
EARLIEST = datetime(2008, 1, 1, tzinfo=UTC)
LATEST_TIME = datetime(2100, 1, 1, tzinfo=UTC)


Form = Literal["html", "markdown", "comment"]


@dataclass(frozen=True)
class Owner:
    """Who wrote something: the number of their account, None where it is gone, and the name shown there."""

    id: int | None
    name: str

    @property
    def key(self) -> str:
        return "gone" if self.id is None else str(self.id)


@dataclass(frozen=True)
class Entry:
    """A question, an answer or a comment. `parent`: the id of the post that a comment is about; `body` is in
    this `form`: HTML, Markdown, or the little of Markdown that comments have."""

    kind: Kind
    id: int
    body: str
    owner: Owner
    created_at: datetime
    licence: str
    score: int | None = None
    up: int | None = None
    down: int | None = None
    parent: int | None = None
    form: Form = "html"

    @property
    def key(self) -> str:
        """What it is known by on its site."""
        return f"{'comments' if self.kind == 'comment' else 'posts'}/{self.id}"

    def url(self, host: str, question: int) -> str:
        if self.kind == "question":
            return question_url(host, self.id)
        if self.kind == "answer":
            return answer_url(host, self.id)
        return comment_url(host, question, self.parent or question, self.id)

    def attribution(self, host: str, about: "Entry | None") -> Attribution:
        """Whose it is; `about`: the post that a comment is about."""
        return Attribution(
            site=host,
            kind=self.kind,
            by=self.owner.name,
            licence=self.licence,
            by_url=None if self.owner.id is None else user_url(host, self.owner.id),
            score=self.score,
            up=self.up,
            down=self.down,
            on=None if about is None else "question" if about.kind == "question" else "answer",
            on_by=None if about is None or about.kind == "question" else about.owner.name,
        )


@dataclass(frozen=True)
class Question:
    """A question with everything below it, itself the first of `entries`, then in the order in which they were made."""

    id: int
    title: str
    entries: tuple[Entry, ...]
    updated_at: datetime
    where: str
    tags: tuple[str, ...] = ()
    accepted: int | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    duplicate_of: int | None = None

    @property
    def digest(self) -> str:
        """Changes whenever anything changes that an import would act on."""
        said = [
            [e.key, e.body, e.owner.key, e.owner.name, int(e.created_at.timestamp()), e.licence, e.score, e.up, e.down]
            for e in self.entries
        ]
        state = [self.accepted, self.closed_at is not None, self.duplicate_of]
        return short_hash(json.dumps([1, self.id, self.title, self.tags, *state, said]))


def in_order(question: Entry, others: list[Entry]) -> tuple[Entry, ...]:
    """A question, then answers and comments by time, a comment never before what it is about."""
    known = {entry.id: entry for entry in others if entry.kind == "answer"}

    def place(entry: Entry) -> tuple[datetime, int, int]:
        about = known.get(entry.parent or 0) if entry.kind == "comment" else None
        at = max(entry.created_at, about.created_at) if about else entry.created_at
        return at, entry.kind == "comment", entry.id

    return question, *sorted(others, key=place)


def markdown_of(entry: Entry, host: str, url: str) -> str:
    """Markdown that fits and that PostgreSQL can hold; what is too long is cut, with a link to the whole."""
    if entry.form == "html":
        text = to_markdown(entry.body, f"https://{host}/")
    else:
        text = of_comment(entry.body) if entry.form == "comment" else entry.body.replace("\r\n", "\n")
    if len(text) > MAX_LENGTH:
        note = "\n\n" + _("The rest of this long text is [on %(site)s](%(url)s).") % {"site": host, "url": url}
        kept = text[: MAX_LENGTH - len(note) - 20]
        fence = open_fence(kept)
        text = kept + (f"\n{fence}" if fence else "") + note
    return tidy(text).rstrip()


# Of Markdown comments have emphasis, links and code (https://stackoverflow.com/editing-help#comment-formatting).
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_NOT_MEANT = re.compile(r"<(?=[A-Za-z/!?])|!(?=\[)|\||~(?=~)|:(?=[a-z0-9_+-]+:)")


def of_comment(text: str) -> str:
    """A comment's Markdown, in which nothing else than these means anything."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    out, end = [], 0
    for code in _CODE.finditer(text):
        out += [_NOT_MEANT.sub(r"\\\g<0>", text[end : code.start()]), code[0]]
        end = code.end()
    out.append(_NOT_MEANT.sub(r"\\\g<0>", text[end:]))
    return "\n".join(line_start(line.strip(" \t")) for line in "".join(out).split("\n"))


# --- single values, from XML attributes and JSON alike ----------------------------------------------------------------


def number(told: Any, what: str) -> int:
    """A whole number above 0. Raises Unreadable."""
    found = maybe_number(told)
    if found is None or found <= 0:
        raise Unreadable(f"it has no {what} that can be read")
    return found


def maybe_number(told: Any) -> int | None:
    if isinstance(told, str) and len(told) <= 16 and told.isascii():
        digits = told.removeprefix("-")
        told = int(told) if digits.isdigit() else None
    return told if type(told) is int and abs(told) < ID_MOST else None


def moment(told: Any) -> datetime | None:
    """A time: `2021-04-27T15:06:44.553` (UTC) or Unix seconds; aware UTC, whole seconds; None for what is none."""
    try:
        if type(told) is int:
            at = datetime.fromtimestamp(told, UTC)
        elif isinstance(told, str) and 10 <= len(told) <= 40:
            at = datetime.fromisoformat(told)
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return at if EARLIEST <= at < LATEST_TIME else None


def made_at(told: Any) -> datetime:
    """When a record was made. Raises Unreadable."""
    at = moment(told)
    if at is None:
        raise Unreadable("it has no date that can be read")
    return at


def title_of(told: Any, question: int) -> str:
    """A title that fits: 3 to 300 characters on one line."""
    title = one_line(told[: 4 * TITLE_MOST], TITLE_MOST) if isinstance(told, str) else ""
    return title if len(title) > 2 else f"{title} (question {question})".strip()


def name_of(told: Any, user: int | None) -> str:
    """A display name; one that is missing is what the sites show then."""
    name = one_line(told[: 4 * NAME_MOST], NAME_MOST) if isinstance(told, str) else ""
    if name:
        return name
    return _("deleted user") if user is None else f"user{user}"


def licence_of(told: Any, at: datetime) -> str:
    """The licence a record names, else that of its age. Raises Unreadable for one that nobody could attribute by."""
    if told is None or told == "":
        return licence_at(at)
    if isinstance(told, str) and LICENCE.fullmatch(told):
        return told
    raise Unreadable(f"its licence is not known ({one_line(str(told)[:200], 60)})")
