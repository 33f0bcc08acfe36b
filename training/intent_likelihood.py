"""The language model as a classifier: the intent whose name it would most likely write, exactly, in one pass a question.

log P(name) = sum over the name's tokens of log P(token | prompt, tokens before), among the tokens that a name can go on with
there: what a grammar of the names would leave. Where names do not part nothing is left to tell: only the nodes above a branch
of the trie are read, all beside each other after the one prompt, each seeing the prompt and its own ancestors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from assistant.errors import ModelCorrupt
from assistant.prompts import intent_prompt
from assistant.service_router import CARD, TUNED, Judged, card_of, shares_of
from retrieval.wheels import Progress
from training.class_figures import Floats, Places
from training.examples import Example
from training.finetune import Recipe, Task, train_task
from training.intent_router import best_temperature, best_threshold, held_back, how_sure
from training.name_trie import NameTrie
from training.text_tables import OUTSIDE, Asked

KIND = "likelihood"
"""In the card of a folder whose router is one of these."""
MEASURED = 400
"""Questions held back that the temperature is chosen on at most: reading them takes a while."""
BATCH = 8
"""Questions that are read at once."""


def spoken_name(intent: str) -> str:
    """The name as it is written: `card_arrival` as `card arrival`, whose tokens the model knows."""
    return " ".join(intent.replace("_", " ").lower().split())


def intent_task(rows: Sequence[Asked], validation: Sequence[Asked], recipe: Recipe) -> Task:
    """What `training.finetune.train_task` learns: the intent's name after each question, `recipe.epochs` times."""
    def made(row: Asked) -> Example:
        return Example(f"row{row.row}", intent_prompt(row.text), spoken_name(row.intent))

    inside = [made(row) for row in rows if row.intent != OUTSIDE]
    seen = "\n".join(sorted(f"{each.prompt[-1].text}\t{each.target}" for each in inside))
    kept = [made(row) for row in validation if row.intent != OUTSIDE]
    return Task(("intent",), inside * recipe.epochs, kept, sha256(seen.encode()).hexdigest())


@dataclass(slots=True)
class NameScorer:
    """A model that tells how likely it would write each of the names."""

    model: Any
    tokenizer: Any
    trie: NameTrie

    @classmethod
    def open(cls, base: Path, adapter: Path | None, intents: Sequence[str]) -> NameScorer:
        """In bfloat16, an adapter merged. Raises ValueError for intents whose names can't be told apart."""
        tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation="eager")
        if adapter is not None:
            model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
        turn = "<|im_end|>"
        end = tokenizer.convert_tokens_to_ids(turn) if turn in tokenizer.get_vocab() else tokenizer.eos_token_id
        names = [[*tokenizer(spoken_name(each), add_special_tokens=False)["input_ids"], end] for each in intents]
        return cls(model.eval(), tokenizer, NameTrie.of(names))

    def scores(self, questions: Sequence[str], progress: Progress = lambda phase, done, of: None) -> Floats:
        """Log-likelihoods of the names, whose exponentials add up to 1. Shape: (questions, names)."""
        prompts = [self._prompt(question) for question in questions]
        found = np.zeros((len(prompts), self.trie.names))
        order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            found[batch] = self._batch([prompts[at] for at in batch])
            progress("reading", min(start + BATCH, len(order)), len(order))
        return found

    def _prompt(self, question: str) -> list[int]:
        messages = [{"role": each.role, "content": each.text} for each in intent_prompt(question)]
        text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        found: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _batch(self, prompts: Sequence[Sequence[int]]) -> Floats:
        """Shape: (prompts, names)."""
        width, nodes = max(map(len, prompts)), len(self.trie.tokens)
        tokens = torch.zeros(len(prompts), width + nodes, dtype=torch.long)
        places = torch.zeros_like(tokens)
        sees = torch.zeros(len(prompts), width + nodes, width + nodes, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            start = width - len(prompt)
            tokens[row, start:] = torch.tensor([*prompt, *self.trie.tokens])
            places[row, start:width] = torch.arange(len(prompt))
            places[row, width:] = torch.from_numpy(self.trie.depths) + len(prompt)
            sees[row, start:width, start:width] = torch.ones(len(prompt), len(prompt), dtype=torch.bool).tril()
            sees[row, width:, start:width] = True
            sees[row, width:, width:] = torch.from_numpy(self.trie.sees())
            sees[row, :start, 0] = True  # padding looks at something, so that nothing is divided by 0
        mask = torch.zeros(sees.shape, dtype=self.model.dtype).masked_fill(~sees, torch.finfo(self.model.dtype).min)[:, None]
        kinds = set(getattr(self.model.config, "layer_types", None) or ())
        hidden = self.model.model(
            input_ids=tokens, position_ids=places, attention_mask=dict.fromkeys(kinds, mask) if len(kinds) > 1 else mask,
        ).last_hidden_state[:, width - 1 :]
        return self._names_of(hidden)

    def _names_of(self, hidden: torch.Tensor) -> Floats:
        """From what follows the prompt, shape (prompts, 1 + nodes, dim). Shape: (prompts, names)."""
        found = np.zeros((len(hidden), self.trie.names))
        for branch in self.trie.branches:
            rows = self.model.lm_head.weight[torch.from_numpy(branch.tokens)]
            shares = (hidden[:, branch.node + 1] @ rows.T).float().log_softmax(dim=-1).numpy()
            for way, names in enumerate(branch.ways):
                found[:, names] += shares[:, way, None]
        return found


@dataclass(frozen=True, slots=True)
class LikelihoodRouter:
    """A tuned language model as a router of questions."""

    intents: tuple[str, ...]
    scorer: NameScorer
    temperature: float
    threshold: float
    """A question whose likeliest intent has less is out of scope."""

    def judge(self, questions: Sequence[str]) -> Judged:
        """Probabilities of each question; how sure it is, is the highest."""
        shares = shares_of(self.scorer.scores(questions) / self.temperature)
        return Judged(shares, shares.max(axis=1))


def open_likelihood(folder: Path, base: Path) -> LikelihoodRouter:
    """The router in a folder that `train_likelihood` wrote. Raises ModelCorrupt."""
    card = card_of(folder)
    try:
        intents = tuple(card["intents"])
        scorer = NameScorer.open(base, folder / TUNED, intents)
        return LikelihoodRouter(intents, scorer, float(card["temperature"]), float(card["threshold"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelCorrupt(f"found no whole router in {folder} ({error!r}). Train it anew.") from error


def train_likelihood(
    rows: Sequence[Asked], base: Path, out: Path, recipe: Recipe, *, seed: int = 0,
    progress: Progress = lambda phase, done, of: None, now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> LikelihoodRouter:
    """The router in `out`: an adapter tuned on most questions, temperature and threshold chosen on those held back.

    A run that was stopped goes on from its newest complete checkpoint.
    """
    inside = [row for row in rows if row.intent != OUTSIDE]
    outside = [row.text for row in rows if row.intent == OUTSIDE]
    names, places = np.unique([row.intent for row in inside], return_inverse=True)
    learnt, held = held_back(places, seed)
    task = intent_task([inside[at] for at in learnt], [inside[at] for at in held[:64]], recipe)
    trained = train_task(recipe, base, out, task, now=now)
    scorer = NameScorer.open(base, trained.adapter, [str(name) for name in names])
    judged = np.random.default_rng(seed).permutation(held)[:MEASURED]
    scores = scorer.scores([*(inside[at].text for at in judged), *outside], progress)
    router = calibrated(scorer, tuple(str(name) for name in names), scores, places[judged])
    told = {
        "kind": KIND, "intents": router.intents, "base": recipe.base, "temperature": router.temperature,
        "threshold": router.threshold, "questions": len(learnt), "held_back": len(judged), "out_of_scope": len(outside),
        "recipe": asdict(recipe), "made_at": now().isoformat(timespec="seconds"),
    }
    (out / CARD).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return router


def calibrated(scorer: NameScorer, intents: tuple[str, ...], scores: Floats, gold: Places) -> LikelihoodRouter:
    """The router with temperature and threshold by questions held back; scores beyond those with `gold` are out of scope."""
    temperature = best_temperature(scores[: len(gold)], gold, how_sure(len(gold)))
    confidence = shares_of(scores / temperature).max(axis=1)
    return LikelihoodRouter(intents, scorer, temperature, best_threshold(confidence[: len(gold)], confidence[len(gold) :]))
