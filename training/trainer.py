"""transformers' Trainer with the loss on the answer alone, batches padded to their longest, and whole checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainerCallback

from training.checkpoints import mark_complete
from training.ways import causal_of, orthogonality

IGNORED = -100
"""Label of a token that is not learnt."""
_CLASSES = torch.tensor([[1.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 1.0]])
"""Which ratings are negative, neutral, positive."""
log = logging.getLogger(__name__)


class AnswerTrainer(Trainer):  # type: ignore[misc]
    """The Trainer with the loss on the answer's tokens alone; the output layer is not computed for the prompt."""

    label_smoothing: float = 0.0
    adversarial: float = 0.0
    """Length of the step against each example's embeddings (FGM: Miyato et al. 2017); with 0 none is made."""
    stars: Stars | None = None
    words: torch.Tensor | None = None
    """The tokens among which the answers' tokens are told apart, sorted; None is the whole vocabulary. With a vocabulary of
    262,144 the output layer would take a third of every step, for tokens that no answer has."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for usual in (ProgressCallback, PrinterCallback):
            self.remove_callback(usual)
        self.add_callback(Progressing())

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False, num_items_in_batch: Any = None,
    ) -> Any:
        """Mean cross-entropy over the answers' tokens, with the terms of the ratings where there are some. Shape: ()."""
        tuned = self.accelerator.unwrap_model(model)
        if self.adversarial and model.training:
            embedded = causal_of(tuned).get_input_embeddings()(inputs["input_ids"])
            if not embedded.requires_grad:
                embedded.requires_grad_()
            clean = self._loss(tuned, inputs, embedded)
            (slope,) = torch.autograd.grad(clean, embedded, retain_graph=True)
            push = self.adversarial * slope / slope.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None]
            loss = (clean + self._loss(tuned, inputs, embedded + push.detach())) / 2
        else:
            loss = self._loss(tuned, inputs)
        if model.training and (term := orthogonality(tuned)) is not None:
            loss = loss + term
        return (loss, {"loss": loss}) if return_outputs else loss

    def _loss(self, tuned: Any, inputs: dict[str, torch.Tensor], embedded: torch.Tensor | None = None) -> torch.Tensor:
        """The loss of a batch, of its tokens or of these embeddings of them."""
        causal, labels = causal_of(tuned), inputs["labels"][:, 1:]
        hidden = self._hidden(tuned, inputs, embedded)
        answer = labels != IGNORED
        wanted, rows = labels[answer], causal.lm_head.weight
        if self.words is not None:
            words = self.words.to(wanted.device)
            wanted, rows = torch.searchsorted(words, wanted), rows[words]
        logits = functional.linear(hidden[:, :-1][answer], rows).float()
        smoothing = self.label_smoothing if tuned.training else 0.0
        loss = functional.cross_entropy(logits, wanted, label_smoothing=smoothing, reduction="sum") / max(1, len(logits))
        if self.stars is not None and (inputs["place"] > 0).any():
            rated = inputs["place"] > 0
            at = hidden[rated, inputs["place"][rated] - 1]
            digits = functional.linear(at, causal.lm_head.weight[list(self.stars.tokens)]).float()
            loss = loss + self.stars.loss(digits, inputs["stars"][rated], inputs["sentiment"][rated])
        return loss

    def _hidden(self, tuned: Any, inputs: dict[str, torch.Tensor], embedded: torch.Tensor | None) -> torch.Tensor:
        """The last layer's states. Shape: (rows, tokens, width)."""
        given = {"input_ids": inputs["input_ids"]} if embedded is None else {"inputs_embeds": embedded}
        mask = inputs["attention_mask"]
        if getattr(getattr(tuned, "active_peft_config", None), "is_prompt_learning", False):
            before = tuned.get_prompt(len(mask))
            mask = torch.cat([mask.new_ones(len(mask), before.get_seq_length()), mask], dim=1)
            given |= {"past_key_values": before, "use_cache": True}
        states: torch.Tensor = causal_of(tuned).model(attention_mask=mask, **given).last_hidden_state
        return states

    def prediction_step(
        self, model: Any, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None = None,
    ) -> tuple[torch.Tensor, None, None]:
        """The loss of a validation batch."""
        with torch.no_grad():
            return self.compute_loss(model, self._prepare_inputs(inputs)).detach(), None, None


@dataclass(frozen=True)
class Stars:
    """The loss terms of a review's rating: the expected rating is a regressor, the shares of the sentiments a classifier."""

    tokens: tuple[int, ...]
    """Of the digits 1 to 5."""
    rating_weight: float
    sentiment_weight: float

    def loss(self, digits: torch.Tensor, stars: torch.Tensor, sentiment: torch.Tensor) -> torch.Tensor:
        """`digits` are the scores of the five, shape (rows, 5); `stars` NaN and `sentiment` IGNORED are not learnt. Shape: ()."""
        shares = digits.softmax(dim=-1)
        given = ~stars.isnan()
        loss = digits.sum() * 0.0
        if given.any():
            expected = shares[given] @ torch.arange(1.0, 6.0, device=digits.device)
            loss = loss + self.rating_weight * functional.mse_loss(expected, stars[given])
        known = sentiment != IGNORED
        if known.any():
            classes = (shares[known] @ _CLASSES.to(digits.device).T).clamp_min(1e-9).log()
            loss = loss + self.sentiment_weight * functional.nll_loss(classes, sentiment[known])
        return loss


@dataclass(frozen=True)
class Pad:
    """Rows of a batch padded on the right to the longest."""

    token: int

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Tokens, labels and mask, of shape (batch, longest); place of the rating, stars and sentiment, of shape (batch,)."""
        longest = max(len(row["input_ids"]) for row in rows)

        def filled(key: str, value: int) -> torch.Tensor:
            return torch.tensor([row[key] + [value] * (longest - len(row[key])) for row in rows])

        lengths = torch.tensor([len(row["input_ids"]) for row in rows])
        mask = (torch.arange(longest)[None, :] < lengths[:, None]).long()
        return {
            "input_ids": filled("input_ids", self.token), "labels": filled("labels", IGNORED), "attention_mask": mask,
            "place": torch.tensor([row["place"] for row in rows]), "stars": torch.tensor([row["stars"] for row in rows]),
            "sentiment": torch.tensor([row["sentiment"] for row in rows]),
        }


class Complete(TrainerCallback):  # type: ignore[misc]
    """Marks a checkpoint as complete once every file of it is written."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer after a checkpoint."""
        mark_complete(Path(args.output_dir) / f"checkpoint-{state.global_step}")


class Progressing(ProgressCallback):  # type: ignore[misc]
    """The bar on standard error; losses go to the log, not among what a command prints."""

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Called by the Trainer with new losses."""
        log.info("step %d: %s", state.global_step, logs)


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
