"""Evaluation reads as the product does, gives every key, and writes what it saw."""

import json

import pytest

from assistant.language.scripted import ScriptedReader
from retrieval.embedding.hashing_embedder import HashingEmbedder
from training.evaluate_messages import evaluate_messages
from training.examples import DATA, read_messages
from training.intent_baselines import intent_baselines

GOLD = {"hello there": "chat", "red shoe under 50": "recommend | category=shoe | color~red | price<=50", "转人工": "human"}


@pytest.fixture
def rows(tmp_path):
    """Three labelled messages."""
    lines = [
        {"id": str(n), "language": "zh" if "转" in text else "en", "message": text, "gold": gold}
        for n, (text, gold) in enumerate(GOLD.items())
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return list(read_messages(path, print))


def test_a_perfect_reader_scores_one(rows):
    """All keys of the command; no hard error."""
    report = evaluate_messages(ScriptedReader(GOLD), rows)
    assert (report["n"], report["intent_accuracy"], report["signal_f1"], report["hard_errors_per_100"]) == (3, 1, 1, 0)
    assert set(report["by_language"]) == {"en", "zh"}


def test_errors_are_written_out_to_be_read(rows, tmp_path):
    """One line a message: what was missed, what was too much; the confusion as a picture."""
    wrong = {**GOLD, "red shoe under 50": "recommend | category=shoe | color!=red"}
    evaluate_messages(ScriptedReader(wrong), rows, predictions=tmp_path / "p.jsonl", plots=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert lines[1]["missed"] == ["color~red", "price<=50"]
    assert lines[1]["extra"] == ["color!=red"]
    assert lines[1]["hard_errors"] == 2
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_classic_models_learn_intents(rows):
    """Trained on the shipped messages, words and vectors both beat the most frequent intent; each language is told apart."""
    train = [row for file in sorted((DATA / "messages").glob("*.jsonl")) for row in read_messages(file, print)][::8]
    kept = [row for file in sorted((DATA / "validation").glob("*.jsonl")) for row in read_messages(file, print)]
    most = max(sum(row.intent == intent for row in kept) for intent in {row.intent for row in kept}) / len(kept)
    found = intent_baselines(train, kept, HashingEmbedder())
    assert found["tfidf_logistic"]["intent_accuracy"] > most + 0.1
    assert found["embedder_logistic"]["intent_accuracy"] > most + 0.1
    assert set(found["tfidf_logistic"]["by_language"]) == {"en", "zh"}


def test_the_untuned_model_is_measured_on_the_same_messages(rows):
    """The few-shot baseline has every figure of the report."""
    report = evaluate_messages(ScriptedReader(GOLD), rows, untuned=ScriptedReader({}))
    few = report["baselines"]["few_shot"]
    assert few["n"] == 3
    assert few["signal_f1"] < report["signal_f1"]
