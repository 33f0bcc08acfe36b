"""Amounts of money in a normalised message: which numbers it can mean, and in which currency."""

from __future__ import annotations

import re

NUMBER = re.compile(r"(?<![\d.])(\d+(?:[.,]\d+)*)(?:\s?(k(?=\d?(?![a-z]))|w(?![a-z])|千|万)(\d)?)?")
_CURRENCIES = {
    "GBP": r"£|\bgbp\b|\bquid\b|\bpounds?\b|英镑",
    "EUR": r"€|\beuros?\b|\beur\b|[欧歐]元?",
    "USD": r"\$|\busd\b|\bdollars?\b|美元|美金|刀",
    "JPY": r"\bjpy\b|\byen\b|日元|日[圆圓]",
    "CNY": r"\bcny\b|\brmb\b|\byuan\b|人民[币幣]",
    "HKD": r"hk\$|\bhkd\b|港[币幣元]",
    "CHF": r"\bchf\b|\bfrancs?\b|瑞郎|瑞士法郎",
    "AUD": r"\baud\b|澳[元币幣]",
    "CAD": r"\bcad\b|加[元币幣]",
    "INR": r"₹|\binr\b|\brupees?\b|卢比",
    "KRW": r"₩|\bkrw\b|\bwon\b|[韩韓]元",
    "SEK": r"\bsek\b|\bkronor\b|瑞典克朗",
    "SGD": r"\bsgd\b|新[币幣]|新加坡元",
    "TWD": r"\btwd\b|[台臺][币幣]",
    "THB": r"฿|\bthb\b|\bbaht\b|泰铢",
}
"""元, 块, 円 and "bucks" name no currency: everybody's own money is called so."""


def amounts(text: str, currency: str | None = None) -> tuple[str, ...]:
    """The amounts that the normalised `text` can mean: each number, with the code of the currency named for it.

    `currency` is the shop's, which is never written; None stands for dollars, in Chinese messages for yuan.
    """
    own = currency or ("CNY" if re.search(r"[一-鿿]", text) else "USD")
    named = {code: pattern for code, pattern in _CURRENCIES.items() if re.search(pattern, text)}
    if "HKD" in named and "hk$" in text:
        named.pop("USD", None)
    found: dict[str, None] = {}
    for match in NUMBER.finditer(text):
        before, after = text[max(0, match.start() - 4) : match.start()], text[match.end() : match.end() + 8]
        beside = [c for c, p in named.items() if re.search(rf"(?:{p})\s*$", before) or re.match(rf"\s*(?:{p})", after)]
        for value in _meanings(match):
            for code in beside or [*named, ""]:
                found.setdefault(value if code in ("", own) else f"{value} {code}")
    return tuple(found)


def place_of(text: str, amount: str) -> tuple[int, int] | None:
    """Where the number stands that means `amount` (`80 GBP`, or `2500` for 2.5k); the last place, None when there is none."""
    wanted = amount.partition(" ")[0]
    places = [match for match in NUMBER.finditer(text) if wanted in _meanings(match)]
    if not places:
        return None
    return places[-1].span(1) if places[-1].group(1) == wanted else places[-1].span()


def thousands(value: str) -> str:
    """`1200` for `1.2k`, `20000` for 2万: a number of thousands and nothing else; empty for any other text."""
    match = NUMBER.fullmatch(value.strip().lower())
    return _meanings(match)[0] if match is not None and match.group(2) else ""


def _meanings(match: re.Match[str]) -> tuple[str, ...]:
    """`2.5k` is 2500, `1k5` 1500, `1w` 10000; without such a letter the number itself."""
    number, scale, rest = match.groups()
    if scale is None:
        return (number,)
    factor = 10_000 if scale in "w万" else 1000
    try:
        value = float(number.replace(",", ".")) * factor + (int(rest) * factor / 10 if rest else 0)
    except ValueError:
        return (number,)
    return f"{value:.10g}", number
