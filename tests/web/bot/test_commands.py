"""A maintainer's comment moves an issue here; whoever else tries gets a reaction, and nothing ever doubles."""

from typing import Any

import pytest

from forum.database.engine import execute, fetch, fetch_value
from tests.helpers.bot import Pond

TITLE = "How do I run two pumps?"
PULL = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), "https://github.com/heron/pond/pull/7")


async def counts() -> tuple[int, ...]:
    tables = ("thread", "post", "ticket", "github_move")
    return tuple([await fetch_value(f"select count(*) from {table}") for table in tables])


async def test_a_comment_moves_an_issue_here_as_a_draft_of_its_author(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.", labels=[])
    await pond.comments(7, "Me too.", by="rob")
    await pond.comments(7, "@pond-helper +support")
    thread = await pond.thread(7)
    assert (thread["username"], thread["kind"], thread["state"]) == ("wader@github.com", "support", "draft")
    assert (thread["title"], thread["visibility"], thread["is_closed"]) == (TITLE, "public", False)
    assert not thread["is_native"]
    posts = await fetch(
        "select a.username, p.markdown from post p join person a on a.id = p.author_id where thread_id = $1"
        " order by number",
        thread["id"],
    )
    assert [tuple(row) for row in posts] == [
        ("wader@github.com", "I have two."),
        ("rob@github.com", "Me too."),
        ("mia@github.com", "@pond-helper +support"),
    ]
    (said,) = pond.said(7)
    for told in (f"http://testserver/t/{thread['id']}", "7–10 workdays", "number 1 of 1", "@wader", "free", "/plans"):
        assert told in said
    row = pond.row(7)
    assert (row["state"], row["state_reason"], row["locked"]) == ("closed", "not_planned", False)
    assert [label["name"] for label in row["labels"]] == ["support"]
    assert pond.github.bot_rows.labels == {"support"}
    move = await pond.move(7)
    assert move is not None and (move["state"], move["problem"], move["login"]) == ("done", "", "mia")
    # nobody on the team is told of a draft
    inbox = (await pond.world.supporter.get("/p/pelican/inbox")).text
    assert TITLE not in inbox


async def test_the_place_it_would_have_counts_who_waits(pond: Pond) -> None:
    for n in range(3):
        await pond.world.ask(f"How do I do thing number {n}?")
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper +support")
    assert "number 4 of 4" in pond.said(7)[0]


async def test_the_issue_is_locked_where_the_project_says_so(pond: Pond) -> None:
    await pond.behaves(locks_moved=True)
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper support")
    assert pond.row(7)["locked"] and pond.row(7)["state"] == "closed"


async def test_the_projects_own_words_are_said(pond: Pond) -> None:
    await pond.behaves(bot_text="Servus {author}, komm bitte nach {link} (@everybody, {range})")
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper +support")
    thread = await pond.thread(7)
    assert f"Servus @wader, komm bitte nach http://testserver/t/{thread['id']} (" in pond.said(7)[0]
    assert "@everybody" not in pond.said(7)[0]


@pytest.mark.parametrize(("word", "kind"), [("+bug", "bugs"), ("+feature", "features")])
async def test_a_bug_or_an_idea_comes_in_as_such_and_stays_open_there(pond: Pond, word: str, kind: str) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, f"@pond-helper {word}")
    thread = await pond.thread(7)
    assert (thread["kind"], thread["state"]) == (kind, None)
    assert len(pond.said(7)) == 1 and f"/t/{thread['id']}" in pond.said(7)[0]
    assert pond.row(7)["state"] == "open" and not pond.row(7)["labels"]


async def test_security_tells_the_team_and_hides_nothing(pond: Pond) -> None:
    pond.github.open_issue(7, "Anybody can read the password", "Look here.")
    await pond.comments(7, "@pond-helper +security")
    (said,) = pond.said(7)
    assert "@wader" in said and "/new-thread?project=pelican&category=security" in said
    assert pond.row(7)["state"] == "open" and not pond.row(7)["locked"] and not pond.row(7)["labels"]
    assert await fetch_value("select count(*) from thread") == 0
    told = await fetch("select person_id, kind from notice order by person_id")
    assert {row["person_id"] for row in told} == {pond.mia.person, pond.world.owner.person}
    assert {row["kind"] for row in told} == {"github_security"}
    await pond.comments(7, "@pond-helper +security", by="ada")
    assert len(pond.said(7)) == 1 and await fetch_value("select count(*) from notice") == 2


@pytest.mark.parametrize("who", ["wader", "rob", "tara", "stranger"])
async def test_who_may_not_write_there_gets_a_reaction_and_nothing_else(pond: Pond, who: str) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    # what a payload says of its writer is no permission
    row = pond.github.write(7, "@pond-helper +support", who)
    await pond.told_of(7, row | {"author_association": "OWNER"})
    assert pond.reactions(row) == ["confused"]
    assert pond.writes() == [f"POST /repos/heron/Pond/issues/comments/{row['id']}/reactions"]
    assert await counts() == (0, 0, 0, 0)
    assert pond.row(7)["state"] == "open"


async def test_a_login_that_somebody_else_took_is_not_whom_it_was(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    row = pond.github.write(7, "@pond-helper +support", "mia")
    row["user"] = row["user"] | {"id": 1}
    await pond.told_of(7, row)
    assert pond.reactions(row) == ["confused"] and await counts() == (0, 0, 0, 0)


async def test_bots_are_not_talked_with(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    pond.github.bot_rows.roles |= {"pond-helper[bot]": "admin", "dependabot[bot]": "admin"}
    for who in ("pond-helper[bot]", "dependabot[bot]"):
        await pond.comments(7, "@pond-helper +support", by=who, kind="Bot")
    assert not pond.writes() and await counts() == (0, 0, 0, 0)


async def test_words_in_quotes_and_code_or_to_others_say_nothing(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    for said in ("> @pond-helper +support", "`@pond-helper +support`", "@other +support", "@pond-helper what support?"):
        await pond.comments(7, said)
    assert not pond.writes() and await counts() == (0, 0, 0, 0)


async def test_a_delivery_that_comes_twice_is_one(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    row = await pond.comments(7, "@pond-helper +support", id="one-delivery")
    before, writes = await counts(), pond.writes()
    await pond.told_of(7, row, id="one-delivery")
    # GitHub's own redelivery has the same id; another hook's copy has not
    await pond.told_of(7, row, id="another-delivery")
    assert await counts() == before and pond.writes() == writes


async def test_handled_again_by_button_nothing_doubles(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper +support")
    before, writes = await counts(), pond.writes()
    admin = await pond.site.member("adam", admin=True)
    for row in await fetch("select id from incoming"):
        assert (await admin.post(f"/admin/incoming/{row['id']}/again")).status_code == 303
    await pond.site.jobs()
    assert await counts() == before and pond.writes() == writes


async def test_an_edited_command_doubles_nothing_and_one_edited_in_counts(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    row = await pond.comments(7, "Hm, this is a question.")
    assert await counts() == (0, 0, 0, 0)
    row |= {"body": "@pond-helper +support", "updated_at": "2030-01-01T00:00:00Z"}
    await pond.told_of(7, row, "edited")
    before, writes = await counts(), pond.writes()
    assert before[0] == 1
    row |= {"body": "@pond-helper +support please", "updated_at": "2030-01-01T00:00:01Z"}
    await pond.told_of(7, row, "edited")
    await pond.told_of(7, row, "deleted")
    assert await counts() == before and pond.writes() == writes


async def test_a_maintainer_who_mends_a_strangers_comment_gives_no_command_by_it(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    row = pond.github.write(7, "@pond-helper +support", "stranger")
    await pond.told_of(7, row, "edited", by="mia")
    assert not pond.writes() and await counts() == (0, 0, 0, 0)


async def test_a_comment_that_is_gone_when_it_is_followed_says_nothing(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    row = pond.github.write(7, "@pond-helper +support")
    pond.github.bot_rows.comments[7].clear()
    await pond.told_of(7, row)
    assert not pond.writes() and await counts() == (0, 0, 0, 0)


async def test_who_repeats_a_command_is_told_that_it_is_done(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper +support")
    before = await counts()
    again = await pond.comments(7, "@pond-helper +support", by="ada")
    other = await pond.comments(7, "@pond-helper +bug", by="ada")
    assert pond.reactions(again) == pond.reactions(other) == ["+1"]
    assert await counts() == before and len(pond.said(7)) == 1


async def test_a_pull_request_is_not_moved(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.", pull_request=PULL)
    row = await pond.comments(7, "@pond-helper +support")
    assert pond.reactions(row) == ["confused"] and await counts() == (0, 0, 0, 0)


async def test_nothing_private_moves_where_others_read(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "Our own secret.")
    row = pond.github.write(7, "@pond-helper +support")
    about: dict[str, Any] = pond.about(7, "created", comment=row, sender=row["user"])
    await pond.deliver("issue_comment", about | {"repository": pond.repository(private=True)})
    await pond.site.jobs()
    assert pond.reactions(row) == ["confused"] and await counts() == (0, 0, 0, 0)
    await execute("update category set visibility = 'team' where kind = 'support'")
    again = pond.github.write(7, "@pond-helper +support")
    about = pond.about(7, "created", comment=again, sender=again["user"])
    await pond.deliver("issue_comment", about | {"repository": pond.repository(private=True)})
    await pond.site.jobs()
    assert (await pond.thread(7))["visibility"] == "team"
    assert (await pond.site.guest().get(f"/t/{(await pond.thread(7))['id']}")).status_code == 404


async def test_a_repository_of_no_project_is_not_listened_to(pond: Pond) -> None:
    await pond.behaves(project_id=None)
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper +support")
    assert not pond.writes() and await counts() == (0, 0, 0, 0)


async def test_a_forged_delivery_leaves_no_row(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    row = pond.github.write(7, "@pond-helper +support")
    payload = pond.about(7, "created", comment=row, sender=row["user"])
    before = await fetch_value("select count(*) from incoming")
    answer = await pond.deliver("issue_comment", payload, secret="another secret")
    assert answer.status_code == 403
    await pond.site.jobs()
    assert await fetch_value("select count(*) from incoming") == before and not pond.writes()


async def test_an_issue_that_stands_here_already_is_moved_and_not_doubled(pond: Pond) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper +bug")
    assert (await pond.thread(7))["kind"] == "bugs"
    await execute("delete from github_move")
    await pond.comments(7, "@pond-helper +support")
    thread = await pond.thread(7)
    assert (thread["kind"], thread["state"]) == ("support", "draft")
    assert await fetch_value("select count(*) from thread") == 1
    counted = await fetch("select kind, thread_count from category where thread_count > 0")
    assert [tuple(row) for row in counted] == [("support", 1)]


@pytest.mark.parametrize(("visibility", "kind"), [("private", "security"), ("team", "bugs")])
async def test_a_thread_that_few_read_here_is_opened_to_nobody_by_a_command_there(
    pond: Pond, visibility: str, kind: str
) -> None:
    pond.github.open_issue(7, TITLE, "I have two.")
    await pond.comments(7, "@pond-helper +bug")
    thread = await pond.thread(7)
    await execute(
        "update thread set visibility = $1, category_id = (select id from category where kind = $2)", visibility, kind
    )
    await execute("delete from github_move")
    await pond.comments(7, "@pond-helper +support")
    again = await pond.thread(7)
    assert (again["visibility"], again["kind"], again["state"]) == (visibility, kind, None)
    assert (await pond.site.guest().get(f"/t/{thread['id']}")).status_code == 404
    move = await pond.move(7)
    assert move is not None and move["state"] == "failed" and "fewer people" in move["problem"]
    assert pond.row(7)["state"] == "open" and f"/t/{thread['id']}" not in "".join(pond.said(7)[1:])


async def test_who_comments_on_a_moved_issue_of_a_private_repository_is_shown_the_way(pond: Pond) -> None:
    await execute("update category set visibility = 'team' where kind = 'support'")
    pond.github.open_issue(7, TITLE, "Our own secret.")
    for body, by in (("@pond-helper +support", "mia"), ("It is two pumps now.", "wader"), ("Three.", "wader")):
        row = pond.github.write(7, body, by)
        about: dict[str, Any] = pond.about(7, "created", comment=row, sender=row["user"])
        await pond.deliver("issue_comment", about | {"repository": pond.repository(private=True)})
        await pond.site.jobs()
    assert await fetch_value("select count(*) from post where markdown like '%two pumps now%'") == 0
    assert len(pond.said(7)) == 2 and "go on there" in pond.said(7)[1]


async def test_the_name_of_a_private_repository_is_told_to_nobody(pond: Pond) -> None:
    await execute("update category set visibility = 'team' where kind = 'support'")
    await execute("update project set repository = ''")
    pond.github.open_issue(7, TITLE, "Our own secret.")
    row = pond.github.write(7, "@pond-helper +support")
    about: dict[str, Any] = pond.about(7, "created", comment=row, sender=row["user"])
    await pond.deliver("issue_comment", about | {"repository": pond.repository(private=True)})
    await pond.site.jobs()
    thread, guest = await pond.thread(7), pond.site.guest()
    assert await fetch_value("select repository from project") == ""
    assert "heron/" not in (await guest.get("/p/pelican")).text.lower()
    for number in (7, 8):
        assert (await guest.get(f"/p/pelican/issues/{number}")).status_code == 404
    found = await pond.mia.get("/p/pelican/issues/7")
    assert found.headers["location"].endswith(f"/{thread['id']}")
