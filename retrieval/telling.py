"""How much an answer would tell: relevance as a distribution over candidates, and the bits that a question is worth. Pure.

A shopper wants one of `n` candidates, the i-th with probability `w[i]`. Of `k` answers she taps one that her item has, each
of them as likely as the others, and says that she has no preference with the probability `undecided`, or always when her
item has none. Having no preference changes nothing. The worth of the question is the entropy that a tap is expected to take
away (after Lindley 1956), in which nothing is gained below the entropy of `enough` equal candidates: so few are looked through
sooner than another question is answered.

    gain = sum_a P(a) * (H*(w) - H*(w | a)),    H*(w) = max(H(w), log2(enough))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Holds = NDArray[np.bool_]


def relevance(scores: Weights, sharpness: float) -> Weights:
    """softmax(sharpness * score), adding up to 1. Shape: (n,)."""
    if not len(scores):
        return scores.astype(np.float64)
    raised = np.exp(sharpness * (scores - scores.max()))
    shares: Weights = raised / raised.sum()
    return shares


def answer_shares(holds: Holds, undecided: float, error: float = 0.0) -> Weights:
    """P(answer | item), the last row for "no preference"; `error` is the share of taps that are random ones.

    `holds` says which item has which answer, shape (k, n); the result has shape (k + 1, n) and columns that add up to 1.
    """
    count = len(holds)
    held = holds.sum(axis=0)
    shares = np.empty((count + 1, holds.shape[1]))
    shares[:count] = (1.0 - undecided) * holds / np.maximum(held, 1)
    shares[count] = np.where(held > 0, undecided, 1.0)
    decided = 1.0 - shares[count]
    if count:
        shares[:count] = (1.0 - error) * shares[:count] + error * decided / count
    return shares


def expected_gain(weights: Weights, holds: Holds, undecided: float, enough: float = 1.0) -> float:
    """The bits by which an answer is expected to lower the entropy of `weights` towards that of `enough` items; at least 0."""
    joint = answer_shares(holds, undecided)[:-1] * weights
    chances = joint.sum(axis=1)
    least = np.log2(enough)
    before = max(float(_entropies(weights[:, None])[0]), least)
    after = np.maximum(_entropies((joint / np.maximum(chances, 1e-12)[:, None]).T), least)
    return max(0.0, float(chances @ (before - after)))


def told(weights: Weights, holds: Holds, answer: int, undecided: float, error: float) -> Weights:
    """The weights after an answer, by Bayes' rule; unchanged after "no preference", which is `answer` k, and when it was
    impossible."""
    if answer == len(holds):
        return weights
    after = weights * answer_shares(holds, undecided, error)[answer]
    mass = float(after.sum())
    changed: Weights = after / mass if mass > 0 else weights
    return changed


def _entropies(shares: Weights) -> Weights:
    """The entropy of each column in bits. Shape: (n,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Weights = -np.where(shares > 0, shares * np.log2(shares), 0.0).sum(axis=0)
    return found
