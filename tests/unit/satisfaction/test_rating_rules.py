"""When a ticket may be rated."""

from datetime import UTC, datetime, timedelta

import pytest

from categories.satisfaction.rules import CHANGEABLE, FACES, ICONS, face_name, faces, may_rate
from categories.support.states import TicketState

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize("state", list(TicketState))
def test_the_first_word_is_said_once_there_is_something_to_say_it_of(state: TicketState) -> None:
    assert may_rate(str(state), None, NOW) is (state in ("answered", "resolved", "closed"))


@pytest.mark.parametrize("state", list(TicketState))
def test_it_is_changed_for_14_days_whatever_becomes_of_the_ticket(state: TicketState) -> None:
    assert may_rate(str(state), NOW - CHANGEABLE, NOW)
    assert not may_rate(str(state), NOW - CHANGEABLE - timedelta(seconds=1), NOW)


def test_each_face_has_a_word_and_an_icon() -> None:
    assert [face for face, _icon, _words in faces()] == list(FACES)
    assert len({face_name(face) for face in FACES}) == len(set(ICONS.values())) == 3
