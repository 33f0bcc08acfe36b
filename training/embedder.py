"""The recipe of the embedder: triplets of query, wanted and unwanted product -> LoRA -> an adapter of a few MB."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from peft import LoraConfig
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from transformers import PrinterCallback, ProgressCallback, TrainerCallback

from assistant.feedback import TAKEN
from assistant.memory import Memory
from retrieval.embedding import Embedder
from retrieval.schema import Item
from retrieval.shop import Shop
from retrieval.wheels import Progress
from training.judgements import Judgements


class EmbedderDataError(ValueError):
    """Too little to train an embedder on. The text says what was found, what was expected, and the cure."""


@dataclass(frozen=True, slots=True)
class EmbedderRecipe:
    """How the embedder is tuned."""

    rank: int = 32
    epochs: float = 1.0
    """One pass; a second one learns the queries by heart, and ranks those it has not seen worse."""
    batch: int = 64
    """Triplets a step; every product of a batch is a negative of the other queries."""
    learning_rate: float = 5e-4
    dropout: float = 0.05
    scale: float = 20.0
    """What cosines are multiplied by in the softmax."""
    longest: int = 40
    """Tokens of a text that are read."""
    wanted_from: float = 0.66
    """Relevance, 0 to 1, from which a product is wanted."""
    apart: float = 0.33
    """How much less relevant a judged product is that serves as the unwanted one."""
    judged_share: float = 0.75
    """Share of the triplets whose unwanted product was judged, where there is one; the others' are mined."""
    mined_from: int = 100
    """Mined unwanted products are drawn from the nearest so many that nobody judged."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Triplet:
    """A query, a product that was wanted, and one that was less."""

    query: str
    wanted: str
    unwanted: str


def judged_triplets(
    judgements: Judgements, items: Sequence[Item], embedder: Embedder, recipe: EmbedderRecipe
) -> tuple[Triplet, ...]:
    """A triplet for each wanted product of each query, in random order; hard negatives are judged or mined by `embedder`."""
    titles = {item.id: item.title for item in items}
    ids = list(titles)
    products = embedder.embed(list(titles.values()))
    queries = embedder.embed([query.text for query in judgements.queries], query=True)
    chance, found = random.Random(recipe.seed), []
    for query, vector in zip(judgements.queries, queries, strict=True):
        judged = {p: judgements.degree(r) for p, r in query.relevance.items() if p in titles}
        wanted = [product for product, degree in judged.items() if degree >= recipe.wanted_from]
        near = np.argsort(-(products @ vector))[: recipe.mined_from].tolist() if wanted else []
        mined = [ids[row] for row in near if ids[row] not in judged]
        for product in wanted:
            less = [other for other, degree in judged.items() if degree <= judged[product] - recipe.apart]
            pool = less if less and (chance.random() < recipe.judged_share or not mined) else mined
            if pool:
                found.append(Triplet(query.text, titles[product], titles[chance.choice(pool)]))
    chance.shuffle(found)
    if len(found) < recipe.batch:
        cure = "Give more judged queries."
        raise EmbedderDataError(f"found {len(found)} triplets, expected at least {recipe.batch}, one batch. {cure}")
    return tuple(found)


def shop_triplets(shop: Shop, memory: Memory, recipe: EmbedderRecipe) -> tuple[Triplet, ...]:
    """Triplets of a shop without judged pairs, in random order: what consented shoppers asked for, took and passed over, three
    times each; and for each item a made-up query, a value with its shelf, against an item of the shelf without that value."""
    chance, items = random.Random(recipe.seed), {item.id: item for item in shop.all_items()}
    shelves: dict[tuple[str, ...], list[Item]] = {}
    for item in items.values():
        shelves.setdefault(item.category, []).append(item)
    found = [triplet for triplet in _taken(memory, items) for _ in range(3)]
    for item in items.values():
        attributes = [a for a in item.attributes if a.values and not a.values[0][0].isdigit()]
        if not item.category or not attributes:
            continue
        attribute = chance.choice(attributes)
        value = chance.choice(attribute.values)
        others = [other for other in shelves[item.category] if value not in other.values(attribute.name)]
        if others:
            found.append(Triplet(f"{value} {item.category[-1]}".lower(), item.title, chance.choice(others).title))
    chance.shuffle(found)
    if len(found) < recipe.batch:
        cure = "Import items with categories and attributes, or name judged pairs."
        raise EmbedderDataError(f"found {len(found)} triplets in the shop, expected at least {recipe.batch}, one batch. {cure}")
    return tuple(found)


def _taken(memory: Memory, items: Mapping[str, Item]) -> Iterator[Triplet]:
    """A triplet for each item that a consented shopper took off a slate, with one that she passed over."""
    for turn in memory.consented():
        shown = [item.id for item in turn.slate.items if item.id in items] if turn.slate else []
        events = [event for event in memory.feedback.of(turn.shopper_id) if event.turn_id == turn.id]
        taken = {event.item_id for event in events if event.kind in TAKEN}
        passed = [items[item].title for item in shown if item not in taken]
        if turn.query is not None and turn.query.text and passed:
            yield from (Triplet(turn.query.text, items[item].title, passed[0]) for item in shown if item in taken)


def fit_embedder(
    base: Path, out: Path, triplets: Sequence[Triplet], recipe: EmbedderRecipe, told: str = "", progress: Progress | None = None
) -> Path:
    """The folder of the trained adapter, with its card; `base` is a sentence-transformers folder.

    Loss: multiple negatives ranking (Henderson et al. 2017) over the wanted products of a batch and the unwanted ones.
    Checkpoints lie in `out`; a run that was stopped goes on from the newest.
    """
    model = SentenceTransformer(str(base), device=None)
    model.max_seq_length = recipe.longest
    model.add_adapter(LoraConfig(
        task_type="FEATURE_EXTRACTION", r=recipe.rank, lora_alpha=2 * recipe.rank, lora_dropout=recipe.dropout,
        target_modules=["query", "key", "value", "dense"],
    ))
    rows = Dataset.from_dict({
        "anchor": [each.query for each in triplets], "positive": [each.wanted for each in triplets],
        "negative": [each.unwanted for each in triplets],
    })
    arguments = SentenceTransformerTrainingArguments(
        str(out), num_train_epochs=recipe.epochs, per_device_train_batch_size=recipe.batch, learning_rate=recipe.learning_rate,
        warmup_steps=0.05, lr_scheduler_type="cosine", weight_decay=0.01, bf16=True, logging_steps=20, save_steps=100,
        save_total_limit=2, report_to=[], seed=recipe.seed, use_cpu=not torch.cuda.is_available(),
    )
    trainer = SentenceTransformerTrainer(
        model, arguments, train_dataset=rows, loss=MultipleNegativesRankingLoss(model, scale=recipe.scale)
    )
    for told_apart in (ProgressCallback, PrinterCallback):  # they write on standard output, which is the command's
        trainer.remove_callback(told_apart)
    if progress:
        trainer.add_callback(_Steps(progress))
    trainer.train(resume_from_checkpoint=any(out.glob("checkpoint-*")) or None)
    adapter = out / "adapter"
    model[0].auto_model.save_pretrained(str(adapter))
    (adapter / "README.md").write_text(_card(recipe, len(triplets), told), encoding="utf-8")
    return adapter


class _Steps(TrainerCallback):  # type: ignore[misc]
    """Tells the steps done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the trainer after a step."""
        self._progress("train", state.global_step, state.max_steps)


def _card(recipe: EmbedderRecipe, count: int, told: str) -> str:
    return (
        "# An embedder's LoRA adapter for product search\n\n"
        f"Base: all-MiniLM-L6-v2 (Apache-2.0). {count} triplets of query, wanted and unwanted product. {told}\n\n"
        f"Settings: {recipe}\n"
    )
