"""Threads about the same: near ones first, solved ones first among the near, with how they were solved."""

from forum.database.engine import execute, fetch_value
from forum.web.reader import GUEST
from search.interface import Search
from tests.helpers.board import Board


async def test_nearest_first_and_strangers_not_at_all(search: Search, board: Board) -> None:
    near = await board.asked("Resampling a Parquet file drops the last window")
    far = await board.asked("Writing a Parquet file is slow")
    await board.asked("Choosing a licence")
    found = await search.similar(GUEST, "Last window is lost when I resample a parquet file")
    assert [each.thread for each in found] == [near.thread, far.thread]
    assert await search.similar(GUEST, "Kubernetes ingress annotations") == []


async def test_solved_comes_first_among_those_about_as_near(search: Search, board: Board) -> None:
    solved = await board.asked("Parquet footer is missing")
    answer = await board.solved(solved, "Run `pelican repair` on **the file**; footers are written last.", by="ben")
    open_one = await board.asked("Parquet footer is missing")
    found = await search.similar(GUEST, "Parquet footer missing")
    assert [each.thread for each in found] == [solved.thread, open_one.thread]
    first, second = found
    assert first.is_solved and not second.is_solved
    assert first.answer == "Run pelican repair on the file; footers are written last."
    assert first.solver == "Ben" and first.accepted_number == answer.number
    assert first.solved_at == await fetch_value("select at from thread_act where kind = 'accept'")
    assert (second.answer, second.solver, second.solved_at) == ("", "", None)


async def test_a_solved_thread_about_little_of_it_does_not_come_first(search: Search, board: Board) -> None:
    hardly = await board.asked("A file of another kind is missing")
    await board.solved(hardly, "Look again.")
    near = await board.asked("Parquet footer checksum mismatch after crash")
    found = await search.similar(GUEST, "Parquet footer checksum mismatch in a file after a crash")
    assert found[0].thread == near.thread


async def test_names_of_code_in_the_text_count(search: Search, board: Board) -> None:
    asked = await board.asked("It stops with an exception", "Traceback: pelican.errors.FooterError in read_footer()")
    found = await search.similar(GUEST, "Reading stops", "I get FooterError out of read_footer, what to do?")
    assert [each.thread for each in found] == [asked.thread]


async def test_the_thread_that_asks_is_left_out_and_a_project_narrows(search: Search, board: Board) -> None:
    heron = await board.other_project()
    here = await board.asked("Footer of the parquet file")
    there = await board.asked_elsewhere(heron, "Footer of the parquet file")
    both = await search.similar(GUEST, "Footer of the parquet file")
    assert {each.thread for each in both} == {here.thread, there.thread}
    assert [each.thread for each in await search.similar(GUEST, "Footer parquet", project=heron)] == [there.thread]
    rest = await search.similar(GUEST, "Footer of the parquet file", exclude=here.thread)
    assert [each.thread for each in rest] == [there.thread]


async def test_no_more_than_asked_for(search: Search, board: Board) -> None:
    for n in range(7):
        await board.asked(f"Parquet footer number {n}")
    assert len(await search.similar(GUEST, "Parquet footer")) == 5
    assert len(await search.similar(GUEST, "Parquet footer", limit=2)) == 2


async def test_a_removed_answer_is_not_told(search: Search, board: Board) -> None:
    asked = await board.asked("Parquet footer is missing")
    await board.removed(await board.solved(asked, "the secret remedy"))
    found = await search.similar(GUEST, "Parquet footer missing")
    assert [each.thread for each in found] == [asked.thread]
    assert not found[0].is_solved and "remedy" not in str(found)


async def test_words_of_silence_ask_for_nothing(search: Search, board: Board) -> None:
    await board.asked("How do I do this with it?")
    assert await search.similar(GUEST, "How do I do this?") == []
    assert await search.similar(GUEST, "") == []


async def test_the_solver_is_whoever_claimed_the_placeholder(search: Search, board: Board) -> None:
    asked = await board.asked("Parquet footer is missing")
    await board.solved(asked, "Repair it.", by="ben")
    ben, cleo = (await board.reader("ben")).person, (await board.reader("cleo")).person
    await execute("update person set same_as = $2 where id = $1", ben, cleo)
    assert [each.solver for each in await search.similar(GUEST, "Parquet footer missing")] == ["Cleo"]
