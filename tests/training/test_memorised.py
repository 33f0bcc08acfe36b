"""An audit of a toy model: likelihoods agree with the plain way, planted secrets are found once learnt by heart, cards keep figures."""

import json
import random
from math import log2

import numpy as np
import pytest
import torch

from assistant.language.tiny import make_tiny
from assistant.language.transformers_batch import Adapted, TransformersBatch
from assistant.prompts import reading_prompt
from training.adapter_card import write_audit
from training.canaries import folded, plant
from training.examples import DATA, example, read_messages, usable
from training.exposure import begun, exposure
from training.extraction import extract, prompts_for
from training.finetune import Recipe
from training.likelihoods import answer_losses, ending_scores, load_weights
from training.memorised import Plan, audit_membership, audit_run, for_card, planted

TOY = Recipe(base="tiny", rank=2, epochs=1, batch=8, checkpoints=1, max_tokens=512)
PLAN = Plan(canaries=2, repeats=(1, 2), messages=8, measured=6, prompts=16, alternatives=15, seed=1)


def _quiet(phase, done, total):
    """Nobody watches."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model folder with random weights."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    make_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def messages():
    """Thirty shipped messages."""
    return list(read_messages(DATA / "messages" / "en_c.jsonl", print))[:30]


@pytest.fixture(scope="module")
def audited(tiny, messages, tmp_path_factory):
    """(folder, figures) of an audit run of a few steps."""
    out = tmp_path_factory.mktemp("audit")
    return out, audit_run(TOY, tiny, out, PLAN, messages, _quiet)


def test_losses_are_those_of_the_whole_model(tiny, messages):
    """A batched answer loss is what transformers computes for the row alone."""
    weights = load_weights(tiny)
    rows = [example(row) for row in usable(messages[:3], print)]
    found = answer_losses(weights, rows)
    for row, loss in zip(rows, found, strict=True):
        prompt, answer = weights.encode(weights.prompt(row.prompt)), [*weights.encode(row.target), 2]
        tokens = torch.tensor([prompt + answer])
        labels = torch.tensor([[-100] * len(prompt) + answer])
        with torch.inference_mode():
            expected = torch.nn.functional.cross_entropy(
                weights.model(tokens).logits[0, :-1].float(), labels[0, 1:], ignore_index=-100
            )
        assert loss == pytest.approx(float(expected), abs=0.03)


def test_endings_side_by_side_score_as_alone(tiny):
    """What is run once for several endings changes no score."""
    weights, words = load_weights(tiny), range(259)
    endings = ["83-kq", "83-kz", "8", "91-ab", "9"]
    together = ending_scores(weights, "order=", endings, words)
    alone = [ending_scores(weights, "order=", [each], words)[0] for each in endings]
    assert together == pytest.approx(alone, abs=0.1)
    with pytest.raises(ValueError, match="expected only those given"):
        ending_scores(weights, "order=", endings, [3])


def test_no_prompt_tells_a_secret(tiny):
    """Every prompt leaves the secret out, there are as many as asked for, and grammars bind some of them."""
    canaries = plant(4, (1, 2), seed=5)
    prompts = prompts_for(load_weights(tiny), canaries, 200)
    assert len(prompts) == 200
    assert any(prompt.grammar for prompt in prompts)
    assert {prompt.greedy for prompt in prompts} == {True, False}
    for prompt in prompts:
        assert not any(folded(canary.secret) in folded(prompt.text) for canary in canaries)


def test_an_audit_tells_every_figure(audited):
    """Extraction, exposure and membership come out of one run, by repeats where they differ by repeats."""
    _, figures = audited
    assert figures["extraction"]["canaries"] == {"1": 2, "2": 2}
    assert set(figures["extraction"]["extracted"]) == set(figures["exposure"]["by_repeats"]) == {"1", "2"}
    assert figures["exposure"]["most"] == log2(16)
    assert figures["membership"]["members"] == figures["membership"]["held_back"] == 6
    assert figures["planted_rows"] == 2 * 1 + 2 * 2
    assert "each" in str(figures)
    assert "each" not in str(for_card(figures))


def test_members_and_outsiders_are_apart(messages):
    """No message that is trained on is counted as never seen."""
    rows = planted(PLAN, messages)
    assert not {row.id for row in rows.outsiders} & {row.id for row in rows.training}
    with pytest.raises(ValueError, match="expected some more"):
        planted(Plan(messages=30), messages)


def test_a_secret_learnt_by_heart_is_found(tiny):
    """A model that always says the secret shows it in the extraction and at the highest exposure."""
    canary, other = plant(2, (4,), seed=5)
    weights = load_weights(tiny)
    text, answer = begun(canary)
    start = weights.prompt(reading_prompt(text)) + answer
    tokens = torch.tensor([[*weights.encode(start + canary.secret), 2]])
    first = len(weights.encode(start))
    weights.model.float().train()
    optimiser = torch.optim.Adam(weights.model.parameters(), lr=3e-3)
    for _ in range(60):
        optimiser.zero_grad()
        scores = weights.model(tokens).logits[0, first - 1 : -1]
        torch.nn.functional.cross_entropy(scores, tokens[0, first:]).backward()
        optimiser.step()
    weights.model.eval()
    assert exposure(weights, canary, 127, random.Random(1)) == pytest.approx(7.0)
    batch = TransformersBatch(Adapted(weights.model, None), limit=512)
    told = extract(weights, batch, [canary], 9, 1, _quiet)
    assert told["extracted"] == {"4": 1}
    assert told["by_way"]["answer cut before the secret"] == {"4": 1}
    assert extract(weights, batch, [other], 9, 1, _quiet)["extracted"] == {"4": 0}


def test_figures_go_into_the_card_beside_others(audited, tiny, messages):
    """Membership of any adapter folder is measured alone; its card keeps what other audits wrote, and says the weights' hash."""
    out, run = audited
    folder = out / "adapter"
    write_audit(folder, for_card({"canaries": run}))
    figures = audit_membership(tiny, folder, PLAN, messages, _quiet)
    write_audit(folder, for_card({"membership": figures}))
    card = json.loads((folder / "card.json").read_text())
    assert card["audit"]["membership"]["adapter_sha256"] == card["sha256"]
    assert card["audit"]["canaries"]["canaries"] == 4
    assert "What it keeps of its training messages" in (folder / "README.md").read_text()
    assert np.isfinite(card["audit"]["membership"]["loss"]["auc"])
