"""GitHub issues and comments as plain values, out of whatever an archive holds: mended, or refused with a reason."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from forum.markup.text import MAX_LENGTH, tidy
from forum.outside.github import WEB
from forum.web.i18n import _
from importers.faults import Malformed, Unreadable, one_line, short_hash

TITLE_MOST = 300
LABELS_MOST = 100
# A deleted account, in REST (https://docs.github.com/en/rest/users); archives leave the author empty.
GHOST_ID = 10137
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})(?:\[bot\])?")
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_.-]{1,100}")
API_REPOSITORY = re.compile(r"/repos/([^/\s]+/[^/\s]+)(?:/|$)")
API_ISSUE = re.compile(r"/issues/(\d{1,9})$")
ANSWER = re.compile(r"#discussioncomment-(\d{1,18})$")
NUMBER_MOST = 10**9
ID_MOST = 2**62
# GitHub began in 2008, but what was moved there may be older.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

# Reactions of theirs that say what one here says; laughing, doubting, disagreeing and looking on have no counterpart.
FACES = ("+1", "heart", "hooray", "rocket")

# state_reason, as it is told after "closed the thread:"; "completed" goes without saying
REASONS = {"not_planned": "not planned", "duplicate": "duplicate"}


@dataclass(frozen=True)
class Login:
    """Somebody on GitHub: the name then in use, and the number that never changes, where the source tells it."""

    login: str
    id: int | None = None

    @property
    def key(self) -> str:
        return f"user:{self.id}" if self.id is not None else f"login:{self.login.casefold()}"


GHOST = Login("ghost", GHOST_ID)


@dataclass(frozen=True)
class Comment:
    """A comment. `id` is REST's; archives have none. `made` is its date as the source wrote it, in one form."""

    author: Login
    body: str
    created_at: datetime
    made: str
    id: int | None = None
    updated_at: datetime | None = None
    counted: Mapping[str, int] = field(default_factory=dict)
    # numbers of comments on issues and of those in discussions are not of one sequence
    in_discussion: bool = False

    @property
    def key(self) -> str:
        """What REST's number is as a foreign id, "" without one."""
        return "" if self.id is None else f"{'discussion-' if self.in_discussion else ''}comment:{self.id}"


@dataclass(frozen=True)
class Section:
    """A category of a repository's discussions."""

    name: str
    slug: str
    is_answerable: bool


@dataclass(frozen=True)
class Issue:
    """An issue, pull request or discussion (which has a `section`). `comments` is None where the source does not say, as
    REST rows that only count; the same of `is_locked`. `answer`: the number of the comment that was marked as it,
    `answered_at` when that was."""

    number: int
    title: str
    body: str
    author: Login
    created_at: datetime
    updated_at: datetime
    is_closed: bool
    url: str
    where: str
    closed_at: datetime | None = None
    closed_by: Login | None = None
    reason: str = ""
    labels: tuple[str, ...] = ()
    comments: tuple[Comment, ...] | None = None
    is_pull: bool = False
    node_id: str | None = None
    rest_id: int | None = None
    milestone: str = ""
    is_locked: bool | None = None
    counted: Mapping[str, int] = field(default_factory=dict)
    section: Section | None = None
    answer: int | None = None
    answered_at: datetime | None = None

    @property
    def digest(self) -> str:
        """Changes whenever anything changes that an import would act on."""
        comments = self.comments and [[c.author.key, c.made, c.id, c.body] for c in self.comments]
        said = [1, self.title, self.body, self.is_closed, self.labels, self.author.key, comments]
        more = [self.milestone, self.is_locked, sorted(self.counted.items()), self.answer]
        # archives know nothing of these, and what was imported from them keeps its digest
        return short_hash(json.dumps([*said, self.node_id, self.rest_id, *(more if any(more) else ())]))


@dataclass(frozen=True)
class LooseComment:
    """A comment that stands by itself, as GitHub's list of all comments of a repository gives them."""

    number: int
    comment: Comment
    where: str


Record: TypeAlias = Issue | LooseComment | Malformed


@dataclass(frozen=True)
class Reading:
    """How records are read: of which repository (OWNER/REPO), on which GitHub."""

    repository: str
    web: str = WEB
    # REST rows of another repository are refused by name; archives were checked as a whole
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", self.repository.casefold())

    def url(self, number: int, is_pull: bool = False, is_discussion: bool = False) -> str:
        """The record's page on GitHub; made here, so that no archive can bring an address of its own."""
        folder = "discussions" if is_discussion else "pull" if is_pull else "issues"
        return f"{self.web}/{self.repository}/{folder}/{number}"

    def records(self, value: object, where: str, *, is_pull: bool | None = None) -> Iterator[Record]:
        """What one JSON value of a source holds; never raises.

        `value` may be why there is none. `is_pull` None: the value itself says so.
        """
        try:
            if isinstance(value, Unreadable):
                raise value
            if not isinstance(value, dict):
                raise Unreadable("this is not an object")
            if "number" not in value and "issue_url" in value:
                yield self.loose_comment(value, where)
                return
            number = number_of(value)
            where = f"{where} (#{number})"
            yield from self.issue(value, number, where, is_pull)
        except Unreadable as error:
            yield Malformed(where, str(error))

    def check_repository(self, value: dict[str, object]) -> None:
        for name in ("repository_url", "issue_url"):
            told = value.get(name)
            found = API_REPOSITORY.search(told) if isinstance(told, str) else None
            if found and found[1].casefold() != self.folded:
                raise Unreadable(f"it belongs to {one_line(found[1], 80)}")

    def issue(self, value: dict[str, object], number: int, where: str, is_pull: bool | None) -> Iterator[Record]:
        """An issue and what of it cannot be read. Raises Unreadable."""
        self.check_repository(value)
        if is_pull is None:
            is_pull = bool(value.get("pull_request"))
        section = section_of(value.get("category"))
        url = self.url(number, is_pull, section is not None)
        faults: list[Malformed] = []
        comments = self.comments(value, where, url, faults)
        dates = [read_time(value, "created_at", "createdAt"), read_time(value, "updated_at", "updatedAt")]
        closed_at = read_time(value, "closed_at", "closedAt")
        known = [at for at in (*dates, closed_at, *(c.created_at for c in comments or ())) if at]
        if not known:
            raise Unreadable("it has no date that can be read")
        created = dates[0] or min(known)
        comments = comments and tuple(sorted(comments, key=lambda c: c.created_at))
        state = value.get("state")
        state = state.casefold() if isinstance(state, str) else ""
        is_closed = state in ("closed", "merged") or (state != "open" and closed_at is not None)
        updated = max(dates[1] or created, created)
        yield Issue(
            number=number,
            title=title_of(value.get("title"), number),
            body=body_of(value.get("body"), url),
            author=login_of(value),
            created_at=created,
            updated_at=updated,
            is_closed=is_closed,
            url=url,
            where=where,
            closed_at=(closed_at or updated) if is_closed else None,
            closed_by=closer_of(value) if is_closed else None,
            reason=REASONS.get(str(value.get("state_reason") or "").casefold(), ""),
            labels=labels_of(value.get("labels")),
            comments=comments,
            is_pull=is_pull,
            node_id=node_id_of(value),
            rest_id=rest_id_of(value.get("id")) if section is None else None,
            milestone=milestone_of(value.get("milestone")),
            is_locked=locked if isinstance(locked := value.get("locked"), bool) else None,
            counted=counted_of(value.get("reactions")),
            section=section,
            answer=answer_of(value),
            answered_at=read_time(value, "answer_chosen_at"),
        )
        yield from faults

    def comments(
        self, value: dict[str, object], where: str, url: str, faults: list[Malformed]
    ) -> tuple[Comment, ...] | None:
        """The comments told with an issue, None where they are not; what cannot be read is added to `faults`."""
        told = value.get("comments")
        if not isinstance(told, list) and isinstance(value.get("comments_data"), list):
            told = value["comments_data"]
        if told is None or type(told) is int:
            return None
        if not isinstance(told, list):
            faults.append(Malformed(f"{where}, comments", "this is not a list"))
            return None
        read: list[Comment] = []
        before = read_time(value, "created_at", "createdAt")
        for place, item in enumerate(told):
            try:
                read.append(self.comment(item, url, before))
                before = read[-1].created_at
            except Unreadable as error:
                faults.append(Malformed(f"{where}, comments[{place}]", str(error)))
        return tuple(read)

    def comment(self, value: object, url: str, before: datetime | None) -> Comment:
        """One comment; `before` stands in for a date that cannot be read."""
        if not isinstance(value, dict):
            raise Unreadable("this is not an object")
        if not isinstance(value.get("body"), str | None) or not ({"body", "author", "user"} & set(value)):
            raise Unreadable("it has no text")
        written = read_time(value, "created_at", "createdAt")
        created = written or before
        if created is None:
            raise Unreadable("it has no date that can be read")
        return Comment(
            author=login_of(value),
            body=body_of(value.get("body"), url),
            created_at=created,
            made=written.strftime("%Y-%m-%dT%H:%M:%SZ") if written else "",
            id=rest_id_of(value.get("id")),
            updated_at=read_time(value, "updated_at", "updatedAt"),
            counted=counted_of(value.get("reactions")),
            in_discussion="discussion_id" in value,
        )

    def loose_comment(self, value: dict[str, object], where: str) -> LooseComment:
        self.check_repository(value)
        address = value["issue_url"]
        found = API_ISSUE.search(address) if isinstance(address, str) else None
        if found is None or not int(found[1]):
            raise Unreadable("its issue_url names no issue")
        number = int(found[1])
        return LooseComment(number, self.comment(value, self.url(number), None), f"{where} (comment of #{number})")


def number_of(value: dict[str, object]) -> int:
    """The number of an issue. Raises Unreadable."""
    number = value.get("number")
    if type(number) is not int or not 0 < number < NUMBER_MOST:
        raise Unreadable("it has no number")
    return number


def read_time(value: dict[str, object], *names: str) -> datetime | None:
    """The first of these dates that can be read, aware UTC, whole seconds."""
    for name in names:
        told = value.get(name)
        if isinstance(told, str) and 10 <= len(told) <= 40:
            try:
                at = datetime.fromisoformat(told.strip())
                at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
            except (ValueError, OverflowError):
                continue
            if at >= EARLIEST:
                return at
    return None


def title_of(told: object, number: int) -> str:
    """A title that fits: 3 to 300 characters on one line."""
    title = one_line(told[: 4 * TITLE_MOST], TITLE_MOST) if isinstance(told, str) else ""
    return title if len(title) > 2 else f"{title} (#{number})".strip()


def body_of(told: object, url: str) -> str:
    """Markdown that fits and that PostgreSQL can hold; what is too long is cut, with a link to the whole."""
    if not isinstance(told, str):
        return ""
    # carriage returns fall away, so that the same text from two doors is the same
    text = told.replace("\r\n", "\n")
    if len(text) > MAX_LENGTH:
        note = "\n\n" + _("The rest of this long text is [on GitHub](%(url)s).") % {"url": url}
        kept = text[: MAX_LENGTH - len(note) - 5]
        fences = sum(line.lstrip().startswith("```") for line in kept.split("\n"))
        text = kept + ("\n```" if fences % 2 else "") + note
    return tidy(text).rstrip()


def login_of(value: dict[str, object]) -> Login:
    """The author of an issue or comment; whoever cannot be told is the ghost, as on GitHub."""
    return person_of(value.get("user")) or person_of(value.get("author")) or GHOST


def person_of(told: object) -> Login | None:
    login, number = told, None
    if isinstance(told, dict):
        login, number = told.get("login"), rest_id_of(told.get("id"))
    if not isinstance(login, str) or not LOGIN.fullmatch(login) or len(login) > 80:
        return None
    return GHOST if login.casefold() == "ghost" or number == GHOST_ID else Login(login, number)


def closer_of(value: dict[str, object]) -> Login | None:
    return person_of(value.get("closed_by")) or person_of(value.get("mergedBy"))


def labels_of(told: object) -> tuple[str, ...]:
    """The names of labels, in order, each once."""
    if not isinstance(told, list):
        return ()
    names = (label.get("name") if isinstance(label, dict) else label for label in told[:LABELS_MOST])
    clean = (one_line(name, 200) for name in names if isinstance(name, str))
    return tuple(dict.fromkeys(name for name in clean if name))


def rest_id_of(told: object) -> int | None:
    """REST's number of a record; archives have GraphQL's there, which is a text."""
    return told if type(told) is int and 0 < told < ID_MOST else None


def node_id_of(value: dict[str, object]) -> str | None:
    """GraphQL's id: `node_id` in REST, `id` in archives."""
    for told in (value.get("node_id"), value.get("id")):
        if isinstance(told, str) and 0 < len(told) <= 100 and told.isascii() and told.isprintable():
            return told
    return None


def milestone_of(told: object) -> str:
    title = told.get("title") if isinstance(told, dict) else None
    return one_line(title, 200) if isinstance(title, str) else ""


def counted_of(told: object) -> dict[str, int]:
    """How often each reaction that has a counterpart here was given."""
    if not isinstance(told, dict):
        return {}
    return {name: n for name in FACES if type(n := told.get(name)) is int and 0 < n < NUMBER_MOST}


def section_of(told: object) -> Section | None:
    """The category of a discussion; issues have none."""
    if not isinstance(told, dict) or not isinstance(name := told.get("name"), str):
        return None
    slug = told.get("slug")
    return Section(one_line(name, 100), slug[:100] if isinstance(slug, str) else "", told.get("is_answerable") is True)


def answer_of(value: dict[str, object]) -> int | None:
    """The number of the comment that is a discussion's answer, out of its address."""
    told = value.get("answer_html_url")
    found = ANSWER.search(told) if isinstance(told, str) else None
    return int(found[1]) if found else None
