"""What any search finds: words, phrases, code, filters, people, words written nearly right; the contract of find."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.database.engine import execute
from forum.threads.editing import edit_post
from forum.web.reader import GUEST
from search.interface import THREADS_A_PAGE, Search
from tests.helpers.board import Board, titles
from tests.web.search.conftest import lose_index


async def test_all_words_must_occur_in_any_order(search: Search, board: Board) -> None:
    await board.asked("Resampling drops the last window", "It happens with Parquet files.")
    await board.asked("Reading Parquet files", "Works well.")
    assert await titles(search, "parquet window") == ["Resampling drops the last window"]
    assert set(await titles(search, "parquet files")) == {"Resampling drops the last window", "Reading Parquet files"}
    assert await titles(search, "window zeppelin") == []


async def test_a_word_is_found_in_its_other_forms_and_without_accents(search: Search, board: Board) -> None:
    await board.asked("Die Übersetzung der Café-Karte", "Windows are dropped while resampling.")
    for query in ("window", "drop", "resampled", "ubersetzung", "ÜBERSETZUNG", "cafe"):
        assert len(await titles(search, query)) == 1, query


async def test_a_title_counts_more_than_a_mention(search: Search, board: Board) -> None:
    await board.asked("Something else altogether", "A footer is mentioned here.")
    await board.asked("Footer is missing", "No idea why.")
    await board.asked("Yet another thing", "Footer, they said.")
    assert (await titles(search, "footer"))[0] == "Footer is missing"


async def test_the_best_matching_post_is_shown_with_its_number_and_author(search: Search, board: Board) -> None:
    asked = await board.asked("Slow queries")
    await board.replied(asked, "Have you looked at the plan?")
    await board.replied(asked, "Rebuild the gazetteer index, then it is quick.", by="cleo")
    hit = (await search.find(GUEST, "gazetteer")).threads[0]
    assert (hit.thread, hit.number, hit.author) == (asked.thread, 3, "Cleo")
    assert hit.url.endswith(f"/{asked.thread}/3#post_3")
    assert "<mark>gazetteer</mark>" in hit.excerpt


@pytest.mark.parametrize(
    ("written", "queries"),
    [
        ("`resample()` loses it", ["resample()", "resample", "resampl"]),
        ("pelican.errors.FooterError: bad footer", ["pelican.errors.FooterError", "FooterError", "errors.FooterError"]),
        ("raises FooterError", ["footererror", "footer error", "footer_error"]),
        ("call it with --no-cache please", ["--no-cache", "no-cache", "no_cache", "cache"]),
        ("set drop_last to true", ["drop_last", "drop", "last", "DROP_LAST"]),
        ("std::vector in src/io/reader.cc:42", ["std::vector", "src/io/reader.cc", "reader.cc"]),
        ("version 3.11.2 on x86_64", ["3.11.2", "3.11", "x86_64"]),
        ("mail to ada@example.org", ["ada@example.org", "example.org"]),
        ("HTTP 503 from getUserById", ["getUserById", "user", "503"]),
        ("error E0308 in C++", ["E0308"]),
    ],
)
async def test_names_of_code_are_found_whole_and_in_parts(
    search: Search, board: Board, written: str, queries: list[str]
) -> None:
    await board.asked("Cannot make this go", written)
    await board.asked("Quite another matter", "nothing to see")
    for query in queries:
        assert await titles(search, query) == ["Cannot make this go"], query


async def test_words_joined_by_dots_must_follow_each_other(search: Search, board: Board) -> None:
    await board.asked("Wanted: the error class", "import pelican.errors.FooterError")
    await board.asked("Unwanted: the same words", "FooterError is one of the errors that a pelican makes.")
    await board.asked("Unrelated one", "x")
    await board.asked("Unrelated two", "x")
    found = await search.find(GUEST, "pelican.errors.FooterError")
    assert found.threads[0].title.striptags() == "Wanted: the error class"
    assert await titles(search, '"the same words"') == ["Unwanted: the same words"]


async def test_a_minus_leaves_out(search: Search, board: Board) -> None:
    await board.asked("Footer with cache", "text")
    await board.asked("Footer without it", "text")
    late = await board.asked("Footer, told later", "text")
    await board.replied(late, "the footer again")
    assert set(await titles(search, "footer -cache")) == {"Footer without it", "Footer, told later"}
    assert set(await titles(search, 'footer -"told later" -cache')) == {"Footer without it"}


async def test_filters_narrow(search: Search, board: Board) -> None:
    heron = await board.other_project()
    solved = await board.asked("Footer one", tags=["parquet"])
    await board.solved(solved, "Do this.")
    await board.asked("Footer two", by="cleo")
    await board.asked_elsewhere(heron, "Footer three")
    assert set(await titles(search, "footer")) == {"Footer one", "Footer two", "Footer three"}
    assert set(await titles(search, "footer in:heron")) == {"Footer three"}
    assert set(await titles(search, "footer", project=heron)) == {"Footer three"}
    assert set(await titles(search, "footer in:nowhere")) == set()
    assert set(await titles(search, "footer tag:parquet")) == {"Footer one"}
    assert set(await titles(search, "footer", tag="parquet")) == {"Footer one"}
    assert set(await titles(search, "footer is:solved")) == {"Footer one"}
    assert set(await titles(search, "footer", solved=True)) == {"Footer one"}
    assert set(await titles(search, "footer is:open")) == {"Footer two", "Footer three"}
    assert set(await titles(search, "footer @cleo")) == {"Footer two"}
    assert set(await titles(search, "@cleo")) == {"Footer two"}
    assert set(await titles(search, "is:solved")) == {"Footer one"}
    assert set(await titles(search, "in:pelican is:open")) == {"Footer two"}
    assert set(await titles(search, "footer @nobody-here")) == set()


async def test_what_a_person_replied_is_found_under_their_name(search: Search, board: Board) -> None:
    asked = await board.asked("Slow queries")
    await board.replied(asked, "Rebuild the gazetteer.", by="cleo")
    for query in ("gazetteer @cleo", "@cleo"):
        hit = (await search.find(GUEST, query)).threads[0]
        assert (hit.thread, hit.number) == (asked.thread, 2), query
    assert await titles(search, "gazetteer @ana") == []


@pytest.mark.parametrize("typed", ["resampel", "reasmpling parquet", "Resamplin", "footr windows"])
async def test_a_title_written_nearly_right_is_found(search: Search, board: Board, typed: str) -> None:
    await board.asked("Resampling Parquet files: footer and windows")
    await board.asked("Choosing a licence")
    found = await search.find(GUEST, typed)
    assert [hit.title.striptags() for hit in found.threads] == ["Resampling Parquet files: footer and windows"]
    assert found.is_loose


async def test_people_are_found_by_name_and_username_unless_disabled(search: Search, board: Board) -> None:
    await board.site.person("mlzhou", name="Mei-Ling Zhou")
    gone = await board.site.person("meiner", name="Meiner Zhou")
    await execute("update person set disabled_at = now() where id = $1", gone)
    for query in ("mlzhou", "MLZ", "zhou", "mei zhou", "ling"):
        assert [p.username for p in (await search.find(GUEST, query)).people] == ["mlzhou"], query
    assert not (await search.find(GUEST, "100%")).people


async def test_pages_follow_each_other_and_hold_every_thread_once(search: Search, board: Board) -> None:
    n = THREADS_A_PAGE + 3
    await execute(
        "with t as (insert into thread (project_id, category_id, author_id, title, slug, visibility, last_number,"
        " last_poster_id) select $1, $2, $3, 'Footer ' || i, 'footer', 'public', 1, $3 from generate_series(1, $4) i"
        " returning id) insert into post (thread_id, number, author_id, markdown, html, cook_version, version)"
        " select id, 1, $3, 'x', '<p>x</p>', 1, 1 from t",
        board.world.project,
        await board.world.category("support"),
        board.world.outsider.person,
        n,
    )
    first, second = await search.find(GUEST, "footer"), await search.find(GUEST, "footer", page=2)
    assert (first.total, first.pages, len(first.threads), len(second.threads)) == (n, 2, THREADS_A_PAGE, 3)
    assert len({hit.thread for hit in [*first.threads, *second.threads]}) == n
    for beyond in (3, 99_999):
        assert not (await search.find(GUEST, "footer", page=beyond)).threads


async def test_edits_titles_and_tags_are_found_at_once_and_what_was_there_is_not(search: Search, board: Board) -> None:
    asked = await board.asked("A zeppelin problem", "about hangars", tags=["airship"])
    reply = await board.replied(asked, "use helium")
    ana, ben = await board.reader("ana"), await board.reader("ben")
    await edit_post(ana, asked.post, "about balloons", title="A balloon problem", tags=["basket"])
    await edit_post(ben, reply.post, "use hydrogen")
    for old in ("zeppelin", "hangars", "airship", "helium"):
        assert await titles(search, old) == [], old
    for new in ("balloon", "balloons", "basket", "hydrogen"):
        assert await titles(search, new) == ["A balloon problem"], new


async def test_one_thread_and_the_whole_can_be_indexed_anew(search: Search, board: Board) -> None:
    asked = await board.asked("A zeppelin problem", "about hangars")
    await board.replied(asked, "use helium")
    await lose_index(search)
    assert await titles(search, "zeppelin") == []
    await search.index_thread(asked.thread)
    assert await titles(search, "zeppelin") == await titles(search, "helium") == ["A zeppelin problem"]
    await lose_index(search)
    assert await search.rebuild() == 1
    assert await titles(search, "hangars") == await titles(search, "helium") == ["A zeppelin problem"]
    assert await search.rebuild() == 1


async def test_what_is_still_typed_is_completed(search: Search, board: Board) -> None:
    await board.asked("Resampling Parquet files", "x")
    await board.asked("Choosing a licence", "mentions gazetteers")
    await board.site.person("resa", name="Resa Lang")
    for typed in ("res", "resampl", "parq", "resampling par"):
        found = await search.suggest(GUEST, typed)
        assert [hit.title.striptags() for hit in found.threads] == ["Resampling Parquet files"], typed
    assert [p.username for p in (await search.suggest(GUEST, "resa")).people] == ["resa"]
    assert [h.title.striptags() for h in (await search.suggest(GUEST, "gazett")).threads] == ["Choosing a licence"]
    assert (await search.suggest(GUEST, " ")).total == 0


# --- whatever is typed ---------------------------------------------------------------------------------------------

ODD = [
    "",
    " ",
    "\0",
    "'",
    '"',
    '""',
    "-",
    "--",
    '-""',
    "- -",
    "&|!()<->:*\\",
    "a:*",
    "!!!",
    "'foo' & !'bar'",
    "\\",
    "%",
    "_",
    "100%_",
    "in:",
    "tag:",
    "is:",
    "is:nonsense",
    "@",
    "@@",
    '@"x"',
    "in:\x00",
    "tag:\ud800",
    "½ ⅓ ﬁ …",
    "日本語 привет 🦜",
    "\u202e\u0000\uffff",
    "a" * 5000,
    "-" * 500,
    '"' * 501,
    "x:y " * 200,
    "$1 %s {0} {} :name ?",
    "'; drop table thread; --",
    "<script>alert(1)</script>",
]


async def ask_all(search: Search, text: str) -> None:
    await search.find(GUEST, text)
    await search.suggest(GUEST, text)
    await search.similar(GUEST, text, text)
    await search.find(GUEST, f"footer {text}", tag=text, page=2)


async def test_no_odd_text_raises(search: Search, board: Board, subtests: pytest.Subtests) -> None:
    for text in ODD:
        with subtests.test(repr(text)[:40]):
            await board.asked("Footer " + text.replace("\0", "").encode("utf-8", "ignore").decode()[:80])
            await ask_all(search, text)


async def test_no_naughty_string_raises(search: Search, board: Board, shared_data: Path) -> None:
    lines = (shared_data / "hostile" / "blns.txt", shared_data / "hostile" / "blns.json")
    text = next(file for file in lines if file.exists()).read_text("utf-8")
    await board.asked("Footer")
    for line in text.splitlines():
        await search.find(GUEST, line.strip(' ",'))


@pytest.mark.usefixtures("board")
async def test_no_generated_query_raises(search: Search) -> None:
    examples: list[str] = []

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.lists(
            st.one_of(
                st.text(max_size=30),
                st.sampled_from(
                    ["in:", "tag:", "is:", "is:open", "@", "-", '"', "a", "footer", "'", ":*", "&", "|", "\\"]
                ),
            ),
            max_size=8,
        ).map("".join)
    )
    def collect(text: str) -> None:
        examples.append(text)

    collect()
    for text in examples:
        await search.find(GUEST, text)
        await search.suggest(GUEST, text)
