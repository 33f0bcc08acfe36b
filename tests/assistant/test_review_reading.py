"""A review becomes a rating and aspects with verbatim quotes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import GenerationError
from assistant.language.bulk import Written
from assistant.language.constraint import matches
from assistant.language.scripted import ScriptedModel
from assistant.notation import format_review, parse_review
from assistant.review_reading import plain_review, read_reviews, review_grammar, review_reading

TEXT = 'Crisp highs, and "deep" bass. Died after two hours! 面料很舒服，就是尺码偏小'


@pytest.mark.parametrize(
    "line",
    ["rating=4", 'rating=4 | sound quality~crisp "Crisp highs"', "rating=3 | bass~deep \"'deep' bass\" | battery!~died \"Died after two hours\"",
     'rating=4 | 尺码!~偏小 "尺码偏小"'],
)
def test_what_may_be_written(line: str) -> None:
    """A rating, then aspects whose quotes stand in the review."""
    assert matches(review_grammar(plain_review(TEXT)), line)


@pytest.mark.parametrize(
    "line", ["rating=6", 'rating=4 | a~b ""', 'rating=4 | a~b " deep"', 'rating=4 | a~b "deep highs"', 'rating=4 | a~b "never"', "chat"]
)
def test_what_can_not_be_written(line: str) -> None:
    """No other rating, and no quote that does not stand in the review."""
    assert not matches(review_grammar(plain_review(TEXT)), line)


def test_a_quote_is_given_back_as_it_was_typed() -> None:
    """The model sees plain characters; the quote is cut out of the review itself."""
    reading = review_reading(Written("rating=3 | bass~deep \"and 'deep' bass\"", {}), TEXT)
    assert reading.aspects[0].span == 'and "deep" bass'
    assert (reading.rating, reading.expected, reading.sentiment) == (3, 3.0, (0.0, 1.0, 0.0))


def test_the_rating_is_a_mean_over_its_tokens() -> None:
    """The shares of the five digits give the expected rating and the sentiment."""
    shares = {"1": 0.1, "2": 0.1, "3": 0.2, "4": 0.2, "5": 0.4}
    reading = review_reading(Written("rating=5", shares), TEXT)
    assert reading.expected == pytest.approx(3.7)
    assert reading.sentiment == pytest.approx((0.2, 0.2, 0.6))


def test_a_line_that_was_cut_off_keeps_its_whole_aspects() -> None:
    """What was written before the cut counts; a line without a rating is an error that says why."""
    cut = Written('rating=2 | sound~crisp "Crisp highs" | batt', {}, "the answer was cut off at 9 tokens")
    assert [each.facet for each in review_reading(cut, TEXT).aspects] == ["sound"]
    with pytest.raises(GenerationError, match="cut off"):
        review_reading(Written("", {}, "the answer was cut off at 0 tokens"), TEXT)


def test_an_aspect_is_named_by_its_quote() -> None:
    """An opinion whose quote has neither its name nor its word is left out."""
    line = 'rating=4 | price!~high "Crisp highs" | battery!~dead "Died after two hours" | 尺码!~偏小 "尺码偏小"'
    assert [each.facet for each in review_reading(Written(line, {}), TEXT).aspects] == ["price", "尺码"]


def test_a_quote_that_says_the_opposite_is_left_out() -> None:
    """Each quote is read once more by itself; praise in negative words and complaint in positive ones do not stay."""
    whole = 'rating=3 | highs~crisp "Crisp highs" | hours~died "Died after two hours" | 面料!~舒服 "面料很舒服"'
    said = {TEXT: whole, "Crisp highs": "rating=5", "Died after two hours": "rating=1", "面料很舒服": "rating=5"}
    answers = {f"review: {plain_review(text)}": line for text, line in said.items()}
    [(place, reading)] = read_reviews([TEXT], ScriptedModel(answers))
    assert place == 0
    assert [str(each) for each in reading.aspects] == ["highs~crisp"]


def test_nothing_is_said_twice() -> None:
    """A second opinion on the same aspect, and one that rests on the same words, are left out."""
    line = 'rating=4 | highs~crisp "Crisp highs" | highs!~deep "deep" | treble~crisp "Crisp" | battery!~died "Died after two hours"'
    assert [each.facet for each in review_reading(Written(line, {}), TEXT).aspects] == ["highs", "battery"]


@given(st.text(max_size=1500))
def test_any_review_has_a_grammar(text: str) -> None:
    """Whatever a review holds, its rating can be read, and what is shown of it is one line that fits."""
    plain = plain_review(text)
    assert '"' not in plain and "\n" not in plain and "|" not in plain
    assert len(plain) <= 730
    assert matches(review_grammar(plain), "rating=3")


_WORDS = st.from_regex(r"[a-z]{1,8}( [a-z]{1,8})?", fullmatch=True)


@given(st.integers(1, 5), st.lists(st.tuples(_WORDS, st.sampled_from(["~", "!~"]), _WORDS, _WORDS), max_size=5))
def test_a_line_survives_the_round_trip(rating: int, aspects: list[tuple[str, str, str, str]]) -> None:
    """What is written as notation is read back as the same rating and aspects."""
    line = " | ".join([f"rating={rating}", *(f'{name}{op}{word} "{quote}"' for name, op, word, quote in aspects)])
    found, signals = parse_review(line)
    assert format_review(found, signals) == line
