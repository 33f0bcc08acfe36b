"""The gate: may a candidate ranker take the place of the one in force? Every check says what it found and what it expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.conversation import Assistant
from assistant.language.scripted import ScriptedReader
from retrieval.ranking import Ranked, Ranker
from retrieval.search import Search
from retrieval.shop import Shop
from training.adapt_rows import AdaptRows
from training.adapt_settings import AdaptSettings
from training.dialogues import Outcome, load_dialogues, run_dialogues, scripts_of
from training.logged_choice import Logged
from training.ranker import RankingRows
from training.ranking_metrics import ndcg
from training.shadow_replay import Shadow, under

Floats = NDArray[np.float64]
FEWEST_LISTS = 10
"""Held-back lists below which an order can't be judged."""
_RESAMPLES = 1000
_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the gate looked at."""

    name: str
    passed: bool
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.name}: {self.found}, expected {self.expected}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a candidate."""

    checks: tuple[Check, ...]
    figures: dict[str, float | None]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is refused; empty when it passed."""
        return tuple(str(check) for check in self.checks if not check.passed)


def judge(
    before: Ranker, after: Ranker, rows: AdaptRows, settings: AdaptSettings, *, shadow: Shadow, logged: Logged,
    dialogues: tuple[Outcome, Outcome] | None,
) -> Verdict:
    """The verdict on `after`, which would take the place of `before`."""
    orders, figures = order_checks(before, after, rows, settings)
    checks = (*orders, *shadow_checks(shadow, settings), logged_check(logged), dialogue_check(dialogues))
    figures |= {"changed_share": round(shadow.changed_share, 4), "clicks_before": logged.before, "clicks_after": logged.after}
    return Verdict(checks, figures)


def order_checks(
    before: Ranker, after: Ranker, rows: AdaptRows, settings: AdaptSettings
) -> tuple[list[Check], dict[str, float | None]]:
    """Is the order of lists that neither learnt from as good, is anything better, and is the shipped order kept?"""
    checks, figures, gained = [], dict[str, float | None](), 0.0
    measures: tuple[tuple[str, Callable[[Ranker, RankingRows], Floats], RankingRows | None, float], ...] = (
        ("ndcg5", ndcg_by_list, rows.held, settings.margin), ("click_auc", auc_by_list, rows.held, settings.margin),
        ("kept_ndcg5", ndcg_by_list, rows.replay, settings.forgetting),
    )
    for name, measure, lists, margin in measures:
        old, new = (measure(ranker, lists) if lists is not None else np.zeros(0) for ranker in (before, after))
        known = np.isfinite(old) & np.isfinite(new)
        figures |= {f"{name}_before": _mean(old[known]), f"{name}_after": _mean(new[known])}
        checks.append(_kept(name, old[known], new[known], margin, settings.seed))
        gained += float((new - old)[known].mean()) if known.any() and name != "kept_ndcg5" else 0.0
    checks.append(Check("gain", gained > 0, f"nDCG@5 and AUC together {gained:+.4f}", "something better than before"))
    return checks, figures


def shadow_checks(shadow: Shadow, settings: AdaptSettings) -> list[Check]:
    """Are the slates of the stored turns still true to their hard wishes, and does no single item conquer them?"""
    item, count = shadow.riser
    most = max(3, int(settings.riser * shadow.picks))
    first = f"; {shadow.broken[0]}" if shadow.broken else ""
    return [
        Check("hard wishes", not shadow.broken, f"{len(shadow.broken)} broken in {len(shadow.turns)} replayed turns{first}", "0"),
        Check("risers", count <= most, f"{item or 'no item'} gains {count} of {shadow.picks} places", f"at most {most}"),
    ]


def logged_check(logged: Logged) -> Check:
    """Would the candidate's choices have been clicked as often, where the log can tell?"""
    if logged.low is None:
        return Check("logged clicks", True, logged.why, "an estimate only where the log holds enough exploration")
    found = f"{logged.after:.4f} clicks a place for {logged.before:.4f} ({logged.low:+.4f} to {logged.high:+.4f})"
    return Check("logged clicks", (logged.high or 0.0) >= 0, found, "an interval of the difference that reaches 0")


def dialogue_check(outcomes: tuple[Outcome, Outcome] | None) -> Check:
    """Does every scripted dialogue that passed still pass?"""
    if outcomes is None:
        return Check("dialogues", True, "the shop has none", "dialogues in its folder `dialogues`")
    before, after = outcomes
    lost = sorted({failure.id for failure in after.failed} - {failure.id for failure in before.failed})
    named = f": {', '.join(lost)}" if lost else ""
    passed = not lost and not after.hard_violations
    found = f"{after.passed} of {after.dialogues} pass, {len(lost)} newly fail{named}; {after.hard_violations} violations"
    return Check("dialogues", passed, found, "none newly failing, 0 violations")


def hold_dialogues(
    shop: Shop, search: Search, before: Ranker, after: Ranker, paths: Sequence[Path]
) -> tuple[Outcome, Outcome] | None:
    """What the dialogues show under both rankers, read by script; None without any. Raises DialogueError."""
    found = load_dialogues(paths)
    if not found:
        return None
    reader = ScriptedReader(scripts_of(found))
    held = [run_dialogues(found, Assistant(shop, under(search, ranker), reader)) for ranker in (before, after)]
    return held[0], held[1]


def ndcg_by_list(ranker: Ranker, rows: RankingRows) -> Floats:
    """nDCG@5 of the final score, gain 4^relevance - 1; NaN for a list whose known relevance is all the same. Shape: (lists,)."""

    def figure(ranked: Ranked, at: NDArray[np.int64]) -> float:
        at = at[np.isfinite(rows.relevance[at])]
        relevance = rows.relevance[at]
        if len(at) < 2 or np.ptp(relevance) == 0:
            return np.nan
        return ndcg(4.0**relevance - 1.0, ranked.score[at], _DEPTH)

    return _by_list(ranker, rows, figure)


def auc_by_list(ranker: Ranker, rows: RankingRows) -> Floats:
    """The chance that what was clicked scores above what was not, in one list (Zhu et al. 2017); NaN for a list that has not
    both. Shape: (lists,)."""

    def figure(ranked: Ranked, at: NDArray[np.int64]) -> float:
        at = at[np.isfinite(rows.clicked[at])]
        yes, no = ranked.score[at][rows.clicked[at] > 0.5], ranked.score[at][rows.clicked[at] <= 0.5]
        if not len(yes) or not len(no):
            return np.nan
        return float(((yes[:, None] > no).mean() + (yes[:, None] >= no).mean()) / 2)

    return _by_list(ranker, rows, figure)


def _by_list(ranker: Ranker, rows: RankingRows, figure: Callable[[Ranked, NDArray[np.int64]], float]) -> Floats:
    ranked, starts = ranker.rank(rows.text, rows.item), np.flatnonzero(np.diff(rows.lists, prepend=-1))
    ends = np.append(starts[1:], len(rows.lists))
    return np.array([figure(ranked, np.arange(start, end)) for start, end in zip(starts, ends, strict=True)], dtype=np.float64)


def _kept(name: str, old: Floats, new: Floats, margin: float, seed: int) -> Check:
    """Passed when, at 95 % confidence over drawn lists (Efron 1979), no more than the margin is lost."""
    expected = f"a loss of at most {margin:g} at 95 % confidence, over at least {FEWEST_LISTS} lists"
    if len(old) < FEWEST_LISTS:
        return Check(name, False, f"{len(old)} held-back lists that can be judged", expected)
    random, change = np.random.default_rng(seed), new - old
    means = [change[random.integers(0, len(change), len(change))].mean() for _ in range(_RESAMPLES)]
    least = float(np.quantile(means, 0.05))
    found = f"{old.mean():.4f} before, {new.mean():.4f} after, change at least {least:+.4f} over {len(old)} lists"
    return Check(name, least >= -margin, found, expected)


def _mean(values: Floats) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None

