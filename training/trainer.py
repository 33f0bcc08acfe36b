"""transformers' Trainer with the loss on the answer alone, batches padded to their longest, and whole checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import Trainer, TrainerCallback

from training.checkpoints import mark_complete

IGNORED = -100
"""Label of a token that is not learnt."""
log = logging.getLogger(__name__)


class AnswerTrainer(Trainer):  # type: ignore[misc]
    """The Trainer with the loss on the answer's tokens alone; the output layer is not computed for the prompt."""

    label_smoothing: float = 0.0

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False, num_items_in_batch: Any = None,
    ) -> Any:
        """Mean cross-entropy over the answers' tokens. Shape: ()."""
        labels = inputs["labels"][:, 1:]
        causal = self.accelerator.unwrap_model(model).get_base_model()
        hidden = causal.model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state
        answer = labels != IGNORED
        logits = causal.lm_head(hidden[:, :-1][answer]).float()
        smoothing = self.label_smoothing if model.training else 0.0
        loss = functional.cross_entropy(logits, labels[answer], label_smoothing=smoothing)
        return (loss, {"loss": loss}) if return_outputs else loss

    def prediction_step(
        self, model: Any, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None = None,
    ) -> tuple[torch.Tensor, None, None]:
        """The loss of a validation batch."""
        with torch.no_grad():
            return self.compute_loss(model, self._prepare_inputs(inputs)).detach(), None, None


@dataclass(frozen=True)
class Pad:
    """Rows of a batch padded on the right to the longest."""

    token: int

    def __call__(self, rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        """Shape of each: (batch, longest)."""
        longest = max(len(row["input_ids"]) for row in rows)

        def filled(key: str, value: int) -> torch.Tensor:
            return torch.tensor([row[key] + [value] * (longest - len(row[key])) for row in rows])

        lengths = torch.tensor([len(row["input_ids"]) for row in rows])
        mask = (torch.arange(longest)[None, :] < lengths[:, None]).long()
        return {"input_ids": filled("input_ids", self.token), "labels": filled("labels", IGNORED), "attention_mask": mask}


class Complete(TrainerCallback):  # type: ignore[misc]
    """Marks a checkpoint as complete once every file of it is written."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer after a checkpoint."""
        mark_complete(Path(args.output_dir) / f"checkpoint-{state.global_step}")


@dataclass
class Best(TrainerCallback):  # type: ignore[misc]
    """Judges every checkpoint by a figure (higher is better), remembers the best, stops when none was better for a while."""

    judge: Callable[[Path], float]
    keep: Callable[[Path, float], None]
    """Called with a checkpoint that is the best so far, and its figure."""
    patience: int
    figures: list[float] = field(default_factory=list)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer after a checkpoint."""
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        figure = self.judge(checkpoint)
        if figure > max(self.figures, default=-1.0):
            self.keep(checkpoint, figure)
        self.figures.append(figure)
        log.info("step %d: figure %.4f, best %.4f", state.global_step, figure, max(self.figures))
        since = len(self.figures) - 1 - self.figures.index(max(self.figures))
        if since >= self.patience:
            control.should_training_stop = True
