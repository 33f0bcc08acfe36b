"""Rounding to 4 bits that knows its inputs."""

from __future__ import annotations

import torch

from assistant.language.rounding import BLOCK, gptq, grid, packed


def _dequantised(codes: torch.Tensor, scales: torch.Tensor, zeros: torch.Tensor) -> torch.Tensor:
    spread = [each.repeat_interleave(BLOCK, dim=1) for each in (scales, zeros)]
    return (codes - spread[1]) * spread[0]


def _nearest(weight: torch.Tensor) -> torch.Tensor:
    blocks = weight.reshape(-1, BLOCK)
    scale, zero = grid(blocks, torch.ones(BLOCK))
    codes = (blocks / scale[:, None] + zero[:, None]).round().clamp(0, 15)
    return ((codes - zero[:, None]) * scale[:, None]).reshape(weight.shape)


def test_products_change_less_than_by_rounding_to_the_nearest() -> None:
    """On inputs whose features hang together the error of the products falls by more than half."""
    torch.manual_seed(1)
    inputs = torch.randn(400, 16) @ torch.randn(16, 4 * BLOCK) + 0.1 * torch.randn(400, 4 * BLOCK)
    weight = torch.randn(24, 4 * BLOCK)
    better = _dequantised(*gptq(weight, inputs.T @ inputs / len(inputs)))
    errors = [((inputs @ (weight - rounded).T) ** 2).mean() for rounded in (better, _nearest(weight))]
    assert errors[0] < 0.5 * errors[1]


def test_weights_on_the_grid_stay() -> None:
    """What has 16 evenly spaced values, zero among them, is kept as it is."""
    torch.manual_seed(2)
    codes = torch.randint(0, 16, (8, 2 * BLOCK))
    codes[:, 0], codes[:, 1], codes[:, BLOCK], codes[:, BLOCK + 1] = 0, 15, 0, 15
    weight = (codes - 7).float() * 0.125
    assert torch.allclose(_dequantised(*gptq(weight, torch.eye(2 * BLOCK))), weight, atol=1e-6)


def test_two_codes_a_byte() -> None:
    """The earlier code is the low half; an odd number of zero points is filled up."""
    codes = torch.tensor([[1, 2, 15, 0]], dtype=torch.uint8)
    values, _, zeros = packed(codes, torch.ones(1, 3), torch.tensor([[3.0, 4.0, 5.0]]))
    assert values.tolist() == [[0x21, 0x0F]]
    assert zeros.tolist() == [[0x43, 0x05]]
