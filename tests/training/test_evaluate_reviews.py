"""Reviews are read as the product reads them, scored against their writers' stars, with peers in the same run."""

import json

import numpy as np
import pytest

from assistant.language.bulk import Written
from assistant.language.scripted import ScriptedModel, ScriptedReader
from assistant.schema import ReviewReading
from retrieval.embedding.hashing_embedder import HashingEmbedder
from training.evaluate_reviews import decision, evaluate_reviews, read_table
from training.plots import learning_curve, logged_losses
from training.review_baselines import Peers, review_baselines
from training.text_tables import Rated, Table, TooFewRows

GOOD, BAD, PLAIN = "Warm tone and it holds its tune", "The strap tore on day one, awful", "It is a stand"
LINES = {
    GOOD: 'rating=5 | tone~warm "Warm tone"', BAD: 'rating=1 | strap!~tore "strap tore on day one"', PLAIN: "rating=3",
}


def _table(*rows, binary=False):
    return Table(tuple(Rated(n, text, rating, f"g{n % 7}") for n, (text, rating) in enumerate(rows, 2)), (), 0, binary)


THREE = _table((GOOD, 5.0), (BAD, 1.0), (PLAIN, 3.0))


def test_a_perfect_reader_has_no_error():
    """All keys of the command; a clock that is given tells the speed."""
    ticks = iter([0.0, 1.5])
    report = evaluate_reviews(ScriptedReader(LINES), THREE, clock=lambda: next(ticks))
    assert (report["n"], report["rmse"], report["mae"], report["sentiment_accuracy"], report["sentiment_macro_f1"]) == (3, 0, 0, 1, 1)
    assert (report["quotes_verbatim"], report["reviews_per_second"], report["unread"]) == (1.0, 2.0, 0)
    assert set(report["intervals"]) == {"rmse", "mae", "sentiment_accuracy", "sentiment_macro_f1"}
    assert "baselines" not in report


def test_without_aspects_nothing_is_quoted():
    """The share of quotes is null, the ratings stay."""
    ratings = {text: line.split(" | ")[0] for text, line in LINES.items()}
    report = evaluate_reviews(ScriptedReader(ratings), THREE, aspects=0)
    assert report["quotes_verbatim"] is None
    assert report["rmse"] == 0


def test_a_binary_table_has_no_rating_error_and_no_middle():
    """Negative against positive decides, whatever neutral has."""
    table = _table((GOOD, 1.0), (BAD, 0.0), (PLAIN, 0.0), binary=True)
    report = evaluate_reviews(ScriptedReader(LINES), table)
    assert (report["rmse"], report["mae"]) == (None, None)
    assert report["sentiment_accuracy"] == pytest.approx(2 / 3, abs=1e-3)
    assert decision(ReviewReading(3, (0.1, 0.1, 0.5, 0.2, 0.1)), binary=True) == (2, pytest.approx(0.6))


def test_the_likeliest_sentiment_is_not_the_mean_rating():
    """The class with the largest share is taken, with that share as confidence."""
    assert decision(ReviewReading(1, (0.4, 0.1, 0.1, 0.2, 0.2)), binary=False) == (0, pytest.approx(0.5))


def test_a_review_that_can_not_be_read_counts_as_neutral():
    """It is counted, and the rest is measured."""

    class Half(ScriptedModel):
        def write_all(self, prompts, hows):
            for place, prompt in enumerate(prompts):
                yield place, Written("" if "strap" in prompt[-1].text else "rating=5", {}, "")

    read = read_table(THREE.rows, Half({}))
    assert (read.unread, [reading.rating for reading in read.readings]) == (1, [5, 3, 5])


def test_predictions_and_plots_are_written(tmp_path):
    """One line a review with gold, reading and confidence; two pictures."""
    evaluate_reviews(ScriptedReader(LINES), THREE, predictions=tmp_path / "p.jsonl", plots=tmp_path / "plots")
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert [line["decided"] for line in lines] == ["positive", "negative", "neutral"]
    assert lines[1]["aspects"] == [{"aspect": "strap!~tore", "quote": "strap tore on day one"}]
    for name in ("reliability.png", "ratings.png"):
        assert (tmp_path / "plots" / name).read_bytes().startswith(b"\x89PNG")


def _many(n, *, binary=False):
    words = {0: ("awful", "broke"), 1: ("okay", "plain"), 2: ("lovely", "perfect")}
    rows = []
    for number in range(n):
        mood = (0, 2)[number % 2] if binary else number % 3
        rows.append((f"{words[mood][number % 2]} {words[mood][(number // 3) % 2]} thing {number}", mood / 2 if binary else 1.0 + 2 * mood))
    return _table(*rows, binary=binary)


@pytest.mark.parametrize("binary", [False, True])
def test_peers_learn_from_other_folds(binary):
    """With words that tell, all three find the sentiment; stars come with it where there are stars."""
    table = _many(60, binary=binary)
    found = review_baselines(table, Peers(HashingEmbedder()))
    assert set(found) == {"tfidf", "embedder", "both"}
    gold = np.array([0 if row.rating in (0, 1) and not (binary and row.rating == 1) else 1 if row.rating == 3 else 2 for row in table.rows])
    for answers in found.values():
        assert (answers.decided == gold).mean() > 0.9
        assert (answers.expected is None) == binary


def test_few_shot_stands_beside_the_same_rows():
    """The untuned model's figures come with the tuned model's on the very rows."""
    report = evaluate_reviews(ScriptedReader(LINES), THREE, untuned=ScriptedReader({}), peers=None)
    few = report["baselines"]["few_shot"]
    assert few["n"] == 3
    assert few["rmse"] > few["same_rows"]["rmse"] == 0


def test_stars_can_not_be_learnt_from_zeros_and_ones():
    """Two kinds of rating, or too few rows, are refused with what was found."""
    with pytest.raises(TooFewRows, match="stars in one file"):
        review_baselines(_many(12), Peers(train=_many(12, binary=True)))
    with pytest.raises(TooFewRows, match="too few for folds"):
        review_baselines(_table(("one", 5.0)), Peers())


def test_a_training_run_is_drawn_from_its_newest_checkpoint(tmp_path):
    """Training and validation losses by step; a directory without a run is named."""
    for step in (2, 10):
        folder = tmp_path / "checkpoints" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        history = [{"step": n, "loss": 1 / n} for n in range(1, step + 1)] + [{"step": step, "eval_loss": 0.5}]
        (folder / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    losses, checked = logged_losses(tmp_path)
    assert (len(losses), checked) == (10, [(10, 0.5)])
    learning_curve(losses, tmp_path / "curve.png", checked)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="expected the directory of a training run"):
        logged_losses(tmp_path / "nowhere")
