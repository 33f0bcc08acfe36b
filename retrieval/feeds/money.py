"""Prices: from what a feed writes to integer minor units, never through a float.

A number is read by its own digits where it has one meaning (`1234.5`, `0.125`), otherwise as price-parser reads it
(`1.234,50 €`). Three-digit groups are thousands except in currencies with three decimals. What is finer than the
minor unit is rounded half up. A range gives its lower end, the price from which the item can be bought.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from babel.numbers import list_currencies
from price_parser import Price

from retrieval.feeds.aliases import words
from retrieval.feeds.rejection import RowRejected
from retrieval.money import exponent, major, money
from retrieval.schema import Money

LARGEST = Decimal(10) ** 13
"""Above it, in whole units, a number is no price."""
SYMBOLS: dict[str, tuple[str, ...]] = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"),
    "US$": ("USD",), "A$": ("AUD",), "AU$": ("AUD",), "C$": ("CAD",), "CA$": ("CAD",), "NZ$": ("NZD",), "S$": ("SGD",),
    "HK$": ("HKD",), "NT$": ("TWD",), "MX$": ("MXN",), "R$": ("BRL",), "€": ("EUR",), "EURO": ("EUR",), "£": ("GBP",),
    "¥": ("CNY", "JPY"), "￥": ("CNY", "JPY"), "CN¥": ("CNY",), "JP¥": ("JPY",), "元": ("CNY", "TWD", "HKD"),
    "圆": ("CNY",), "人民币": ("CNY",), "RMB": ("CNY",), "円": ("JPY",), "₩": ("KRW",), "원": ("KRW",), "₹": ("INR",),
    "RS": ("INR", "PKR", "LKR"), "₽": ("RUB",), "руб": ("RUB",), "₺": ("TRY",), "₴": ("UAH",), "₫": ("VND",),
    "฿": ("THB",), "₪": ("ILS",), "₱": ("PHP",), "zł": ("PLN",), "Kč": ("CZK",), "Ft": ("HUF",),
    "lei": ("RON",), "лв": ("BGN",), "FR": ("CHF",), "kr": ("SEK", "NOK", "DKK", "ISK"),
}
USUAL = frozenset({"$", "元"})
"""Signs whose first currency is meant where the shop's own has not the sign."""
FILLERS = words("""
from only now each per ea approx about price incl inc excl vat tax ab nur ca je stück stk mwst inkl preis à de ttc prix
每件 价格 售价 仅 现价 一口价
""")
"""Words that may stand beside a price."""
FREE = frozenset({"free", "gratis", "kostenlos", "gratuit", "免费"})

_FOLDED_SYMBOLS = {symbol.casefold(): codes for symbol, codes in SYMBOLS.items()}
_PLAIN = re.compile(r"\d+(\.\d+)?([eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_NEGATIVE = re.compile(r"^[^\d]{0,6}[-−]\s?[^\d\s]{0,4}\s?\d|^\(.*\d.*\)$")
_RANGE = re.compile(r"(?P<low>.*\d)\D{0,6}?\s*(?:-|–|—|~|\bto\b|\bbis\b|至|到)\s*(?P<high>\D{0,6}\d.*)")


def currency_code(text: str, column: str = "currency") -> str:
    """The ISO 4217 code that `text` names. Raises RowRejected for one that is not in use anywhere."""
    code = text.strip().upper()
    if code not in list_currencies():
        code = {"RMB": "CNY"}.get(code, "")
    if not code:
        raise RowRejected(column, text, "an ISO 4217 currency code such as USD or CNY", "Correct the currency.")
    return code


def minor_units(amount: Decimal, currency: str, column: str = "price") -> Money:
    """`amount` in whole units (dollars, yuan) as Money. Raises RowRejected when it is negative or no price."""
    if not amount.is_finite() or amount >= LARGEST:
        raise RowRejected(column, str(amount), "a price", "Correct the number.")
    if amount < 0:
        raise RowRejected(column, str(amount), "a price of 0 or more", "Remove the sign, or the row.")
    return money(amount, currency)


def price_of(value: object, currency: str, column: str = "price") -> Money | None:
    """The price that a cell holds, None for an empty one. Raises RowRejected for what is no price.

    A number is in whole units; `{"amount": 1999, "currency": "USD"}` is in minor units; text may name its own currency.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return _from_object(value, currency, column)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return minor_units(Decimal(value), currency, column)
    if not isinstance(value, str):
        raise RowRejected(column, value, "a price", "Write it as 19.99 or 19.99 USD.")
    text = re.sub(r"(?<=\d)['’](?=\d{3})", "", " ".join(value.split()))
    return _from_text(text, currency, column) if text else None


def price_text(price: Money) -> str:
    """`price` as `price_of` reads it again: `19.99 EUR`."""
    return f"{major(price):f} {price.currency}"


def price_in_minor_units(value: object, currency: str, column: str = "price") -> Money | None:
    """The price of a cell that counts cents or fen, None for an empty one."""
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,15}", str(value)):
        raise RowRejected(column, value, "a whole number of minor units, such as 1999", "Write cents, without a point.")
    return Money(int(str(value)), currency)


def _from_object(value: Mapping[str, object], currency: str, column: str) -> Money:
    code = currency_code(str(value.get("currency") or currency))
    price = price_in_minor_units(value.get("amount"), code, column)
    if price is None:
        expected = '{"amount": 1999, "currency": "USD"}, the amount in minor units'
        raise RowRejected(column, value, expected, "Add the amount.")
    return price


@lru_cache(maxsize=4096)
def _from_text(text: str, currency: str, column: str) -> Money:
    cure = "Write it as 19.99 or 19.99 USD, or leave it empty."
    if text.casefold() in FREE:
        return Money(0, currency)
    if _PLAIN.fullmatch(text) and not _GROUPED.fullmatch(text):
        return minor_units(Decimal(text), currency, column)
    if len(text) > 60:
        raise RowRejected(column, text, "a price", cure)
    if _NEGATIVE.search(text):
        raise RowRejected(column, text, "a price of 0 or more", "Remove the sign, or the row.")
    span = _RANGE.fullmatch(text)
    low, high = (span["low"], span["high"]) if span else (text, "")
    digits = Price.fromstring(low).amount_text
    if digits is None or any(map(str.isdigit, low.replace(digits, "", 1))):
        raise RowRejected(column, text, "a price", cure)
    beside = f"{low.replace(digits, ' ', 1)} {re.sub(r'[0-9.,]+', ' ', high)}"
    code = _currency_among(beside, currency, column, text)
    return minor_units(_amount(digits, code), code, column)


def _amount(digits: str, code: str) -> Decimal:
    if _GROUPED.fullmatch(digits) and exponent(code) == 3:
        return Decimal(digits.replace(",", "."))
    if _PLAIN.fullmatch(digits) and not _GROUPED.fullmatch(digits):
        return Decimal(digits)
    amount = Price.fromstring(digits).amount
    return Decimal(0) if amount is None else amount


def _currency_among(beside: str, currency: str, column: str, text: str) -> str:
    """The currency that the words beside a number name; every word must be one of those that stand beside a price."""
    found = ""
    for token in re.split(r"[\s/]+", re.sub("起|约", " ", beside)):
        word = token.strip(".,:;-–—~()*+'’")
        folded = word.casefold()
        if not word or folded in FILLERS:
            continue
        if codes := _FOLDED_SYMBOLS.get(folded):
            if currency not in codes and len(codes) > 1 and word not in USUAL:
                expected = f"a currency code: {word} may be {', '.join(codes)}"
                raise RowRejected(column, text, expected, f"Write {codes[0]}, or set the shop's currency.")
            found = currency if currency in codes else codes[0]
        elif re.fullmatch("[A-Za-z]{3}", word):
            found = currency_code(word, column)
        else:
            raise RowRejected(column, text, "a price", "Write it as 19.99 or 19.99 USD, or leave it empty.")
    return found or currency
