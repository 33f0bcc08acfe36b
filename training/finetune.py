"""The recipe: base model + labelled messages -> a LoRA adapter. QLoRA (NF4) on CUDA, LoRA in bfloat16 on CPU, same settings."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from training.checkpoints import mark_complete, newest_complete
from training.examples import Example, Marked, example
from training.noise import Noise, disturb, pool_of

IGNORED = -100
WEIGHTS = "adapter_model.safetensors"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """Every setting of a training run; saved in the adapter's card."""

    base: str = "smollm2-135m"
    """Preset name, written into the card."""
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    """Of the adapter; it costs a fifth of the speed on a CPU, and the disturbed messages already regularise."""
    learning_rate: float = 6e-4
    """Peak, after warm-up; falls to 0 by a cosine."""
    epochs: int = 4
    """Passes over the messages; every pass disturbs them anew."""
    batch: int = 8
    """Messages a step and device."""
    warmup: float = 0.05
    """Share of the steps."""
    weight_decay: float = 0.01
    label_smoothing: float = 0.02
    max_tokens: int = 384
    """Longer examples are left out, and counted."""
    checkpoints: int = 6
    """How many are written over the run."""
    seed: int = 7
    noise: Noise = field(default_factory=Noise)


@dataclass(frozen=True)
class Trained:
    """What a run gives."""

    adapter: Path
    examples: int
    left_out: int
    """Examples longer than `max_tokens`."""
    validation_loss: float
    data_sha256: str


def train_adapter(
    recipe: Recipe, base: Path, out: Path, messages: Sequence[Marked], validation: Sequence[Marked], *,
    start: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Trained:
    """The adapter in `out/adapter`, trained on `messages`; a killed run goes on from its newest complete checkpoint.

    `start` is an adapter to train further.
    """
    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows, left_out = encode(passes(recipe, messages), tokenizer, recipe.max_tokens)
    kept_back, _ = encode([example(m) for m in validation], tokenizer, recipe.max_tokens)
    model = lora_model(recipe, base, start)
    trainer = AnswerTrainer(
        model=model, args=arguments(recipe, out, len(rows)), train_dataset=rows, eval_dataset=kept_back,
        data_collator=Pad(tokenizer.pad_token_id or 0), callbacks=[Complete()],
    )
    trainer.label_smoothing = recipe.label_smoothing
    checkpoint = newest_complete(out / "checkpoints")
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    loss = float(trainer.evaluate()["eval_loss"]) if kept_back else float("nan")
    trained = Trained(out / "adapter", len(rows), left_out, loss, data_hash(messages))
    save_adapter(model, trained.adapter, card(recipe, base, trained, now()))
    return trained


def passes(recipe: Recipe, messages: Sequence[Marked]) -> list[Example]:
    """The messages once for every epoch, disturbed differently each time; the first time as they are."""
    pool = pool_of(messages)
    chance = random.Random(recipe.seed)
    found: list[Example] = []
    for epoch in range(recipe.epochs):
        order = list(messages)
        chance.shuffle(order)
        found += [example(disturb(m, pool, recipe.noise, chance) if epoch else m) for m in order]
    return found


def encode(examples: Sequence[Example], tokenizer: Any, max_tokens: int) -> tuple[list[dict[str, list[int]]], int]:
    """(token rows with labels on the answer alone, how many were too long)."""
    rows: list[dict[str, list[int]]] = []
    end = tokenizer.convert_tokens_to_ids("<|im_end|>") if "<|im_end|>" in tokenizer.get_vocab() else tokenizer.eos_token_id
    for item in examples:
        messages = [{"role": m.role, "content": m.text} for m in item.prompt]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        answer = [*tokenizer(item.target, add_special_tokens=False)["input_ids"], end]
        if len(prompt) + len(answer) <= max_tokens:
            rows.append({"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer})
    return rows, len(examples) - len(rows)


def lora_model(recipe: Recipe, base: Path, start: Path | None = None) -> PeftModel:
    """The base with trainable adapter weights: NF4 with double quantisation on CUDA, bfloat16 elsewhere."""
    cuda = torch.cuda.is_available()
    quantised = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.bfloat16, quantization_config=quantised if cuda else None, attn_implementation="sdpa",
    )
    model.config.use_cache = False
    if cuda:
        model = prepare_model_for_kbit_training(model)
    config = LoraConfig(
        r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=recipe.dropout, target_modules="all-linear", task_type="CAUSAL_LM",
    )
    tuned = get_peft_model(model, config, autocast_adapter_dtype=True)
    if start is not None:
        set_peft_model_state_dict(tuned, load_file(start / WEIGHTS))
    return tuned


def arguments(recipe: Recipe, out: Path, rows: int) -> TrainingArguments:
    """The Trainer's settings; all passes are one of its epochs, since each has its own disturbed rows."""
    cuda = torch.cuda.is_available()
    steps = -(-rows // recipe.batch)
    return TrainingArguments(
        output_dir=str(out / "checkpoints"), num_train_epochs=1, per_device_train_batch_size=recipe.batch,
        per_device_eval_batch_size=recipe.batch, learning_rate=recipe.learning_rate, lr_scheduler_type="cosine",
        warmup_steps=max(1, round(recipe.warmup * steps)), weight_decay=recipe.weight_decay, max_grad_norm=1.0,
        optim="paged_adamw_8bit" if cuda else "adamw_torch", bf16=cuda, use_cpu=not cuda, gradient_checkpointing=False,
        train_sampling_strategy="group_by_length", save_strategy="steps", save_steps=max(1, steps // recipe.checkpoints),
        save_total_limit=2, logging_steps=max(1, min(20, steps // 4)), report_to=["tensorboard"],
        seed=recipe.seed, data_seed=recipe.seed, remove_unused_columns=False, dataloader_pin_memory=cuda, label_names=["labels"],
        eval_strategy="no",
    )


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


def data_hash(messages: Sequence[Marked]) -> str:
    """SHA-256 of the training rows, in their order."""
    rows = "\n".join(f"{m.text}\t{m.target}" for m in messages)
    return hashlib.sha256(rows.encode()).hexdigest()


def card(recipe: Recipe, base: Path, trained: Trained, at: datetime) -> dict[str, object]:
    """The adapter's card: what it was made from, how, and what came out."""
    return {
        "tasks": ["read"], "base": recipe.base, "base_sha256": file_hash(base / "model.safetensors"), "licence": "Apache-2.0",
        "data_sha256": trained.data_sha256, "examples": trained.examples, "left_out": trained.left_out,
        "validation_loss": None if math.isnan(trained.validation_loss) else round(trained.validation_loss, 4),
        "made_at": at.isoformat(timespec="seconds"),
        "recipe": asdict(recipe),
    }


def file_hash(path: Path) -> str:
    """SHA-256 of a file; empty when it is not there (a sharded base)."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_adapter(model: PeftModel, directory: Path, words: dict[str, object]) -> None:
    """Writes the adapter of `model` with its card, in bfloat16, published by rename."""
    raw = directory.with_name(directory.name + ".raw")
    model.save_pretrained(raw)
    publish(raw, directory, words)
    shutil.rmtree(raw)


def publish(raw: Path, directory: Path, words: dict[str, object]) -> None:
    """Makes `directory` out of the weights in `raw`: safetensors in bfloat16, configuration, card.json and README.md.

    It is whole or it is not there: written beside, then put in place by rename.
    """
    made = directory.with_name(directory.name + ".new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    weights = {k: v.to(torch.bfloat16).contiguous() for k, v in load_file(raw / WEIGHTS).items()}
    save_file(weights, made / WEIGHTS, metadata={"format": "pt"})
    (made / WEIGHTS).chmod(0o644)
    words = {**words, "sha256": file_hash(made / WEIGHTS)}
    config = {**json.loads((raw / "adapter_config.json").read_text()), "base_model_name_or_path": str(words["base"])}
    (made / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (made / "card.json").write_text(json.dumps(words, indent=2, ensure_ascii=False, default=str) + "\n")
    (made / "README.md").write_text(readme(words))
    old = directory.with_name(directory.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.rename(old)
    made.rename(directory)
    shutil.rmtree(old, ignore_errors=True)


def readme(words: dict[str, object]) -> str:
    """The card in words, as model hubs show it."""
    rows = "\n".join(f"| {key} | {value} |" for key, value in words.items() if not isinstance(value, dict))
    settings = words.get("recipe")
    told = "\n".join(f"| {key} | {value} |" for key, value in settings.items()) if isinstance(settings, dict) else ""
    figures = words.get("figures")
    measured = json.dumps(figures, indent=2, ensure_ascii=False) if figures else "see card.json"
    return (
        f"---\nbase_model: {words['base']}\nlibrary_name: peft\nlicense: apache-2.0\nlanguage: [en, zh]\n---\n\n"
        f"# Daogou adapter: {words['base']}\n\nReads a shopper's message into intent and interest signals.\n\n"
        f"| | |\n|---|---|\n{rows}\n\n## Settings\n\n| | |\n|---|---|\n{told}\n\n## Measured\n\n```json\n{measured}\n```\n"
    )
