"""The router's confidence is calibrated on held-out folds, and its threshold is chosen there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.embedding.hashing_embedder import HashingEmbedder
from training.evaluate_service import evaluate_service
from training.intent_router import best_temperature, best_threshold, fit_router, softmax
from training.text_tables import OUTSIDE, Asked, TooFewRows

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)
ASKED = {
    "track": ["where is my parcel {}", "track parcel {}", "has my parcel {} left", "when does parcel {} come"],
    "refund": ["i want my money back for {}", "refund {} please", "money for {} has not come back", "when is {} refunded"],
    "cancel": ["cancel {}", "please stop the purchase of {}", "i do not want {} any more, cancel", "undo my purchase of {}"],
}
FOREIGN = ["who won the cup final", "how tall is mount everest", "play some jazz", "is it going to rain", "tell a joke", "what is seven times six"]


def _questions(first, last):
    rows = [(form.format(f"a{n}"), name) for name, forms in ASKED.items() for form in forms for n in range(first, last)]
    return [Asked(number, text, name) for number, (text, name) in enumerate(rows)]


@given(SHARES, SHARES)
def test_the_threshold_beats_refusing_nothing_and_refusing_all(inside, outside):
    """(foreign refused - others refused) is at least 0, what both of these give."""
    threshold = best_threshold(inside, outside)
    assert (outside < threshold).mean() - (inside < threshold).mean() >= 0


@given(SHARES)
def test_without_foreign_questions_hardly_one_is_refused(inside):
    """At most 2 % of those that it was chosen on, or the single lowest."""
    refused = int((inside < best_threshold(inside, np.array([]))).sum())
    assert refused <= max(1, 0.02 * len(inside) + 1)


def test_scores_that_are_too_sure_are_cooled():
    """A model right in 6 of 10 that says 99 % gets a temperature that says about 60 %."""
    scores = np.array([[5.0, 0.0]] * 10)
    temperature = best_temperature(scores, np.array([0] * 6 + [1] * 4))
    assert softmax(scores / temperature)[0, 0] == pytest.approx(0.73, abs=0.03)  # 5 is the highest temperature
    assert best_temperature(scores, np.array([0] * 10)) < 1


def test_classes_that_a_fold_has_not_seen_do_no_harm():
    """One question of an intent is enough for a router that knows it."""
    features = np.eye(7)
    router = fit_router(features, ["a", "a", "a", "b", "b", "b", "c"])
    likeliest, confidence = router.answer(features)
    assert likeliest[0] == "a"
    assert ((confidence > 0) & (confidence <= 1)).all()


def test_foreign_questions_are_refused_and_baselines_stand_beside():
    """All keys of the command; most foreign questions are caught, most others kept."""
    train = [*_questions(0, 5), *(Asked(900 + n, text, OUTSIDE) for n, text in enumerate(FOREIGN[:3]))]
    rows = [*_questions(5, 7), *(Asked(950 + n, text, OUTSIDE) for n, text in enumerate(FOREIGN[3:]))]
    report = evaluate_service(train, rows, HashingEmbedder(), baselines=True)
    assert report["n"] == 27
    assert report["oos_recall"] >= 0.6
    assert report["oos_false_refusal"] <= 0.2
    assert set(report["intervals"]) == {"accuracy", "macro_f1", "in_scope_accuracy", "oos_recall", "oos_false_refusal", "ece", "oos_auroc"}
    assert report["oos_auroc"] > 0.8 and 0 <= report["ece"] <= 1
    assert set(report["baselines"]) == {"tfidf_logistic", "embedder_logistic"}


def test_without_foreign_questions_every_question_gets_its_intent(tmp_path):
    """A refusal is not counted against the accuracy; predictions are written."""
    report = evaluate_service(_questions(0, 4), _questions(4, 6), HashingEmbedder(), predictions=tmp_path / "p.jsonl")
    assert report["accuracy"] == report["in_scope_accuracy"] >= 0.9
    assert report["oos_recall"] is None
    assert '"oos"' not in (tmp_path / "p.jsonl").read_text()


def test_one_intent_is_nothing_to_learn():
    """The message says how many were found."""
    with pytest.raises(TooFewRows, match="found 1 intents"):
        evaluate_service([Asked(1, "hello", "a")], [Asked(1, "hello", "a")], HashingEmbedder())
