"""Where questions of a site stand here, what was last seen of them, and how an entry becomes a post."""

from dataclasses import dataclass, field
from datetime import datetime

from forum.projects.actions import tag_name
from forum.threads.bringing import BroughtPost, Home
from forum.threads.writing import cook_for
from importers.changes import Texts
from importers.stackexchange.people import People
from importers.stackexchange.records import Entry, Question


@dataclass
class Place:
    """A site in a project: the category that receives its questions, and its people."""

    host: str
    name: str
    home: Home
    people: People

    @property
    def texts(self) -> Texts:
        """How texts are cooked, and what is said where they change."""
        return Texts(self.home.slug, has_issues=False, reason=self.host)

    def thread_id(self, question: int) -> str:
        return f"{self.host}/questions/{question}"

    def post_id(self, entry: Entry) -> str:
        return f"{self.host}/{entry.key}"


@dataclass
class Seen:
    """What was last seen of a question there; `posts`: what each text said, by its key."""

    title: str = ""
    tags: list[str] = field(default_factory=list)
    closed: bool = False
    accepted: int | None = None
    posts: dict[str, str] = field(default_factory=dict)


def tags_of(question: Question) -> list[str]:
    """The names of a question's tags, sorted."""
    return sorted({name for tag in question.tags if (name := tag_name(tag)[:60])})


class Numbers:
    """Which number each post of a question has here, so that a comment can name what it is about."""

    def __init__(self, question: Question) -> None:
        self.by_id: dict[int, int] = {question.id: 1}
        self.entries = {entry.id: entry for entry in question.entries if entry.kind != "comment"}

    def about(self, entry: Entry) -> tuple[Entry | None, int | None]:
        if entry.kind != "comment":
            return None, None
        parent = entry.parent if entry.parent in self.by_id else next(iter(self.by_id))
        return self.entries.get(parent or 0), self.by_id[parent or 0]


async def brought(
    place: Place, question: Question, entry: Entry, markdown: str, numbers: Numbers, now: datetime
) -> BroughtPost:
    """A post as it will stand here."""
    about, reply_to = numbers.about(entry)
    cooked = await cook_for(markdown, place.home.slug, False, is_local=False)
    return BroughtPost(
        author=place.people.id(entry.owner),
        markdown=markdown,
        html=cooked.html,
        at=min(entry.created_at, now),
        url=entry.url(place.host, question.id),
        attribution=entry.attribution(place.host, about).as_json(),
        reply_to=reply_to,
    )


def aliases(
    place: Place, question: Question, entries: list[Entry], ids: list[int]
) -> list[tuple[str, str, int, str | None]]:
    return [
        ("post", place.post_id(entry), post, entry.url(place.host, question.id))
        for entry, post in zip(entries, ids, strict=True)
    ]


def seen_of(question: Question) -> Seen:
    return Seen(question.title, tags_of(question), question.closed_at is not None, question.accepted)
