"""Amounts as they are kept, written and typed: whole minor units of any currency, never a float."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.web import i18n
from forum.web.money import decimals_of, minor_units, money, plain
from forum.web.templates import environment

CURRENCIES = ("EUR", "JPY", "KWD", "USD", "CHF", "CLF")


@pytest.mark.parametrize(
    ("amount", "currency", "shown", "file"),
    [
        (5000, "EUR", "€50.00", "50.00"),
        (5, "EUR", "€0.05", "0.05"),
        (0, "EUR", "€0.00", "0.00"),
        (-1250, "EUR", "−€12.50", "-12.50"),
        (-5, "EUR", "−€0.05", "-0.05"),
        (123456, "JPY", "¥123,456", "123456"),
        (-7, "JPY", "−¥7", "-7"),
        (1234567, "KWD", "KWD1,234.567", "1234.567"),
        (9_223_372_036_854_775_807, "EUR", "€92,233,720,368,547,758.07", "92233720368547758.07"),
        (10**24 + 1, "EUR", "€10,000,000,000,000,000,000,000.01", "10000000000000000000000.01"),
    ],
)
def test_an_amount_is_written_exactly(amount: int, currency: str, shown: str, file: str) -> None:
    assert money(amount, currency) == shown
    assert plain(amount, currency) == file


def test_an_amount_is_written_in_the_readers_language() -> None:
    before = i18n.current.set("de")
    try:
        assert money(123450, "EUR") == "1.234,50\u00a0€"
        assert plain(123450, "EUR") == "1234.50", "a file is the same in every language"
    finally:
        i18n.current.reset(before)


def test_currencies_have_as_many_decimals_as_iso_4217_says() -> None:
    assert {currency: decimals_of(currency) for currency in CURRENCIES} == (
        {"EUR": 2, "JPY": 0, "KWD": 3, "USD": 2, "CHF": 2, "CLF": 4}
    )


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("50", "EUR", 5000),
        ("50.00", "EUR", 5000),
        ("50,5", "EUR", 5050),
        ("0.05", "EUR", 5),
        (" 1 234,50 ", "EUR", 123450),
        ("1\u00a0234.50", "EUR", 123450),
        ("1\u202f234,50", "EUR", 123450),
        ("50.500", "EUR", 5050),
        ("007", "EUR", 700),
        ("500", "JPY", 500),
        ("500.0", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("999999999999", "EUR", 99999999999900),
    ],
)
def test_what_a_person_types_is_read(typed: str, currency: str, amount: int) -> None:
    assert minor_units(typed, currency) == amount


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        *[
            (typed, "EUR")
            for typed in ("", " ", ".", ",", "-5", "+5", "1e3", "0x10", "five", "5.", ".5", "5.5.5", "5,5.5")
        ],
        *[
            (typed, "EUR")
            for typed in ("5.001", "1,234", "1.234.567,00", "nan", "inf", "1_000", "٥", "５", "½", "5\n5", "5€")
        ],
        *[(typed, "EUR") for typed in ("9" * 13, "9" * 5000, "5\x00", "5.55555")],
        ("5.5", "JPY"),
        ("1.2345", "KWD"),
    ],
)
def test_what_is_no_amount_or_finer_than_the_currency_is_refused(typed: str, currency: str) -> None:
    assert minor_units(typed, currency) is None


@given(st.integers(0, 10**11), st.sampled_from(CURRENCIES))
def test_what_is_written_plainly_is_read_as_the_same(amount: int, currency: str) -> None:
    assert minor_units(plain(amount, currency), currency) == amount


def test_templates_write_amounts() -> None:
    assert environment.from_string("{{ money(1250, 'EUR') }}").render() == "€12.50"
