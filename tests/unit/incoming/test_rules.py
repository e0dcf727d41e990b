"""A delivery that fails is tried for about a day, with growing pauses, then given up."""

from datetime import timedelta

from forum.incoming.rules import PAUSES, pause_after, told


def test_pauses_grow_until_there_are_none() -> None:
    pauses = [pause_after(tries) for tries in range(1, len(PAUSES) + 2)]
    assert pauses[-1] is None and None not in pauses[:-1]
    assert list(PAUSES) == sorted(PAUSES)
    assert timedelta(days=1) < sum(PAUSES, timedelta()) < timedelta(days=1, hours=6)


def test_a_failure_is_told_in_one_line_without_what_was_sent() -> None:
    assert told(ValueError("no such bump\nDETAIL: mail@example.org")) == "ValueError: no such bump"
    assert told(TimeoutError()) == "TimeoutError"
    assert len(told(ValueError("x" * 9_999))) == 500 and "\0" not in told(ValueError("a\0b"))
