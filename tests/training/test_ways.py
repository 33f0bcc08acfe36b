"""Every way of tuning trains, leaves the other weights alone, and is read again as it was trained."""

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from assistant.language.adapters import base_sha256, check_adapter
from assistant.language.onnx_batch import OnnxBatch, load_weights
from assistant.language.onnx_folder import onnx_folder
from assistant.language.presets import model_folder, preset_named
from training.examples import DATA, read_messages, usable
from training.finetune import Recipe, train_adapter
from training.prefixed import read_prefix
from training.trainer import AnswerTrainer, Pad
from training.ways import PREFIX, Shape, ShareRanks, causal_of, orthogonality, trainable, weights_of

LIKE_LORA = ("lora", "rslora", "dora", "adalora", "qlora")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the tiny model lies."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def tiny(home):
    """A model folder with random weights."""
    return model_folder(preset_named("tiny"), home)


@pytest.fixture(scope="module")
def messages():
    """Forty shipped messages: ten steps."""
    return usable(list(read_messages(DATA / "messages" / "en_c.jsonl", print))[:40], print)


def toy(way, **more):
    """A recipe of seconds."""
    return Recipe(base="tiny", way=way, rank=2, epochs=1, batch=4, checkpoints=1, max_tokens=512, **more)


@pytest.mark.parametrize("way", LIKE_LORA)
def test_adapters_of_every_kind_are_accepted(way, tiny, messages, tmp_path):
    """What is trained like LoRA is an adapter that the engines take."""
    trained = train_adapter(toy(way), tiny, tmp_path, messages)
    assert check_adapter(trained.adapter, base_sha256(tiny)).tasks == {"read"}
    assert 0 < trained.weights < 10_000


def test_all_weights_give_a_whole_model(tiny, messages, tmp_path):
    """The way `full` gives a model folder in which no matrix is the base's any more."""
    trained = train_adapter(toy("full"), tiny, tmp_path, messages)
    before = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32).state_dict()
    after = AutoModelForCausalLM.from_pretrained(trained.adapter, dtype=torch.float32).state_dict()
    assert not [name for name, part in before.items() if torch.equal(part, after[name])]
    assert trained.weights == sum(part.numel() for name, part in before.items() if name != "lm_head.weight")


def test_a_prefix_is_read_as_it_was_trained(tiny, home, messages, tmp_path):
    """The 4-bit engine behind the prefix scores like peft does, up to its rounding, and unlike the bare base."""
    trained = train_adapter(toy("prefix"), tiny, tmp_path, messages)
    weights = load_weights(onnx_folder(tiny, base_sha256(tiny), None, home))
    tokens = [40, 41, 42, 43]
    ours = OnnxBatch(weights, limit=512, rows=1, prefix=read_prefix(trained.adapter, weights)).fill(0, tokens)
    bare = OnnxBatch(weights, limit=512, rows=1).fill(0, tokens)
    base = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    with torch.inference_mode():
        peft = PeftModel.from_pretrained(base, trained.adapter)(torch.tensor([tokens])).logits[0, -1].numpy()
    assert np.corrcoef(ours, peft)[0, 1] > 0.98 > np.corrcoef(ours, bare)[0, 1]
    assert trained.weights == PREFIX * 2 * 2 * 32


def test_adalora_takes_ranks_away(tiny):
    """The allocation step is really called: at the end fewer ranks count than at the beginning."""
    model = trainable(Shape("adalora", 2, 4, 0.0, 0.0, 20), tiny)
    shares, state, optimiser = ShareRanks(), Step(), torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    ids = torch.randint(3, 200, (2, 12), generator=torch.Generator().manual_seed(1))
    for state.global_step in range(20):
        model(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
        shares.on_optimizer_step(None, state, None, model=model)
        optimiser.zero_grad()
    pattern = model.peft_config["default"].rank_pattern
    counted, begun = sum(sum(each) for each in pattern.values()), 3 * len(pattern)
    assert counted == 2 * len(pattern) < begun
    assert shares.shared > 0
    assert orthogonality(model).ndim == 0


class Step:
    """Stands where the Trainer keeps its step."""

    global_step = 0


def test_the_adversary_pushes_where_it_hurts(tiny, messages):
    """A step against the embeddings raises the loss, more than one of the same length in a random direction."""
    model = trainable(Shape("lora", 2, 4, 0.0, 0.0, 1), tiny).train()
    rows = Pad(2)([
        {"input_ids": [5, 6, 7, 8, 9], "labels": [-100, -100, 7, 8, 9], "place": 0, "stars": float("nan"), "sentiment": -100}
    ])
    trainer = AnswerTrainer(model=model)
    clean = trainer._loss(model, rows)
    trainer.adversarial = 0.5
    pushed = 2 * trainer.compute_loss(model, rows) - clean
    embedded = causal_of(model).get_input_embeddings()(rows["input_ids"])
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(embedded.shape, generator=generator).to(embedded)
    anywhere = trainer._loss(model, rows, embedded + 0.5 * noise / noise.norm())
    assert pushed > max(clean, anywhere)


def test_only_what_the_way_names_learns(tiny):
    """The upper half of the layers has the weights of half an adapter."""
    whole, half = (weights_of(trainable(Shape("lora", 2, 4, 0.0, low, 1), tiny)) for low in (0.0, 0.5))
    assert whole == 2 * half


def test_an_unknown_way_is_refused():
    """The message lists the ways that there are."""
    with pytest.raises(ValueError, match="found way='magic', expected one of lora"):
        Recipe(way="magic")
