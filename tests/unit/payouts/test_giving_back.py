"""Giving back in parts: sums are exact, however it is cut; and what Stripe says goes on, never back."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.outside.stripe import Checkout
from payouts.bumps.paying import Paying, further, later_dispute, paying_of
from payouts.bumps.rules import back_of, price_of

NETS = st.integers(1, 10**9)


@given(net=NETS, tax_rate=st.integers(0, 5000), cuts=st.lists(st.integers(1, 10**9), max_size=8))
def test_parts_give_back_exactly_what_was_paid(net: int, tax_rate: int, cuts: list[int]) -> None:
    price = price_of(net, tax_rate)
    edges = sorted({cut % price.total for cut in cuts} - {0})
    parts = [back_of(price, a, b - a) for a, b in zip([0, *edges], [*edges, price.total], strict=True)]
    assert (sum(p.net for p in parts), sum(p.tax for p in parts), sum(p.fee for p in parts)) == (
        price.net,
        price.tax,
        price.fee,
    )
    # a refund never adds to what is divided, to taxes or to fees
    assert all(p.net >= 0 and p.tax >= 0 and 0 <= p.fee <= p.net for p in parts)


@given(net=NETS, tax_rate=st.integers(0, 5000), amount=st.integers(1, 10**9))
def test_one_part_is_in_proportion_within_a_minor_unit(net: int, tax_rate: int, amount: int) -> None:
    price = price_of(net, tax_rate)
    amount = 1 + amount % price.total
    back = back_of(price, 0, amount)
    assert back.total == amount
    assert abs(back.net * price.total - price.net * amount) <= price.total
    assert abs(back.fee * price.net - price.fee * back.net) <= price.net


@pytest.mark.parametrize(("before", "amount"), [(0, 0), (0, -1), (0, 5951), (5950, 1), (1000, 4951)])
def test_no_more_is_given_back_than_is_left(before: int, amount: int) -> None:
    with pytest.raises(ValueError, match="cannot be given back"):
        back_of(price_of(5000, 1900), before, amount)


@pytest.mark.parametrize(
    ("status", "is_paid", "intent", "state"),
    [
        ("open", False, "", Paying.OPEN),
        ("open", False, "requires_payment_method", Paying.OPEN),
        ("complete", True, "succeeded", Paying.PAID),
        ("complete", False, "processing", Paying.WAITING),
        ("complete", False, "requires_payment_method", Paying.FAILED),
        ("complete", False, "canceled", Paying.FAILED),
        ("expired", False, "", Paying.EXPIRED),
    ],
)
def test_what_stripe_says_of_a_page(status: str, is_paid: bool, intent: str, state: Paying) -> None:
    assert paying_of(Checkout("cs_1", "", status, is_paid, 1, "EUR", {}, intent_status=intent)) is state


def test_states_go_on_in_whatever_order_they_are_heard_of() -> None:
    for life in ([Paying.ASKED, Paying.OPEN, Paying.WAITING, Paying.PAID], [Paying.OPEN, Paying.EXPIRED]):
        for heard in permutations(life):
            state = Paying.ASKED
            for each in heard:
                state = further(state, each)
            assert state is life[-1]
    for first, second in product(("", "needs_response", "under_review"), repeat=2):
        assert later_dispute(later_dispute(first, "won"), second) == "won"
