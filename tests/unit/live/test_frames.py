"""What browsers send over the live socket: whatever it is, it is read or refused, and never raises (trust.md C57)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.live.socket import FRAME_MOST, read_frame

# Frames

frames = st.text() | st.binary() | st.none() | st.integers()
names = (
    st.sampled_from(["thread:1", "list:0", "thread:", ":1", "thread:-1", "thread:¹", "t:" + "9" * 30, "ſ:1"])
    | st.text()
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(frames)
def test_no_frame_breaks_the_reader_of_frames(frame: object) -> None:
    assert read_frame(frame) is None or isinstance(read_frame(frame), dict)


@settings(deadline=None)
@given(json_values | st.fixed_dictionaries({"have": st.dictionaries(names, json_values, max_size=30) | json_values}))
def test_what_a_frame_asks_for_is_sane(value: object) -> None:
    wanted = read_frame(json.dumps(value))
    for (name, number), version in (wanted or {}).items():
        assert name.isascii() and name.isalpha()
        assert 0 <= number < 2**63 and type(version) is int and 0 <= version < 2**63


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        "1" * 3000,
        "[" * 3900,
        '{"have": []}',
        '{"have": {"thread:1": true}}',
        '{"have": {"thread:1": 1.0}}',
        '{"have": {"thread:1": NaN}}',
        '{"have": {"thread:1": 99999999999999999999}}',
        '{"have": {"\\ud800:1": 1}}',
        '{"have": {"thread:¹": 1}}',
        '{"have": {"thread:٣": 1}}',
        '{"have": {"thread:9223372036854775808": 1}}',
        json.dumps({"have": {"thread:" + "9" * 3900: 1}}),
        json.dumps({"have": {f"thread:{n}": 1 for n in range(21)}}),
        json.dumps({"have": {}, "more": "x" * FRAME_MOST}),
        b'{"have": {}}',
    ],
)
def test_malformed_frames_are_no_frames(frame: object) -> None:
    assert read_frame(frame) is None


def test_an_honest_frame_is_read() -> None:
    assert read_frame('{"have": {"thread:12": 57, "list:0": 0}}') == {("thread", 12): 57, ("list", 0): 0}
