"""What our code relies on of the server, said to the stand-in and, where there is one, to the real program."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from search.meili.link import Link, Unreachable
from tests.helpers import meili
from tests.standins.process import Standin

SERVERS = ["standin", *(["real"] if meili.HAS_REAL else [])]


@pytest.fixture(params=SERVERS)
async def link(request: pytest.FixtureRequest) -> AsyncIterator[Link]:
    if request.param == "real":
        server = request.getfixturevalue("real_meilisearch")
    else:
        standin: Standin = request.getfixturevalue("meilisearch")
        standin.tell(key="a master key of the tests")
        server = meili.Server(standin.url, "a master key of the tests")
    async with meili.link_to(server) as made:
        await made.begin_next()
        await made.exchange()
        yield made


def document(post: int, words: str, **given: object) -> dict[str, Any]:
    made = {"id": post, "thread": post, "project": 1, "author": 1, "whisper": False, "state": "open"}
    return {**made, "readers": ["all"], "tags": [], "at": post, "title": "", "words": words, **given}


async def found(link: Link, query: str, filters: str = "whisper = false", **given: Any) -> list[int]:
    return [hit.post for hit in await link.search(query, filters, limit=20, **given)]


async def test_words_in_quotes_are_meant_exactly_and_others_nearly(link: Link) -> None:
    await link.settle(await link.write([document(1, "resampl parquet file"), document(2, "licens gazetteer")]))
    assert await found(link, '"parquet" "resampl"') == [1]
    assert await found(link, '"parqet"') == await found(link, '"parq"') == await found(link, '"file" "licens"') == []
    assert await found(link, "parqet resampl") == await found(link, "resampl par") == [1]
    assert await found(link, "gazeteer") == [2] and await found(link, "gaz") == [2]
    # one error in the first letter counts as two, short words have none, a beginning must be the last word
    assert await found(link, "karquet") == await found(link, "fila") == await found(link, "par resampl") == []
    assert await found(link, '"resampl parquet"') == [1] and await found(link, '"parquet resampl"') == []
    assert await found(link, '-"parquet" file') == [] and await found(link, '-"resampl file" "file"') == [1]


async def test_no_more_than_ten_terms_are_read(link: Link) -> None:
    await link.settle(await link.write([document(1, " ".join(f"w{n}" for n in range(10)))]))
    assert await found(link, " ".join(f'"w{n}"' for n in range(10)) + ' "missing"') == [1]


async def test_titles_come_first_and_a_thread_once(link: Link) -> None:
    await link.settle(
        await link.write(
            [
                document(1, "footer", thread=9),
                document(2, "something footer", title="something"),
                document(3, "footer", title="footer", thread=9),
            ]
        )
    )
    assert await found(link, '"footer"') == [3, 2]
    assert await found(link, '"footer"', titles_only=True) == [3]
    scores = [hit.score for hit in await link.search('"footer"', "whisper = false", limit=9)]
    assert 1 >= scores[0] > scores[1] > 0


async def test_documents_are_replaced_and_taken_out(link: Link) -> None:
    await link.settle(await link.write([document(1, "zeppelin", tags=["a"]), document(2, "zeppelin")]))
    await link.settle(await link.write([document(1, "balloon")], gone=[2, 3]))
    assert await found(link, '"zeppelin"') == [] and await found(link, '"balloon"') == [1]
    assert await found(link, '"balloon"', "tags = a") == []
    assert await link.count() == 1


async def test_an_exchange_brings_the_new_index_and_takes_the_old_one_away(link: Link) -> None:
    await link.settle(await link.write([document(1, "zeppelin")]))
    await link.begin_next()
    await link.settle(await link.write([document(2, "balloon")], to_next=True))
    assert await found(link, '"zeppelin"') == [1] and await found(link, '"balloon"') == []
    await link.exchange()
    assert await found(link, '"zeppelin"') == [] and await found(link, '"balloon"') == [2]
    assert not await link.is_there(link.next_name)
    await link.check()


@pytest.mark.parametrize(
    ("filters", "posts"),
    [
        ('readers IN ["all", "p1"] AND (whisper = false OR project IN [1, 2])', [1, 2]),
        ('readers IN ["p1"]', [2]),
        ("whisper = true", [2]),
        ("NOT whisper = true AND author = 1", [1, 3]),
        ('tags = "c++" OR tags = "a b"', [1, 3]),
        ("tags IN ['a b', \"x\"]", [3]),
        ("author IN []", []),
        ('(state = solved OR (state = open AND project = 1)) AND NOT tags = "a b"', [1, 2]),
    ],
)
async def test_filters_mean_what_they_say(link: Link, filters: str, posts: list[int]) -> None:
    await link.settle(
        await link.write(
            [
                document(1, "x", tags=["c++"]),
                document(2, "x", readers=["t1", "p1"], whisper=True, state="solved"),
                document(3, "x", readers=["members"], tags=["a b"]),
            ]
        )
    )
    assert sorted(await found(link, '"x"', filters)) == posts


@pytest.mark.parametrize(
    "filters",
    [
        "title = x",
        "nonsense = 1",
        "state =",
        "state = open AND",
        "(state = open",
        "tags IN [a",
        "state = open x",
        "= x",
    ],
)
async def test_filters_that_are_none_are_refused(link: Link, filters: str) -> None:
    with pytest.raises(Unreachable, match="invalid_search_filter") as refused:
        await link.search("x", filters, limit=5)
    assert not refused.value.is_missing


async def test_what_is_not_there_or_not_ours_to_do_is_told(link: Link) -> None:
    nowhere = Link(link.url, link.key, f"{link.name}_nowhere")
    with pytest.raises(Unreachable, match="index_not_found") as missing:
        await nowhere.search("x", "", limit=5)
    assert missing.value.is_missing
    with pytest.raises(Unreachable) as unset:
        await nowhere.check()
    assert unset.value.is_missing
    await nowhere.close()
    with pytest.raises(Unreachable, match="invalid_document_id"):
        await link.settle(await link.write([document(1, "x"), {**document(2, "x"), "id": "a b"}]))
    assert await link.count() == 0, "all of a batch, or none"


@pytest.mark.parametrize(("key", "code"), [("", "missing_authorization_header"), ("wrong", "invalid_api_key")])
async def test_a_wrong_key_opens_nothing(link: Link, key: str, code: str) -> None:
    stranger = Link(link.url, key, link.name)
    for ask in (stranger.version, stranger.count, stranger.check, stranger.begin_next, stranger.exchange):
        with pytest.raises(Unreachable, match=code):
            await ask()
    with pytest.raises(Unreachable, match=code):
        await stranger.search("x", "", limit=5)
    with pytest.raises(Unreachable, match=code):
        await stranger.write([document(1, "x")])
    await stranger.close()


async def test_what_the_server_does_not_know_it_refuses(link: Link) -> None:
    async with httpx.AsyncClient(base_url=link.url, headers={"authorization": f"Bearer {link.key}"}) as plain:
        for body, code in (
            ({"q": "x", "nonsense": 1}, "bad_request"),
            ({"q": 5}, "invalid_search_q"),
            ({"q": "x", "limit": -1}, "invalid_search_limit"),
            ({"q": "x", "matchingStrategy": "all", "sort": ["author:asc"]}, "invalid_search_sort"),
            ({"q": "x", "matchingStrategy": "all", "attributesToSearchOn": ["tags"]}, "attributes_to_search_on"),
        ):
            answer = await plain.post(f"/indexes/{link.name}/search", json=body)
            assert answer.status_code == 400 and code in answer.json()["code"], body
        sorted_down = {"q": "x", "matchingStrategy": "all", "sort": ["at:asc"]}
        await link.settle(await link.write([document(2, "x"), document(1, "x")]))
        answer = await plain.post(f"/indexes/{link.name}/search", json=sorted_down)
        # who has a key is told ids, and nothing else
        assert answer.json()["hits"] == [{"id": 1}, {"id": 2}]
        broken = await plain.post(
            f"/indexes/{link.name}/documents", content=b"{", headers={"content-type": "application/json"}
        )
        assert broken.status_code == 400 and broken.json()["code"] == "malformed_payload"


async def test_too_much_at_once_is_refused(meilisearch: Standin) -> None:
    """The stand-in alone: nobody sends the real one a hundred megabytes."""
    meilisearch.tell(limit=2000)
    async with meili.link_to(meili.Server(meilisearch.url, "")) as link:
        with pytest.raises(Unreachable, match="payload_too_large"):
            await link.write([document(1, "word " * 1000)])
