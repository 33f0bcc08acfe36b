"""Better 4-bit weights in an ONNX folder: rounding that knows what the weights are multiplied with.

Rounding each weight to the nearest of 16 values shifts whole blocks the same way. GPTQ (Frantar et al. 2022, arXiv:2210.17323)
rounds a row's weights one after another and lets the later ones make up for the error of the earlier, measured on real inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from transformers import AutoModelForCausalLM

from assistant.language.chat_text import ChatText
from assistant.schema import Message

BLOCK = 32
"""Weights that share a scale and a zero point."""
_DAMPING = 0.01
"""Added to the diagonal of the inputs' second moments, as a share of its mean."""
_SHRINK = (1.0, 0.93, 0.86)
"""Widths of a block's grid that are tried, as shares of its range: a narrower grid clips few and rounds the others finer."""
_PARTS = {
    "attn/qkv_proj": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), "attn/o_proj": ("self_attn.o_proj",),
    "mlp/gate_proj": ("mlp.gate_proj",), "mlp/up_proj": ("mlp.up_proj",), "mlp/down_proj": ("mlp.down_proj",),
}
"""The builder's operators and the layers that each is made of."""

Codes = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Codes 0 to 15, shape (rows, columns); scales and zero points, shape (rows, columns / BLOCK)."""


def improve(model_folder: Path, onnx_folder: Path, prompts: Sequence[Sequence[Message]]) -> int:
    """How many operators of the ONNX model got better weights; it is written in place."""
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32, use_safetensors=True)
    moments = second_moments(model, ChatText(model_folder), prompts)
    path = onnx_folder / "model.onnx"
    graph = onnx.load(path)
    tensors = {tensor.name: tensor for tensor in graph.graph.initializer}
    done = 0
    for node in graph.graph.node:
        layer, _, part = node.name.removeprefix("/model/layers.").removesuffix("/MatMul_Q4").partition("/")
        if node.op_type != "MatMulNBits" or part not in _PARTS:
            continue
        names = [f"model.layers.{layer}.{name}" for name in _PARTS[part]]
        weight = torch.cat([model.get_submodule(name).weight.detach() for name in names])
        for name, array in zip(node.input[1:4], packed(*gptq(weight, moments[names[0]])), strict=True):
            old = tensors[name]
            tensors[name].CopyFrom(numpy_helper.from_array(array.numpy().reshape(tuple(old.dims)), name))
        done += 1
    for file in (path, path.with_name("model.onnx.data")):
        file.unlink()
    onnx.save(graph, path, save_as_external_data=True, location="model.onnx.data", size_threshold=256)
    return done


def second_moments(model: Any, text: ChatText, prompts: Sequence[Sequence[Message]]) -> Mapping[str, torch.Tensor]:
    """For every linear layer of the decoder the mean of x xT over its inputs x. Shape: (columns, columns) each."""
    sums: dict[str, torch.Tensor] = {}
    seen = 0

    def keep(name: str) -> Any:
        def hook(_module: Any, inputs: tuple[torch.Tensor, ...], _output: Any) -> None:
            x = inputs[0].flatten(0, -2)
            sums[name] = sums.get(name, torch.zeros(x.shape[1], x.shape[1])).addmm_(x.T, x)

        return hook

    # q, k and v see the same input, and so do gate and up: one sum serves them.
    for name, module in model.named_modules():
        if name.endswith(("q_proj", "o_proj", "gate_proj", "down_proj")):
            module.register_forward_hook(keep(name))
    with torch.no_grad():
        for prompt in prompts:
            ids = text.encode(tuple(prompt))
            seen += len(ids)
            model.model(input_ids=torch.tensor([ids]))
    for name in list(sums):
        sums[name] /= max(seen, 1)
        if name.endswith("gate_proj"):
            sums[name.replace("gate_proj", "up_proj")] = sums[name]
    return sums


def gptq(weight: torch.Tensor, moment: torch.Tensor) -> Codes:
    """The codes of `weight` (rows, columns) whose products with inputs of that second moment change least."""
    left = weight.clone()
    rows, columns = left.shape
    damped = moment + torch.eye(columns) * (_DAMPING * moment.diagonal().mean() + 1e-8)
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True)
    codes = torch.zeros(rows, columns, dtype=torch.uint8)
    scales, zeros = torch.zeros(rows, columns // BLOCK), torch.zeros(rows, columns // BLOCK)
    for block in range(columns // BLOCK):
        start, end = block * BLOCK, (block + 1) * BLOCK
        scale, zero = grid(left[:, start:end], damped.diagonal()[start:end])
        scales[:, block], zeros[:, block] = scale, zero
        errors = torch.zeros(rows, BLOCK)
        for column in range(start, end):
            code = (left[:, column] / scale + zero).round().clamp(0, 15)
            codes[:, column] = code.to(torch.uint8)
            error = (left[:, column] - (code - zero) * scale) / inverse[column, column]
            left[:, column + 1 : end] -= error[:, None] * inverse[column, column + 1 : end][None]
            errors[:, column - start] = error
        left[:, end:] -= errors @ inverse[start:end, end:]
    return codes, scales, zeros


def grid(block: torch.Tensor, importance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and zero point of every row of a block: the width of `_SHRINK` with the least weighted error."""
    low, high = block.amin(1).clamp(max=0), block.amax(1).clamp(min=0)
    best: tuple[torch.Tensor, torch.Tensor] | None = None
    least = torch.full_like(low, torch.inf)
    for share in _SHRINK:
        scale = ((high - low) * share / 15).clamp(min=1e-8)
        zero = (-low * share / scale).round().clamp(0, 15)
        code = (block / scale[:, None] + zero[:, None]).round().clamp(0, 15)
        error = ((block - (code - zero[:, None]) * scale[:, None]) ** 2 * importance).sum(1)
        better = error < least
        least = torch.where(better, error, least)
        best = (scale, zero) if best is None else (torch.where(better, scale, best[0]), torch.where(better, zero, best[1]))
    assert best is not None
    return best


def packed(codes: torch.Tensor, scales: torch.Tensor, zeros: torch.Tensor) -> Codes:
    """The three arrays as MatMulNBits takes them: two codes a byte, the earlier in the low half."""
    halves = codes.reshape(codes.shape[0], -1, 2)
    marks = zeros.to(torch.uint8)
    if marks.shape[1] % 2:
        marks = torch.cat([marks, torch.zeros(len(marks), 1, dtype=torch.uint8)], 1)
    pairs = marks.reshape(len(marks), -1, 2)
    return halves[..., 0] | halves[..., 1] << 4, scales, pairs[..., 0] | pairs[..., 1] << 4
