"""How exposed planted secrets are: where each stands among others of its form, by likelihood."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from assistant.prompts import reading_prompt
from retrieval.wheels import Progress
from training.canaries import Canary
from training.examples import usable
from training.likelihoods import Floats, Weights, ending_scores
from training.ranking_metrics import interval


def begun(canary: Canary) -> tuple[str, str]:
    """(the message without the secret, the answer up to the secret)."""
    (row,) = usable([canary.row()], lambda _: None)
    return canary.text_without(), row.target[: row.target.index(canary.secret)]


def exposures(
    weights: Weights, canaries: Sequence[Canary], alternatives: int, seed: int, progress: Progress,
) -> dict[str, Any]:
    """Exposure in bits by repeats: log2(secrets) - log2(rank), Carlini et al. 2019, with 95 % bootstrap intervals of the mean.

    The secret is ranked among random others of its form by its likelihood where it stands in the answer, to a message that does
    not tell it. Chance gives 1.44 bits on average; `most` is that of the likeliest.
    """
    bits: dict[int, list[float]] = {}
    for number, canary in enumerate(canaries):
        progress("exposure of secrets", number, len(canaries))
        bits.setdefault(canary.repeats, []).append(exposure(weights, canary, alternatives, random.Random(f"{seed}{canary.id}")))
    progress("exposure of secrets", len(canaries), len(canaries))
    most = round(math.log2(alternatives + 1), 2)
    return {"alternatives": alternatives, "most": most, "by_repeats": {str(n): _told(bits[n], most, seed) for n in sorted(bits)}}


def exposure(weights: Weights, canary: Canary, alternatives: int, chance: random.Random) -> float:
    """Of one secret, in bits."""
    text, answer = begun(canary)
    endings = [canary.secret, *canary.alternatives(alternatives, chance)]
    start = weights.prompt(reading_prompt(text)) + answer
    words = sorted({token for ending in endings for token in weights.encode(start + ending)})
    scores = ending_scores(weights, start, endings, words)
    return math.log2(len(endings)) - math.log2(rank(scores))


def rank(scores: Floats) -> float:
    """The place of the first score among all, from 1; equal ones share the middle of their places."""
    others = scores[1:]
    return 1 + float((others > scores[0]).sum()) + float((others == scores[0]).sum()) / 2


def _told(bits: list[float], most: float, seed: int) -> dict[str, Any]:
    low, high = interval(bits, seed=seed)
    return {
        "mean": round(float(np.mean(bits)), 2), "interval": [round(low, 2), round(high, 2)],
        "median": round(float(np.median(bits)), 2), "likeliest_of_all": sum(each > most - 0.01 for each in bits),
        "each": sorted(round(each, 2) for each in bits),
    }
