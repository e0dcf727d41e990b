"""Questions with a tag, from the API: a page at a time, with the answers and comments that a page leaves out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from forum.outside.stackexchange import IDS_MOST, PAGES, Client, Refused
from forum.threads.attribution import Kind
from importers.faults import Malformed, Unreadable
from importers.stackexchange.importing import Batch
from importers.stackexchange.records import (
    Entry,
    Form,
    Owner,
    Question,
    in_order,
    licence_of,
    made_at,
    maybe_number,
    moment,
    name_of,
    number,
    title_of,
)

Json = dict[str, Any]
WRAPPER = ".backoff;.error_id;.error_message;.error_name;.has_more;.items;.quota_max;.quota_remaining;.total"
POST = (
    "body creation_date last_edit_date owner score up_vote_count down_vote_count content_license comments comment_count"
)
FIELDS = {
    "question": f"question_id title tags last_activity_date accepted_answer_id closed_date closed_details answers"
    f" answer_count {POST}",
    "answer": f"answer_id question_id {POST}",
    "comment": "comment_id post_id body_markdown creation_date owner score content_license",
    "shallow_user": "user_id display_name user_type",
    "closed_details": "original_questions",
    "original_question": "question_id",
}
INCLUDE = ";".join([WRAPPER, *(f"{type_}.{name}" for type_, names in FIELDS.items() for name in names.split())])
# Where the API makes no filter for us; what it leaves out is asked for one by one.
PLAIN_FILTER = "withbody"


@dataclass
class Asking:
    """What is asked: of which host, with which tag, made since when (Unix seconds, or None). `since` follows the
    answers, so that a run that had to stop can go on there."""

    client: Client
    host: str
    tag: str
    since: int | None = None
    filter: str = PLAIN_FILTER

    async def batches(self) -> AsyncIterator[Batch]:
        """Pages of questions, the oldest first. Raises Refused, Exhausted, NoAnswer."""
        self.filter = await self.make_filter()
        total: int | None = None
        seen: set[int] = set()
        while True:
            window, page, is_cut = self.since, 0, False
            asked: Json = {"tagged": self.tag, "sort": "creation", "order": "asc", "fromdate": window}
            async for told in self.client.pages("/questions", filter=self.filter, **asked):
                page += 1
                items = [item for item in told["items"] if isinstance(item, dict)]
                total = total or maybe_number(told.get("total"))
                await self.complete(items)
                yield self.batch(items, seen, total)
                made = [at for item in items if type(at := item.get("creation_date")) is int]
                self.since = max([self.since or 0, *made]) or None
                # pages further on are for those with a key, and slow: a new beginning is neither
                if is_cut := bool(told.get("has_more")) and page >= PAGES:
                    break
            if not is_cut or self.since == window:
                return

    async def make_filter(self) -> str:
        """The API's name for the fields that are wanted; filters are made once and kept there for ever."""
        try:
            told = await self.client.ask("/filters/create", base="none", include=INCLUDE, unsafe="false")
            return str(told["items"][0]["filter"])
        except (Refused, KeyError, IndexError, TypeError):
            return PLAIN_FILTER

    async def complete(self, items: list[Json]) -> None:
        """Add what a page left out of its questions: answers, and comments of all posts."""
        lacking = [q for q in items if (maybe_number(q.get("answer_count")) or 0) > len(listed(q, "answers"))]
        for answer in await self.all_of("/questions/{ids}/answers", lacking, "question_id"):
            for question in lacking:
                if question.get("question_id") == answer.get("question_id"):
                    add(question, "answers", answer, "answer_id")
        posts = [p for q in items for p in (q, *listed(q, "answers")) if lacks_comments(p)]
        for comment in await self.all_of("/posts/{ids}/comments", posts, "question_id", "answer_id"):
            for post in posts:
                if (post.get("answer_id") or post.get("question_id")) == comment.get("post_id"):
                    add(post, "comments", comment, "comment_id")

    async def all_of(self, path: str, posts: list[Json], *names: str) -> list[Json]:
        """All items about these posts, whose ids have one of these names, the last that is there."""
        told = [next((post[name] for name in reversed(names) if name in post), None) for post in posts]
        ids = [str(id_) for id_ in told if type(id_) is int and id_ > 0]
        found: list[Json] = []
        for at in range(0, len(ids), IDS_MOST):
            some = path.format(ids=";".join(ids[at : at + IDS_MOST]))
            async for answer in self.client.pages(some, sort="creation", order="asc", filter=self.filter):
                found += [item for item in answer["items"] if isinstance(item, dict)]
        return found

    def batch(self, items: list[Json], seen: set[int], total: int | None) -> Batch:
        questions: list[Question] = []
        faults: list[Malformed] = []
        for item in items:
            id_ = maybe_number(item.get("question_id"))
            if id_ in seen:
                continue
            where = f"question {id_}" if id_ else "a question"
            try:
                questions.append(read_question(item, where, faults))
                seen.add(questions[-1].id)
            except Unreadable as error:
                faults.append(Malformed(where, str(error)))
        return Batch(questions, faults, total)


def listed(value: Json, name: str) -> list[Json]:
    told = value.get(name)
    return [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []


def lacks_comments(post: Json) -> bool:
    count = maybe_number(post.get("comment_count"))
    return "comments" not in post if count is None else count > len(listed(post, "comments"))


def add(value: Json, name: str, item: Json, id_name: str) -> None:
    """Add an item to a list in a value, unless it is there."""
    there = listed(value, name)
    if all(other.get(id_name) != item.get(id_name) for other in there):
        value[name] = [*there, item]


# --- values -----------------------------------------------------------------------------------------------------------


def read_question(told: Json, where: str, faults: list[Malformed]) -> Question:
    """A question with what is below it; parts that cannot be read are added to `faults`. Raises Unreadable."""
    id_ = number(told.get("question_id"), "id")
    first = entry("question", id_, told)
    entries: list[Entry] = []
    posts = [(id_, told)]
    for answer in listed(told, "answers"):
        try:
            answer_id = number(answer.get("answer_id"), "id")
            entries.append(entry("answer", answer_id, answer))
            posts.append((answer_id, answer))
        except Unreadable as error:
            faults.append(Malformed(f"{where}, answer {maybe_number(answer.get('answer_id')) or '?'}", str(error)))
    for post, value in posts:
        for comment in listed(value, "comments"):
            try:
                entries.append(entry("comment", number(comment.get("comment_id"), "id"), comment, post))
            except Unreadable as error:
                named = maybe_number(comment.get("comment_id")) or "?"
                faults.append(Malformed(f"{where}, comment {named}", str(error)))
    accepted, closed = maybe_number(told.get("accepted_answer_id")), moment(told.get("closed_date"))
    entries = list({each.key: each for each in entries}.values())
    tags = told.get("tags")
    title = told.get("title")
    latest: list[datetime | None] = [moment(told.get("last_activity_date")), closed]
    return Question(
        id=id_,
        title=title_of(unescape(title) if isinstance(title, str) else None, id_),
        entries=in_order(first, entries),
        updated_at=max(at for at in [*latest, first.created_at, *(e.created_at for e in entries)] if at),
        where=where,
        tags=tuple(unescape(tag) for tag in tags[:50] if isinstance(tag, str)) if isinstance(tags, list) else (),
        accepted=accepted if any(e.kind == "answer" and e.id == accepted for e in entries) else None,
        closed_at=closed,
        duplicate_of=duplicate_of(told.get("closed_details")) if closed else None,
    )


def duplicate_of(told: Any) -> int | None:
    originals = listed(told, "original_questions") if isinstance(told, dict) else []
    found = maybe_number(originals[0].get("question_id")) if originals else None
    return found if found and found > 0 else None


def entry(kind: Kind, id_: int, told: Json, parent: int | None = None) -> Entry:
    """A question, an answer or a comment by itself. Raises Unreadable."""
    at = made_at(told.get("creation_date"))
    body, form = text_of(told, kind)
    revised = moment(told.get("last_edit_date")) or at
    has_votes = kind != "comment"
    return Entry(
        kind=kind,
        id=id_,
        body=body,
        owner=owner_of(told.get("owner")),
        created_at=at,
        licence=licence_of(told.get("content_license"), max(at, revised)),
        score=maybe_number(told.get("score")),
        up=maybe_number(told.get("up_vote_count")) if has_votes else None,
        down=maybe_number(told.get("down_vote_count")) if has_votes else None,
        parent=parent,
        form=form,
    )


def text_of(told: Json, kind: Kind) -> tuple[str, Form]:
    """A text and what it is: of comments the Markdown as it was written, as in the dumps. Raises Unreadable."""
    body, markdown = told.get("body"), told.get("body_markdown")
    if isinstance(markdown, str) and (kind == "comment" or not isinstance(body, str)):
        return unescape(markdown), "comment" if kind == "comment" else "markdown"
    if not isinstance(body, str):
        raise Unreadable("it has no text")
    return body, "html"


def owner_of(told: Any) -> Owner:
    """Who wrote it; whoever is gone from the site has a name at most."""
    value = told if isinstance(told, dict) else {}
    id_ = maybe_number(value.get("user_id")) if value.get("user_type") != "does_not_exist" else None
    name = value.get("display_name")
    return Owner(id_, name_of(unescape(name) if isinstance(name, str) else None, id_))
