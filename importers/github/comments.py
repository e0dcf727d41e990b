"""Comments become posts: each once, whichever door it came through, in the order and with the dates they have there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forum.database.engine import fetch, fetch_value
from forum.origins import Origin, remember
from forum.threads.writing import store_reply
from forum.web.reader import Reader
from importers.changes import change_text
from importers.faults import short_hash
from importers.github.moved import is_bots
from importers.github.people import SOURCE
from importers.github.place import Place
from importers.github.records import Comment


@dataclass
class Posts:
    """The posts of one thread while comments are matched with them.

    `author`: of the thread, as whom the importer may see it wherever it was moved. `said`: what the comments last
    said there, by post id. `ids`: foreign ids of posts that stand here; `taken`: posts that are comments of this run.
    """

    thread: int
    author: int
    number: int
    said: dict[str, str]
    is_new: bool = False
    ids: dict[str, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    async def load(self) -> None:
        """Read the foreign ids of what stands here; only posts of this thread are believed."""
        rows = await fetch(
            "select a.foreign_id, a.row_id from post p join origin_alias a on a.kind = 'post' and a.row_id = p.id"
            " where p.thread_id = $1 and a.source = $2",
            self.thread,
            SOURCE,
        )
        self.ids = {row["foreign_id"]: row["row_id"] for row in rows}

    def numbered(self) -> set[int]:
        """The posts that are known as REST comments already."""
        return {
            post for foreign_id, post in self.ids.items() if foreign_id.startswith(("comment:", "discussion-comment:"))
        }

    async def find(self, comment: Comment, wanted: Sequence[str]) -> int | None:
        """The post that a comment is: by its ids, else by second and text (its author may be renamed or gone)."""
        for foreign_id in wanted:
            post = self.ids.get(foreign_id)
            if post is None or post in self.taken:
                continue
            if foreign_id == wanted[0] or post not in self.numbered():
                return post
        if self.is_new:
            return None
        others = self.taken if comment.id is None else self.taken | self.numbered()
        found: int | None = await fetch_value(
            "select p.id from post p where p.thread_id = $1 and p.created_at = $2 and p.markdown = $3"
            " and p.number > 1 and p.origin = $4 and p.id <> all($5::bigint[]) order by p.number limit 1",
            self.thread,
            comment.created_at,
            comment.body,
            SOURCE,
            list(others),
        )
        return found


async def add_comments(
    place: Place, posts: Posts, comments: Sequence[Comment], now: datetime, *, is_stale: bool = False
) -> bool:
    """Store the comments that are new, change those that say something else now; whether anything changed.

    `is_stale`: the source is older than what was seen before, so its words are not news.
    """
    changed = False
    for comment in comments:
        if is_bots(comment.author.login, comment.body):
            continue
        told = (comment.author.login.casefold(), comment.made)
        nth = posts.counts[told] = posts.counts.get(told, -1) + 1
        wanted = place.comment_ids(posts.number, comment, nth)
        post = await posts.find(comment, wanted)
        said = short_hash(comment.body)
        await place.people.learn(comment.author)
        if post is None:
            post, changed = await add_comment(place, posts, comment, now), True
        elif not is_stale and posts.said.get(str(post), said) != said:
            changed |= await change_text(
                place.text, posts.thread, post, comment.body, min(comment.updated_at or now, now)
            )
        if any(foreign_id not in posts.ids for foreign_id in wanted):
            await remember(SOURCE, "post", post, wanted)
            posts.ids |= {foreign_id: post for foreign_id in wanted if foreign_id not in posts.ids}
        posts.taken.add(post)
        if not is_stale or str(post) not in posts.said:
            posts.said[str(post)] = said
    return changed


async def add_comment(place: Place, posts: Posts, comment: Comment, now: datetime) -> int:
    """The post of a new comment."""
    writer = await place.people.person(comment.author)
    page, mark = ("discussions", "discussioncomment") if comment.in_discussion else ("issues", "issuecomment")
    anchor = f"#{mark}-{comment.id}" if comment.id is not None else ""
    url = f"{place.web}/{place.repository}/{page}/{posts.number}{anchor}"
    origin = Origin(SOURCE, url, min(comment.created_at, now))
    stored = await store_reply(Reader(id=posts.author), posts.thread, comment.body, origin=origin, author=writer)
    return stored.post
