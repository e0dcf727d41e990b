"""What people are told who did something too often."""

import pytest

from forum.web.errors import TooMany


@pytest.mark.parametrize(
    ("seconds", "wait"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (400, "7 minutes"),
        (3600, "60 minutes"),
        (5401, "2 hours"),
        (86_400, "24 hours"),
    ],
)
def test_it_says_how_long_to_wait_and_never_too_little(seconds: int, wait: str) -> None:
    problem = TooMany(seconds)
    assert problem.message == f"That was too often. Wait {wait} and try again."
    assert problem.retry_after == seconds
