"""Figures of readings follow the guideline: sets of folded signals, soft and value variants, hard errors apart."""

import pytest

from assistant.notation import parse
from training.metrics import Case, confusion, hard_errors, score, signal_f1


@pytest.fixture
def case():
    """A case out of two lines."""

    def make(gold, read, language="en"):
        intent, signals = parse(gold)
        read_intent, read_signals = parse(read)
        return Case("x", language, intent, signals, read_intent, read_signals, 5.0)

    return make


def test_plural_article_and_order_do_not_count(case):
    """Values are compared folded, as a set."""
    assert signal_f1([case("recommend | category=running shoe | color~red", "recommend | color~the red | category=running shoes")])[2] == 1


def test_soft_ignores_hardness_and_value_ignores_the_wish_facet(case):
    """The three figures differ by what they forgive."""
    cases = [case("recommend | feature=waterproof | use~camping", "recommend | feature~waterproof | feature~camping")]
    assert [signal_f1(cases, how)[2] for how in ("exact", "soft", "value")] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("gold", "read", "errors"),
    [
        ("recommend | brand!=nike", "recommend | brand=nike", (0, 0, 1)), ("recommend | brand!=nike", "recommend", (1, 0, 0)),
        ("recommend", "recommend | brand!=nike", (0, 1, 0)), ("recommend | price<=50", "recommend | price>=50", (0, 0, 1)),
        ("recommend | color~red", "recommend", (0, 0, 0)), ("recommend | color!=red", "recommend | color~red", (0, 0, 1)),
    ],
)
def test_hard_errors_are_missed_invented_or_turned_round(case, gold, read, errors):
    """A signal that is turned round counts once; a soft one never."""
    found = hard_errors(case(gold, read))
    assert (found.missed, found.invented, found.turned) == errors


def test_the_report_has_its_keys_languages_and_intervals(case):
    """The keys are those of the command, intervals hold the figure, the same seed gives the same report."""
    cases = [case("chat", "chat"), case("recommend | color~red", "refine | color~red", "zh"), case("human", "human", "zh")] * 5
    report = score(cases, resamples=200)
    assert set(report) >= {
        "n", "intent_accuracy", "intent_macro_f1", "signal_precision", "signal_recall", "signal_f1", "signal_f1_soft",
        "signal_f1_value", "hard_errors_per_100", "ms_median", "by_language", "intervals",
    }
    low, high = report["intervals"]["intent_accuracy"]
    assert low <= report["intent_accuracy"] == 0.6667 <= high
    assert set(report["by_language"]) == {"en", "zh"}
    assert score(cases, resamples=200) == report


def test_confusion_counts_each_message_once(case):
    """Rows are what was meant."""
    table = confusion([case("recommend", "refine"), case("chat", "chat")])
    assert table.sum() == 2
    assert table[0, 1] == 1
