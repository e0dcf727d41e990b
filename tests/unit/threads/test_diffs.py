"""Diffs: nothing lost, nothing invented, words before lines, and never slow."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.threads.diffs import Budget, Piece, diff, shortened
from tests.helpers.own_time import own_time

# A busy machine is not the functions' fault.
calm = settings(deadline=None)
texts = st.text(alphabet="ab c\n,é", max_size=60) | st.text(max_size=200)


def old_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind in ("same", "gone"))


def new_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind in ("same", "come"))


@calm
@given(texts, texts)
def test_pieces_put_together_are_both_texts(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert (old_of(pieces), new_of(pieces)) == (old, new)


@calm
@given(texts, texts)
def test_no_piece_is_empty_and_no_two_neighbours_are_of_a_kind(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert all(piece.text for piece in pieces)
    assert all(a.kind != b.kind for a, b in itertools.pairwise(pieces))


@calm
@given(texts)
def test_a_text_against_itself_has_no_change(text: str) -> None:
    assert diff(text, text) == ([Piece("same", text)] if text else [])


@calm
@given(texts, texts, st.integers(0, 50))
def test_a_spent_budget_makes_it_coarser_but_never_wrong(old: str, new: str, steps: int) -> None:
    pieces = diff(old, new, Budget(steps))
    assert (old_of(pieces), new_of(pieces)) == (old, new)


@calm
@given(texts, texts, texts)
def test_what_both_begin_and_end_with_stays(before: str, old: str, after: str) -> None:
    pieces = diff(f"{before}\n{old}\n{after}", f"{before}\n\n{after}")
    assert sum(len(piece.text) for piece in pieces if piece.kind == "gone") <= len(old) + 1
    assert sum(len(piece.text) for piece in pieces if piece.kind == "come") <= 1


def test_one_word_changed_is_told_as_one_word() -> None:
    assert diff("I like the red house.\nTruly.\n", "I like the blue house.\nTruly.\n") == [
        Piece("same", "I like the "),
        Piece("gone", "red"),
        Piece("come", "blue"),
        Piece("same", " house.\nTruly.\n"),
    ]


def test_sentences_with_only_blanks_in_common_are_told_whole() -> None:
    assert diff("One two three.", "Vier fünf sechs sieben.") == [
        Piece("gone", "One two three."),
        Piece("come", "Vier fünf sechs sieben."),
    ]


def test_only_the_surroundings_of_a_change_are_shown() -> None:
    lines = [f"line {n}\n" for n in range(30)]
    changed = [*lines[:15], "other words here\n", *lines[16:]]
    shown = shortened(diff("".join(lines), "".join(changed)), around=2)
    assert [piece.kind for piece in shown] == ["gap", "same", "gone", "come", "same", "gap"]
    assert "line 14" in shown[1].text and "line 1\n" not in shown[1].text


@calm
@given(texts, texts)
def test_shortening_leaves_every_change(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert [p for p in shortened(pieces) if p.kind in ("gone", "come")] == [
        p for p in pieces if p.kind in ("gone", "come")
    ]


def noise(seed: int, alphabet: str) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=100_000))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n" * 50_000, "b\na\n" * 25_000),
        ("a " * 50_000, "b a " * 25_000),
        (noise(1, "ab "), noise(2, "ab ")),
        (noise(1, "a,\n"), noise(2, "a,\n")),
        (noise(3, "abcdefghijklmnopqrstuvwxyz     \n"), noise(4, "abcdefghijklmnopqrstuvwxyz     \n")),
        ("\n" * 100_000, "\n" * 99_999 + "x"),
    ],
)
def test_the_longest_and_most_unlike_posts_take_a_moment(old: str, new: str) -> None:
    with own_time() as taken:
        pieces = diff(old, new)
        assert taken() < 0.4  # 0.1 s where nothing else runs
    assert (old_of(pieces), new_of(pieces)) == (old, new)
