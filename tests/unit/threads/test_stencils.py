"""A post out of a stencil is, to the letter, the post that its template renders."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from forum.threads.attribution import Attribution, attribution_line
from forum.threads.fragments import Powers
from forum.threads.post_queries import Post
from forum.threads.rules import PURPOSES, REACTIONS
from forum.threads.stencils import Marked, fill_post
from forum.web.look import draw_avatar
from forum.web.templates import environment

names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Co", "Cc")), max_size=12)
moments = st.integers(10**9, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ids = st.integers(1, 2**40)


attributions = st.builds(
    Attribution,
    site=st.just("a.stackexchange.com"),
    kind=st.sampled_from(["question", "answer", "comment"]),
    by=names.map(lambda name: name or "<b>"),
    licence=st.sampled_from(["CC BY-SA 4.0", "<i>"]),
    by_url=st.sampled_from([None, "https://a.stackexchange.com/users/1"]),
    score=st.one_of(st.none(), st.integers(-9, 9)),
    on=st.sampled_from([None, "question", "answer"]),
    on_by=st.sampled_from(["Mei", "a&b"]),
).map(Attribution.as_json)


@st.composite
def posts(draw: st.DrawFn) -> Post:
    username = draw(st.sampled_from(["mei", "a&b", "name@host.example"]))
    purpose = draw(st.sampled_from(PURPOSES))
    values = {
        "id": draw(ids),
        "number": draw(st.integers(1, 10_000)),
        "version": draw(ids),
        "person_id": draw(ids),
        "username": username,
        "name": draw(st.one_of(names, st.just(username))),
        "html": draw(st.sampled_from(["<p>Hello</p>", "<p>1 Jan 9991, 00:00 UTC &amp; 5</p>"])),
        "role": draw(st.sampled_from([None, "supporter", "owner"])),
        "origin": draw(st.sampled_from(["local", "github"])),
        "origin_url": draw(st.sampled_from([None, "https://github.com/a/b/issues/1?x=1&y=2"])),
        "purpose": purpose,
        "is_whisper": purpose == "whisper",
        "is_accepted": draw(st.sampled_from([None, False, True])),
        "created_at": draw(moments),
        "edited_at": draw(st.one_of(st.none(), moments)),
        "deleted_at": draw(st.sampled_from([None, None, None, datetime(2026, 1, 1, tzinfo=UTC)])),
        "reply_to": draw(st.one_of(st.none(), st.integers(1, 10_000))),
        "attribution": draw(st.one_of(st.none(), attributions)),
        "by_mail": draw(st.booleans()),
        "reactions": draw(st.dictionaries(st.sampled_from(REACTIONS), st.integers(0, 3))),
    }
    return Post._make(values.get(name) for name in Post._fields)


powers = st.builds(Powers, st.booleans(), st.booleans(), st.booleans(), st.booleans())
own = st.lists(st.sampled_from(REACTIONS), unique=True).map(lambda kinds: tuple(sorted(kinds)))


@settings(deadline=None)
@given(post=posts(), thread=ids, powers=powers, mine=own, is_own=st.booleans())
def test_a_filled_stencil_is_what_the_template_renders(
    post: Post, thread: int, powers: Powers, mine: tuple[str, ...], is_own: bool
) -> None:
    head = {"id": thread, "slug": "a-slug-of-words"}
    rendered = environment.get_template("threads/post.html").render(
        post=post,
        thread=SimpleNamespace(**head),
        powers=powers,
        mine=mine,
        is_own=is_own,
        avatar=draw_avatar({"id": post.person_id, "name": post.name or post.username}, "l"),
        line=attribution_line(post.attribution, post.origin_url),
    )
    assert fill_post(post, head, powers, mine, is_own) == Markup(rendered)


def test_a_column_that_no_stencil_knows_is_an_error_and_not_a_wrong_post() -> None:
    template = environment.from_string("{% if post.is_brand_new %}new{% endif %}")
    with pytest.raises(LookupError, match="is_brand_new"):
        template.render(post=Marked(id=1))
