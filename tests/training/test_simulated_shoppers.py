"""What a simulated shopper says next follows from what is wrong with the slate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from assistant.schema import Answer, Profile, Question, Reading, Reply, Turn
from retrieval.schema import Candidate, Item, Money, Pick, Signal, Slate
from training.hidden_tastes import Taste, tastes_of
from training.shopper_words import Said, kind_of, limit_of, opened
from training.simulated_shoppers import (
    LEAST,
    MOST,
    click_chance,
    clicked,
    expected_clicks,
    first_words,
    next_words,
    session_words,
)

from .conftest import made_interactions, made_item, made_items

AT = datetime(2026, 4, 1, tzinfo=UTC)
TASTE: Taste = next(
    replace(taste, avoided=None) for taste in tastes_of(made_interactions(), made_items(), 12, held_back=4, languages=("en",), seed=3)
    if taste.shopper == "shopper-04"
)
REFUSING = replace(TASTE, avoided=Signal("material", "!=", "glass"), spoken={**TASTE.spoken, Signal("material", "!=", "glass"): "glass"})


def turn_with(items: Sequence[Item], question: Question | None = None, kind: str = "recommend") -> Turn:
    slate = Slate(tuple(Pick(Candidate(item, 0.0)) for item in items))
    return Turn("t", "s", 1, "", AT, Reading("recommend", "en"), Profile(), Reply(kind, question=question), slate=slate)  # type: ignore[arg-type]


def says(taste: Taste, said: Sequence[Said], turn: Turn, holds: bool = False) -> Said:
    return next_words(taste, said, turn, lambda item, signal: holds or signal.value in item.values(signal.facet), Random(1))


def told(taste: Taste, *signals: Signal) -> tuple[Said, ...]:
    return (opened(taste, signals, Random(0)),)


def lamp(number: int, dollars: int) -> Item:
    return replace(made_item("Lamps", number), price=Money(dollars * 100, "USD"))


def test_a_question_is_answered_truthfully() -> None:
    """With the answer that holds of what she has in mind, wherever it stands; "no preference" where none does."""
    answers = (Answer("tea", "refine | use~nothing"), Answer("mine", f"refine | {TASTE.wishes[0]}"), Answer("any", "refine | use~any"))
    turn = turn_with([lamp(1, 20)], Question("use", "What is it for?", answers))
    assert says(TASTE, told(TASTE), turn).text == "mine"
    nothing = replace(turn, reply=Reply("recommend", question=Question("use", "?", (answers[0], answers[2]))))
    assert says(TASTE, told(TASTE), nothing).text == "any"


@pytest.mark.parametrize("items", [[], [made_item("Kettles", 1), made_item("Tents", 2)]])
def test_without_her_kind_she_says_the_kind_again(items: list[Item]) -> None:
    """With the limits that she has told, and no others."""
    limit = limit_of(TASTE)
    assert limit is not None
    said = says(TASTE, told(TASTE, limit), turn_with(items))
    assert said.move == "restate" and said.told == (kind_of(TASTE), limit)


def test_a_reply_that_recommends_nothing_is_no_slate() -> None:
    """An answer about an item in place of a slate makes her say the kind again."""
    assert says(TASTE, told(TASTE), turn_with([lamp(1, 20)], kind="answer")).move == "restate"


def test_what_is_too_dear_is_objected_to_once() -> None:
    """The limit, when it is broken and not told; then "cheaper" while all are dearer than her own; never twice."""
    dear, own = lamp(1, 900), lamp(1, 52)
    first = says(TASTE, told(TASTE), turn_with([own, dear]))
    assert first.move == "limit" and first.line == f"refine | price<={TASTE.limit}"
    second = says(TASTE, (*told(TASTE), first), turn_with([own]))
    assert second.move == "cheaper"
    assert says(TASTE, (*told(TASTE), first, second), turn_with([own])).move == "wish"


def test_what_she_refuses_is_objected_to() -> None:
    """Only once an item has it."""
    glass, steel = lamp(1, 20), lamp(3, 20)
    assert says(REFUSING, told(REFUSING), turn_with([glass, steel])).line == "refine | material!=glass"
    assert says(REFUSING, told(REFUSING), turn_with([steel])).move == "wish"


def test_wishes_then_likeness_then_others() -> None:
    """The wish that most items lack first; with all told the best item is gone on from once; then she asks for others."""
    slate = turn_with([lamp(5, 20), lamp(6, 20)])
    said = told(TASTE)
    for _ in TASTE.wishes:
        said = (*said, says(TASTE, said, slate))
    assert {signal for each in said[1:] for signal in each.told} == set(TASTE.wishes)
    after = says(TASTE, said, slate)
    assert after.move == "like" and after.line in ("refine | item=1", "refine | item=2")
    assert says(TASTE, (*said, after), slate).move == "others"


def test_clicks_fall_with_the_place_and_rise_with_the_worth() -> None:
    """The expectation is the mean of the draws, and an item has the same draws in whichever slate it stands."""
    good, bad = TASTE.target, made_item("Kettles", 1)
    assert click_chance(0.0) == LEAST and click_chance(1.0) == MOST
    assert expected_clicks(TASTE, [good, bad]) > expected_clicks(TASTE, [bad, good])
    slate = [bad, good, lamp(6, 20)]
    drawn = [len(clicked(TASTE, slate, f"{n}")) for n in range(4000)]
    assert sum(drawn) / len(drawn) == pytest.approx(expected_clicks(TASTE, slate), abs=0.03)
    alone = [bool(clicked(TASTE, [good], f"{n}")) for n in range(400)]
    first = [good in clicked(TASTE, [good, bad], f"{n}") for n in range(400)]
    assert alone == first


def test_openings_differ_and_sessions_name_the_kind() -> None:
    """Half of the openings name the kind, others the department or neither; who comes back names the kind."""
    kinds = [kind_of(TASTE) in first_words(TASTE, Random(n)).told for n in range(200)]
    assert 0.35 < sum(kinds) / len(kinds) < 0.65
    assert all(kind_of(TASTE) in session_words(TASTE, Random(n)).told for n in range(50))
