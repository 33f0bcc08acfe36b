"""Money to text and back; amounts are integer minor units everywhere else."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision, list_currencies

from retrieval.schema import Money

_LOCALES = {"en": "en_US", "zh": "zh_CN"}


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """How many digits the minor unit has: 2 for USD, 0 for JPY. Raises ValueError for a code that ISO 4217 lacks."""
    if currency not in _codes():
        raise ValueError(f"unknown currency {currency!r}; expected an ISO 4217 code such as USD, EUR or CNY")
    return get_currency_precision(currency)


def money(amount: Decimal | int | str, currency: str) -> Money:
    """`amount` in major units as Money, half a minor unit rounded up."""
    minor = Decimal(amount).scaleb(exponent(currency))
    return Money(int(minor.quantize(Decimal(1), rounding="ROUND_HALF_UP")), currency)


def major(price: Money) -> Decimal:
    """The amount in major units: 12.90 for 1290 cents."""
    return Decimal(price.amount).scaleb(-exponent(price.currency))


def format_money(price: Money, language: str = "en") -> str:
    """The price as a shopper reads it: `$129.00`, `US$129.00`, `¥1,299.00`; a rate-free copy, never a conversion."""
    return str(format_currency(major(price), price.currency, locale=_LOCALES.get(language, "en_US")))


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(list_currencies())
