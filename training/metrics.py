"""How good readings are, as the notation's guideline defines it: intents, signals as sets, hard errors apart, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.notation import fold
from assistant.schema import INTENTS, Intent
from retrieval.schema import HARD_OPS, Signal

Strictness = Literal["exact", "soft", "value"]
Triple = tuple[str, str, str]
Floats = NDArray[np.float64]
_SOFT = {"=": "~", "!=": "!~"}
_LOOSE_FACETS = frozenset({"feature", "use", "style", "size", "material", "audience", "color"})
_ROUND = {"=": {"!=", "!~"}, "!=": {"=", "~"}, "<=": {">="}, ">=": {"<="}}


@dataclass(frozen=True, slots=True)
class Case:
    """A message with what it says and what was read."""

    id: str
    language: str
    intent: Intent
    signals: tuple[Signal, ...]
    read_intent: Intent
    read_signals: tuple[Signal, ...]
    ms: float = 0.0


@dataclass(frozen=True, slots=True)
class HardErrors:
    """Constraint errors of one message."""

    missed: int
    invented: int
    turned: int

    @property
    def total(self) -> int:
        return self.missed + self.invented + self.turned


def triples(signals: Sequence[Signal], strictness: Strictness = "exact") -> set[Triple]:
    """The signals as a comparable set; `soft` takes `=` for `~`, `value` also forgets which wish facet a value is under."""
    found: set[Triple] = set()
    for signal in signals:
        op = signal.op if strictness == "exact" else _SOFT.get(signal.op, signal.op)
        facet = "wish" if strictness == "value" and signal.facet in _LOOSE_FACETS else signal.facet
        found.add((facet, op, fold(signal.value)))
    return found


def hard_errors(case: Case) -> HardErrors:
    """Hard signals that were missed, invented or turned round; one that is turned round counts once."""
    gold, read = triples(case.signals), triples(case.read_signals)
    missing = [t for t in gold - read if t[1] in HARD_OPS]
    extra = {t for t in read - gold if t[1] in HARD_OPS}
    turned = 0
    for facet, op, value in list(missing):
        against = [(facet, other, value) for other in _ROUND[op] if (facet, other, value) in read]
        if against:
            turned += 1
            missing.remove((facet, op, value))
            extra -= set(against)
    return HardErrors(len(missing), len(extra), turned)


def score(cases: Sequence[Case], *, resamples: int = 1000, seed: int = 0) -> dict[str, object]:
    """Every figure of `evaluate messages`: over all, by language, with 95 % bootstrap intervals."""
    languages = sorted({case.language for case in cases})
    by_language = {name: _figures([c for c in cases if c.language == name]) for name in languages}
    return {**_figures(cases), "by_language": by_language, "intervals": intervals(cases, resamples=resamples, seed=seed)}


def _figures(cases: Sequence[Case]) -> dict[str, object]:
    precision, recall, f1 = signal_f1(cases)
    return {
        "n": len(cases),
        "intent_accuracy": _mean([case.intent == case.read_intent for case in cases]),
        "intent_macro_f1": macro_f1([case.intent for case in cases], [case.read_intent for case in cases]),
        "signal_precision": precision, "signal_recall": recall, "signal_f1": f1,
        "signal_f1_soft": signal_f1(cases, "soft")[2], "signal_f1_value": signal_f1(cases, "value")[2],
        "hard_errors_per_100": 100 * _mean([hard_errors(case).total for case in cases]),
        "ms_median": float(np.median([case.ms for case in cases])) if cases else 0.0,
    }


def signal_f1(cases: Sequence[Case], strictness: Strictness = "exact") -> tuple[float, float, float]:
    """(precision, recall, F1) over the pooled signals of all cases."""
    counts = _counts(cases, strictness).sum(axis=0)
    return _ratio(counts[0], counts[1]), _ratio(counts[0], counts[2]), _f1(counts)


def macro_f1(gold: Sequence[str], read: Sequence[str]) -> float:
    """Mean F1 over the intents that occur in `gold`."""
    found: list[float] = []
    for intent in sorted(set(gold)):
        right = sum(g == r == intent for g, r in zip(gold, read, strict=True))
        found.append(_ratio(2 * right, Counter(gold)[intent] + Counter(read)[intent]))
    return _mean(found)


def intervals(cases: Sequence[Case], *, resamples: int, seed: int) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals, messages drawn with replacement."""
    if not cases:
        return {}
    chance = np.random.default_rng(seed)
    draws = chance.integers(0, len(cases), size=(resamples, len(cases)))
    right = np.array([case.intent == case.read_intent for case in cases], dtype=float)
    wrong = np.array([hard_errors(case).total for case in cases], dtype=float)
    counts = _counts(cases, "exact")

    def interval(figure: Callable[[NDArray[np.int64]], float]) -> tuple[float, float]:
        low, high = np.percentile([figure(draw) for draw in draws], [2.5, 97.5])
        return round(float(low), 4), round(float(high), 4)

    return {
        "intent_accuracy": interval(lambda draw: float(right[draw].mean())),
        "signal_f1": interval(lambda draw: _f1(counts[draw].sum(axis=0))),
        "hard_errors_per_100": interval(lambda draw: 100 * float(wrong[draw].mean())),
    }


def confusion(cases: Sequence[Case]) -> NDArray[np.int64]:
    """How often each intent (row) was read as each (column). Shape: (10, 10)."""
    table = np.zeros((len(INTENTS), len(INTENTS)), dtype=np.int64)
    for case in cases:
        table[INTENTS.index(case.intent), INTENTS.index(case.read_intent)] += 1
    return table


def _counts(cases: Sequence[Case], strictness: Strictness) -> Floats:
    """Right, read and gold signals of each case. Shape: (cases, 3)."""
    rows = [(triples(c.signals, strictness), triples(c.read_signals, strictness)) for c in cases]
    return np.array([(len(gold & read), len(read), len(gold)) for gold, read in rows], dtype=float).reshape(-1, 3)


def _f1(counts: Floats) -> float:
    return _ratio(2 * counts[0], counts[1] + counts[2])


def _ratio(part: float, whole: float) -> float:
    return round(float(part / whole), 4) if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0
