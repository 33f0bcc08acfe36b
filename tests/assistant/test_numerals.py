"""Number words become digits, lexical wholes stay, and every place leads back to what was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.amounts import amounts
from assistant.numerals import normalise


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("under fifty", "under 50"), ("a hundred and twenty", "120"), ("Twenty-five bucks", "25 bucks"), ("fifteen hundred", "1500"),
        ("two hundred and three hundred", "200 and 300"), ("could go to three fifty", "could go to 350"),
        ("order eight eight one two", "order 8812"), ("two or three", "2 or 3"), ("under a grand", "under 1000"),
        ("above a tenner", "above 10"), ("两百块以内", "200块以内"), ("一百二左右", "120左右"), ("一千五以内", "1500以内"),
        ("一百五到二百五", "150到250"), ("两万以内", "20000以内"), ("三个人", "3个人"), ("三模", "3模"), ("第二个", "第2个"),
        ("百元左右", "100元左右"), ("八十多岁", "80多岁"), ("四星以上", "4星以上"), ("最多三千", "最多3000"),
        ("二跟三哪个噪音小", "2跟3哪个噪音小"), ("1和三比一下", "1和3比一下"), ("一、二、三都不错", "1、2、3都不错"),
        ("一和十五", "一和15"), ("兩千以內", "2000以內"), ("一萬二", "12000"), ("兩個人", "2個人"), ("三雙襪子", "3雙襪子"),
    ],
)
def test_number_words_become_digits(typed, read):
    """Both languages' number words are written as digits."""
    assert normalise(typed).text == read


@pytest.mark.parametrize(
    "typed", ["one handed", "this one", "no one", "a grand piano", "一点", "一下", "一些", "零添加", "三星手机", "五仁", "九阳", "三四十个", "三脚架", "万一", "三跟单鞋", "一和都好", "萬一", "千萬別買"],
)
def test_lexical_wholes_stay(typed):
    """A word that only looks like a number is left alone."""
    assert normalise(typed).text == typed


@given(st.text(max_size=60))
def test_every_place_leads_back(typed):
    """Whatever is typed, the map covers the text in order and ends inside the original."""
    found = normalise(typed)
    assert len(found.starts) == len(found.ends) == len(found.text)
    assert list(found.starts) == sorted(found.starts)
    assert found.span(0, len(found.text)) == typed


def test_a_value_is_traced_to_the_typed_words():
    """The span of a number is the word it was typed as."""
    found = normalise("Boots under Fifty pounds, 2.5k max")
    assert found.find("50 GBP") == "Fifty"
    assert found.find("boots") == "Boots"
    assert found.find("2500") == "2.5k"
    assert found.find("sandals") == ""


@pytest.mark.parametrize(
    ("text", "currency", "meant"),
    [
        ("under £80", None, ("80 GBP",)), ("under £80", "GBP", ("80",)), ("under $80", None, ("80",)), ("max 80", None, ("80",)),
        ("between 15 and 25 euros", None, ("15 EUR", "15", "25 EUR")), ("2.5k max", None, ("2500", "2.5")),
        ("50美元以下", None, ("50 USD",)), ("500元", None, ("500",)), ("1w以内", None, ("10000", "1")), ("1k5以内", None, ("1500", "1")),
        ("2000台幣", None, ("2000 TWD",)), ("50歐元", None, ("50 EUR",)),
    ],
)
def test_an_amount_keeps_the_currency_named_for_it(text, currency, meant):
    """The shop's own currency is never written, another one always."""
    assert amounts(text, currency) == meant
