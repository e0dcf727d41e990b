"""What a discount takes off a bump: integers, rounded down, gone with what is given back."""

from hypothesis import given
from hypothesis import strategies as st

from payouts.bumps.rules import METHODS, counts_as, entries_of, price_of
from payouts.plans.rules import DISCOUNT_MOST, MOST, discount_of

AMOUNTS = st.integers(1, MOST)
RATES = st.integers(0, DISCOUNT_MOST)


@given(AMOUNTS, RATES, st.integers(0, 5000))
def test_net_and_discount_are_the_price_and_something_is_always_paid(amount: int, rate: int, tax: int) -> None:
    price = price_of(amount, tax, discount_rate=rate)
    assert price.listed == amount and price.net > 0
    assert 0 <= amount * rate - price.discount * 100 < 100, "part of a minor unit is rounded down"
    assert price.total == price.net + price.tax and price.tax == price_of(price.net, tax).tax


@given(AMOUNTS, RATES, st.data())
def test_what_goes_back_takes_its_part_of_the_rank_and_all_of_it_everything(
    amount: int, rate: int, data: st.DataObject
) -> None:
    price = price_of(amount, 0, discount_rate=rate)
    first, second = sorted((data.draw(st.integers(0, price.net)), data.draw(st.integers(0, price.net))))
    assert counts_as(price, 0) == amount and counts_as(price, price.net) == 0
    assert counts_as(price, first) >= counts_as(price, second) >= 0


@given(AMOUNTS, RATES)
def test_the_ledger_knows_what_was_paid_and_nothing_of_the_discount(amount: int, rate: int) -> None:
    price = price_of(amount, 1900, discount_rate=rate)
    entries = entries_of(price, METHODS["offline"], 1)
    assert sum(entry.amount for entry in entries if entry.kind == "income") == -(amount - discount_of(amount, rate))
