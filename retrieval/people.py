"""Whom a gift is for, in the words that labels use: "my mother" is a woman, 闺蜜 too, "my nephew" a child or a boy."""

from __future__ import annotations

import re

from retrieval.text import stems

_WOMEN = ("women", "woman", "ladies", "her", "女士", "女性", "女款")
_MEN = ("men", "man", "gentlemen", "him", "男士", "男性", "男款")
_KIDS = ("kids", "children", "child", "儿童", "孩子", "小孩")
_OLD = ("elderly", "seniors", "老人", "中老年")
_GROUPS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("mother", "mum", "mom", "mummy", "wife", "girlfriend", "gf", "sister", "aunt", "auntie", "fiancee", "daughter-in-law",
         "lady", "girl", "妈妈", "老妈", "妈", "母亲", "老婆", "妻子", "媳妇", "女朋友", "女友", "姐姐", "妹妹", "姐", "闺蜜",
         "阿姨", "女生", "婆婆", "岳母"),
        _WOMEN,
    ),
    **dict.fromkeys(
        ("father", "dad", "daddy", "husband", "hubby", "boyfriend", "bf", "brother", "uncle", "fiance", "guy", "bloke",
         "爸爸", "老爸", "爸", "父亲", "老公", "丈夫",
         "男朋友", "男友", "哥哥", "弟弟", "哥", "叔叔", "男生", "公公", "岳父"),
        _MEN,
    ),
    **dict.fromkeys(("grandmother", "grandma", "granny", "nan", "奶奶", "外婆", "姥姥"), (*_OLD, *_WOMEN)),
    **dict.fromkeys(("grandfather", "grandpa", "grandad", "爷爷", "外公", "姥爷"), (*_OLD, *_MEN)),
    **dict.fromkeys(
        ("son", "daughter", "kid", "child", "children", "niece", "nephew", "grandson", "granddaughter", "grandchild", "toddler",
         "儿子", "女儿", "孩子", "小孩", "小朋友", "娃", "侄子", "侄女", "外甥", "外甥女", "孙子", "孙女", "宝宝"),
        _KIDS,
    ),
}
_AGE = re.compile(
    r"\b(\d{1,2})[\s-]*(?:(?:years?|yrs?)[\s-]*old|yo\b|岁|歲)|\b(\d{1,2})[\s-]*(?:months?[\s-]*old|个月大|個月大)", re.IGNORECASE
)
_GROWN = 13
"""Years from which nobody looks among things for children."""
_HEADS = sorted(_GROUPS, key=len, reverse=True)
_BY_STEM = {stem: head for head in _HEADS if (words := stems(head)) and len(words) == 1 for stem in words}


def labels_for(person: str) -> tuple[str, ...]:
    """The label words for a person named by kinship, or a child by its age: women's words for "my mother", "my bf's mum",
    children's for "a 3 year old"; empty for anybody else."""
    age = _AGE.search(person)
    if age is not None:
        return _KIDS if age.group(2) or int(age.group(1)) < _GROWN else ()
    for stem in reversed(stems(person)):
        if stem in _BY_STEM:
            return _GROUPS[_BY_STEM[stem]]
    return next((_GROUPS[head] for head in _HEADS if not head.isascii() and head in person), ())


def without_ages(text: str) -> str:
    """The text without "3 year old": its words stand in titles for other things."""
    return _AGE.sub(" ", text)


def grown_up(person: str) -> bool:
    """True for a person named by kinship who is no child."""
    labels = labels_for(person)
    return bool(labels) and labels != _KIDS
