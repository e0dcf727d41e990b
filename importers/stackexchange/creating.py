"""New threads out of questions, many at once: a few statements for all of them."""

from collections.abc import Sequence
from datetime import datetime

from forum.origins import remember_rows
from forum.projects.actions import tag_ids
from forum.threads.bringing import BroughtAct, BroughtPost, BroughtThread, bring_threads
from importers.faults import short_hash
from importers.kept import keep_all
from importers.stackexchange.people import GONE, SOURCE
from importers.stackexchange.place import Numbers, Place, Seen, aliases, brought, seen_of
from importers.stackexchange.records import Question, markdown_of
from importers.stackexchange.state import close_act


async def create(place: Place, questions: Sequence[Question], now: datetime) -> None:
    """A thread for each of these questions, none of which stands here; no two may be the same."""
    await place.people.bring(entry.owner for question in questions for entry in question.entries)
    made = [await thread_of(place, question, now) for question in questions]
    tags = await tag_ids(sorted({tag for thread, _seen in made for tag in thread.tags}))
    stored = await bring_threads(place.home, SOURCE, [thread for thread, _seen in made], tags)
    rows: list[tuple[str, str, int, str | None]] = []
    for question, (thread, posts) in zip(questions, stored, strict=True):
        entries = list(question.entries)
        url = entries[0].url(place.host, question.id)
        rows += [("thread", place.thread_id(question.id), thread, url), *aliases(place, question, entries, posts)]
    await remember_rows(SOURCE, rows)
    await keep_all(
        SOURCE,
        [
            (place.thread_id(question.id), question.digest, vars(seen), question.updated_at)
            for question, (_thread, seen) in zip(questions, made, strict=True)
        ],
    )


async def thread_of(place: Place, question: Question, now: datetime) -> tuple[BroughtThread, Seen]:
    """A question as it will stand here: its posts and, behind those that were there then, that one was accepted and
    that it was closed; and what was seen of it."""
    numbers, posts, seen = Numbers(question), list[BroughtPost](), seen_of(question)
    for number, entry in enumerate(question.entries, 1):
        markdown = markdown_of(entry, place.host, entry.url(place.host, question.id))
        posts.append(await brought(place, question, entry, markdown, numbers, now))
        if entry.kind != "comment":
            numbers.by_id[entry.id] = number
        seen.posts[entry.key] = short_hash(markdown)
    acts: list[BroughtAct] = []
    accepted = numbers.by_id.get(question.accepted or 0)
    if accepted is not None:
        # of a vote the day alone is told
        at = min(max(question.accepted_at or posts[accepted - 1].at, posts[accepted - 1].at), now)
        asker = question.entries[0].owner
        actor = None if asker.key == GONE else place.people.id(asker)
        acts.append(BroughtAct("accept", actor, behind(posts, at, accepted), at, {"number": accepted}))
    if question.closed_at is not None:
        at = min(question.closed_at, now)
        acts.append(close_act(place.home.slug, place.host, question, behind(posts, at, 1), at))
    thread = BroughtThread(
        question.title,
        posts,
        acts=sorted(acts, key=lambda act: (act.after_number, act.at)),
        tags=seen.tags,
        accepted_number=accepted,
        is_closed=question.closed_at is not None,
    )
    return thread, seen


def behind(posts: list[BroughtPost], at: datetime, least: int) -> int:
    """The number of the last post that was there at that time, at least this one."""
    return max([least, *(number for number, post in enumerate(posts, 1) if post.at <= at)])
