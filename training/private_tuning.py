"""An adapter under differential privacy: DP-SGD (Abadi et al. 2016) on the LoRA weights, by Opacus; an extra: `daogou[privacy]`.

What is promised covers one message: whether it was trained on changes the chance of any adapter by a factor of e^epsilon at most,
but for delta. Messages are therefore learnt as they are: disturbing them would put values of one into another.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from opacus import PrivacyEngine
from opacus.utils.batch_memory_manager import BatchMemoryManager
from torch.utils.data import DataLoader
from transformers import AutoTokenizer, get_cosine_schedule_with_warmup, set_seed

from training.adapter_card import data_hash, publish
from training.examples import Marked, example
from training.finetune import Recipe, Task, Trained, card, encode
from training.likelihoods import answer_losses, load_weights, row_losses
from training.trainer import Pad
from training.ways import Shape, causal_of, trainable, weights_of


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is promised, and how the noise is spread."""

    epsilon: float = 8.0
    delta: float | None = None
    """None takes a tenth of one over the messages."""
    clip: float = 0.1
    """Longest gradient of one message."""
    batch: int = 64
    """Messages drawn for a step, on average: the noise of a step is the same for one or for many."""
    learning_rate: float = 1e-3
    """Peak; clipped gradients ask for larger steps than the recipe's."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.epsilon) and self.epsilon > 0):
            raise ValueError(f"found epsilon={self.epsilon}, expected a number above 0, such as 8")


@dataclass(frozen=True, slots=True)
class Private:
    """What a private run gives."""

    trained: Trained
    epsilon: float
    """Spent."""
    delta: float
    noise: float
    """Standard deviation of the noise over the clip."""


def train_private(
    recipe: Recipe, base: Path, out: Path, messages: Sequence[Marked], validation: Sequence[Marked] = (), *,
    privacy: Privacy | None = None, start: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Private:
    """The adapter in `out/adapter`, its card saying what is promised. A killed run begins anew: half a run spends too.

    Of the recipe the shape of the adapter, passes, warm-up, decay, batch in memory and seed are used. The seed makes a run
    repeatable; who publishes an adapter keeps it secret. What `start` was trained on is not covered. Raises ValueError for fewer
    messages than a batch has, and for ways whose weights are no plain linear layers.
    """
    privacy = privacy or Privacy()
    if recipe.way not in ("lora", "rslora", "qlora"):
        raise ValueError(f"found the way {recipe.way!r}, expected lora, rslora or qlora: gradients of single messages are theirs")
    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows, left_out = encode([example(message) for message in messages], tokenizer, recipe.max_tokens)
    if len(rows) < privacy.batch:
        raise ValueError(f"found {len(rows)} messages, expected at least the {privacy.batch} of a private batch")
    delta = privacy.delta or 0.1 / len(rows)
    steps = -(-len(rows) // privacy.batch) * recipe.epochs
    model = trainable(Shape(recipe.way, recipe.rank, recipe.alpha, recipe.dropout, recipe.lowest_layer, steps), base, start)
    spent, noise = _descend(model, rows, Pad(tokenizer.pad_token_id or 0), recipe, privacy, delta)
    raw, adapter = out / "raw", out / "adapter"
    model.save_pretrained(raw)
    trained = Trained(adapter, len(rows), left_out, math.nan, data_hash(messages), weights_of(model))
    kept = [example(message) for message in validation]
    words = card(recipe, base, trained, now(), None, Task(("read",), (), kept, trained.data_sha256))
    promise = {"epsilon": round(spent, 3), "delta": delta, "noise": round(noise, 3), "clip": privacy.clip, "unit": "a message"}
    publish(raw, adapter, {**words, "privacy": {**promise, "batch": privacy.batch, "learning_rate": privacy.learning_rate}})
    shutil.rmtree(raw)
    loss = float(answer_losses(load_weights(base, adapter), kept).mean()) if kept else math.nan
    return Private(replace(trained, validation_loss=loss), spent, delta, noise)


def _descend(
    model: Any, rows: Sequence[dict[str, Any]], pad: Pad, recipe: Recipe, privacy: Privacy, delta: float,
) -> tuple[float, float]:
    """Trains `model` in place; (epsilon spent, noise over clip)."""
    model.train()
    learning = [part for part in model.parameters() if part.requires_grad]
    engine = PrivacyEngine()
    wrapped, optimizer, drawn = engine.make_private_with_epsilon(
        module=model, optimizer=torch.optim.AdamW(learning, lr=privacy.learning_rate, weight_decay=recipe.weight_decay),
        data_loader=DataLoader(rows, batch_size=privacy.batch, collate_fn=pad), target_epsilon=privacy.epsilon,
        target_delta=delta, epochs=recipe.epochs, max_grad_norm=privacy.clip,
    )
    steps = len(drawn) * recipe.epochs
    rates = get_cosine_schedule_with_warmup(optimizer.original_optimizer, max(1, round(recipe.warmup * steps)), steps)
    optimizer.original_optimizer.register_step_post_hook(lambda *_: rates.step())  # not after each part of a batch
    with BatchMemoryManager(data_loader=drawn, max_physical_batch_size=recipe.batch, optimizer=optimizer) as parts:
        for _ in range(recipe.epochs):
            for part in parts:
                if len(part["input_ids"]):
                    row_losses(causal_of(model), part).mean().backward()
                else:  # Poisson sampling may draw nobody: the step is then noise alone
                    for each in learning:
                        each.grad_sample = each.new_zeros((0, *each.shape))
                optimizer.step()
                optimizer.zero_grad()
    wrapped.to_standard_module()
    return float(engine.get_epsilon(delta)), float(optimizer.noise_multiplier)
