"""The order of the queue against a slow, obvious model written literally from product.md, "The queue"."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from categories.support.rules import (
    Line,
    Reason,
    Waiting,
    counts_from,
    credit_after,
    last_paid,
    line_of,
    order,
    position,
    position_paid,
    position_unpaid,
    reason,
    unpaid_within,
    window,
)

NOON = datetime(2025, 3, 5, 12, tzinfo=UTC)
HORIZON = datetime(2025, 3, 6, tzinfo=UTC)
SHARES = (0, 20, 50, 100)

counts = st.integers(0, 60)
shares = st.sampled_from(SHARES) | st.integers(0, 100)
credits = st.integers(-100, 100)


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    """Waiting tickets with many ties: few amounts, few moments, some guarantees."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 0, 0, 500, 5000, 10**12]),
                st.integers(0, 5).map(lambda hours: NOON - timedelta(hours=hours)),
                st.sampled_from([None, None, None, -30, 0, 12, 13, 100]),
            ),
            max_size=40,
        )
    )
    tickets = [
        Waiting(number, amount, since, None if due is None else NOON + timedelta(hours=due))
        for number, (amount, since, due) in enumerate(rows)
    ]
    return draw(st.permutations(tickets))


def model(tickets: list[Waiting], share: int, credit: int) -> list[Waiting]:
    """Rules 1, 3 and 4, word by word: put the unpaid ones on their slots, fill the others with paid ones."""
    due = [t for t in tickets if t.due_at is not None and t.due_at <= HORIZON]
    rest = [t for t in tickets if t not in due]
    unpaid = [t for t in rest if t.rank_amount == 0]
    paid = [t for t in rest if t.rank_amount > 0]
    for line in (due, paid, unpaid):  # "ties by waiting_since, oldest first; then by id"
        line.sort(key=lambda t: t.id)
        line.sort(key=lambda t: t.waiting_since)
    due.sort(key=lambda t: t.due_at or HORIZON)
    paid.sort(key=lambda t: -t.rank_amount)
    if share == 0:
        return due + paid + unpaid
    if share == 100:
        return due + unpaid + paid
    slot_of: dict[int, Waiting] = {}
    previous = 0
    for j, ticket in enumerate(unpaid, start=1):
        previous = max(previous + 1, ceil(Fraction(100 * j - credit, share)))
        slot_of[previous] = ticket
    queue: list[Waiting] = []
    slot = 0
    while paid or slot_of:
        slot += 1
        if slot in slot_of:
            queue.append(slot_of.pop(slot))
        elif paid:
            queue.append(paid.pop(0))
        else:  # "or earlier when the paid line runs dry"
            queue.append(slot_of.pop(min(slot_of)))
    return due + queue


def made(paid: int, unpaid: int, due: int = 0) -> list[Waiting]:
    """So many tickets in each line, none tied."""
    at = [NOON - timedelta(days=30) + timedelta(minutes=n) for n in range(paid + unpaid + due)]
    return (
        [Waiting(1000 + n, 100, at[n]) for n in range(paid)]
        + [Waiting(2000 + n, 0, at[paid + n]) for n in range(unpaid)]
        + [Waiting(3000 + n, 0, at[paid + unpaid + n], NOON) for n in range(due)]
    )


@given(queues(), shares, credits)
def test_order_is_the_models(tickets: list[Waiting], share: int, credit: int) -> None:
    assert order(tickets, share, credit, HORIZON) == model(tickets, share, credit)


@given(queues(), shares, credits, st.randoms())
def test_order_is_strict_deterministic_and_loses_nobody(
    tickets: list[Waiting], share: int, credit: int, random: object
) -> None:
    queue = order(tickets, share, credit, HORIZON)
    assert sorted(t.id for t in queue) == sorted(t.id for t in tickets)
    random.shuffle(tickets)  # type: ignore[attr-defined]
    assert order(tickets, share, credit, HORIZON) == queue
    for line in (Line.PAID, Line.UNPAID):  # within its line nobody is overtaken
        keys = [(-t.rank_amount, t.waiting_since, t.id) for t in queue if line_of(t, HORIZON) is line]
        assert keys == sorted(set(keys))


@given(queues(), shares, credits)
def test_position_from_counts_is_the_place_in_the_order(tickets: list[Waiting], share: int, credit: int) -> None:
    queue = order(tickets, share, credit, HORIZON)
    lines = [line_of(t, HORIZON) for t in queue]
    due, paid, unpaid = (lines.count(line) for line in (Line.DUE, Line.PAID, Line.UNPAID))
    seen = dict.fromkeys(Line, 0)
    for place, line in enumerate(lines, start=1):
        seen[line] += 1
        assert position(line, seen[line], due, paid, unpaid, share, credit) == place


@given(counts, counts, st.integers(0, 5), shares, credits)
@example(paid=1, unpaid=1, due=0, share=0, credit=100)
@example(paid=1, unpaid=1, due=0, share=100, credit=-100)
def test_the_lines_fill_every_slot_once(paid: int, unpaid: int, due: int, share: int, credit: int) -> None:
    places = [position_paid(k, due, unpaid, share, credit) for k in range(1, paid + 1)]
    places += [position_unpaid(j, due, paid, share, credit) for j in range(1, unpaid + 1)]
    assert sorted(places) == list(range(due + 1, due + paid + unpaid + 1))


@given(counts, counts, shares, credits, st.integers(0, 120))
def test_unpaid_within_counts_what_stands_there(paid: int, unpaid: int, share: int, credit: int, slots: int) -> None:
    slots = min(slots, paid + unpaid)
    standing = [position_unpaid(j, 0, paid, share, credit) for j in range(1, unpaid + 1)]
    assert unpaid_within(slots, paid, unpaid, share, credit) == sum(place <= slots for place in standing)


@given(queues(), shares, credits, st.integers(1, 45), st.integers(0, 20))
def test_window_names_the_ranks_that_stand_there(
    tickets: list[Waiting], share: int, credit: int, first: int, size: int
) -> None:
    queue = order(tickets, share, credit, HORIZON)
    ranked: dict[Line, list[Waiting]] = {line: [] for line in Line}
    for ticket in queue:
        ranked[line_of(ticket, HORIZON)].append(ticket)
    due, paid, unpaid = (len(ranked[line]) for line in (Line.DUE, Line.PAID, Line.UNPAID))
    shown = window(first, first + size - 1, due, paid, unpaid, share, credit)
    found: set[Waiting] = set()
    for line, (low, high) in zip(
        (Line.DUE, Line.PAID, Line.UNPAID), (shown.due, shown.paid, shown.unpaid), strict=True
    ):
        assert low >= 1
        assert high <= len(ranked[line])
        found.update(ranked[line][low - 1 : max(high, low - 1)])
    assert found == set(queue[first - 1 : first - 1 + size])


def test_unpaid_ticket_is_fifth_when_four_paid_wait() -> None:
    queue = order(made(paid=9, unpaid=3), 20, 0, HORIZON)
    assert [place for place, t in enumerate(queue, 1) if not t.rank_amount] == [5, 10, 12]


def test_tie_in_amount_goes_to_the_older_wait_then_to_the_lower_id() -> None:
    older = Waiting(9, 500, NOON - timedelta(hours=1))
    twins = [Waiting(2, 500, NOON), Waiting(1, 500, NOON)]
    richer = Waiting(10, 501, NOON)
    assert [t.id for t in order([*twins, older, richer], 20, 0, HORIZON)] == [10, 9, 1, 2]


def test_guarantee_by_itself_leaves_a_ticket_unpaid_until_it_is_due() -> None:
    ticket = Waiting(1, 0, NOON, HORIZON + timedelta(microseconds=1))
    assert line_of(ticket, HORIZON) is Line.UNPAID
    assert line_of(ticket, HORIZON + timedelta(microseconds=1)) is Line.DUE


@pytest.mark.parametrize(
    ("credit", "line", "both", "share", "after"),
    [
        (0, Line.PAID, True, 20, 20),
        (80, Line.UNPAID, True, 20, 0),
        (0, Line.UNPAID, True, 20, -80),
        (-80, Line.UNPAID, True, 20, -100),
        (90, Line.PAID, True, 20, 100),
        (0, Line.PAID, False, 20, 0),
        (40, Line.UNPAID, False, 20, 40),
        (40, Line.DUE, True, 20, 40),
        (10, Line.PAID, True, 0, 10),
        (10, Line.UNPAID, True, 100, 10),
    ],
)
def test_credit_after_a_team_answer(credit: int, line: Line, both: bool, share: int, after: int) -> None:
    assert credit_after(credit, line, both, share) == after


@pytest.mark.parametrize(("share", "credit"), [(-1, 0), (101, 0), (20, 101), (20, -101)])
def test_figures_out_of_bounds_are_refused(share: int, credit: int) -> None:
    attempts: list[Callable[[], int]] = [
        lambda: position_paid(1, 0, 1, share, credit),
        lambda: position_unpaid(1, 0, 1, share, credit),
        lambda: unpaid_within(1, 1, 1, share, credit),
        lambda: credit_after(credit, Line.PAID, True, share),
    ]
    for attempt in attempts:
        with pytest.raises(ValueError, match="out of bounds"):
            attempt()


@given(counts, counts, shares, credits)
def test_answer_in_queue_order_moves_everybody_else_up_by_one(paid: int, unpaid: int, share: int, credit: int) -> None:
    """So nobody's position rises because the team does as the queue says."""
    tickets = made(paid, unpaid)
    queue = order(tickets, share, credit, HORIZON)
    if not queue:
        return
    after = credit_after(credit, line_of(queue[0], HORIZON), bool(paid and unpaid), share)
    assert order(queue[1:], share, after, HORIZON) == queue[1:]


HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.just(0)),
        st.tuples(st.just("answer"), st.just(0)),
        st.tuples(st.sampled_from(["paid", "unpaid", "due"]), st.just(0)),
        st.tuples(st.just("volunteer"), st.integers(0, 30)),
    ),
    max_size=120,
)


@given(counts, counts, st.sampled_from(SHARES), credits, HAPPENINGS)
def test_share_is_kept_over_any_answers_in_queue_order(
    paid: int, unpaid: int, share: int, credit: int, happenings: list[tuple[str, int]]
) -> None:
    """Arrivals, guarantees and volunteers in between; every stretch of answers keeps the bound."""
    queue = made(paid, unpaid)
    new = 5000
    unpaid_turns: list[bool] = []  # answers out of the lines with both waiting
    for what, which in happenings:
        new += 1
        before = credit
        queue = order(queue, share, credit, HORIZON)
        lines = [line_of(t, HORIZON) for t in queue]
        if what == "paid":
            queue.append(Waiting(new, new, NOON + timedelta(seconds=new)))
        elif what == "unpaid":
            queue.append(Waiting(new, 0, NOON + timedelta(seconds=new)))
        elif what == "due":
            queue.append(Waiting(new, 0, NOON + timedelta(seconds=new), NOON))
        elif what == "volunteer" and which < len(queue):
            del queue[which]  # accepted without the team: `credit_after` is not asked
        elif what == "answer" and queue:
            both = Line.PAID in lines and Line.UNPAID in lines
            credit = credit_after(credit, lines[0], both, share)
            del queue[0]
            if both and lines[0] is not Line.DUE:
                unpaid_turns.append(lines[0] is Line.UNPAID)
            else:
                assert credit == before
    total = [0]
    for turn in unpaid_turns:
        total.append(total[-1] + turn)
    for start in range(len(unpaid_turns)):
        for end in range(start + 1, len(unpaid_turns) + 1):
            assert total[end] - total[start] >= (end - start) * share // 100 - 1


@given(counts, counts, counts, shares, credits)
def test_an_unpaid_ticket_stands_before_the_last_paid_one_where_one_follows_it(
    due: int, paid: int, unpaid: int, share: int, credit: int
) -> None:
    queue = order(made(paid, unpaid), share, credit, HORIZON)
    for place, ticket in enumerate(queue, start=1):
        if line_of(ticket, HORIZON) is Line.UNPAID:
            follows = any(line_of(each, HORIZON) is Line.PAID for each in queue[place:])
            assert (due + place < last_paid(due, paid, unpaid, share, credit)) is follows


@pytest.mark.parametrize(("share", "turns", "out_of"), [(20, 1, 5), (30, 3, 10), (0, 0, 1), (100, 1, 1)])
def test_unpaid_ticket_is_told_how_often_its_line_has_its_turn(share: int, turns: int, out_of: int) -> None:
    assert reason(Waiting(1, 0, NOON), share, HORIZON) == Reason(Line.UNPAID, turns=turns, out_of=out_of)


def test_due_and_paid_tickets_are_told_the_time_and_the_amount() -> None:
    assert reason(Waiting(1, 700, NOON, NOON), 20, HORIZON) == Reason(Line.DUE, due_at=NOON)
    assert reason(Waiting(1, 700, NOON), 20, HORIZON) == Reason(Line.PAID, rank_amount=700)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0, 0, 0, 1, 3, 20])), min_size=1, max_size=20),
    st.sampled_from([0, 500]),
)
def test_a_head_start_passes_only_who_came_shortly_before_and_never_reorders_equals(
    asked: list[tuple[int, int]], amount: int
) -> None:
    began = {n: NOON + timedelta(days=day, seconds=n) for n, (day, _head) in enumerate(asked)}
    heads = {n: head for n, (_day, head) in enumerate(asked)}
    queue = order([Waiting(n, amount, counts_from(began[n], heads[n])) for n in began], 20, 0, NOON)
    for place, one in enumerate(queue):
        for other in queue[place + 1 :]:
            later = began[one.id] - began[other.id]
            assert later <= timedelta(days=max(heads[one.id] - heads[other.id], 0)), (
                "nobody is passed by more than that"
            )
            assert one.rank_amount == other.rank_amount == amount
