"""What simulated dialogues showed: success, turns, limits broken, questions, time, and how the messages were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assistant.notation import parse
from assistant.reading import BUTTON
from retrieval.schema import Item
from training.checks import broken_hard_signals
from training.class_figures import Places, intervals
from training.metrics import Case, score
from training.simulate import Held, Plan, broken_limits, by_chance, shown


def figures(dialogues: Sequence[Held], items: Sequence[Item], plan: Plan, limit: int) -> dict[str, Any]:
    """Every figure of `daogou simulate`, over all dialogues and by language, with 95 % bootstrap intervals over dialogues."""
    languages = sorted({held.taste.language for held in dialogues})
    parts = {name: _figures([d for d in dialogues if d.taste.language == name], plan) for name in languages}
    chance = [by_chance(held.taste, items, limit) for held in dialogues]
    acceptable = [sum(held.taste.accepts(item) for item in items if item.available) for held in dialogues]
    return {
        "dialogues": len(dialogues), **_figures(dialogues, plan), "by_chance_first_slate": _mean(chance),
        "acceptable_items": _mean(acceptable), "by_language": parts, "intervals": _intervals(dialogues, plan),
        "reading": _reading(dialogues),
    }


def _figures(dialogues: Sequence[Held], plan: Plan) -> dict[str, Any]:
    turns = [turn for held in dialogues for turn in held.turns]
    won, slates = [len(held.turns) for held in dialogues if held.success], [turn for turn in turns if shown(turn)]
    times = [ms for held in dialogues for ms in held.ms]
    offered = sum(len(shown(turn)) for turn in turns)
    meant = Counter(name for held in dialogues for _, _, name in broken_limits(held))
    moves = Counter(said.move for held in dialogues for said in held.said)
    reached = [[held.success and len(held.turns) <= number for held in dialogues] for number in range(1, plan.turns + 1)]
    seen = [held.taste.target.id in {item.id for turn in held.turns for item in shown(turn)} for held in dialogues]
    return {
        "success_rate": _mean([held.success for held in dialogues]),
        "turns_to_success": {"median": float(np.median(won)) if won else None, "mean": _mean(won) if won else None},
        "success_by_turn": [_mean(won_by) for won_by in reached], "held_back_item_shown": _mean(seen),
        "shown_items": offered,
        "violations": {
            "as_meant": dict(meant), "as_meant_per_100_items": _mean([100 * meant.total() / offered]) if offered else 0.0,
            "as_read": sum(len(broken_hard_signals(turn)) for turn in turns),
        },
        "questions": sum(turn.reply.question is not None for turn in turns),
        "questions_a_dialogue": _mean([sum(turn.reply.question is not None for turn in held.turns) for held in dialogues]),
        "clicks_a_slate": round(sum(map(len, (c for held in dialogues for c in held.clicks))) / max(len(slates), 1), 4),
        "moves": dict(moves), "ms_p50": round(float(np.median(times)), 1), "ms_p95": round(float(np.percentile(times, 95)), 1),
    }


def _intervals(dialogues: Sequence[Held], plan: Plan) -> dict[str, tuple[float, float]]:
    success = np.array([held.success for held in dialogues], dtype=float)
    taken = np.array([len(held.turns) if held.success else np.nan for held in dialogues])
    broken = np.array([len(broken_limits(held)) for held in dialogues], dtype=float)
    offered = np.array([sum(len(shown(turn)) for turn in held.turns) for held in dialogues], dtype=float)

    def turns(at: Places) -> float:
        known = taken[at][np.isfinite(taken[at])]
        return float(known.mean()) if len(known) else float(plan.turns)

    found: dict[str, Callable[[Places], float]] = {
        "success_rate": lambda at: float(success[at].mean()), "turns_to_success": turns,
        "violations_per_100_items": lambda at: 100 * float(broken[at].sum() / max(offered[at].sum(), 1)),
    }
    return intervals(found, len(dialogues), seed=plan.seed)


def _reading(dialogues: Sequence[Held]) -> dict[str, Any]:
    """How the typed messages were read, against what the shoppers meant; taps on the assistant's own answers are not counted."""
    cases = []
    for held in dialogues:
        for said, turn in zip(held.said, held.turns, strict=True):
            if turn.reading.by != BUTTON:
                intent, signals = parse(said.line)
                cases.append(Case(turn.id, held.taste.language, intent, signals, turn.reading.intent, turn.reading.signals))
    told = score(cases)
    kept = ("n", "intent_accuracy", "signal_f1", "signal_f1_value", "hard_errors_per_100", "intervals")
    return {name: told[name] for name in kept}


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if len(values) else 0.0
