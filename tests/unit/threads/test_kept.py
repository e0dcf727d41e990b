"""Pages kept in a file: what comes back is what was kept last under that stamp, or nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from forum.settings import Settings, _used, use
from forum.threads import kept
from forum.threads.kept import KeptInFile

MOST = 1000
PUTS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2), st.integers(0, 400)), max_size=60)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    before = list(_used)
    use(Settings(data=tmp_path))
    yield tmp_path
    _used[:] = before


@given(puts=PUTS, hot=st.sampled_from((0, 2_500)))
@example(puts=[(0, 0, 400), (1, 0, 400), (0, 1, 100), (2, 0, 400), (3, 0, 400), (1, 1, 0)], hot=0)
@example(puts=[(0, 0, 0), (1, 0, 201), (1, 0, 400), (2, 0, 400)], hot=0)
@example(
    puts=[(0, 0, 400), (1, 0, 400), (2, 0, 200), (3, 0, 0), (4, 0, 400), (5, 0, 400), (6, 0, 400), (7, 0, 400)], hot=0
)
@example(puts=[(0, 0, 400), (0, 0, 300), (0, 1, 300)], hot=2_500)
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_comes_back_is_what_was_kept_last(puts: list[tuple[int, int, int]], hot: int) -> None:
    file = KeptInFile(MOST, hot)
    model: dict[int, tuple[int, bytes]] = {}
    for n, (key, stamp, length) in enumerate(puts):
        text = bytes([n]) * length
        file.put(key, stamp, text, (n,))
        model[key] = stamp, text
        assert file.get(key, stamp) == (text, (n,)), "the newest is there"
        for other, (of, said) in model.items():
            found = file.get(other, of)
            assert found is None or found[0] == said
            assert file.get(other, of + 1) is None, "and nothing by another stamp"
    assert file.hot.size == sum(size for _text, size in file.hot.texts.values()) <= hot
    lying = sum(length for _at, length, _stamp, _slots in file.places.values())
    assert lying <= MOST
    if file.file >= 0:
        assert os.fstat(file.file).st_size <= MOST
    file.forget()
    assert not any(key in file for key in model)


def test_the_newest_texts_that_fit_are_kept() -> None:
    file = KeptInFile(MOST, hot=0)
    for key in range(10):
        file.put(key, "stamp", b"x" * 250)
    assert [key for key in range(10) if key in file] == [6, 7, 8, 9]
    file.forget()


def test_a_text_larger_than_the_file_is_not_kept() -> None:
    file = KeptInFile(MOST, hot=0)
    file.put(1, "stamp", b"x" * (MOST + 1))
    assert 1 not in file and file.file == -1


def test_a_text_larger_than_the_memory_for_texts_pushes_no_other_out_of_it() -> None:
    file = KeptInFile(MOST, hot=900)
    file.put(1, "stamp", b"x" * 200)
    file.put(2, "stamp", b"x" * 400)
    assert list(file.hot.texts) == [1] and file.hot.size <= 900
    assert file.get(2, "stamp") == (b"x" * 400, ()), "it comes from the file"
    assert list(file.hot.texts) == [1]
    file.forget()


def test_the_file_has_no_name_and_is_its_owners_alone(data: Path) -> None:
    file = KeptInFile(MOST, hot=0)
    file.put(1, "stamp", b"page")
    assert list(data.iterdir()) == []
    assert os.fstat(file.file).st_mode & 0o077 == 0
    file.forget()


def test_a_disk_that_refuses_loses_nothing_but_the_page(data: Path) -> None:
    use(Settings(data=data / "file"))
    (data / "file").write_text("not a folder")
    file = KeptInFile(MOST, hot=0)
    file.put(1, "stamp", b"page")
    assert file.get(1, "stamp") is None


def test_a_file_that_cannot_be_read_keeps_nothing() -> None:
    file = KeptInFile(MOST, hot=0)
    file.put(1, "stamp", b"page")
    os.truncate(file.file, 2)
    assert file.get(1, "stamp") is None
    kept.forget_kept()
    assert 1 not in file
