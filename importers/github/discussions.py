"""Discussions of a repository, read by GraphQL: the same records as issues, with a section, answers and replies.

Source: docs.github.com, "Using the GraphQL API for Discussions". Replies stand behind what they reply to, in the order of
their dates. Without the App GraphQL tells nobody anything; the import then says so, and goes on.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import asyncpg

from forum.database.engine import action, execute, fetch_one
from forum.events import flush_hints
from forum.outside.github import Refused, Unsure
from forum.outside.github_reading import Reading as Asking
from forum.web.errors import Problem
from importers.faults import Malformed, Unreadable, one_line
from importers.github import progress as rows
from importers.github.place import Place
from importers.github.reactions import store_reactions
from importers.github.records import Issue, Login, person_of, read_time
from importers.github.whole import store_whole
from importers.summary import Progress, no_progress

Patiently = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]

_WHO: Final = "author { login ... on User { databaseId } ... on Bot { databaseId } }"
_FACES: Final = "reactions(first: 20) { nodes { content user { login databaseId } } }"
_SAID: Final = f"databaseId body createdAt updatedAt {_WHO} {_FACES}"
_REPLIES: Final = f"pageInfo {{ hasNextPage endCursor }} nodes {{ {_SAID} }}"
_COMMENTS: Final = f"pageInfo {{ hasNextPage endCursor }} nodes {{ id {_SAID} replies(first: 20) {{ {_REPLIES} }} }}"

_WHOLE: Final = f"""
        id number title body createdAt updatedAt closed closedAt locked stateReason
        {_WHO} {_FACES}
        category {{ name slug isAnswerable }}
        labels(first: 50) {{ nodes {{ name }} }}
        answer {{ databaseId }}
        answerChosenAt
        comments(first: 20) {{ {_COMMENTS} }}"""

DISCUSSIONS: Final = f"""query Discussions($owner: String!, $name: String!, $after: String, $order: DiscussionOrder!) {{
  repository(owner: $owner, name: $name) {{
    discussions(first: 10, after: $after, orderBy: $order) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        {_WHOLE}
      }}
    }}
  }}
}}"""
DISCUSSION: Final = f"""query Discussion($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{ discussion(number: $number) {{ {_WHOLE} }} }}
}}"""
COMMENTS: Final = f"""query Comments($id: ID!, $after: String) {{
  node(id: $id) {{ ... on Discussion {{ comments(first: 50, after: $after) {{ {_COMMENTS} }} }} }}
}}"""
REPLIES: Final = f"""query Replies($id: ID!, $after: String) {{
  node(id: $id) {{ ... on DiscussionComment {{ replies(first: 50, after: $after) {{ {_REPLIES} }} }} }}
}}"""

# GraphQL's names of reactions → REST's
FACES: Final = {"THUMBS_UP": "+1", "HEART": "heart", "HOORAY": "hooray", "ROCKET": "rocket"}
Given = list[tuple[Login, str]]


class Discussions:
    """The phase of discussions: all of them, oldest first, the first time; then those that changed since."""

    def __init__(self, place: Place, asking: Asking, patiently: Patiently, progress: Progress, now: datetime) -> None:
        self.place, self.asking, self.patiently, self.progress, self.now = place, asking, patiently, progress, now

    async def all(self, onward: str, done: int) -> None:
        """Until none is left. Raises Limited, Unsure."""
        row = await rows.row_of(self.place.name)
        until: datetime | None = row["discussions_until"]
        order = {"field": "UPDATED_AT" if until else "CREATED_AT", "direction": "DESC" if until else "ASC"}
        # what changes while they are read is read again next time
        newest = row["started_at"]
        owner, _slash, name = self.place.repository.partition("/")
        after: str | None = onward or None
        while True:
            told = await self.ask(DISCUSSIONS, {"owner": owner, "name": name, "after": after, "order": order})
            if told is None:
                return
            found = at(told, "repository", "discussions")
            for node in nodes(found):
                updated = read_time(node, "updatedAt")
                if until and updated and updated <= until:
                    return await self.finish(newest)
                await self.store(node)
                done += 1
            total = found.get("totalCount")
            after = next_cursor(found)
            self.progress(done, total if isinstance(total, int) else None)
            await flush_hints()
            if after is None:
                return await self.finish(newest)
            if until is None:
                # by the order of their making nothing slips while others change; the other way is short
                await rows.advance(self.place.name, after, done, total if isinstance(total, int) else None)

    async def finish(self, newest: datetime) -> None:
        await execute("update github_import set discussions_until = $2 where name = $1", self.place.name, newest)

    async def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The data; None where GitHub refuses, which is noted."""
        try:
            told: dict[str, Any] = await self.patiently(lambda: self.asking.query(query, variables))
        except Refused as refused:
            await rows.skip(self.place.name, Malformed("discussions", one_line(refused.message, 200)))
            return None
        return told

    async def store(self, node: dict[str, Any]) -> None:
        """One discussion with all its comments and their replies, in one transaction."""
        where = f"discussion #{node.get('number')}"
        comments = await self.said_in(node)
        try:
            await store_discussion(self.place, node, comments, where, self.now)
            self.place.people.keep()
        except (Unreadable, Problem, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            await rows.skip(self.place.name, Malformed(where, one_line(str(error), 200)))

    async def said_in(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        """Every comment of a discussion, each before its replies."""
        comments: list[dict[str, Any]] = []
        for comment in await self.whole(node, "comments", COMMENTS):
            comments.append(comment)
            comments += await self.whole(comment, "replies", REPLIES)
        return comments

    async def whole(self, node: dict[str, Any], name: str, query: str) -> list[dict[str, Any]]:
        """All that a node has under this name: what came with it, then page by page."""
        page = at(node, name)
        found = nodes(page)
        while (after := next_cursor(page)) is not None:
            told = await self.ask(query, {"id": str(node.get("id")), "after": after})
            if told is None:
                break
            page = at(told, "node", name)
            found += nodes(page)
        return found


async def read_discussion(place: Place, asking: Asking, number: int, now: datetime) -> Issue | None:
    """One discussion with all its comments as it is now; None where there is none. Raises Limited, Unsure, Refused."""

    async def at_once(ask: Callable[[], Awaitable[Any]]) -> Any:
        return await ask()

    owner, _slash, name = place.repository.partition("/")
    told = await asking.query(DISCUSSION, {"owner": owner, "name": name, "number": number})
    node = at(told, "repository").get("discussion")
    if not isinstance(node, dict):
        return None
    comments = await Discussions(place, asking, at_once, no_progress, now).said_in(node)
    records = place.reading.records(discussion_row(node, comments), f"discussion #{number}")
    return next((record for record in records if isinstance(record, Issue)), None)


def at(told: Any, *names: str) -> dict[str, Any]:
    """What stands under these names. Raises Unsure where it is no object."""
    for name in names:
        told = told.get(name) if isinstance(told, dict) else None
    if not isinstance(told, dict):
        raise Unsure(f"the answer has no {'.'.join(names)}")
    return told


def nodes(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in page.get("nodes") or () if isinstance(node, dict)]


def next_cursor(page: dict[str, Any]) -> str | None:
    info = page.get("pageInfo")
    if not isinstance(info, dict) or info.get("hasNextPage") is not True:
        return None
    return str(info["endCursor"]) if info.get("endCursor") else None


def as_row(node: dict[str, Any]) -> dict[str, Any]:
    """A node's common parts in REST's words (pure)."""
    author = node.get("author")
    user = {"login": author.get("login"), "id": author.get("databaseId")} if isinstance(author, dict) else None
    counted: dict[str, int] = {}
    for _who, face in given_of(node):
        counted[face] = counted.get(face, 0) + 1
    return {
        "user": user,
        "body": node.get("body"),
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
        "reactions": counted,
    }


def discussion_row(node: dict[str, Any], comments: list[dict[str, Any]]) -> dict[str, Any]:
    """A discussion in the words of the webhooks' payloads, with its comments (pure)."""
    section, answer = node.get("category"), node.get("answer")
    named = section if isinstance(section, dict) else {}
    chosen = answer.get("databaseId") if isinstance(answer, dict) else None
    labels = node.get("labels")
    return as_row(node) | {
        "number": node.get("number"),
        "node_id": node.get("id"),
        "title": node.get("title"),
        "state": "closed" if node.get("closed") is True else "open",
        "closed_at": node.get("closedAt"),
        "state_reason": str(node.get("stateReason") or "").lower() or None,
        "locked": node.get("locked"),
        "category": {
            "name": str(named.get("name") or "General"),
            "slug": named.get("slug"),
            "is_answerable": named.get("isAnswerable"),
        },
        "labels": nodes(labels) if isinstance(labels, dict) else [],
        "answer_html_url": f"#discussioncomment-{chosen}" if chosen else None,
        "answer_chosen_at": node.get("answerChosenAt"),
        "comments": [as_row(c) | {"id": c.get("databaseId"), "discussion_id": 0} for c in comments],
    }


def given_of(node: dict[str, Any]) -> Given:
    """Who gave which reaction, those that have a counterpart here (pure)."""
    page = node.get("reactions")
    found = []
    for each in nodes(page) if isinstance(page, dict) else ():
        user, face = each.get("user"), FACES.get(str(each.get("content")))
        told = {"login": user.get("login"), "id": user.get("databaseId")} if isinstance(user, dict) else None
        if face and (who := person_of(told)):
            found.append((who, face))
    return found


@action
async def store_discussion(
    place: Place, node: dict[str, Any], comments: list[dict[str, Any]], where: str, now: datetime
) -> None:
    """A discussion, its comments and who reacted to each, counted. Raises Unreadable."""
    for record in place.reading.records(discussion_row(node, comments), where):
        if isinstance(record, Malformed):
            await rows.skip(place.name, record)
        elif isinstance(record, Issue):
            outcome, thread = await store_whole(place, record, now)
            await rows.count(place.name, outcome)
            if thread is None:
                continue
            said = [(place.thread_id(record.number), node)]
            said += [(f"discussion-comment:{each.get('databaseId')}", each) for each in comments]
            for foreign_id, each in said:
                given = given_of(each)
                if given or await had_reactions(foreign_id):
                    await store_reactions(place, foreign_id, given)


async def had_reactions(foreign_id: str) -> bool:
    return bool(
        await fetch_one(
            "select 1 from github_said where foreign_id = $1 and (taken <> '{}' or counted <> '{}')", foreign_id
        )
    )
