"""Nothing that a reader may not see shows in a search: no hit, no count, no order, no mark, no likeness."""

import pytest

from forum.threads.writing import Posted
from forum.web.reader import GUEST, Reader
from search.interface import Search
from tests.helpers.board import Board, titles

CANARY = "xylophonecanary"


async def hide(board: Board, how: str) -> tuple[Posted, list[Reader], list[Reader]]:
    """Something with the canary in it, hidden in one way: the thread, who may find it, who may not."""
    ana, ben, team = await board.reader("ana"), await board.reader("ben"), await board.team()
    owner = await board.world.owner.reader()
    admin = await (await board.site.member("adele", admin=True)).reader()
    title, text = f"The {CANARY} title", f"A text with {CANARY}."
    match how:
        case "whisper":
            thread = await board.asked("A plain question")
            await board.replied(thread, text, by="team", purpose="whisper")
            return thread, [team, owner], [GUEST, ana, ben, admin]
        case "deleted reply":
            thread = await board.asked("A plain question")
            await board.removed(await board.replied(thread, text))
            return thread, [], [GUEST, ana, ben, team, owner, admin]
        case "deleted question":
            thread = await board.asked("A plain question", text)
            await board.removed(thread)
            return thread, [], [GUEST, ana, ben, team, owner, admin]
        case "draft":
            thread = await board.asked(title, text, is_draft=True)
            return thread, [], [GUEST, ana, ben, team, owner, admin]
        case "security":
            thread = await board.asked(title, text, category="security")
            await board.replied(thread, f"{CANARY} again", by="ana")
            return thread, [ana, owner], [GUEST, ben, team, admin]
        case "team":
            thread = await board.asked(title, text, visibility="team")
            return thread, [ana, team, owner], [GUEST, ben, admin]
        case "private":
            thread = await board.asked(title, text, visibility="private")
            return thread, [ana], [GUEST, ben, admin]
        case _:
            thread = await board.asked(title, text, visibility="members")
            return thread, [ana, ben, team, owner, admin], [GUEST]


WAYS = ["whisper", "deleted reply", "deleted question", "draft", "security", "team", "private", "members"]
QUERIES = [CANARY, f'"{CANARY}"', f"in:pelican {CANARY}", f"{CANARY} @ana", f"-nothing {CANARY}", CANARY[:8]]


@pytest.mark.parametrize("how", WAYS)
async def test_what_is_hidden_is_found_by_those_it_is_for_alone(search: Search, board: Board, how: str) -> None:
    thread, seeing, others = await hide(board, how)
    for reader in seeing:
        assert [hit.thread for hit in (await search.find(reader, CANARY)).threads] == [thread.thread], reader.username
    for reader in others:
        for query in QUERIES:
            found = await search.find(reader, query)
            assert not found.threads and not found.total, (how, reader.username, query)
            assert not (await search.suggest(reader, query)).threads, (how, reader.username, query)


@pytest.mark.parametrize("how", WAYS)
async def test_what_is_hidden_is_like_nothing_to_others(search: Search, board: Board, how: str) -> None:
    thread, seeing, others = await hide(board, how)
    asked = f"The {CANARY} title"
    for reader in others:
        assert not await search.similar(reader, asked, CANARY), (how, reader.username)
    if how in ("security", "team", "private", "members"):
        for reader in seeing:
            assert [each.thread for each in await search.similar(reader, asked)] == [thread.thread], reader.username


@pytest.mark.parametrize("how", ["whisper", "deleted reply", "deleted question"])
async def test_a_thread_found_for_other_reasons_shows_nothing_hidden(search: Search, board: Board, how: str) -> None:
    thread, _seeing, _others = await hide(board, how)
    found = await search.find(GUEST, "plain")
    assert [hit.thread for hit in found.threads] == [thread.thread]
    assert CANARY not in str(found)


async def test_filters_alone_list_no_hidden_thread(search: Search, board: Board) -> None:
    for how in ("draft", "security", "team", "private"):
        await hide(board, how) if how == "draft" else await board.asked(
            f"Hidden {how}", "x", **({"category": "security"} if how == "security" else {"visibility": how})
        )
    await board.asked("Open to all")
    for query in ("in:pelican", "@ana", "is:open", "in:pelican is:open"):
        assert await titles(search, query) == ["Open to all"], query


async def test_hidden_threads_take_no_place_and_no_weight(search: Search, board: Board) -> None:
    """With and without a crowd of hidden threads, a guest's results are the same, in the same order."""
    for text in ("Footer of a file", "Footer and header", "A file without footer"):
        await board.asked(text, f"{text}, what now?")

    async def seen() -> object:
        found = await search.find(GUEST, "footer file")
        near = await search.similar(GUEST, "Footer of my file")
        return [(h.thread, h.number, h.excerpt) for h in found.threads], found.total, [each.thread for each in near]

    before = await seen()
    for n in range(5):
        await board.asked(f"Footer file {n}", "footer file " * 5, visibility="private", by="cleo")
    assert await seen() == before


async def test_disabled_people_are_named_by_no_suggestion(search: Search, board: Board) -> None:
    await board.site.person("visible-wren")
    assert [p.username for p in (await search.suggest(GUEST, "wren")).people] == ["visible-wren"]
