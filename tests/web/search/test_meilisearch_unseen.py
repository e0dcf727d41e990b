"""What Meilisearch names is asked again: an index that is behind, or wrong, shows nobody what is not for them (A1, A2)."""

import pytest

from forum.database.engine import execute
from forum.threads.editing import edit_post
from forum.web.reader import GUEST
from search import interface
from search.meili import keeping
from search.meili.engine import MeiliSearch
from search.meili.link import Link
from tests.helpers import meili
from tests.helpers.board import Board
from tests.helpers.hidden import BAIT, Place
from tests.helpers.site import Site
from tests.standins.process import Standin
from tests.web.test_outlets import STRANGERS, told

CANARY = "xylophonecanary"
# As the index has it.
STEM = "xylophonecanari"
# No people's names among them: those are for everybody.
QUERIES = (BAIT, BAIT[:5], f'"{BAIT}"', f"in:pelican {BAIT}", f"{BAIT} is:open", f"{BAIT} reply", "shiboleth text")


async def built(link: Link) -> MeiliSearch:
    made = meili.Settled(link)
    interface.use(made)
    await made.rebuild()
    return made


async def named(link: Link, word: str) -> list[int]:
    """What the index itself says, with no filter and nobody asking again."""
    return [hit.post for hit in await link.search(word, "whisper = false OR whisper = true", limit=20)]


WRONG = {
    "private since": "update thread set visibility = 'private'",
    "of the team since": "update thread set visibility = 'team'",
    "a draft since": "update thread set visibility = 'author'",
    "for members since": "update thread set visibility = 'members'",
    "a reply deleted": "update post set deleted_at = now() where number = 2",
    "a whisper since": "update post set purpose = 'whisper' where number = 2",
    "another category's since": "update thread set visibility = 'private', category_id ="
    " (select id from category where slug = 'security')",
}


@pytest.mark.parametrize("how", WRONG)
async def test_an_index_that_missed_a_change_shows_nothing_of_it(link: Link, board: Board, how: str) -> None:
    search = await built(link)
    asked = await board.asked("A plain question")
    await board.replied(asked, f"It is {CANARY}.")
    assert [hit.thread for hit in (await search.find(GUEST, CANARY)).threads] == [asked.thread]
    await execute(WRONG[how])
    # the index never hears of it
    await execute("delete from search_change")
    assert await named(link, CANARY), "the index is not behind, so this proves nothing"
    otto = await board.world.outsider.reader()
    readers = [GUEST] if how == "for members since" else [GUEST, otto]
    for reader in readers:
        for query in (CANARY, CANARY[:9], f"{CANARY} in:pelican", f"{CANARY} @ben"):
            found = await search.find(reader, query)
            assert (list(found.threads), found.total) == ([], 0), query
            assert not (await search.suggest(reader, query)).threads, query


async def test_a_right_that_was_taken_away_counts_at_once(link: Link, board: Board) -> None:
    search = await built(link)
    secret = await board.asked(f"The {CANARY} title", visibility="private")
    await execute(
        "insert into thread_participant (thread_id, person_id, kind) values ($1, $2, 'invited')",
        secret.thread,
        board.world.outsider.person,
    )
    team = await board.asked(f"A {CANARY} of the team", visibility="team")
    otto, sam = await board.world.outsider.reader(), await board.team()
    assert [h.thread for h in (await search.find(otto, CANARY)).threads] == [secret.thread]
    assert [h.thread for h in (await search.find(sam, CANARY)).threads] == [team.thread]
    await execute("delete from thread_participant where person_id = $1", board.world.outsider.person)
    await execute("delete from project_member where person_id = $1", board.world.supporter.person)
    await execute("delete from search_change")
    # sam's reader still says that they are of the team, as one does that was read before
    for reader in (otto, sam):
        found = await search.find(reader, CANARY)
        assert (list(found.threads), found.total) == ([], 0)


async def test_an_index_full_of_lies_shows_nothing(link: Link, board: Board) -> None:
    search = await built(link)
    hidden = await board.asked(f"The {CANARY} title", visibility="private")
    whisper = await board.replied(await board.asked("Plain"), f"{CANARY}", by="team", purpose="whisper")
    await search.find(GUEST, "settle")
    lies = [
        {"id": post, "thread": n, "project": board.world.project, "author": 1, "whisper": False, "state": "open",
         "readers": ["all"], "tags": [], "at": 1, "title": STEM, "words": STEM}
        for n, post in enumerate((hidden.post, whisper.post, 999_999_999))
    ]  # fmt: skip
    await link.settle(await link.write(lies))
    assert len(await named(link, CANARY)) == 3
    assert not (await search.find(GUEST, CANARY)).total
    assert not (await search.suggest(GUEST, CANARY)).threads


async def test_the_filter_alone_keeps_hidden_threads_away(link: Link, board: Board) -> None:
    search = await built(link)
    for how in ("private", "team", "members"):
        await board.asked(f"A {CANARY} {how}", visibility=how)
    await board.asked(f"A {CANARY} report", category="security")
    seen = await board.asked(f"A {CANARY} for all")
    await board.replied(seen, f"{CANARY} whispered", by="team", purpose="whisper")
    await search.find(GUEST, "settle")
    hits = await link.search(f'"{STEM}"', 'readers IN ["all"] AND whisper = false', limit=20)
    assert [hit.post for hit in hits] == [seen.post]


async def test_the_index_holds_no_texts_and_tells_ids_alone(link: Link, board: Board, meilisearch: Standin) -> None:
    await built(link)
    asked = await board.asked(
        "The Footer, of a file", "My password is **Hunter2**, running `resample()`.", tags=["csv"]
    )
    await board.asked("A draft", CANARY, is_draft=True)
    await board.removed(await board.replied(asked, CANARY))
    await keeping.keep(link)
    sent = [call["body"] for call in meilisearch.heard() if call["path"].endswith("/documents")]
    assert sent and CANARY not in "".join(sent)
    (document,) = await meili.documents(link, meilisearch)
    assert set(document) == {
        *("id", "thread", "project", "author", "whisper", "state", "readers", "tags", "at", "title", "words"),
    }
    assert document["words"] == "the footer of a file csv my password is hunter2 run resampl"
    shown = await meili.shown(link)
    assert shown == [{"id": asked.post}]


@pytest.mark.parametrize("state", ["indexed", "waiting"])
async def test_no_outlet_of_the_search_lets_out_what_is_hidden(link: Link, site: Site, state: str) -> None:
    search = await built(link) if state == "indexed" else MeiliSearch(link)
    place = await Place.make(site)
    if state == "waiting":
        await search.rebuild()
        interface.use(search)
        await execute("update post set markdown = markdown || ' '")
        assert await keeping.waiting()
    found = []
    for role in STRANGERS:
        canaries = place.canaries_hidden_from(role)
        for path in ("/search", "/search.json", "/search/live", "/similar"):
            for asked in QUERIES:
                text = await told(place.browsers[role], path, {"q": asked, "title": asked})
                found += [f"{path} {asked} as {role}: {canary}" for canary in canaries if canary in text]
    assert not found, "\n".join(found)
    owner = await told(place.browsers["owner"], "/search", {"q": BAIT})
    assert all(f"canary{kind}" in owner for kind in ("security", "private", "ticket", "team", "members"))
    assert not search.trouble


async def test_what_was_edited_away_is_not_found_while_the_change_waits(link: Link, board: Board) -> None:
    await built(link)
    asked = await board.asked(f"The {CANARY} title", f"My password is {CANARY}", tags=[CANARY])
    reply = await board.replied(asked, f"Your password is {CANARY}")
    await keeping.keep(link)
    behind = MeiliSearch(link)
    assert (await behind.find(GUEST, CANARY)).total == 1
    await edit_post(await board.reader("ana"), asked.post, "removed", title="A plain title", tags=[])
    await edit_post(await board.reader("ben"), reply.post, "removed")
    assert await named(link, CANARY) and await keeping.waiting()
    for query in (CANARY, f'"{CANARY}"', CANARY[:9], f"tag:{CANARY} plain"):
        assert not (await behind.find(GUEST, query)).total, query
        assert not (await behind.suggest(GUEST, query)).threads, query
    assert (await behind.find(GUEST, "plain removed")).total == 1
    assert not behind.trouble
