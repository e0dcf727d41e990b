"""What a form was told: kept with its thread, and said below the first post."""

from collections.abc import Callable, Sequence

from categories.forms.queries import answers_of, fields_of
from categories.forms.rules import POST_MOST, Answered, read_answers, with_facts
from forum.database.engine import execute, fetch_one
from forum.events import hint, publish
from forum.markup import COOK_VERSION
from forum.threads.events import ThreadChanged
from forum.threads.writing import cook_for, store_reply
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.reader import Reader

Sent = Callable[[str], str]


async def checked(category: int, sent: Sent, *, thread: int | None = None, is_draft: bool = False) -> list[Answered]:
    """The answers to a category's form, together with what the thread's draft was told before. A draft keeps what it can
    and misses nothing. Raises Invalid by the field's name."""
    fields = await fields_of(category)
    if not fields:
        return []
    kept = {f"field-{each.field}": each.answer for each in (await answers_of(thread) if thread is not None else ())}
    answers, faults, missing = read_answers(fields, lambda name: sent(name) or kept.get(name, ""))
    if not is_draft and (faults or missing):
        raise Invalid(faults | missing)
    return answers


async def keep_answers(thread: int, answers: Sequence[Answered]) -> None:
    """Write down what the form was told; what was told before to the same questions is replaced."""
    await execute("delete from ask_answer where thread_id = $1", thread)
    if answers:
        await execute(
            "insert into ask_answer (thread_id, field_id, kind, label, answer) select $1, * from"
            " unnest($2::bigint[], $3::text[], $4::text[], $5::text[])",
            thread,
            [each.field for each in answers],
            [each.kind for each in answers],
            [each.label for each in answers],
            [each.answer for each in answers],
        )


async def say_answers(reader: Reader, thread: int, answers: Sequence[Answered]) -> None:
    """Let the answers stand below the first post; under what was imported, in a post of whoever answered.

    The thread is locked by who calls. Raises Invalid where post and answers are too long together.
    """
    if not answers:
        return
    row = await fetch_one(
        "select p.id, p.markdown, p.origin, j.slug, j.repository <> '' as has_issues from post p"
        " join thread t on t.id = p.thread_id join project j on j.id = t.project_id"
        " where p.thread_id = $1 and p.number = 1",
        thread,
    )
    assert row is not None
    if row["origin"] != "local":
        await store_reply(reader, thread, with_facts("", answers, thread))
        return
    text = with_facts(row["markdown"], answers, thread)
    if len(text) > POST_MOST:
        raise Invalid(
            {
                "markdown": _("Too long together with what the form was told: at most %(n)d characters.")
                % {"n": POST_MOST}
            }
        )
    cooked = await cook_for(text, row["slug"], row["has_issues"])
    await execute(
        "with t as (update thread set version = version + 1 where id = $1 returning version)"
        " update post set markdown = $3, html = $4, cook_version = $5, version = t.version from t where post.id = $2",
        thread,
        row["id"],
        text,
        cooked.html,
        COOK_VERSION,
    )
    await publish(ThreadChanged(thread))
    hint("thread", thread)
