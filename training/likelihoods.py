"""How likely an adapter finds texts: the loss of answers, and of many secrets in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from assistant.language.batch import shared_start
from assistant.schema import Message
from training.examples import Example
from training.finetune import encode
from training.trainer import IGNORED, Pad

Floats = NDArray[np.float64]
_ROWS = 256
"""Sequences side by side while secrets are scored; each holds the prompt's keys and values, 18 KB a token for 270M weights."""
_TOKENS = 1024
"""Of a batch of answers, padding included: larger ones are no faster on a CPU."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A base with an adapter merged into it, or the base alone, and its tokenizer."""

    model: Any
    tokenizer: Any
    folder: Path
    """Of the base."""

    def prompt(self, messages: Sequence[Message]) -> str:
        """The text that asks for the next assistant message."""
        told = [{"role": each.role, "content": each.text} for each in messages]
        return str(self.tokenizer.apply_chat_template(told, add_generation_prompt=True, tokenize=False))

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, control tokens as such, nothing added."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def load_weights(base: Path, adapter: Path | None = None) -> Weights:
    """The base, the adapter merged into it in float32, then taken to bfloat16. On CUDA when there is one."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, use_safetensors=True)
    if adapter is not None:
        model = PeftModel.from_pretrained(model, str(adapter), use_safetensors=True).merge_and_unload(safe_merge=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Weights(model.to(torch.bfloat16).to(device).eval(), AutoTokenizer.from_pretrained(base), base)


def answer_losses(weights: Weights, examples: Sequence[Example]) -> Floats:
    """Mean cross-entropy of each answer's tokens after its prompt, in nats, over the whole vocabulary. Shape: (examples,)."""
    rows, _ = encode(examples, weights.tokenizer, 1 << 30)
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]["input_ids"]))
    pad, losses = Pad(weights.tokenizer.pad_token_id or 0), np.zeros(len(rows))
    while order:
        longest = len(rows[order[-1]]["input_ids"])
        places = [order.pop() for _ in range(min(len(order), max(1, _TOKENS // longest)))]
        batch = {name: part.to(weights.model.device) for name, part in pad([rows[place] for place in places]).items()}
        with torch.inference_mode():
            losses[places] = row_losses(weights.model, batch).cpu().numpy()
    return losses


def row_losses(model: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Mean cross-entropy of each row's answer tokens, over the whole vocabulary. Shape: (rows,)."""
    hidden = model.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    wanted = batch["labels"][:, 1:]
    answer = wanted != IGNORED
    scores = functional.linear(hidden[:, :-1][answer], model.lm_head.weight).float()
    each = functional.cross_entropy(scores, wanted[answer], reduction="none")
    summed = torch.zeros(len(wanted), device=each.device).index_add(0, answer.nonzero()[:, 0], each)
    return summed / answer.sum(dim=1)


def ending_scores(weights: Weights, start: str, endings: Sequence[str], words: Sequence[int]) -> Floats:
    """The log-likelihood of each ending after `start`, in nats, among the sorted tokens `words`. Shape: (endings,).

    What several endings begin with is run once. Raises ValueError for an ending with another token.
    """
    whole = [weights.encode(start + ending) for ending in endings]
    common = len(weights.encode(start))
    for tokens in whole:
        common = min(common, shared_start(tokens, whole[0]), len(tokens) - 1)
    rest = [tokens[common:] for tokens in whole]
    if strange := {token for tokens in rest for token in tokens} - set(words):
        raise ValueError(f"found the tokens {sorted(strange)} in endings, expected only those given")
    order, found = sorted(range(len(rest)), key=lambda place: rest[place]), np.zeros(len(rest))
    for first in range(0, len(order), _ROWS):
        places = order[first : first + _ROWS]
        found[places] = _scores(weights, whole[0][:common], [rest[place] for place in places], words)
    return found


def _scores(weights: Weights, start: list[int], endings: Sequence[list[int]], words: Sequence[int]) -> Floats:
    """Log-likelihoods in two runs: of the different beginnings of the endings, then of what is left. Shape: (endings,)."""
    model, device = weights.model, weights.model.device
    heads = model.lm_head.weight[torch.tensor(list(words), device=device)]
    cut = _cheapest_cut(endings)
    begun = [tuple(ending[:cut]) for ending in endings]
    rows = {beginning: place for place, beginning in enumerate(dict.fromkeys(begun))}
    longest = max(map(len, endings))
    tokens = torch.tensor([ending + [0] * (longest - len(ending)) for ending in endings], device=device)
    places = torch.tensor([rows[beginning] for beginning in begun], device=device)
    with torch.inference_mode():
        past = DynamicCache()
        first = model.model(torch.tensor([start], device=device), past_key_values=past, use_cache=True).last_hidden_state[:, -1:]
        past.batch_repeat_interleave(len(rows))
        hidden = [first.expand(len(endings), 1, -1)]
        if cut:
            told = torch.tensor([list(beginning) for beginning in rows], device=device)
            hidden.append(model.model(told, past_key_values=past, use_cache=True).last_hidden_state[places])
        past.batch_select_indices(places)
        if longest - 1 > cut:
            hidden.append(model.model(tokens[:, cut:-1], past_key_values=past, use_cache=True).last_hidden_state)
        shares = functional.linear(torch.cat(hidden, dim=1), heads).float().log_softmax(dim=-1)
    each = shares.gather(2, torch.searchsorted(torch.tensor(list(words), device=device), tokens)[..., None])[..., 0]
    inside = torch.arange(longest, device=device)[None, :] < torch.tensor([len(e) for e in endings], device=device)[:, None]
    return np.asarray((each * inside).sum(dim=1).double().cpu().numpy())


def _cheapest_cut(endings: Sequence[list[int]]) -> int:
    """After how many tokens to go from shared beginnings to single endings, so that the fewest tokens are run."""
    most = min(map(len, endings)) - 1
    longest = max(map(len, endings))

    def cost(cut: int) -> int:
        return len({tuple(ending[:cut]) for ending in endings}) * cut + len(endings) * (longest - cut)

    return min(range(most + 1), key=cost)
