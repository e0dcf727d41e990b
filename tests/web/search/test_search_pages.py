"""The pages of the search: complete without script, safe whatever was written, and few statements."""

import re

import pytest

from search.interface import Search
from tests.conftest import Statements
from tests.helpers.board import Board, guest_of

XSS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<mark onclick=alert(1)>footer</mark>",
    "</title><script>alert(1)</script>",
]
# A tag or an attribute that none of our templates writes.
FIRES = re.compile(r"<script(?! src=)|<img|<svg on|onerror=[^&]*>|<mark [a-z]", re.IGNORECASE)


async def test_the_page_works_without_script(search: Search, board: Board) -> None:
    heron = await board.other_project()
    asked = await board.asked("Footer of a file", "The footer is gone.", tags=["parquet"])
    await board.asked_elsewhere(heron, "Footer elsewhere")
    await board.solved(asked, "Repair the footer.")
    guest = guest_of(board)
    empty = await guest.get("/search")
    assert empty.status_code == 200 and 'name="q"' in empty.text and "is:solved" in empty.text
    page = await guest.get("/search?q=footer")
    assert page.status_code == 200 and "<h1>Search</h1>" in page.text
    assert "2 threads" in page.text and "<mark>Footer</mark> of a file" in page.text and "Solved" in page.text
    assert 'value="footer"' in page.text
    narrowed = await guest.get("/search?q=footer&project=heron&solved=no")
    assert "1 thread<" in narrowed.text and "elsewhere" in narrowed.text and "of a file" not in narrowed.text
    assert '<option value="heron" selected>' in narrowed.text
    nothing = await guest.get("/search?q=zeppelin")
    assert nothing.status_code == 200 and "/new-thread?title=zeppelin" in nothing.text
    # the Ask page without script sends its title here
    assert "<mark>Footer</mark> of a <mark>file</mark>" in (await guest.get("/search?title=footer+file&project=")).text


async def test_pages_are_links(search: Search, board: Board) -> None:
    for n in range(21):
        await board.asked(f"Footer {n}", by=f"p{n}")
    first = await guest_of(board).get("/search?q=footer&solved=no")
    assert 'href="/search?q=footer&amp;solved=no&amp;page=2"' in first.text
    second = await guest_of(board).get("/search?q=footer&solved=no&page=2")
    assert 'href="/search?q=footer&amp;solved=no"' in second.text and "page=3" not in second.text


@pytest.mark.parametrize("text", XSS, ids=range(len(XSS)))
async def test_nothing_written_becomes_markup(search: Search, board: Board, text: str) -> None:
    asked = await board.asked(f"footer {text}", f"footer {text} `{text}`")
    await board.solved(asked, f"footer `{text}`")
    guest = guest_of(board)
    for path in ("/search", "/search/live", "/similar"):
        for query in ("footer", f"footer {text}", text):
            answer = await guest.get(path, params={"q": query, "title": query})
            assert answer.status_code == 200
            assert not FIRES.search(answer.text), (path, query)
    answer = await guest.get(f"/t/{asked.thread}/similar")
    assert not FIRES.search(answer.text)


async def test_the_list_under_the_field_is_links_and_leads_to_all(search: Search, board: Board) -> None:
    await board.asked("Footer of a file")
    await board.site.person("footerman")
    answer = await guest_of(board).get("/search/live?q=foot", headers={"hx-request": "true"})
    assert answer.status_code == 200 and "<html" not in answer.text
    assert "<mark>Footer</mark> of a file" in answer.text
    assert 'href="/u/footerman"' in answer.text and 'href="/search?q=foot"' in answer.text
    assert (await guest_of(board).get("/search/live?q=")).text.strip() == ""


async def test_similar_threads_beside_a_question(search: Search, board: Board) -> None:
    asked = await board.asked("Parquet footer is missing")
    answer = await board.solved(asked, "Run a repair.")
    page = await guest_of(board).get("/similar?title=parquet+footer&body=&project=pelican")
    assert page.status_code == 200 and "<html" not in page.text
    assert "Solved by Ben" in page.text and "Run a repair." in page.text and "That answered it" in page.text
    assert f"/{asked.thread}/{answer.number}#post_{answer.number}" in page.text
    assert "Similar threads appear here." in (await guest_of(board).get("/similar?title=ab")).text
    assert "Nothing like it yet" in (await guest_of(board).get("/similar?title=zeppelin+hangar")).text
    assert "Nothing like it yet" in (await guest_of(board).get("/similar?title=parquet&project=nowhere")).text


async def test_a_thread_leads_to_similar_ones_and_pays_nothing_for_it(search: Search, board: Board) -> None:
    asked = await board.asked("Parquet footer is missing")
    other = await board.asked("Parquet footer is broken")
    guest = guest_of(board)
    thread = await guest.get(asked.url)
    assert f'hx-get="/t/{asked.thread}/similar" hx-trigger="revealed"' in thread.text
    assert f'href="/t/{asked.thread}/similar"' in thread.text and "is broken" not in thread.text
    part = await guest.get(f"/t/{asked.thread}/similar", headers={"hx-request": "true"})
    assert (
        "<html" not in part.text
        and f"/{other.thread}" in part.text
        and f'/t/{asked.slug}/{asked.thread}"' not in part.text
    )
    whole = await guest.get(f"/t/{asked.thread}/similar")
    assert "<h1>Similar threads</h1>" in whole.text and f"/{other.thread}" in whole.text


async def test_similar_threads_of_a_hidden_thread_are_not_there(search: Search, board: Board) -> None:
    hidden = await board.asked("Parquet footer is missing", visibility="private")
    assert (await guest_of(board).get(f"/t/{hidden.thread}/similar")).status_code == 404
    assert (await guest_of(board).get("/t/99999999999999999999/similar")).status_code == 404


@pytest.mark.parametrize("path", ["/search", "/search/live", "/similar"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=%FF%FE&title=%FF",
        "q=a&page=-1&project=%F0&solved=maybe",
        "page=999999999999",
        "q=" + "x" * 5000,
    ],
)
async def test_no_address_breaks_them(search: Search, board: Board, path: str, query: str) -> None:
    assert (await guest_of(board).get(f"{path}?{query}")).status_code == 200


@pytest.mark.parametrize(
    ("path", "most"),
    [("/search?q=footer", 5), ("/search?q=zeppelin", 6), ("/search/live?q=foo", 3), ("/similar?title=footer+file", 1)],
)
async def test_a_search_takes_few_statements(
    search: Search, board: Board, statements: Statements, path: str, most: int
) -> None:
    for n in range(4):
        asked = await board.asked(f"Footer file {n}")
        await board.replied(asked, "footer")
    guest = guest_of(board)
    await guest.get(path)
    statements.clear()
    assert (await guest.get(path)).status_code == 200
    # but for what the tests' own search asks first (tests/helpers/meili.py)
    asked_by_page = [each for each in statements if "select exists (select 1 from search_change" not in each]
    assert len(asked_by_page) <= most, asked_by_page
