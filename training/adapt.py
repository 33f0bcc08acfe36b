"""A shop's ranker learns from feedback: what may be learnt -> candidate -> gate -> in force, or refused with the reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assistant.memory import Memory
from retrieval.ranking import Ranker, load_ranker
from retrieval.search import Search
from retrieval.shop import Shop
from training.adapt_feedback import Learnable, collect
from training.adapt_gate import Verdict, hold_dialogues, judge
from training.adapt_history import History, Manifest, last_made, sole_adapter
from training.adapt_rows import AdaptRows, Progress, adapt_rows
from training.adapt_settings import AdaptError, AdaptSettings
from training.examples import DATA, Labelled, read_messages
from training.logged_choice import logged_choice
from training.ranker import RankerDataError, RankerRecipe, fit_ranker
from training.ranker_rows import LEARNT_FROM
from training.reader_examples import confirmed, known_words, write_messages
from training.shadow_replay import Shadow, newest_turns, replay, write_lines

_STEPS = 30
"""Least steps of a pass: a shop with a hundred slates has to get somewhere too."""
_FOLDS = 5
_WORDS_FROM = 5_000
"""Lists from which on also the part that judges words learns; below it only the weights of what else speaks for an item do."""
Outcome = Literal["promoted", "refused", "passed", "nothing", "went back"]
"""`passed` is a dry run that would be promoted; `went back` left a version that saw rows of an erased shopper."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a shop is re-tuned this time."""

    settings: AdaptSettings
    dialogues: tuple[Path, ...] = ()
    """Scripted dialogues, files or folders, that must go on passing."""
    dry_run: bool = False
    """Everything but the writing."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """What came of it."""

    outcome: Outcome
    in_force: int
    """The version that serves now; 0 is the shipped ranker."""
    reasons: tuple[str, ...]
    """Why it was refused, or why there was nothing to do."""
    taught: Learnable
    version: int | None = None
    """The one that was made."""
    lists: dict[str, int] | None = None
    examples: int = 0
    """Confirmed readings, which an adapter can be trained on."""
    verdict: Verdict | None = None
    shadow: Shadow | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome, "version": self.version, "in_force": self.in_force, "reasons": list(self.reasons),
            "slates": len(self.taught.slates), "shoppers": len(self.taught.shoppers), "dropped": self.taught.screened.counts,
            "why_dropped": list(self.taught.screened.reasons), "lists": self.lists or {}, "examples": self.examples,
            "checks": [check.as_json() for check in self.verdict.checks] if self.verdict else [],
            "figures": self.verdict.figures if self.verdict else {}, "seconds": round(self.seconds, 1),
        }


def adapt(
    shop: Shop, plan: Plan, *, now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.perf_counter, progress: Progress | None = None,
) -> Adapted:
    """The shop re-tuned, or left as it was.

    Every candidate starts from the shipped ranker and learns all that may be learnt today, so that nothing of an erased shopper
    comes along. Raises AdaptError, StoreError, DialogueError.
    """
    started, history = clock(), History(shop.directory)
    with sole_adapter(shop.directory):
        memory = Memory.of(shop, now)
        taught = collect(shop, memory, plan.settings)
        history.finish()
        standing, before = history.standing()
        why = _nothing(taught, history, standing, plan.settings)
        if why:
            return _left(history, standing, taught, why, plan)
        search = Search(shop)
        rows = adapt_rows(shop, search, taught, plan.settings, progress)
        shipped = (row for path in sorted((DATA / "messages").glob("*.jsonl")) for row in read_messages(path, lambda bad: None))
        examples = confirmed(taught, known_words(shop.all_items(), shipped))
        after = _candidate(rows, plan.settings, now(), progress)
        shadow = replay(newest_turns(shop, plan.settings.turns), search, before, after)
        dialogues = hold_dialogues(shop, search, before, after, plan.dialogues)
        logged = logged_choice(shop, shadow, seed=plan.settings.seed)
        verdict = judge(before, after, rows, plan.settings, shadow=shadow, logged=logged, dialogues=dialogues)
        outcome: Outcome = "refused" if verdict.reasons else "passed"
        number: int | None = None
        if not plan.dry_run:
            describe = _describer(shop, memory, taught, rows, verdict, plan, standing, now(), lambda: clock() - started)
            number = history.publish(after, describe, lambda folder: _write_beside(folder, shadow, examples)).number
            outcome = "refused" if verdict.reasons else "promoted"
            serves = standing if verdict.reasons else number
            if history.in_force() != serves:
                history.promote(serves)
        now_serves = history.in_force()
        return Adapted(
            outcome, standing if now_serves is None else now_serves, verdict.reasons, taught, number, rows.counts,
            len(examples), verdict, shadow, clock() - started,
        )


def _write_beside(folder: Path, shadow: Shadow, examples: Sequence[Labelled]) -> None:
    """What lies beside a version: how slates change, and the readings that shoppers confirmed."""
    write_lines(shadow, folder / "shadow.jsonl")
    write_messages(examples, folder / "messages.jsonl")


def _nothing(taught: Learnable, history: History, standing: int, settings: AdaptSettings) -> str:
    """Why there is nothing to learn; empty when there is."""
    count = len(taught.slates)
    if count < settings.fewest_slates:
        cure = "Shoppers agree on the chat page, or with: daogou shopper consent SHOP ID --memory --training"
        return f"found {count} slates with a reaction of shoppers who agreed to it, expected {settings.fewest_slates}. {cure}"
    made = last_made(history.versions)
    if made is not None and made.rows_sha256 == taught.sha256 and standing in (made.version, made.parent):
        told = f"refused: {'; '.join(made.reasons)}" if made.decision == "refused" else "promoted"
        return f"nothing is new since version {made.version}, which was {told}"
    return ""


def _left(history: History, standing: int, taught: Learnable, why: str, plan: Plan) -> Adapted:
    """Nothing was learnt; a version in force that saw rows of an erased shopper is left all the same."""
    if history.in_force() == standing:
        return Adapted("nothing", standing, (why,), taught)
    if not plan.dry_run:
        history.promote(standing)
    return Adapted("went back", standing, ("the version in force saw rows of an erased shopper", why), taught)


def _candidate(rows: AdaptRows, settings: AdaptSettings, at: datetime, progress: Progress | None) -> Ranker:
    """The mean of rankers that are each stopped on another fifth of the lists, so that no single slate decides; from enough lists
    on one is fitted whole."""
    count = len(np.unique(rows.learnt.lists))
    recipe = RankerRecipe(
        epochs=settings.passes, patience=max(settings.passes // 3, 2), lists=min(max(count // _STEPS, 4), 64), members=1,
        words=count >= _WORDS_FROM, dropout=0.1 if count >= _WORDS_FROM else 0.0,
    )
    told = f"re-tuned {at.isoformat(timespec='microseconds')} on {rows.counts}"
    fitted = []
    try:
        for fold in range(1 if recipe.words else _FOLDS):
            turned = replace(rows.learnt, lists=rows.learnt.lists + fold)  # fit_ranker holds back every fifth by its number
            fitted.append(fit_ranker(turned, replace(recipe, seed=settings.seed + fold), load_ranker(), None, told)[0])
            if progress:
                progress("fit", fold + 1, _FOLDS)
    except RankerDataError as error:
        raise AdaptError(str(error)) from error
    wide, temperature = (np.mean([getattr(each, name) for each in fitted], axis=0) for name in ("wide", "temperature"))
    return replace(fitted[0], wide=wide.astype(np.float32), temperature=temperature.astype(np.float32))


def _describer(
    shop: Shop, memory: Memory, taught: Learnable, rows: AdaptRows, verdict: Verdict, plan: Plan, standing: int, at: datetime,
    spent: Callable[[], float],
) -> Callable[[int, str], Manifest]:
    """Gives the manifest of a version once its number and its bytes are known."""
    inside = Counter(taught.shoppers)
    done = [each.shopper_id for each in shop.interactions()]
    inside.update(map(memory.identity.tag, done[int(len(done) * LEARNT_FROM) :]))
    checks: Sequence[dict[str, Any]] = [check.as_json() for check in verdict.checks]

    def describe(number: int, digest: str) -> Manifest:
        return Manifest(
            number, standing, at, "refused" if verdict.reasons else "passed", verdict.reasons, digest, taught.sha256,
            dict(sorted(inside.items())), rows.counts, taught.screened.counts, taught.screened.reasons, tuple(checks),
            verdict.figures, asdict(plan.settings), round(spent(), 1),
        )

    return describe
