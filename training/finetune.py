"""The recipe: base model + labelled messages -> a LoRA adapter. QLoRA (NF4) on CUDA, LoRA in bfloat16 on CPU, same settings."""

from __future__ import annotations

import logging
import math
import os
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, TrainingArguments, set_seed

from assistant.language.adapters import base_sha256
from assistant.language.presets import preset_named
from training.adapter_card import data_hash, publish
from training.checkpoints import newest_complete
from training.examples import Example, Marked, example
from training.noise import Noise, disturb, pool_of
from training.trainer import IGNORED, AnswerTrainer, Best, Complete, Pad, Stars
from training.ways import RATES, WAYS, Shape, ShareRanks, Way, trainable, weights_of

log = logging.getLogger(__name__)
RATING = "rating="
"""What stands before a review's rating."""


@dataclass(frozen=True)
class Recipe:
    """Every setting of a training run; saved in the adapter's card."""

    base: str = "gemma3-270m"
    """Preset name, written into the card."""
    way: Way = "lora"
    """Which weights learn: lora, rslora, dora, adalora, qlora, prefix or full."""
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    """Of the adapter; it costs a fifth of the speed on a CPU, and the disturbed messages already regularise."""
    learning_rate: float | None = None
    """Peak, after warm-up; falls to 0 by a cosine. None is what is usual for the way (`ways.RATES`)."""
    epochs: int = 4
    """Passes over the messages; every pass but the first disturbs them anew."""
    batch: int = 8
    """Messages that one step learns from."""
    accumulation: int = 1
    """Parts that a batch is cut into when it doesn't fit into memory; the step stays the same."""
    warmup: float = 0.05
    """Share of the steps."""
    weight_decay: float = 0.01
    label_smoothing: float = 0.02
    adversarial: float = 0.0
    """Length of the step against each example's embeddings (FGM); it doubles the time. 0 makes none."""
    max_tokens: int = 384
    """Longer examples are left out, and counted."""
    checkpoints: int = 6
    """How many are written over the run."""
    patience: int = 3
    """Checkpoints without a better figure after which the run ends, when a judge is given."""
    rating_weight: float = 0.5
    """Of the squared error of the expected rating, beside the language model's own loss; reviews only."""
    sentiment_weight: float = 0.5
    """Of the cross-entropy of the sentiment; reviews only."""
    lowest_layer: float = 0.0
    """Share of the layers, from the input, that keep the base's weights: half of them saves a third of the time."""
    seed: int = 7
    noise: Noise = field(default_factory=Noise)

    def __post_init__(self) -> None:
        if self.batch % self.accumulation:
            raise ValueError(f"found batch={self.batch} in {self.accumulation} parts, expected parts of one size")
        if self.way not in WAYS:
            raise ValueError(f"found way={self.way!r}, expected one of {', '.join(WAYS)}")

    @property
    def peak(self) -> float:
        """The highest learning rate."""
        return RATES[self.way] if self.learning_rate is None else self.learning_rate


@dataclass(frozen=True)
class Trained:
    """What a run gives."""

    adapter: Path
    """The folder of what was made."""
    examples: int
    left_out: int
    """Examples longer than `max_tokens`."""
    validation_loss: float
    """NaN without validation messages."""
    data_sha256: str
    weights: int
    """Numbers that learnt."""


@dataclass(frozen=True)
class Task:
    """What an adapter learns."""

    names: tuple[str, ...]
    """Such as `read`, as in `Generation.task`."""
    examples: Sequence[Example]
    """All epochs' rows in their order."""
    validation: Sequence[Example]
    data_sha256: str
    learnt_from: tuple[str, ...] = ()
    """The files and shops that the examples come from, for the card."""


Fresh = Callable[[int], Sequence[Marked]]
"""Further messages for an epoch, numbered from 0; the same for the same number."""
Judge = Callable[[Path], float]
"""The figure (higher is better) of the adapter in a folder."""


def train_adapter(
    recipe: Recipe, base: Path, out: Path, messages: Sequence[Marked], validation: Sequence[Marked] = (), *,
    start: Path | None = None, judge: Judge | None = None, fresh: Fresh = lambda epoch: (),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Trained:
    """The adapter in `out/adapter`, trained on `messages`; a killed run goes on from its newest complete checkpoint.

    `start` is an adapter to train further, `fresh` gives messages made for one epoch (out of patterns). With a `judge` the
    best checkpoint is published instead of the last. Out of memory, a batch is halved and the run goes on.
    """
    examples = [each for part in passes(recipe, messages, fresh) for each in part]
    task = Task(("read",), examples, [example(message) for message in validation], data_hash(messages))
    return train_task(recipe, base, out, task, start=start, judge=judge, now=now)


def train_task(
    recipe: Recipe, base: Path, out: Path, task: Task, *, start: Path | None = None, judge: Judge | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Trained:
    """The adapter of one task in `out/adapter`, or with the way `full` a whole model in `out/model`; the rest is as in
    `train_adapter`. Raises ValueError for a judge of what is no adapter."""
    if judge is not None and recipe.way in ("full", "prefix"):
        raise ValueError(f"found a judge for the way {recipe.way!r}, expected none: only adapters of the LoRA family are judged")
    while True:
        try:
            return _train(recipe, base, out, task, start, judge, now)
        except torch.OutOfMemoryError:
            if recipe.accumulation >= recipe.batch:
                raise
            recipe = replace(recipe, accumulation=recipe.accumulation * 2)
            log.warning("out of memory: going on with %d messages at once", recipe.batch // recipe.accumulation)
            torch.cuda.empty_cache()


def _train(
    recipe: Recipe, base: Path, out: Path, task: Task, start: Path | None, judge: Judge | None,
    now: Callable[[], datetime],
) -> Trained:
    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows, left_out = encode(task.examples, tokenizer, recipe.max_tokens)
    if not rows:
        raise ValueError(f"found {len(task.examples)} examples, none of at most {recipe.max_tokens} tokens; expected some")
    kept_back, _ = encode(task.validation, tokenizer, recipe.max_tokens)
    steps = -(-len(rows) // recipe.batch)
    model = trainable(Shape(recipe.way, recipe.rank, recipe.alpha, recipe.dropout, recipe.lowest_layer, steps), base, start)
    trained = Trained(out / "adapter", len(rows), left_out, math.nan, task.data_sha256, weights_of(model))

    def told(loss: float, figure: float | None = None) -> dict[str, object]:
        return card(recipe, base, replace(trained, validation_loss=loss), now(), figure, task)

    rank = int(os.environ.get("RANK", "0"))  # of several processes every one judges, so that all stop together; one publishes

    def judged(checkpoint: Path) -> float:
        publish(checkpoint, out / f"candidate{rank or ''}", told(math.nan))
        return judge(out / f"candidate{rank or ''}") if judge else 0.0

    def keep(checkpoint: Path, figure: float) -> None:
        if not rank:
            publish(checkpoint, trained.adapter, told(math.nan, figure))

    best = Best(judged, keep, recipe.patience) if judge else None
    shares = [ShareRanks()] if recipe.way == "adalora" else []
    trainer = AnswerTrainer(
        model=model, args=arguments(recipe, out, len(rows)), train_dataset=rows, eval_dataset=kept_back,
        data_collator=Pad(tokenizer.pad_token_id or 0), callbacks=[Complete(), *([best] if best else []), *shares],
    )
    trainer.label_smoothing, trainer.adversarial = recipe.label_smoothing, recipe.adversarial
    trainer.words = words_of(rows + kept_back, len(tokenizer), recipe.seed)
    trainer.stars = rating_terms(recipe, tokenizer) if any(row["place"] for row in rows) else None
    checkpoint = newest_complete(out / "checkpoints")
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    loss = float(trainer.evaluate()["eval_loss"]) if kept_back else math.nan
    if recipe.way == "full":
        return replace(trained, adapter=_whole(model, tokenizer, out / "model"), validation_loss=loss)
    if not rank and (best is None or not best.figures):
        raw = out / "raw"
        model.save_pretrained(raw)
        publish(raw, trained.adapter, told(loss))
        shutil.rmtree(raw)
    return replace(trained, validation_loss=loss)


def _whole(model: Any, tokenizer: Any, folder: Path) -> Path:
    """The folder of a model all of whose weights have learnt."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def passes(recipe: Recipe, messages: Sequence[Marked], fresh: Fresh = lambda epoch: ()) -> list[list[Example]]:
    """For every epoch the messages, disturbed differently each time, the first time as they are; with the `fresh` ones."""
    pool = pool_of(messages)
    chance = random.Random(recipe.seed)
    found: list[list[Example]] = []
    for epoch in range(recipe.epochs):
        order = [*messages, *fresh(epoch)]
        chance.shuffle(order)
        found.append([example(disturb(m, pool, recipe.noise, chance) if epoch else m) for m in order])
    return found


def encode(examples: Sequence[Example], tokenizer: Any, max_tokens: int) -> tuple[list[dict[str, Any]], int]:
    """(token rows with labels on the answer alone, how many were too long)."""
    rows: list[dict[str, Any]] = []
    end = tokenizer.convert_tokens_to_ids("<|im_end|>") if "<|im_end|>" in tokenizer.get_vocab() else tokenizer.eos_token_id
    for item in examples:
        messages = [{"role": m.role, "content": m.text} for m in item.prompt]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        answer = tokenizer(item.target, add_special_tokens=False)["input_ids"] + ([] if item.open else [end])
        if len(prompt) + len(answer) > max_tokens:
            continue
        rated = item.stars is not None or item.sentiment is not None
        rows.append({
            "input_ids": prompt + answer,
            "labels": [IGNORED] * len(prompt) + (answer if item.stars is not None or not rated else [IGNORED] * len(answer)),
            "place": len(prompt) + len(tokenizer(RATING, add_special_tokens=False)["input_ids"]) if rated else 0,
            "stars": math.nan if item.stars is None else item.stars,
            "sentiment": IGNORED if item.sentiment is None else item.sentiment,
        })
    return rows, len(examples) - len(rows)


def rating_terms(recipe: Recipe, tokenizer: Any) -> Stars:
    """The loss terms of ratings, with the recipe's weights."""
    digits = tuple(tokenizer.convert_tokens_to_ids(str(star)) for star in range(1, 6))
    return Stars(digits, recipe.rating_weight, recipe.sentiment_weight)


def words_of(rows: Sequence[dict[str, Any]], size: int, seed: int) -> torch.Tensor | None:
    """The tokens of prompts and answers with as many others drawn at random, sorted; None for a vocabulary below 65,536."""
    if size < 65_536:
        return None
    used = {token for row in rows for token in row["input_ids"]}
    return torch.tensor(sorted(used | set(random.Random(seed).sample(range(size), len(used)))))


def arguments(recipe: Recipe, out: Path, rows: int) -> TrainingArguments:
    """The Trainer's settings; all passes are one of its epochs, since each has its own disturbed rows."""
    cuda = torch.cuda.is_available()
    steps = -(-rows // recipe.batch)
    return TrainingArguments(
        output_dir=str(out / "checkpoints"), num_train_epochs=1, per_device_train_batch_size=recipe.batch // recipe.accumulation,
        gradient_accumulation_steps=recipe.accumulation, per_device_eval_batch_size=recipe.batch // recipe.accumulation,
        learning_rate=recipe.peak, lr_scheduler_type="cosine", warmup_steps=max(1, round(recipe.warmup * steps)),
        weight_decay=recipe.weight_decay, max_grad_norm=1.0, optim="paged_adamw_8bit" if cuda else "adamw_torch",
        bf16=cuda or recipe.way == "full", use_cpu=not cuda, train_sampling_strategy="group_by_length", save_strategy="steps",
        save_steps=max(1, steps // recipe.checkpoints), save_total_limit=2, logging_steps=max(1, min(20, steps // 4)),
        report_to=["tensorboard"], seed=recipe.seed, data_seed=recipe.seed, remove_unused_columns=False,
        dataloader_pin_memory=cuda, label_names=["labels"], eval_strategy="no",
    )


def card(
    recipe: Recipe, base: Path, trained: Trained, at: datetime, figure: float | None, task: Task
) -> dict[str, object]:
    """The adapter's card: what it was made from, how, and what came out."""
    return {
        "tasks": list(task.names), "base": recipe.base, "base_sha256": base_sha256(base),
        "licence": preset_named(recipe.base).licence, "learnt_from": list(task.learnt_from),
        "data_sha256": trained.data_sha256, "examples": trained.examples, "left_out": trained.left_out,
        "validation_loss": None if math.isnan(trained.validation_loss) else round(trained.validation_loss, 4),
        "validation_figure": figure, "made_at": at.isoformat(timespec="seconds"), "recipe": asdict(recipe),
    }
