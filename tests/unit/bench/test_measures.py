"""What the benchmark is measured with: percentiles, draws, frames, rows and their goals."""

import json
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.bench.archive import make_archive
from forum.bench.draw import Zipf, uniform, zipf
from forum.bench.listen import frame_size, masked
from forum.bench.rows import ROWS, percentile, row, show, write

measured = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


@given(values=measured, part=st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_enough_stay_within(values: list[float], part: float) -> None:
    found = percentile(values, part)
    assert found in values
    assert sum(v <= found for v in values) >= part * len(values) - 1e-9
    assert sum(v < found for v in values) < part * len(values) + 1e-9


def test_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.95)


def test_zipf_draws_the_first_rank_twice_as_often_as_the_second() -> None:
    law, dice = Zipf(20_000), random.Random(1)
    drawn = Counter(law.draw(dice) for _ in range(60_000))
    harmonic = sum(1 / k for k in range(1, 20_001))
    for rank in (0, 1, 2, 9):
        assert drawn[rank] == pytest.approx(60_000 / harmonic / (rank + 1), rel=0.15)
    assert set(drawn) <= set(range(20_000))


def test_zipf_reads_few_things_often_and_uniform_all_of_them_seldom() -> None:
    things = list(range(1000))
    by_law, evenly = (Counter(draw(things, 20_000, random.Random(2))) for draw in (zipf, uniform))
    assert max(by_law.values()) > 10 * max(evenly.values())
    assert len(evenly) == 1000


def test_which_thing_is_hot_is_drawn_too() -> None:
    hottest = {Counter(zipf(range(500), 3000, random.Random(n))).most_common(1)[0][0] for n in range(4)}
    assert len(hottest) > 1


@pytest.mark.parametrize(
    ("frame", "size"),
    [
        (b"", 0),
        (b"\x81", 0),
        (b"\x81\x05hello", 7),
        (b"\x81\x7e\x01\x00", 260),
        (b"\x81\x7e\x01", 0),
        (b"\x81\x7f" + (70_000).to_bytes(8, "big"), 70_010),
    ],
)
def test_a_frame_is_as_long_as_its_head_says(frame: bytes, size: int) -> None:
    assert frame_size(frame) == size


def test_a_frame_of_a_client_is_masked() -> None:
    frame = masked('{"have": {}}')
    mask, hidden = frame[2:6], frame[6:]
    assert frame[0] == 0x81
    assert frame[1] == 0x80 | 12
    assert bytes(b ^ mask[i % 4] for i, b in enumerate(hidden)) == b'{"have": {}}'


@pytest.mark.parametrize(
    ("name", "value", "floor", "ok"),
    [
        ("thread_anonymous_zipf", 2000, 10_000, True),
        ("thread_anonymous_zipf", 1999, 10_000, False),
        ("reply_store", 300, None, True),
        ("reply_store", 299, None, False),
        ("queue_position_100k", 500, 100, True),
        ("queue_position_100k", 501, 100, False),
        ("web_rss_mb", 251, None, False),
        ("page_weight_kb", None, None, None),
        ("thread_anonymous_cold", 1000, 20_000, None),
    ],
)
def test_a_row_says_whether_its_goal_is_met(
    name: str, value: float | None, floor: float | None, ok: bool | None
) -> None:
    assert row(name, value, floor).ok is ok


def test_the_file_is_a_list_of_rows_with_the_keys_that_others_rely_on(tmp_path: Path) -> None:
    at = datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC)
    file = write([row(name, 1.23456) for name in ROWS], tmp_path / "bench", at)
    assert file.name == "20261123T090507Z.json"
    rows = json.loads(file.read_text())
    assert [r["name"] for r in rows] == list(ROWS)
    assert all(list(r) == ["name", "value", "unit", "floor", "ratio", "goal", "ok"] for r in rows)


def test_no_figure_is_cut_off_in_a_narrow_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    show([row(name, 123_456.0, 654_321.0) for name in ROWS])
    told = capsys.readouterr().out
    assert "…" not in told and all(name in told for name in ROWS)


def test_the_invented_archive_has_what_was_asked_for_every_time(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        make_archive(tmp_path / name, 12, 30)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    archive = json.loads((tmp_path / "a.json").read_text())
    assert len(archive["issues"]) == 12
    assert sum(len(issue["comments"]) for issue in archive["issues"]) == 30
