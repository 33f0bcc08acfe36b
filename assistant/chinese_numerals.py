"""Chinese number words in a text, with their digits."""

from __future__ import annotations

import re

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SIMPLIFIED = str.maketrans(
    "兩萬個歲級釐檔層軸號雙隻條張塊時鐘頁顆臺廳頭輪擋歐鎊門", "两万个岁级厘档层轴号双只条张块时钟页颗台厅头轮挡欧镑门"
)
"""Traditional characters beside numbers, one for one."""
_RUN = re.compile(r"[零〇一二两三四五六七八九十百千万]+")
_COUNTED = re.compile(
    r"个|人|口|岁|年级|寸|米|公分|厘米|毫米|斤|公斤|千克|升|毫升|克|层|档|段|模|轴|件|瓶|盒|包|箱|座|位|星(?=以上|级|起|好评|往上)"
    r"|级|门|抽|格|孔|匹|号|码|双|对|只|条|张|块|元|折|天|周|月|年|小时|分钟|次|杯|页|颗|桶|罐|支|根|本|套|台|室|厅|款|把|片|头|轮"
    r"|平|度|瓦|伏|代|成|股|核|排|眼|合一|挡|欧|刀|美元|英镑|日元|[到至~-][一二两三四五六七八九十\d]"
)
_ONE_COUNTED = re.compile(
    r"对|个人|人(?:份|用|位|食|座|间)|年级|岁|段|米|公斤|斤|升|层|档|匹|寸|级|米|小时|年(?!到头|级)|号|百|千|万|室|排|轮|瓶装|盒装|包装|箱装|折|月份"
)
_LEXICAL = re.compile(r"三只松鼠|双十一|双十二|七匹狼|百分之?百|千万别|千万不|万一|一千零一夜|五十铃|三十而已")
_REST = re.compile(r"[一二两三四五六七八九\d][米块]$")
"""Before the tail of 一米八, 两块五."""
_JOINED_AFTER = re.compile(r"\s*[和跟与同或、]\s*(?:[一二三四五六七八九](?![零〇一二两三四五六七八九十百千万])|[1-9](?!\d))")
_JOINED_BEFORE = re.compile(r"(?:(?<![零〇一二两三四五六七八九十百千万])[一二三四五六七八九]|(?<!\d)[1-9])\s*[和跟与同或、]\s*$")
"""Two single numbers side by side count things on a screen: 二跟三."""
_BARE_UNIT = re.compile(r"(?:元|块|以内|以下|左右|上下)")


def numbers_in(text: str) -> list[tuple[int, int, str]]:
    """(start, end, digits) of every number word of `text`; lexical wholes (零添加, 一点, 三只松鼠) stay."""
    text = text.translate(_SIMPLIFIED)
    wholes = [(m.start(), m.end()) for m in _LEXICAL.finditer(text)]
    found: list[tuple[int, int, str]] = []
    for run in _RUN.finditer(text):
        start, end = run.span()
        if any(a <= start < b for a, b in wholes) or (start and text[start - 1] in "0123456789.几"):
            continue
        if start and text[start - 1] in "数好上多" and run.group()[0] in "百千万":
            continue
        digits = _digits(run.group(), text[start - 1 : start], text[end:])
        if not digits and len(run.group()) == 1 and _joined(text, start, end):
            digits = str(_DIGITS.get(run.group(), ""))
        if not digits and set(run.group()) <= set(_DIGITS) and _REST.search(text[:start]):
            digits = "".join(str(_DIGITS[char]) for char in run.group())
        if digits:
            found.append((start, end, digits))
    return found


def _joined(text: str, start: int, end: int) -> bool:
    """True for a single number beside another one."""
    return bool(_JOINED_AFTER.match(text, end) or _JOINED_BEFORE.search(text[max(0, start - 5) : start]))


def _digits(run: str, before: str, after: str) -> str:
    """The digits that stand for `run` between its neighbours; empty when it is no number there."""
    if len(run) == 1:
        return _single(run, before, after)
    if set(run) <= set(_DIGITS):
        return "".join(str(_DIGITS[char]) for char in run) if len(run) >= 4 else ""
    value = _value(run)
    return "" if value is None else str(value)


def _single(char: str, before: str, after: str) -> str:
    if before == "第":
        return str(_DIGITS.get(char, _UNITS.get(char, "")))
    if char in "百千万":
        return str({"百": 100, "千": 1000, "万": 10000}[char]) if _BARE_UNIT.match(after) else ""
    if char == "一":
        if before in {"大", "小"} and after.startswith("号"):
            return ""
        return "1" if before not in {"这", "那", "哪", "每", "同", "统", "另"} and _ONE_COUNTED.match(after) else ""
    if char in "零〇":
        return ""
    return str(_DIGITS.get(char, 10)) if _COUNTED.match(after) else ""


def _value(run: str) -> int | None:
    """The number, 一百二 being 120 and 一千五 1500; None for what is no well-formed number (三四十, 万一)."""
    head, wan, tail = run.rpartition("万")
    if wan:
        high = _below_wan(head)
        if high is None or not tail:
            return None if high is None else high * 10_000
        if len(tail) == 1 and tail in _DIGITS:
            return high * 10_000 + _DIGITS[tail] * 1000
        low = _below_wan(tail)
        return None if low is None else high * 10_000 + low
    return _below_wan(run)


def _below_wan(run: str) -> int | None:
    total, digit, unit = 0, None, 10_000
    zero = False
    for index, char in enumerate(run):
        if char in _UNITS:
            if _UNITS[char] >= unit or (digit is None and not (char == "十" and index == 0)):
                return None
            unit = _UNITS[char]
            total, digit, zero = total + (1 if digit is None else digit) * unit, None, False
        elif char in "零〇":
            if digit is not None or index == 0:
                return None
            zero = True
        elif digit is not None:
            return None
        else:
            digit = _DIGITS[char]
    if digit is None:
        return total or None
    if total and unit > 10 and not zero:
        return total + digit * unit // 10
    return total + digit
