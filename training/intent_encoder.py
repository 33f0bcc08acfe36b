"""The recipe of the intent encoder: labelled questions -> an adapter of MiniLM, after which those of one intent lie close.

Softmax cross-entropy over cosines to one vector an intent, which begins at the mean of the intent's questions (a proximity to
prototypes, Snell et al. 2017, learnt as in NormFace, Wang et al. 2017), with label smoothing (Szegedy et al. 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn import functional
from transformers import (
    AutoModel,
    AutoTokenizer,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from retrieval.wheels import Progress
from training.checkpoints import newest_complete
from training.trainer import Complete

CHECKPOINTS = "checkpoints"
"""In a run's folder: where it goes on from after a stop."""


@dataclass(frozen=True, slots=True)
class EncoderRecipe:
    """How the encoder is tuned."""

    rank: int = 32
    epochs: int = 8
    batch: int = 32
    learning_rate: float = 1e-3
    """Peak, after warm-up; falls to 0 by a cosine."""
    scale: float = 20.0
    """What cosines are multiplied by in the softmax."""
    smoothing: float = 0.05
    dropout: float = 0.05
    """Of the adapter; the encoder has its own of 0.1."""
    weight_decay: float = 0.01
    last_rate: float = 2e-4
    """Peak of the learning rate of one more pass over all questions, when all is chosen on those that were held back."""
    longest: int = 64
    """Tokens of a question that are read."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TunedEncoder:
    """What a run gives."""

    adapter: Path
    centres: NDArray[np.float32]
    """A vector an intent, by which the vectors of questions are multiplied to give its score. Shape: (intents, dim)."""


class IntentEncoder(torch.nn.Module):  # type: ignore[misc]
    """The encoder with its adapter, mean pooling, and a vector an intent."""

    def __init__(self, encoder: Any, centres: torch.Tensor, recipe: EncoderRecipe) -> None:
        super().__init__()
        self.encoder = encoder
        self.centres = torch.nn.Parameter(centres)
        self._recipe = recipe

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """The mean loss of a batch, shape (), and the scores of its questions, shape (questions, intents)."""
        vectors = pooled(self.encoder, input_ids, attention_mask)
        scores = self._recipe.scale * vectors @ self.centres.T
        return {"loss": functional.cross_entropy(scores, labels, label_smoothing=self._recipe.smoothing), "logits": scores}


def pooled(encoder: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """The mean of the tokens' vectors at length 1. Shape: (questions, dim)."""
    hidden = encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
    mask = attention_mask[..., None].float()
    return functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=-1)


def tune_encoder(
    base: Path, out: Path, texts: Sequence[str], intents: NDArray[np.int64], recipe: EncoderRecipe,
    progress: Progress | None = None, callbacks: Sequence[TrainerCallback] = (), start: TunedEncoder | None = None,
) -> TunedEncoder:
    """The trained adapter, in `out/adapter`; `base` is a folder of MiniLM, `intents` are numbered from 0.

    `start` is tuned further. A run that was stopped goes on from its newest complete checkpoint in `out`.
    """
    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    plain = AutoModel.from_pretrained(base, attn_implementation="eager")
    tokens = tokenizer(list(texts), truncation=True, max_length=recipe.longest)["input_ids"]
    rows = [{"input_ids": ids, "labels": int(intent)} for ids, intent in zip(tokens, intents, strict=True)]
    if start is None:
        centres = _centres(plain, rows, int(intents.max()) + 1)
        adapted = get_peft_model(plain, LoraConfig(
            task_type="FEATURE_EXTRACTION", r=recipe.rank, lora_alpha=2 * recipe.rank, lora_dropout=recipe.dropout,
            target_modules=["query", "key", "value", "dense"],
        ))
    else:
        centres = torch.from_numpy(start.centres / recipe.scale)
        adapted = PeftModel.from_pretrained(plain, str(start.adapter), is_trainable=True)
    model = IntentEncoder(adapted, centres, recipe)
    trainer = Trainer(
        model, _arguments(out, recipe, len(rows)), train_dataset=rows, data_collator=_padded, callbacks=[Complete(), *callbacks],
    )
    for told_apart in (ProgressCallback, PrinterCallback):  # they write on standard output, which is the command's
        trainer.remove_callback(told_apart)
    if progress:
        trainer.add_callback(_Steps(progress))
    checkpoint = newest_complete(out / CHECKPOINTS)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    adapter = out / "adapter"
    adapted.save_pretrained(str(adapter))
    return TunedEncoder(adapter, recipe.scale * model.centres.detach().numpy())


def _arguments(out: Path, recipe: EncoderRecipe, rows: int) -> TrainingArguments:
    steps = -(-rows // recipe.batch) * recipe.epochs
    return TrainingArguments(
        str(out / CHECKPOINTS), num_train_epochs=recipe.epochs, per_device_train_batch_size=recipe.batch,
        learning_rate=recipe.learning_rate, warmup_steps=max(1, steps // 10), lr_scheduler_type="cosine",
        weight_decay=recipe.weight_decay, bf16=True, use_cpu=not torch.cuda.is_available(), logging_steps=20, report_to=[],
        save_strategy="epoch", save_total_limit=1, seed=recipe.seed, train_sampling_strategy="group_by_length",
        remove_unused_columns=False, dataloader_pin_memory=torch.cuda.is_available(),
    )


def _centres(encoder: Any, rows: Sequence[dict[str, Any]], count: int) -> torch.Tensor:
    """The mean vector of each intent's questions, at length 1. Shape: (intents, dim)."""
    sums = torch.zeros(count, encoder.config.hidden_size)
    order = sorted(rows, key=lambda row: len(row["input_ids"]))
    encoder.eval()
    with torch.no_grad():
        for start in range(0, len(order), 64):
            batch = _padded(order[start : start + 64])
            sums.index_add_(0, batch["labels"], pooled(encoder, batch["input_ids"], batch["attention_mask"]))
    return functional.normalize(sums, dim=-1)


def _padded(rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Tokens and mask, of shape (batch, longest), and labels, of shape (batch,)."""
    longest = max(len(row["input_ids"]) for row in rows)
    tokens = torch.tensor([row["input_ids"] + [0] * (longest - len(row["input_ids"])) for row in rows])
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    mask = (torch.arange(longest)[None, :] < lengths[:, None]).long()
    return {"input_ids": tokens, "attention_mask": mask, "labels": torch.tensor([row["labels"] for row in rows])}


class _Steps(TrainerCallback):  # type: ignore[misc]
    """Tells the steps done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the trainer after a step."""
        self._progress("train", state.global_step, state.max_steps)
