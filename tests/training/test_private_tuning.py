"""Tuning under differential privacy: the promise is kept and told, gradients of single messages add up, at 4 bits too."""

import json

import pytest
import torch
from transformers import AutoTokenizer

from assistant.language.adapters import base_sha256, check_adapter
from assistant.language.tiny import make_tiny
from training.examples import DATA, example, read_messages, usable
from training.finetune import Recipe, encode
from training.likelihoods import row_losses
from training.trainer import Pad
from training.ways import Shape, causal_of, trainable

opacus = pytest.importorskip("opacus", reason="pip install daogou[privacy]")
private_tuning = pytest.importorskip("training.private_tuning")
TOY = Recipe(base="tiny", rank=2, epochs=1, batch=4, max_tokens=512)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model folder with random weights."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    make_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def messages():
    """Sixteen shipped messages."""
    return usable(list(read_messages(DATA / "messages" / "en_c.jsonl", print))[:16], print)


@pytest.mark.parametrize("way", ["lora", "qlora"])
def test_gradients_of_single_messages_add_up(tiny, messages, way):
    """The gradients that are clipped one by one are those of the messages: their sum is the gradient of the sum."""
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    batch = Pad(tokenizer.pad_token_id)(encode([example(each) for each in messages[:4]], tokenizer, 512)[0])
    model = trainable(Shape(way, 2, 4, 0.0, 0.0, 1), tiny)
    model.train()
    row_losses(causal_of(model), batch).sum().backward()
    plain = {name: part.grad.clone() for name, part in model.named_parameters() if part.requires_grad}
    model.zero_grad()
    wrapped = opacus.GradSampleModule(model, loss_reduction="sum")
    row_losses(causal_of(model), batch).sum().backward()
    single = {name: part.grad_sample for name, part in model.named_parameters() if part.requires_grad}
    wrapped.to_standard_module()
    for name, gradient in plain.items():
        assert single[name].shape == (4, *gradient.shape)
        assert torch.allclose(single[name].sum(0), gradient, atol=1e-5)


def test_the_promise_is_kept_and_told(tiny, messages, tmp_path):
    """The budget is not overspent, the card says what is promised of what, and the engines accept the adapter."""
    private = private_tuning.train_private(
        TOY, tiny, tmp_path, messages, messages[:2], privacy=private_tuning.Privacy(epsilon=3.0, batch=8)
    )
    assert 2.5 < private.epsilon <= 3.0
    assert private.trained.validation_loss > 0
    assert check_adapter(private.trained.adapter, base_sha256(tiny)).tasks == {"read"}
    told = json.loads((private.trained.adapter / "card.json").read_text())["privacy"]
    assert (told["epsilon"], told["unit"]) == (round(private.epsilon, 3), "a message")
    assert told["delta"] == 0.1 / 16
    assert told["noise"] > 0.3


def test_what_can_not_be_promised_is_refused(tiny, messages, tmp_path):
    """No budget, too few messages, or a way with other weights: refused with what was expected."""
    with pytest.raises(ValueError, match="above 0"):
        private_tuning.Privacy(epsilon=0.0)
    with pytest.raises(ValueError, match="expected at least the 64"):
        private_tuning.train_private(TOY, tiny, tmp_path, messages)
    with pytest.raises(ValueError, match="expected lora"):
        private_tuning.train_private(Recipe(base="tiny", way="dora"), tiny, tmp_path, messages)
