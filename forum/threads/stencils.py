"""A post's template, rendered once for each shape that a post can have; words, names and dates are filled in.

Rendering is most of what a page costs. All that `threads/post.html` asks with `if` and `for` makes a post's shape; what
it only prints is a slot. A shape is rendered with marks in its slots, and cut where the marks stand.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from markupsafe import Markup, escape

from forum.database.engine import Row
from forum.threads.attribution import attribution_line
from forum.threads.post_queries import Post
from forum.web import i18n
from forum.web.look import ROUND, ago, day_text, draw_disc, full_date
from forum.web.reader import hue_of
from forum.web.templates import environment

TEMPLATE = "threads/post.html"
# Marks that no template and no translation has: numbers and moments as far out as nothing here, letters of nobody. What
# is answered stands before what answers it, and not just before.
PARENT, POST, NUMBER, VERSION, THREAD = (9_090_909_090_909_000 + n for n in range(1, 6))
USERNAME, NAME, ORIGIN, SLUG, TEXT, AVATAR, FROM, ABOUT = (f"\ue000{n}\ue001" for n in range(8))
CREATED, EDITED = datetime(9991, 1, 1, tzinfo=UTC), datetime(9992, 2, 2, tzinfo=UTC)


# The same few names stand on many posts.
escaped = lru_cache(maxsize=8192)(escape)


class Marked:
    """A post or thread whose columns are marks; the template may ask for no other."""

    def __init__(self, **columns: Any) -> None:
        self.__dict__.update(columns)

    def __getattr__(self, name: str) -> Any:
        raise LookupError(f"{TEMPLATE} asks for {name}, which forum/threads/stencils.py does not know")


class Stencil:
    """Pieces of text with slots between them."""

    def __init__(self, text: str, marks: list[str]) -> None:
        # a longer mark may begin with a shorter one
        mark = re.compile("|".join(re.escape(m) for m in sorted(marks, key=len, reverse=True)))
        slots = [marks.index(found) for found in mark.findall(text)]
        self.text = "%s".join(piece.replace("%", "%%") for piece in mark.split(text))
        # of one slot alone the getter would give no tuple
        self.chosen = itemgetter(*slots) if len(slots) > 1 else lambda values: tuple(values[n] for n in slots)

    def filled(self, values: tuple[str, ...]) -> str:
        """The text, which is HTML, with safe `values` in its slots, in the order of the marks."""
        return self.text % self.chosen(values)


@lru_cache(maxsize=4096)
def stencil_of(shape: tuple[Any, ...]) -> Stencil:
    """The stencil of a shape as `fill_post` makes it."""
    _locale, is_first, naming, deleted, edited, github, linked, role, purpose, accepted, counts, powers = shape[:12]
    mine, own, elsewhere, by_mail, answers = shape[12:]
    post = Marked(
        id=POST,
        number=1 if is_first else NUMBER,
        version=VERSION,
        username=USERNAME,
        name="" if naming == "none" else USERNAME if naming == "same" else NAME,
        html=TEXT,
        role=role,
        origin="github" if github else "local",
        origin_url=ORIGIN if linked else None,
        purpose=purpose,
        is_whisper=purpose == "whisper",
        is_accepted=accepted,
        created_at=CREATED,
        edited_at=EDITED if edited else None,
        deleted_at=CREATED if deleted else None,
        moved_to=deleted == "moved",
        reply_to=PARENT if elsewhere or answers else None,
        attribution=dict(zip(("gone", "on", "on_by"), (*elsewhere, ABOUT), strict=True)) if elsewhere else None,
        by_mail=by_mail,
        reactions=dict(zip(("like", "same", "thanks"), counts, strict=True)),
    )
    thread = Marked(id=THREAD, slug=SLUG)
    text = environment.get_template(TEMPLATE).render(
        post=post,
        thread=thread,
        powers=powers,
        mine=mine,
        is_own=own,
        avatar=Markup(AVATAR),
        line=Markup(FROM) if elsewhere else "",
    )
    return Stencil(text, marks())


def marks() -> list[str]:
    """Every mark as the template prints it, in the order of `fill_post`'s values."""
    numbers = [str(n) for n in (NUMBER, POST, VERSION, THREAD, PARENT)]
    dates = [CREATED.isoformat(timespec="seconds"), full_date(CREATED), ago(CREATED), full_date(EDITED)]
    return [*numbers, USERNAME, NAME, ORIGIN, SLUG, TEXT, AVATAR, FROM, ABOUT, *dates]


def fill_post(post: Post, head: Row | Mapping[str, Any], powers: Any, mine: tuple[str, ...], is_own: bool) -> str:
    """A post's HTML as its template renders it. `powers` hashable, `mine` sorted."""
    number, username, name, reactions, told = post.number, post.username, post.name, post.reactions, post.attribution
    edited_at, created_at, origin_url = post.edited_at, post.created_at, post.origin_url
    # which post it answers is said where that is not the one before it
    answers = not told and post.reply_to is not None and post.reply_to + 1 < number
    shape = (
        i18n.current.get(),
        number == 1,
        "none" if not name else "same" if name == username else "other",
        ("moved" if post.moved_to else "removed") if post.deleted_at is not None else "",
        edited_at is not None,
        post.origin == "github",
        bool(origin_url),
        post.role,
        post.purpose,
        bool(post.is_accepted),
        (reactions.get("like", 0), reactions.get("same", 0), reactions.get("thanks", 0)) if reactions else (0, 0, 0),
        powers,
        mine,
        is_own,
        ("gone" in told, told.get("on", "")) if told else None,
        bool(post.by_mail),
        answers,
    )
    shown = name or username
    # as full_date() and ago() say it; times come from the database in UTC
    day = day_text(created_at.year, created_at.month, created_at.day, shape[0])
    return stencil_of(shape).filled(
        (
            str(number),
            str(post.id),
            str(post.version),
            str(head["id"]),
            str(post.reply_to) if told or answers else "",
            escaped(username),
            escaped(shown),
            escape(origin_url) if origin_url else "",
            escaped(head["slug"]),
            post.html,
            draw_disc(hue_of(post.person_id), shown, "l", ROUND),
            attribution_line(told, origin_url) if told else "",
            escaped(told.get("on_by") or "") if told else "",
            created_at.isoformat(timespec="seconds"),
            f"{day}, {created_at.hour:02}:{created_at.minute:02} UTC",
            day,
            full_date(edited_at) if edited_at else "",
        )
    )
