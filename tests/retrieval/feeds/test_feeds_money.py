"""Prices are exact, whatever a shop writes, and what is no price is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.feeds.money import price_in_minor_units, price_of, price_text
from retrieval.feeds.rejection import RowRejected
from retrieval.money import exponent
from retrieval.schema import Money


@pytest.mark.parametrize(
    ("text", "currency", "amount", "code"),
    [
        ("15.00 USD", "USD", 1500, "USD"),
        ("1.234,50 €", "USD", 123450, "EUR"),
        ("12,5", "EUR", 1250, "EUR"),
        ("¥1,299", "JPY", 1299, "JPY"),
        ("¥ 30", "CNY", 3000, "CNY"),
        ("30元起", "CNY", 3000, "CNY"),
        ("$25.00 - $50.00", "USD", 2500, "USD"),
        ("from $5", "CAD", 500, "CAD"),
        ("A$5", "USD", 500, "AUD"),
        ("1'234.50 CHF", "USD", 123450, "CHF"),
        ("12.345 KWD", "USD", 12345, "KWD"),
        ("19,90 EUR inkl. MwSt.", "USD", 1990, "EUR"),
        ("1,299,000", "JPY", 1299000, "JPY"),
        ("free", "USD", 0, "USD"),
        ("1E+2", "USD", 10000, "USD"),
    ],
)
def test_a_price_text_keeps_every_digit(text: str, currency: str, amount: int, code: str) -> None:
    """Decimal points and commas, signs, codes and ranges are read into minor units of the right currency."""
    assert price_of(text, currency) == Money(amount, code)


@pytest.mark.parametrize(
    "text", ["-5.00", "$-5", "(5.00)", "19.99 XQX", "call us", "3 for 10", "3 mm wide", "1e300", ".box{width:12px}", "x" * 5000 + "1"]
)
def test_what_is_no_price_is_refused(text: str) -> None:
    """A negative amount, an unknown currency and text around a number are no price."""
    with pytest.raises(RowRejected):
        price_of(text, "USD")


def test_a_sign_of_several_currencies_is_not_guessed() -> None:
    """`¥` in a dollar shop may be yuan or yen: the row is refused with the two names."""
    with pytest.raises(RowRejected, match="CNY, JPY"):
        price_of("¥30", "USD")


def test_a_number_is_in_whole_units_and_an_object_in_minor_units() -> None:
    """JSON numbers are dollars, `{"amount"}` is cents, and rounding is half up."""
    assert price_of(Decimal("19.995"), "USD") == Money(2000, "USD")
    assert price_of({"amount": 1999, "currency": "EUR"}, "USD") == Money(1999, "EUR")
    assert price_in_minor_units(2334, "USD") == Money(2334, "USD")
    with pytest.raises(RowRejected):
        price_of(True, "USD")


@given(st.integers(0, 10**12), st.sampled_from(["USD", "CNY", "JPY", "KWD", "CLF", "EUR"]))
def test_a_written_price_is_read_back(amount: int, currency: str) -> None:
    """`price_text` and `price_of` are inverse for every currency's number of decimals."""
    assert price_of(price_text(Money(amount, currency)), "USD") == Money(amount, currency)


@given(st.integers(0, 10**9), st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("", ".")]))
def test_thousands_and_decimals_are_told_apart(cents: int, marks: tuple[str, str]) -> None:
    """Two decimals and any grouping that shops use give the same amount."""
    group, point = marks
    text = f"{cents // 100:,}".replace(",", group) + f"{point}{cents % 100:02}"
    assert price_of(text, "EUR") == Money(cents, "EUR")


@given(st.text(max_size=40))
def test_any_text_gives_a_price_or_a_refusal(text: str) -> None:
    """No text breaks the reader, and no price is negative."""
    try:
        price = price_of(text, "USD")
    except RowRejected:
        return
    assert price is None or (price.amount >= 0 and exponent(price.currency) >= 0)
