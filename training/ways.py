"""The ways of tuning: which weights of the base learn, and at which rate it is usual to teach them.

LoRA (Hu et al. 2021), rank-stabilised LoRA (Kalajdzievski 2023), DoRA (Liu et al. 2024), AdaLoRA (Zhang et al. 2023), QLoRA
(Dettmers et al. 2023), prefix tuning (Li and Liang 2021) and all weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from peft import (
    AdaLoraConfig,
    LoraConfig,
    PeftConfig,
    PrefixTuningConfig,
    get_peft_model,
    initialize_kv_prefix_from_text,
    prepare_model_for_kbit_training,
    set_peft_model_state_dict,
)
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, TrainerCallback

from assistant.prompts import reading_prompt
from training.adapter_card import WEIGHTS

Way = Literal["lora", "rslora", "dora", "adalora", "qlora", "prefix", "full"]
WAYS: tuple[Way, ...] = get_args(Way)
RATES: Mapping[Way, float] = {
    "lora": 6e-4, "rslora": 3e-4, "dora": 6e-4, "adalora": 2e-3, "qlora": 6e-4, "prefix": 1e-2, "full": 5e-5,
}
"""Peak learning rates: rank-stabilised factors count 4 times as much at rank 16, AdaLoRA begins at no change at all, and all
weights together move far with small steps."""
PREFIX = 24
"""Virtual tokens in front of every layer's keys and values."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of the base learns."""

    way: Way
    rank: int
    alpha: int
    dropout: float
    lowest_layer: float
    """Share of the layers, from the input, that keep the base's weights."""
    steps: int
    """Of the run; AdaLoRA shares its ranks out between the first tenth and the last 3 tenths."""


def trainable(shape: Shape, base: Path, start: Path | None = None) -> Any:
    """The base with the weights of `shape` ready to learn, those of the adapter `start` set.

    NF4 with double quantisation on CUDA, and everywhere for `qlora`; float32 for `full`, whose updates bfloat16 would round
    away; bfloat16 otherwise.
    """
    cuda = torch.cuda.is_available()
    model = _load(base, quantised=shape.way == "qlora" or (cuda and shape.way != "full"), full=shape.way == "full", cuda=cuda)
    if shape.way == "full":
        return model
    tuned = get_peft_model(model, _config(shape, model))
    if start is not None:
        set_peft_model_state_dict(tuned, load_file(start / WEIGHTS))
    elif shape.way == "prefix":
        # Random keys and values drown the prompt: the first ones are those of worked examples.
        shots = "\n".join(message.text for message in reading_prompt("", tuned=False)[:-1])
        initialize_kv_prefix_from_text(tuned, AutoTokenizer.from_pretrained(base), text=shots)
    return tuned


def weights_of(model: Any) -> int:
    """How many numbers learn."""
    return sum(each.numel() for each in model.parameters() if each.requires_grad)


def causal_of(model: Any) -> Any:
    """The causal language model under an adapter, or the model itself."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def orthogonality(model: Any) -> torch.Tensor | None:
    """AdaLoRA's term that keeps its factors near orthogonal; None for other ways. Shape: ().

    peft adds it where the model computes its own loss, which the Trainer here does not let it.
    """
    config = _adalora(model)
    if config is None:
        return None
    terms = []
    for name, part in model.named_parameters():
        if part.requires_grad and ("lora_A" in name or "lora_B" in name):
            square = part @ part.T if "lora_A" in name else part.T @ part
            terms.append(torch.linalg.matrix_norm(square - torch.eye(len(square), dtype=square.dtype, device=square.device)))
    return config.orth_reg_weight * torch.stack(terms).float().mean()


class ShareRanks(TrainerCallback):  # type: ignore[misc]
    """AdaLoRA's allocation: after every step the ranks go to the matrices where they matter."""

    def __init__(self) -> None:
        self.shared = 0
        """Steps at which ranks were taken away."""

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Called by the Trainer after the weights have moved, while their gradients are there."""
        config = _adalora(model)
        model.base_model.update_and_allocate(state.global_step + 1)
        self.shared += bool(config is not None and config.tinit < state.global_step + 1 <= config.total_step - config.tfinal)


def _adalora(model: Any) -> AdaLoraConfig | None:
    config = getattr(model, "peft_config", {}).get("default")
    return config if isinstance(config, AdaLoraConfig) else None


def _load(base: Path, *, quantised: bool, full: bool, cuda: bool) -> Any:
    four = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.float32 if full else torch.bfloat16, quantization_config=four if quantised else None,
        attn_implementation="sdpa" if cuda else "eager",  # on a CPU the fused kernel's backward pass takes twice as long
    )
    model.config.use_cache = False
    # Recomputing activations saves memory where it is short, and costs a third of the time where it is not.
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=cuda) if quantised else model


def _config(shape: Shape, model: Any) -> PeftConfig:
    if shape.way == "prefix":
        known = model.config
        heads = known.num_key_value_heads
        return PrefixTuningConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=PREFIX, num_layers=known.num_hidden_layers, num_attention_heads=heads,
            token_dim=heads * (getattr(known, "head_dim", None) or known.hidden_size // known.num_attention_heads),
        )
    layers = model.config.num_hidden_layers
    linear = {name.rsplit(".", 1)[-1] for name, part in model.model.named_modules() if isinstance(part, torch.nn.Linear)}
    shared: dict[str, Any] = {
        "lora_alpha": shape.alpha, "lora_dropout": shape.dropout, "target_modules": sorted(linear), "task_type": "CAUSAL_LM",
        "layers_to_transform": list(range(round(shape.lowest_layer * layers), layers)),
    }
    if shape.way == "adalora":
        return AdaLoraConfig(
            init_r=shape.rank * 3 // 2, target_r=shape.rank, total_step=shape.steps, tinit=shape.steps // 10,
            tfinal=shape.steps * 3 // 10, deltaT=max(1, shape.steps // 50), **shared,
        )
    return LoraConfig(r=shape.rank, use_rslora=shape.way == "rslora", use_dora=shape.way == "dora", **shared)
