"""An issue that was made of a thread here is that thread when it is imported: nothing is added twice."""

from datetime import UTC, datetime
from pathlib import Path

from categories.bugs.actions import Try, begin, link, promote
from categories.bugs.rules import marker_of
from forum.database.engine import Row, execute, fetch, fetch_one, fetch_value
from forum.outside.github import Issue
from forum.projects.queries import categories_of
from forum.settings import use
from forum.threads.starting import start_thread
from tests.helpers.github import REPOSITORY, archive, bring, comment, issue, make_project
from tests.helpers.site import Site

NOW = datetime(2024, 5, 1, 8, tzinfo=UTC)


async def wanted(site: Site) -> Try:
    """A bug whose issue is about to be made."""
    await make_project(site, repository=f"https://github.com/{REPOSITORY}")
    project = await fetch_value("select id from project")
    use(type(site.settings)(**{**vars(site.settings), "github_app_id": "1", "github_app_private_key": "x"}))
    mia = await site.member("mia")
    await execute(
        "insert into project_member (project_id, person_id, role) values ($1, $2, 'owner')", project, mia.person
    )
    bugs = next(row["id"] for row in await categories_of(project) if row["kind"] == "bugs")
    posted = await start_thread(await mia.reader(), bugs, "The valve sticks", "Since *yesterday*.")
    await promote(await mia.reader(), posted.thread, "The pump stops at night", "Words.")
    one = await begin(posted.thread, datetime.now(UTC))
    assert one is not None
    return one


async def thread_row() -> Row:
    [row] = await fetch("select t.*, p.markdown from thread t join post p on p.thread_id = t.id and p.number = 1")
    return row


async def test_an_import_finds_the_thread_of_a_promoted_issue(site: Site, tmp_path: Path) -> None:
    one = await wanted(site)
    await link(one, Issue(7, f"https://github.com/{REPOSITORY}/issues/7", 5_000_007, "I_invented7"))
    there = issue(7, comments=[comment("wader", "It is the valve.")])
    for _again in range(2):
        await bring(tmp_path, archive(there))
        row = await thread_row()
        assert (row["title"], row["markdown"]) == ("The valve sticks", "Since *yesterday*.")
        assert (row["last_number"], row["is_closed"]) == (2, False)
    # what happens there from now on comes here, as for any issue
    await bring(
        tmp_path, archive(issue(7, state="CLOSED", closedAt="2024-05-03T08:00:00Z", updatedAt="2024-05-03T08:00:00Z"))
    )
    assert (await thread_row())["is_closed"]


async def test_an_issue_that_was_closed_before_its_first_import_closes_the_thread(site: Site, tmp_path: Path) -> None:
    one = await wanted(site)
    await link(one, Issue(7, f"https://github.com/{REPOSITORY}/issues/7", 5_000_007, "I_invented7"))
    await bring(tmp_path, archive(issue(7, state="CLOSED", closedAt="2024-05-03T08:00:00Z")))
    assert (await thread_row())["is_closed"]


async def test_an_import_that_is_faster_than_the_answer_makes_no_second_thread(site: Site, tmp_path: Path) -> None:
    one = await wanted(site)
    body = f"Words.\n\n{marker_of(one.thread, one.key)}"
    await bring(tmp_path, archive(issue(7, body=body), issue(8, body=body)))
    rows = await fetch("select foreign_id, row_id from origin_alias where kind = 'thread' and foreign_id like '%#%'")
    assert {row["foreign_id"]: row["row_id"] == one.thread for row in rows} == {
        f"{REPOSITORY.lower()}#7": True,
        f"{REPOSITORY.lower()}#8": False,
    }
    await link(one, Issue(7, f"https://github.com/{REPOSITORY}/issues/7", 5_000_007, "I_invented7"))
    row = await fetch_one("select number from promotion")
    assert row is not None and row["number"] == 7


async def test_a_marker_copied_later_leads_nowhere(site: Site, tmp_path: Path) -> None:
    one = await wanted(site)
    await link(one, Issue(7, f"https://github.com/{REPOSITORY}/issues/7", 5_000_007, "I_invented7"))
    await bring(tmp_path, archive(issue(9, body=marker_of(one.thread, one.key))))
    assert await fetch_value("select count(*) from thread") == 2
