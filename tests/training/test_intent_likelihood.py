"""The model as a classifier of intents: likelihoods of whole names, out of one pass."""

import numpy as np
import pytest
import torch

from assistant.language.tiny import make_tiny
from training.finetune import Recipe
from training.intent_likelihood import NameScorer, intent_task, open_likelihood, spoken_name, train_likelihood
from training.text_tables import OUTSIDE, Asked

INTENTS = ("card_lost", "card_late", "Refund", "refund_late")


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    """A model of two layers with random weights."""
    folder = tmp_path_factory.mktemp("tiny")
    make_tiny(folder)
    found = NameScorer.open(folder, None, INTENTS)
    found.model = found.model.float()
    return found


def _written_out(scorer, question, name):
    """log P(name), a token after the other, among the tokens that a name can go on with."""
    end = scorer.tokenizer.convert_tokens_to_ids("<|im_end|>")
    names = [(*scorer.tokenizer(spoken_name(each), add_special_tokens=False)["input_ids"], end) for each in INTENTS]
    wanted, prompt, found = names[INTENTS.index(name)], scorer._prompt(question), 0.0
    for length, token in enumerate(wanted):
        ways = sorted({each[length] for each in names if each[:length] == wanted[:length] and len(each) > length})
        with torch.no_grad():
            scores = scorer.model(torch.tensor([[*prompt, *wanted[:length]]])).logits[0, -1, ways].log_softmax(-1)
        found += float(scores[ways.index(token)])
    return found


def test_one_pass_tells_what_writing_every_name_would_tell(scorer):
    """Also for questions of different length in one batch; the likelihoods of all names add up to 1."""
    questions = ["where is it", "i have lost my card somewhere in town", "hm"]
    found = scorer.scores(questions)
    expected = [[_written_out(scorer, question, name) for name in INTENTS] for question in questions]
    assert found == pytest.approx(np.array(expected), abs=1e-3)
    assert np.exp(found).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-4)


def test_what_is_out_of_scope_is_no_name_to_learn():
    """The task holds the other questions, once an epoch, and their names in words."""
    rows = [Asked(1, "where is it", "card_late"), Asked(2, "sing", OUTSIDE)]
    task = intent_task(rows, rows, Recipe(epochs=2))
    assert [each.target for each in task.examples] == ["card late", "card late"]
    assert len(task.validation) == 1


def test_a_trained_router_judges_alike_when_it_is_opened_again(tmp_path):
    """Temperature and threshold come from the card, the adapter from its folder; out-of-scope questions were not learnt."""
    base, out = tmp_path / "tiny", tmp_path / "run"
    make_tiny(base)
    rows = [Asked(n, f"where is it {n}", "card_late") for n in range(6)] + [Asked(n, f"pay back {n}", "Refund") for n in range(6)]
    recipe = Recipe(base="tiny", rank=2, batch=4, checkpoints=1)
    trained = train_likelihood([*rows, Asked(20, "sing a song", OUTSIDE)], base, out, recipe)
    opened = open_likelihood(out, base)
    assert (opened.intents, opened.temperature, opened.threshold) == (("Refund", "card_late"), trained.temperature, trained.threshold)
    judged = opened.judge(["where is it", "pay back"])
    assert judged.shares == pytest.approx(trained.judge(["where is it", "pay back"]).shares)
    assert judged.shares.sum(axis=1) == pytest.approx([1, 1])
