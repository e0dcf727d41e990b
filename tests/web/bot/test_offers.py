"""Issues that look like questions are offered the move, once, and nothing is closed without a person; comments that come
too late are pointed here, once."""

import pytest

from forum.database.engine import fetch_value
from tests.helpers.bot import Pond

QUESTION = ("How do I run two pumps at once?", "How can I do this? Any ideas? I am new to this, thanks in advance.")
BUG = ("Crash: the pump stops with ValueError", "Steps to reproduce: start it. Expected: it runs. Actual: it crashes.")


async def test_new_issues_with_a_label_are_offered_the_move(pond: Pond) -> None:
    await pond.behaves(offers_labels=["Question", "usage"])
    await pond.opened(7, *BUG, labels=[pond.github.label_row("question")])
    await pond.opened(8, *BUG, labels=[pond.github.label_row("bug")])
    (said,) = pond.said(7)
    assert "@wader" in said and "`@pond-helper +support`" in said and "7–10 workdays" in said
    assert not pond.said(8)
    assert pond.row(7)["state"] == "open" and await fetch_value("select count(*) from thread") == 0
    label = pond.github.label_row("usage")
    pond.row(8)["labels"].append(label)
    for _twice in range(2):
        await pond.deliver("issues", pond.about(8, "labeled", label=label))
    await pond.site.jobs()
    assert len(pond.said(8)) == 1


async def test_a_label_that_was_there_before_offers_nothing_anew(pond: Pond) -> None:
    await pond.behaves(offers_labels=["question"])
    pond.github.open_issue(7, *BUG, labels=[pond.github.label_row("question")])
    await pond.deliver("issues", pond.about(7, "labeled", label=pond.github.label_row("bug")))
    await pond.site.jobs()
    assert not pond.said(7)


async def test_triage_offers_to_questions_of_strangers_alone(pond: Pond) -> None:
    await pond.behaves(offers_by_triage=True)
    await pond.opened(7, *QUESTION)
    await pond.opened(8, *BUG)
    await pond.opened(9, *QUESTION, author_association="MEMBER")
    await pond.opened(10, *QUESTION, by="dependabot[bot]", user=pond.github.user("dependabot[bot]", "Bot"))
    assert [len(pond.said(number)) for number in (7, 8, 9, 10)] == [1, 0, 0, 0]
    assert pond.row(7)["state"] == "open"


async def test_nothing_is_offered_where_nobody_wants_it(pond: Pond) -> None:
    await pond.opened(7, *QUESTION)
    await pond.behaves(offers_by_triage=True, is_private=True)
    pond.github.open_issue(8, *QUESTION)
    await pond.deliver("issues", pond.about(8, "opened") | {"repository": pond.repository(private=True)})
    await pond.site.jobs()
    assert not pond.writes()


async def test_the_author_accepts_what_they_were_offered_and_nobody_else_does(pond: Pond) -> None:
    await pond.behaves(offers_by_triage=True)
    await pond.opened(7, *QUESTION)
    other = await pond.comments(7, "@pond-helper +support", by="stranger")
    assert pond.reactions(other) == ["confused"] and await fetch_value("select count(*) from thread") == 0
    bug = await pond.comments(7, "@pond-helper +bug", by="wader")
    assert pond.reactions(bug) == ["confused"]
    await pond.comments(7, "@pond-helper +support", by="wader")
    assert (await pond.thread(7))["state"] == "draft" and pond.row(7)["state"] == "closed"
    posts = await fetch_value("select count(*) from post where markdown like '%looks like a question%'")
    assert posts == 0, "what the bot says of itself is no post"


async def test_an_issue_that_moved_meanwhile_is_offered_nothing(pond: Pond) -> None:
    await pond.behaves(offers_labels=["question"])
    pond.github.open_issue(7, *QUESTION)
    await pond.comments(7, "@pond-helper +support")
    await pond.deliver("issues", pond.about(7, "labeled", label=pond.github.label_row("question")))
    await pond.site.jobs()
    assert len(pond.said(7)) == 1


@pytest.mark.parametrize("follow", [True, False])
async def test_later_comments_are_pointed_here_once_where_they_do_not_follow(pond: Pond, follow: bool) -> None:
    await pond.behaves(comments_follow=follow)
    pond.github.open_issue(7, *QUESTION)
    await pond.comments(7, "Before it moves.", by="rob")
    await pond.comments(7, "@pond-helper +support")
    thread = await pond.thread(7)
    for said in ("Thanks!", "One more thing.", "@pond-helper thank you for your support"):
        await pond.comments(7, said, by="wader")
    pointers = [said for said in pond.said(7) if "has moved" in said and "not read" in said]
    assert len(pointers) == (0 if follow else 1)
    assert all(f"/t/{thread['id']}" in said for said in pointers)
    # the bot's own comment is told, too
    bots = pond.github.bot_rows.comments[7][-1]
    await pond.told_of(7, bots)
    assert len(pond.said(7)) == 1 + len(pointers)
