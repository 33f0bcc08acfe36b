"""The recipe trains a toy model, resumes to an equal end, keeps the best, and writes a card that the engines accept."""

import json
from datetime import UTC, datetime

import pytest
import torch
from safetensors.torch import load_file

from assistant.language.adapters import base_sha256, check_adapter
from assistant.language.tiny import make_tiny
from training.adapter_card import WEIGHTS
from training.checkpoints import newest_complete
from training.examples import DATA, read_messages, usable
from training.finetune import Recipe, encode, passes, train_adapter
from training.trainer import IGNORED

TOY = Recipe(base="tiny", rank=2, epochs=1, batch=4, checkpoints=2, max_tokens=512)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model folder with random weights."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    make_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def messages():
    """Sixteen shipped messages: four steps."""
    return usable(list(read_messages(DATA / "messages" / "en_c.jsonl", print))[:16], print)


def test_a_killed_run_ends_equal(tiny, messages, tmp_path):
    """Going on from the newest complete checkpoint gives the weights of the run that was never killed."""
    whole = train_adapter(TOY, tiny, tmp_path / "a", messages, messages[:4], now=lambda: NOON)
    train_adapter(TOY, tiny, tmp_path / "b", messages, messages[:4], now=lambda: NOON)
    newest = newest_complete(tmp_path / "b" / "checkpoints")
    (newest / "complete.json").unlink()  # as if killed while writing it
    again = train_adapter(TOY, tiny, tmp_path / "b", messages, messages[:4], now=lambda: NOON)
    first, second = load_file(whole.adapter / WEIGHTS), load_file(again.adapter / WEIGHTS)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert whole.validation_loss == again.validation_loss > 0


def test_the_adapter_is_accepted_by_the_engines(tiny, messages, tmp_path):
    """bfloat16 safetensors, a card with base and data hash, tasks, settings."""
    trained = train_adapter(TOY, tiny, tmp_path, messages, now=lambda: NOON)
    assert check_adapter(trained.adapter, base_sha256(tiny)).tasks == {"read"}
    assert {tensor.dtype for tensor in load_file(trained.adapter / WEIGHTS).values()} == {torch.bfloat16}
    card = json.loads((trained.adapter / "card.json").read_text())
    assert card["data_sha256"] == trained.data_sha256
    assert card["recipe"]["rank"] == 2
    assert card["validation_loss"] is None
    assert "base_model: tiny" in (trained.adapter / "README.md").read_text()


def test_the_best_checkpoint_is_published_and_the_run_stops(tiny, messages, tmp_path):
    """With a judge, what was best stays, and a run that gets no better ends early."""
    figures = iter([0.5, 0.4, 0.3, 0.2])
    seen = []

    def judge(folder):
        seen.append(folder)
        return next(figures)

    recipe = Recipe(base="tiny", rank=2, epochs=1, batch=4, checkpoints=4, max_tokens=512, patience=1)
    trained = train_adapter(recipe, tiny, tmp_path, messages, judge=judge, now=lambda: NOON)
    assert len(seen) == 2
    assert json.loads((trained.adapter / "card.json").read_text())["validation_figure"] == 0.5


def test_only_the_answer_is_learnt(tiny, messages):
    """Labels cover the target and the end of the turn; what is too long is left out and counted."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny)
    examples = [each for part in passes(TOY, messages) for each in part]
    rows, left_out = encode(examples, tokenizer, 512)
    assert left_out == 0
    for row, item in zip(rows, examples, strict=True):
        learnt = [token for token in row["labels"] if token != IGNORED]
        assert tokenizer.decode(learnt) == item.target + "<|im_end|>"
        assert row["labels"][-len(learnt) :] == learnt
    assert encode(examples, tokenizer, 10) == ([], len(examples))


def test_a_batch_is_cut_into_equal_parts():
    """Settings that can't be carried out can't be built."""
    with pytest.raises(ValueError, match="parts"):
        Recipe(batch=8, accumulation=3)
