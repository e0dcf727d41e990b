"""Posts and what was done between them as HTML."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup

from forum.database.engine import Row
from forum.projects.roles import may
from forum.threads.post_queries import Post, post_of
from forum.threads.stencils import fill_post
from forum.web.reader import Reader
from forum.web.templates import environment

# How places are called that threads come from; others go by their host.
PLACES = {"github.com": "GitHub", "stackoverflow.com": "Stack Overflow"}


class Powers(NamedTuple):
    """What a reader may do with the posts of one thread; part of a post's shape (stencils.py)."""

    signed_in: bool = False
    may_accept: bool = False
    may_moderate: bool = False
    is_open: bool = True


def powers_in(reader: Reader, head: Row | Mapping[str, Any]) -> Powers:
    """The powers of a reader in a thread, from its head."""
    if not reader.is_signed_in:
        return Powers()
    project, is_public = head["project_id"], head["visibility"] == "public"
    return Powers(
        signed_in=True,
        may_accept=may(reader, "accept", project, own=head["is_own"], assigned=head["is_assigned"], public=is_public),
        may_moderate=may(reader, "moderate", project, public=is_public),
        is_open=head["visibility"] != "author" and (not head["is_closed"] or head["is_own"] or reader.is_team(project)),
    )


def render_post(row: Row, head: Row | Mapping[str, Any], powers: Powers, reader: Reader) -> Markup:
    """One post as this reader is shown it."""
    return Markup(post_html(post_of(row), head, powers, reader.id))


def post_html(post: Post, head: Row | Mapping[str, Any], powers: Powers, reader: int | None) -> str:
    return fill_post(post, head, powers, tuple(sorted(post.mine)) if post.mine else (), post.person_id == reader)


def place_of(head: Row | Mapping[str, Any]) -> str:
    """How the place is called that a thread came from; "" for one of this site."""
    host = "github.com" if head["origin"] == "github" else urlsplit(head["origin_url"] or "").hostname or ""
    return PLACES.get(host, host)


def render_act(row: Row, head: Row | Mapping[str, Any]) -> Markup:
    """One line between posts: who did what. Whoever did it elsewhere may be nobody here: then it says where."""
    return Markup(environment.get_template("threads/act.html").render(act=row, place=place_of(head)))


def render_posts(
    posts: Iterable[Post],
    acts: Iterable[Row],
    head: Row | Mapping[str, Any],
    powers: Powers,
    reader: Reader,
) -> Markup:
    """Posts with the acts between them, in order."""
    after: dict[int, list[Row]] = {}
    for act in acts:
        after.setdefault(act["after_number"], []).append(act)
    numbers = sorted(after, reverse=True)
    parts: list[str] = []
    for post in posts:
        # an act behind a post that this reader is not shown still has its place
        while numbers and numbers[-1] < post.number:
            parts.extend(render_act(act, head) for act in after[numbers.pop()])
        parts.append(post_html(post, head, powers, reader.id))
    while numbers:
        parts.extend(render_act(act, head) for act in after[numbers.pop()])
    return Markup("".join(parts))
