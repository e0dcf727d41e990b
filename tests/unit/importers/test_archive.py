"""Reading sources of issues: the forms, what is mended, what is refused, and that nothing hostile gets through."""

import gzip
import json
import random
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.faults import Malformed
from importers.github.archive import MAGIC, NotAnArchive, Source
from importers.github.records import GHOST, Issue, Login, LooseComment, Reading, Record
from importers.github.splitting import RECORD_MOST, BreaksOff, Text, elements, lines
from tests.helpers.github import REPOSITORY, archive, comment, issue, rest, rest_comment, user, write

READING = Reading(REPOSITORY)


def read(folder: Path, content: Any, **more: Any) -> list[Record]:
    return list(Source(write(folder, content)).records(READING, **more))


def only(records: list[Record]) -> Issue:
    (record,) = records
    assert isinstance(record, Issue)
    return record


def faults(records: list[Record]) -> list[tuple[str, str]]:
    return [(record.where, record.why) for record in records if isinstance(record, Malformed)]


def numbers(records: list[Record]) -> list[int]:
    return [record.number for record in records if isinstance(record, Issue)]


def test_an_issue_of_an_archive_is_read_whole(tmp_path: Path) -> None:
    told = issue(
        7,
        state="CLOSED",
        labels=["bug", "night"],
        closedAt="2024-05-04T00:00:00Z",
        comments=[comment("egret", "Mine too.\r\n")],
    )

    read_as = only(read(tmp_path, archive(told)))

    assert (read_as.number, read_as.title, read_as.author) == (7, "The pump stops at night", Login("wader"))
    assert read_as.body == "It ran all day.\n\nThen it *stopped*."
    assert read_as.is_closed and read_as.closed_at == datetime(2024, 5, 4, tzinfo=UTC)
    assert read_as.labels == ("bug", "night")
    assert [(c.author.login, c.body) for c in read_as.comments or ()] == [("egret", "Mine too.")]
    assert read_as.url == f"https://github.com/{REPOSITORY}/issues/7"


@pytest.mark.parametrize("form", ["lines", "list", "pages", "gzip", "bom"])
def test_rest_rows_are_read_in_every_form(tmp_path: Path, form: str) -> None:
    rows = [rest(issue(1)), rest(issue(2, author="ghost"))]
    told = {
        "lines": rows,
        "list": json.dumps(rows, indent=2).encode(),
        "pages": f"[{json.dumps(rows[0])}]\n[{json.dumps(rows[1])}]".encode(),
        "gzip": gzip.compress("\n".join(map(json.dumps, rows)).encode()),
        "bom": b"\xef\xbb\xbf" + "\r\n\r\n".join(map(json.dumps, rows)).encode(),
    }[form]

    first, second = read(tmp_path, told)

    assert isinstance(first, Issue) and isinstance(second, Issue)
    assert (first.number, first.author, first.comments, first.rest_id) == (1, Login(**user_of("wader")), None, 5000001)
    assert second.author == GHOST


def user_of(login: str) -> dict[str, Any]:
    told = user(login)
    return {"login": login, "id": told["id"]}


def test_pull_requests_are_read_only_where_asked_for(tmp_path: Path) -> None:
    pull = issue(2, state="MERGED", mergedAt="2024-05-03T00:00:00Z", mergedBy="egret")
    rows = [rest(issue(1)), rest(issue(2), pull_request={"url": "x"})]

    assert numbers(read(tmp_path, archive(issue(1), pulls=[pull]))) == [1]
    assert numbers(read(tmp_path, rows)) == [1]
    asked = read(tmp_path, archive(issue(1), pulls=[pull]), with_pulls=True)[1]
    assert isinstance(asked, Issue) and asked.is_pull and asked.is_closed and asked.url.endswith("/pull/2")
    assert numbers(read(tmp_path, rows, with_pulls=True)) == [1, 2]


def test_comments_that_stand_by_themselves_name_their_issue(tmp_path: Path) -> None:
    (record,) = read(tmp_path, [rest_comment(12, comment("egret", "Here."), 99)])

    assert isinstance(record, LooseComment)
    assert (record.number, record.comment.id, record.comment.body) == (12, 99, "Here.")


def test_broken_lines_are_told_by_number_and_the_others_read(tmp_path: Path) -> None:
    good = json.dumps(rest(issue(1)))
    told = "\n".join([good, "", '{"number": 3,', "[1]", '{"number": "4"}', good.replace('"number": 1', '"number": 5')])

    records = read(tmp_path, told.encode())

    assert numbers(records) == [1, 5]
    assert [where for where, _why in faults(records)] == ["line 3", "line 4", "line 5"]


def test_broken_items_of_an_archive_are_told_by_place_and_the_others_read(tmp_path: Path) -> None:
    whole = json.dumps(archive(issue(1), "BROKEN", issue(3), 17, issue(5, createdAt=3, updatedAt="soon")))

    records = read(tmp_path, whole.replace('"BROKEN"', '{"number": 2, nonsense}').encode())

    assert numbers(records) == [1, 3]
    assert [where for where, _why in faults(records)] == ["issues[1]", "issues[3]", "issues[4] (#5)"]


@pytest.mark.parametrize("packed", [False, True])
def test_everything_before_a_cut_is_read_and_the_cut_told(tmp_path: Path, packed: bool) -> None:
    # noise does not pack well, so that a cut in the packed file is one in the text
    noise = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz", k=60_000))
    whole = json.dumps(archive(*(issue(n, body=noise[n * 5000 :][:5000]) for n in range(1, 9)))).encode()
    told = gzip.compress(whole) if packed else whole
    source = Source(write(tmp_path, told[: len(told) * 2 // 3]))

    records = list(source.records(READING))

    found = numbers(records)
    assert found == list(range(1, len(found) + 1)) and len(found) >= 4
    assert source.broken is not None and source.broken.where == f"after issues[{len(found) - 1}]"
    assert faults(records) == [(source.broken.where, source.broken.why)]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!doctype html><p>404", "not JSON"),
        (b"\x89PNG\r\n\x1a\n", "not JSON"),
        (b"\x1f\x8bnot packed at all", "breaks off"),
        (b'{"message": "Not Found"}', "no number"),
        (json.dumps({"magic": "another", "issues": []}).encode(), "mark"),
        (json.dumps(archive(issue(1), repo="some/other")).encode(), "some/other"),
        (b'{"labels": []}', "no number"),
    ],
)
def test_what_is_no_archive_is_refused_with_the_reason(tmp_path: Path, told: bytes, why: str) -> None:
    with pytest.raises(NotAnArchive, match=why):
        read(tmp_path, told)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(NotAnArchive):
            list(Source(path).records(READING))


def test_rows_of_another_repository_are_skipped(tmp_path: Path) -> None:
    rows = [rest(issue(1)), rest(issue(2), repository_url="https://api.github.com/repos/heron/lake")]

    records = read(tmp_path, rows)

    assert numbers(records) == [1]
    assert faults(records) == [("line 2 (#2)", "it belongs to heron/lake")]


@pytest.mark.parametrize(
    ("title", "read_as"),
    [(None, "(#4)"), ("", "(#4)"), (["x"], "(#4)"), ("Hm", "Hm (#4)"), ("two\nlines\x00 here", "two lines here")],
)
def test_titles_are_mended(tmp_path: Path, title: object, read_as: str) -> None:
    assert only(read(tmp_path, archive(issue(4, title=title)))).title == read_as  # type: ignore[arg-type]


def test_long_titles_and_bodies_are_cut_with_a_way_to_the_whole(tmp_path: Path) -> None:
    read_as = only(read(tmp_path, archive(issue(4, title="x" * 999, body="```\n" + "long " * 40_000))))

    assert len(read_as.title) == 300 and read_as.title.endswith("x…")
    assert 99_000 < len(read_as.body) <= 100_000
    assert read_as.body.endswith(f"\n```\n\nThe rest of this long text is [on GitHub]({read_as.url}).")


def test_characters_that_no_database_holds_are_mended(tmp_path: Path) -> None:
    told = json.dumps(archive(issue(4, body="QUOTED"))).replace("QUOTED", "a\\u0000b \\ud800 c\\u202e").encode()

    body = only(read(tmp_path, told.replace(b"all day", b"\xff\xfe"))).body

    body.encode()
    assert body == "ab � c"


@pytest.mark.parametrize("author", [None, "", 17, ["wader"], {"login": None}, "<b>", "a/b", "a" * 200, "Ghost"])
def test_whoever_cannot_be_told_is_the_ghost(tmp_path: Path, author: object) -> None:
    assert only(read(tmp_path, archive(issue(4, author=author)))).author == GHOST


def test_wrong_types_within_an_issue_cost_only_what_they_are(tmp_path: Path) -> None:
    told = issue(
        4,
        state=None,
        labels=[3, None, {"name": "night"}, {"name": ["x"]}, "night"],
        body=5,
        id=["x"],
        comments=[comment("egret", "Mine."), 8, {"author": "egret", "body": 3}, comment("egret", "Two.", at="never")],
    )

    records = read(tmp_path, archive(told))

    read_as = records[0]
    assert isinstance(read_as, Issue)
    assert (read_as.labels, read_as.body, read_as.node_id, read_as.is_closed) == (("night",), "", None, False)
    assert [c.body for c in read_as.comments or ()] == ["Mine.", "Two."]
    assert [where for where, _why in faults(records)] == ["issues[0] (#4), comments[1]", "issues[0] (#4), comments[2]"]


@pytest.mark.parametrize("number", [None, 0, -1, 2**40, 1.5, "7", True, [7]])
def test_records_without_a_number_are_refused(tmp_path: Path, number: object) -> None:
    records = read(tmp_path, archive(issue(number), issue(2)))  # type: ignore[arg-type]

    assert numbers(records) == [2]
    assert faults(records) == [("issues[0]", "it has no number")]


@pytest.mark.parametrize("issues", [None, 5, "text", {"a": 1}])
def test_lists_that_are_none_are_told(tmp_path: Path, issues: object) -> None:
    assert faults(read(tmp_path, archive(issues=issues))) == [("issues", "this is not a list")]


def test_deep_nesting_costs_no_more_than_its_record(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    told = json.dumps(archive(issue(1), "DEEP", issue(3))).replace('"DEEP"', deep).encode()
    records = read(tmp_path, told)

    assert numbers(records) == [1, 3]
    assert faults(records) == [("issues[1]", "this is nested too deeply")]


def test_a_source_is_not_loaded_whole(tmp_path: Path) -> None:
    file = write(tmp_path, archive(*(issue(n, body="word " * 2_000) for n in range(1, 601))))
    assert file.stat().st_size > 6_000_000
    tracemalloc.start()
    try:
        found = sum(1 for _ in Source(file).records(READING))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == 600
    assert most < 2_000_000


def test_records_are_counted_beforehand(tmp_path: Path) -> None:
    assert Source(write(tmp_path, archive(issue(1), 5, issue(3), pulls=[issue(4)]))).count() == 3
    assert Source(write(tmp_path, [rest(issue(1)), rest(issue(2))])).count() == 2
    assert Source(write(tmp_path, b'{"magic": "' + MAGIC.encode() + b'", "issues": [1, 2')).count() is None


class Pieces:
    """Bytes that come a few at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self.content, self.size = content, size

    def read1(self, _size: int, /) -> bytes:
        piece, self.content = self.content[: self.size], self.content[self.size :]
        return piece


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=5), st.integers(1, 40), st.sampled_from([None, 0, 2]))
def test_lists_are_cut_as_a_parser_reads_them(values: list[Any], size: int, indent: int | None) -> None:
    told = json.dumps(values, indent=indent).encode()

    found = list(elements(Text(Pieces(told, size)), ""))

    assert [json.loads(e.text) for e in found] == values
    assert [e.index for e in found] == list(range(len(values)))


@given(st.dictionaries(st.text(min_size=1, max_size=6), JSON, max_size=5), st.integers(1, 40), st.booleans())
def test_objects_are_cut_as_a_parser_reads_them(members: dict[str, Any], size: int, ascii_only: bool) -> None:
    told = json.dumps(members, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    wanted = []
    for key, value in members.items():
        name = json.dumps(key, ensure_ascii=ascii_only)[1:-1]
        wanted += (
            [(name, n, item) for n, item in enumerate(value)] if isinstance(value, list) else [(name, None, value)]
        )

    found = [(e.name, e.index, json.loads(e.text)) for e in elements(Text(Pieces(told, size)), "")]

    assert found == wanted


@given(st.text("a\n", max_size=60), st.integers(1, 9))
def test_lines_are_cut_and_numbered(told: str, size: int) -> None:
    found = list(lines(Text(Pieces(told.encode(), size)), ""))

    assert found == [(n, line) for n, line in enumerate(told.split("\n"), 1) if line]


def test_records_beyond_any_measure_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RECORD_MOST > 10_000_000
    monkeypatch.setattr("importers.github.splitting.RECORD_MOST", 100_000)
    huge = b"x" * 300_000

    assert [line and len(line) for _n, line in lines(Text(Pieces(b"a\n" + huge + b"\nb", 4096)), "")] == [1, None, 1]
    with pytest.raises(BreaksOff, match="one record"):
        list(elements(Text(Pieces(b'[1, "' + huge + b'", 2]', 4096)), ""))


def whole() -> bytes:
    return json.dumps(archive(issue(1, labels=["bug"], comments=[comment("egret", "Yes.")]), issue(2))).encode()


SOUND = whole()
ROWS = "\n".join(json.dumps(rest(issue(n))) for n in (1, 2, 3)).encode()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([SOUND, ROWS, b"[" + ROWS.replace(b"\n", b",") + b"]"]),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 30), st.binary(max_size=6)), max_size=4),
    st.booleans(),
)
def test_no_mutation_of_a_source_gets_through_uncaught(
    tmp_path: Path, told: bytes, cuts: list[tuple[int, int, bytes]], packed: bool
) -> None:
    for at, length, put in cuts:
        told = told[:at] + put + told[at + length :]
    source = Source(write(tmp_path, gzip.compress(told, 1) if packed else told))
    try:
        records = list(source.records(READING, with_pulls=True))
        source.count()
    except NotAnArchive as error:
        assert "\n" not in str(error)
        return
    for record in records:
        if isinstance(record, Issue):
            check_sound(record)


@settings(max_examples=300)
@given(
    st.sampled_from([*issue(1), "user", "comments_data", "pull_request", "closed_by", "created_at"]),
    JSON,
    st.sampled_from([issue(3, comments=[comment("egret", "Yes.")]), rest(issue(3))]),
)
def test_no_value_in_any_place_gets_through_uncaught(key: str, value: Any, of: dict[str, Any]) -> None:
    for record in READING.records({**of, key: value}, "here"):
        if isinstance(record, Issue):
            check_sound(record)


def check_sound(record: Issue) -> None:
    """What the database asks of an issue."""
    assert 3 <= len(record.title) <= 300 and record.title.isprintable()
    for text in (record.body, *(c.body for c in record.comments or ())):
        assert len(text) <= 100_000 and "\0" not in text
        text.encode()
    for login in (record.author, *(c.author for c in record.comments or ())):
        assert 0 < len(f"{login.login}~99@github.com") <= 100
    assert record.created_at.tzinfo and record.updated_at >= record.created_at
    assert len(record.digest) == 16


def test_where_no_issue_can_be_read_the_commonest_reason_is_told(tmp_path: Path) -> None:
    lines = [
        {"number": "x"},
        *(issue(n) | {"repository_url": "https://api.github.com/repos/some/other"} for n in (2, 3)),
    ]
    with pytest.raises(NotAnArchive, match=r"line 2 \(#2\).*some/other"):
        read(tmp_path, "\n".join(json.dumps(line) for line in lines).encode())
