"""What other figures would do to a queue, held against the order itself and against serving it."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from categories.support.rules import Line, credit_after, order
from categories.support.tuning.simulation import Figures, Stands, Wait, moves, newcomer

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
HORIZON = NOON + timedelta(days=1)

minutes = st.integers(0, 5000).map(lambda n: NOON - timedelta(minutes=n))
tickets = st.lists(
    st.tuples(st.sampled_from([0, 0, 500, 9000]), minutes, st.integers(0, 300), st.sampled_from([None, None, -1, 5])),
    max_size=25,
).map(
    lambda rows: [
        Stands(n, amount, at, at + timedelta(minutes=later), due if due is None else NOON + timedelta(days=due))
        for n, (amount, at, later, due) in enumerate(rows, 1)
    ]
)
figures = st.builds(Figures, st.integers(0, 100), st.sampled_from(["submission", "last_word"]))
credits = st.integers(-100, 100)


@given(tickets, figures, figures, credits)
def test_every_ticket_stands_once_before_and_after_and_the_list_is_the_order_that_would_be(
    held: list[Stands], now: Figures, then: Figures, credit: int
) -> None:
    found = moves(held, now, then, credit, HORIZON)
    assert [each.after for each in found] == list(range(1, len(held) + 1))
    assert sorted(each.before for each in found) == list(range(1, len(held) + 1))
    queue = order([each.waiting(then.waits_since) for each in held], then.share, credit, HORIZON)
    assert [each.id for each in found] == [each.id for each in queue]
    assert sum(each.by for each in found) == 0


@given(tickets, figures, credits)
def test_the_same_figures_move_nobody(held: list[Stands], now: Figures, credit: int) -> None:
    assert all(each.by == 0 for each in moves(held, now, now, credit, HORIZON))


def served(paid: int, unpaid: int, share: int, credit: int, *, refills: bool) -> int:
    """Answer the first of the queue again and again, until the newest unpaid one is answered: how many answers it took.
    With `refills` somebody pays after each paid one that is answered."""
    held = [Stands(n, 500, NOON, NOON) for n in range(1, paid + 1)]
    held += [Stands(1000 + n, 0, NOON + timedelta(minutes=n), NOON) for n in range(unpaid + 1)]
    last, answers = 1000 + unpaid, 0
    while True:
        first = order([each.waiting("submission") for each in held], share, credit, HORIZON)[0]
        line = Line.PAID if first.rank_amount else Line.UNPAID
        both = any(t.rank_amount for t in held) and any(not t.rank_amount for t in held)
        credit = credit_after(credit, line, both, share)
        held = [t for t in held if t.id != first.id]
        answers += 1
        if first.id == last:
            return answers
        if refills and line is Line.PAID:
            held.append(Stands(5000 + answers, 500, NOON, NOON))


@given(st.integers(0, 8), st.integers(0, 6), st.integers(10, 100), credits)
def test_a_newcomer_waits_as_long_as_serving_the_queue_takes(paid: int, unpaid: int, share: int, credit: int) -> None:
    wait = newcomer(0, paid, unpaid, share, credit, Fraction(1))
    assert wait.least == served(paid, unpaid, share, credit, refills=False)
    assert wait.most is not None and wait.least <= wait.most
    if paid:
        assert wait.most == served(paid, unpaid, share, credit, refills=True)


def test_who_answers_nothing_foresees_nothing_and_without_a_share_there_is_no_upper_end() -> None:
    assert newcomer(0, 3, 3, 20, 0, Fraction(0)) == Wait(None, None)
    assert newcomer(0, 3, 3, 0, 0, Fraction(2)) == Wait(4, None)
    assert newcomer(2, 3, 3, 100, 0, Fraction(2)) == Wait(3, 3)
