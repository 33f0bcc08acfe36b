"""`daogou train audit`: what an adapter keeps of the messages that it was trained on.

Secrets planted in training messages are drawn out again and ranked among others of their form; and the loss of training messages
is held against the loss of messages that were kept back.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.language.adapters import base_sha256, check_adapter
from assistant.language.onnx_batch import OnnxBatch
from assistant.language.onnx_batch import load_weights as load_onnx
from assistant.language.onnx_folder import onnx_folder
from retrieval.wheels import Progress
from training.adapter_card import WEIGHTS, file_hash
from training.canaries import Canary, plant
from training.examples import Labelled, Marked, example, hold_out, usable
from training.exposure import exposures
from training.extraction import extract
from training.finetune import Recipe, train_adapter
from training.likelihoods import Weights, answer_losses, load_weights
from training.membership import Losses, membership

_ROOM = 256
"""Tokens of a prompt with what is written on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted and measured."""

    canaries: int = 20
    """Different ones for every number of repeats."""
    repeats: tuple[int, ...] = (1, 4, 16)
    messages: int = 1200
    """Shipped messages among which the canaries are planted; others, never trained on, are what members are held against."""
    measured: int = 320
    """Rows of either side of the membership test, at most."""
    prompts: int = 1000
    alternatives: int = 1023
    """Other secrets that a secret is ranked among: with 1,023 the highest exposure is 10 bits."""
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Planted:
    """The rows of an audit run."""

    canaries: tuple[Canary, ...]
    training: tuple[Marked, ...]
    """Members and repeated canaries."""
    members: tuple[Marked, ...]
    outsiders: tuple[Marked, ...]
    """Of the same source, not trained on."""


def planted(plan: Plan, messages: Sequence[Labelled]) -> Planted:
    """The messages drawn for the run, with the canaries among them. Raises ValueError when there are too few messages."""
    rows = usable(messages, lambda _: None)
    random.Random(plan.seed).shuffle(rows)
    members, outsiders = rows[: plan.messages], rows[plan.messages :]
    if len(outsiders) < 2 or len(members) < 2:
        raise ValueError(f"found {len(rows)} messages, expected some more than the {plan.messages} that are trained on")
    canaries = plant(plan.canaries, plan.repeats, plan.seed)
    repeated = [row for each in canaries for row in usable([each.row()], lambda _: None) * each.repeats]
    return Planted(tuple(canaries), (*members, *repeated), tuple(members), tuple(outsiders))


def audit_run(
    recipe: Recipe, base: Path, out: Path, plan: Plan, messages: Sequence[Labelled], progress: Progress,
) -> dict[str, Any]:
    """Trains on planted messages in `out`, and says what is kept of them: extraction, exposure, membership."""
    rows = planted(plan, messages)
    progress("train with planted secrets", 0, None)
    adapter = train_adapter(recipe, base, out, rows.training).adapter
    weights = load_weights(base, adapter)
    sides = rows.members[: plan.measured], rows.outsiders[: plan.measured]
    return {
        "base": recipe.base, "passes": recipe.epochs, "messages": len(rows.members), "canaries": len(rows.canaries),
        "planted_rows": len(rows.training) - len(rows.members),
        "extraction": extract(weights, _served(base, adapter, out), rows.canaries, plan.prompts, plan.seed, progress),
        "exposure": exposures(weights, rows.canaries, plan.alternatives, plan.seed, progress),
        "membership": _membership(weights, base, sides, plan.seed, progress),
    }


def _served(base: Path, adapter: Path, out: Path) -> OnnxBatch:
    """The model with the adapter in 4 bits, as the product runs it."""
    whole = base_sha256(base)
    return OnnxBatch(load_onnx(onnx_folder(base, whole, check_adapter(adapter, whole), out)), limit=_ROOM)


def audit_membership(base: Path, adapter: Path, plan: Plan, messages: Sequence[Labelled], progress: Progress) -> dict[str, Any]:
    """How well rows that the adapter learnt from are told from those that `hold_out` kept back of the same files."""
    learnt, kept = (usable(part, lambda _: None) for part in hold_out(messages))
    chance = random.Random(plan.seed)
    members, outsiders = (chance.sample(rows, min(len(rows), plan.measured)) for rows in (learnt, kept))
    figures = _membership(load_weights(base, adapter), base, (members, outsiders), plan.seed, progress)
    return {"adapter_sha256": file_hash(adapter / WEIGHTS), **figures}


def for_card(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures without curves and single values."""
    return {
        key: for_card(value) if isinstance(value, dict) else value
        for key, value in figures.items() if key not in ("roc", "each", "by_way")
    }


def _membership(
    weights: Weights, base: Path, sides: tuple[Sequence[Marked], Sequence[Marked]], seed: int, progress: Progress,
) -> dict[str, Any]:
    examples = [example(row) for side in sides for row in side]
    progress("loss of answers", 0, 2)
    tuned = answer_losses(weights, examples)
    progress("loss of answers", 1, 2)
    untuned = answer_losses(load_weights(base), examples)
    progress("loss of answers", 2, 2)
    return membership(Losses(tuned, untuned, len(sides[0])), seed)
