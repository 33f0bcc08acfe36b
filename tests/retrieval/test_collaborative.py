"""The collaborative score: what it learns, its visible parts, and what it makes of bad input."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import sparse

from retrieval.collaborative import PARTS, CollaborativeSettings
from retrieval.companions import CompanionSettings, companions, lenders, strongest
from retrieval.histories import histories_of
from retrieval.part_weights import fit_collaborative
from retrieval.schema import Interaction

START = datetime(2026, 1, 1, tzinfo=UTC)
IDS = tuple("abcdefgh")


def bought(shopper: str, items: str, kind: str = "purchase") -> list[Interaction]:
    return [Interaction(shopper, item, kind, START + timedelta(hours=hour)) for hour, item in enumerate(items)]  # type: ignore[arg-type]


def two_tastes(shoppers: int = 30) -> list[Interaction]:
    """Half of the shoppers choose among a to d, half among e to g; nobody chooses h."""
    chance = np.random.default_rng(0)
    log: list[Interaction] = []
    for number in range(shoppers):
        items = list("abcd" if number % 2 else "efg")
        chance.shuffle(items)
        log += bought(f"s{number}", "".join(items))
    return log


def words() -> np.ndarray:
    """h reads like e to g, and a to d like each other."""
    vectors = np.array([[1.0, 0.1]] * 4 + [[0.1, 1.0]] * 4, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_history_leads_to_what_its_like_chose() -> None:
    """Who bought a is shown b to d before e to g."""
    scores = fit_collaborative(IDS, two_tastes()).scores(bought("new", "a")).scores
    assert scores[1:4].min() > scores[4:].max()


def test_the_parts_add_up_to_the_score() -> None:
    """The share of every part in a score can be told."""
    found = fit_collaborative(IDS, two_tastes(), words()).scores(bought("new", "ab"))
    assert set(found.parts) == set(PARTS)
    assert np.allclose(sum(found.parts.values()), found.scores)


def test_an_item_nobody_chose_is_found_by_its_words_and_only_by_them() -> None:
    """h scores 0 without words, and with them more for those who choose what reads like it."""
    settings = CollaborativeSettings(weights=(0.4, 0.2, 0.2, 0.2))
    silent = fit_collaborative(IDS, two_tastes(), settings=settings, learn=False)
    told = fit_collaborative(IDS, two_tastes(), words(), settings, learn=False)
    assert silent.scores(bought("new", "e")).scores[7] == 0.0
    assert told.scores(bought("new", "e")).scores[7] > told.scores(bought("new", "a")).scores[7]


def test_an_item_nobody_chose_trusts_its_words_and_its_lenders_alike() -> None:
    """What `lent` and `words` are worth together is shared equally where there are no choices, and as learnt where there are."""
    settings = CollaborativeSettings(weights=(0.5, 0.0, 0.4, 0.1))
    model = fit_collaborative(IDS, two_tastes(), words(), settings, learn=False)
    raw = model.parts(np.array([4]), np.ones(1, dtype=np.float32))
    weighted = model.affinity(np.array([4]), np.ones(1, dtype=np.float32)).parts
    assert weighted["lent"][7] == pytest.approx(0.2 * raw["lent"][7])
    assert weighted["words"][7] == pytest.approx(0.2 * raw["words"][7])
    assert (weighted["lent"][5], weighted["words"][5]) == pytest.approx((0.0, 0.4 * raw["words"][5]))


def test_wishes_stand_in_for_a_history_until_there_is_one() -> None:
    """A shopper without a history who wishes for e and f is led to g; after many choices among a to d to those."""
    model = fit_collaborative(IDS, two_tastes(), learn=False)
    wished = np.array([4, 5])
    assert model.scores((), wished).scores[6] > model.scores((), wished).scores[:4].max()
    later = model.scores(bought("new", "abcabcabc"), wished).scores
    assert later[3] > later[6]


def test_without_history_and_wishes_only_the_trend_speaks() -> None:
    """A stranger gets what is chosen lately."""
    assert set(fit_collaborative(IDS, two_tastes()).scores(()).parts) == {"trend"}


def test_a_disliked_item_speaks_against_its_companions() -> None:
    """Who dislikes a scores b lower than who knows nothing."""
    model = fit_collaborative(IDS, two_tastes(), learn=False)
    assert model.scores(bought("new", "a", "dislike")).scores[1] < model.scores(()).scores[1]


def test_alike_items_are_those_chosen_together() -> None:
    """Item to item: b to d go with a, nothing goes with itself or with an item that nobody chose."""
    model = fit_collaborative(IDS, two_tastes())
    alike = model.alike(0)
    assert alike[1:4].min() > 0 == alike[4:].max() == alike[0]
    assert not model.alike(7).any()


def test_the_same_interactions_give_the_same_scores() -> None:
    """Learning by a seed is repeatable to the last bit."""
    first, second = (fit_collaborative(IDS, two_tastes(100), words(), seed=3).scores(bought("new", "ab")).scores for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_weights_are_learnt_from_what_was_chosen_next() -> None:
    """Where companions tell the next choice, they get most of the weight; the weights add up to one."""
    settings = fit_collaborative(IDS, two_tastes(200), words()).settings
    assert sum(settings.weights) == pytest.approx(1.0)
    assert settings.shares["near"] + settings.shares["lent"] + settings.shares["words"] > settings.shares["trend"]


@pytest.mark.parametrize(
    "log", [[], bought("x", "a"), bought("x", "zz"), bought("x", "a", "dislike"), [Interaction("x", "a", "rating", START, float("nan"))]],
    ids=["no interactions", "one", "unknown items", "dislikes only", "a rating that is no number"],
)
def test_poor_logs_give_finite_scores(log: list[Interaction]) -> None:
    """However little is known, scores are numbers, and zeros where nothing is."""
    model = fit_collaborative(IDS, log, words())
    scores = model.scores(bought("new", "ab")).scores
    assert np.isfinite(scores).all()
    assert np.isfinite(model.alike(0)).all()
    if not log:
        assert not fit_collaborative(IDS, log).scores(()).scores.any()


def test_one_item_and_no_item() -> None:
    """The smallest shops are served."""
    assert fit_collaborative(("a",), bought("x", "a")).scores(bought("y", "a")).scores.shape == (1,)
    assert fit_collaborative((), bought("x", "a")).scores(()).scores.shape == (0,)


def test_a_shopper_with_ten_thousand_events_counts_by_the_newest() -> None:
    """Old events beyond the memory change nothing."""
    model = fit_collaborative(IDS, two_tastes(), settings=CollaborativeSettings(memory=3), learn=False)
    log = bought("new", "efg" * 3333 + "abc")
    assert np.array_equal(model.scores(log).scores, model.scores(bought("new", "abc")).scores)


def test_one_shopper_cannot_outvote_the_others() -> None:
    """A thousand repeats of a pair by one shopper count like one."""
    once = fit_collaborative(IDS, [*two_tastes(), *bought("loud", "ah")], learn=False).alike(0)
    often = fit_collaborative(IDS, [*two_tastes(), *bought("loud", "ah" * 1000)], learn=False).alike(0)
    assert np.allclose(once, often)


@pytest.mark.parametrize("content", [np.ones((3, 2), dtype=np.float32), np.full((8, 2), np.nan, dtype=np.float32)])
def test_content_that_does_not_fit_is_refused(content: np.ndarray) -> None:
    """Vectors of other items, or without numbers, are an error that says what was expected."""
    with pytest.raises(ValueError, match="expected finite numbers of shape"):
        fit_collaborative(IDS, [], content)


def test_companions_stay_within_their_bound() -> None:
    """No item keeps more neighbours than it may, and keeps the strongest."""
    log = [each for number in range(40) for each in bought(f"s{number}", "abcdefgh"[number % 3 :])]
    histories = histories_of(log, {item: row for row, item in enumerate(IDS)})
    whole = companions(histories, 8, CompanionSettings())
    bound = companions(histories, 8, CompanionSettings(neighbours=2))
    assert np.diff(bound.indptr).max() == 2
    assert np.sort(bound[[0]].toarray().ravel())[-2:].tolist() == np.sort(whole[[0]].toarray().ravel())[-2:].tolist()


def test_the_strongest_of_equals_are_the_first() -> None:
    """Ties go to the lower column, so that pruning is repeatable."""
    table = sparse.csr_array(np.array([[0, 1, 1, 1], [3, 1, 2, 0]], dtype=np.float32))
    assert strongest(table, 2).toarray().tolist() == [[0, 1, 1, 0], [3, 0, 2, 0]]


def test_an_item_never_lends_to_itself() -> None:
    """Lenders are others, and what they lend adds up to one."""
    table = lenders(words(), np.array([5, 5, 5, 5, 5, 5, 5, 0]))
    assert not table.diagonal().any()
    assert np.allclose(table.sum(axis=1), 1.0, atol=1e-5)
