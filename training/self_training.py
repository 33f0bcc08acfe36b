"""`daogou train label`: the model labels messages itself; those of which it is sure, and which it reads alike twice, are kept."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.language import LanguageModel
from training.drafts import Draft, Unlabelled, all_drafts, message_row
from training.examples import Labelled, Marked, mark
from training.metrics import triples
from training.noise import Noise, Pool, disturb, pool_of

SURE = 0.9
"""Confidence from which a draft counts as sure."""
CHANGED = Noise(typo=0.5, value=1.0, number=1.0, titles=1.0, commas=1.0)
"""What is changed before a message is read again: whatever can be, but for the slips, which can make a word unreadable."""
Step = Callable[[str, int, int], None]
"""(phase, done, of)."""


@dataclass(frozen=True, slots=True)
class SelfLabelled:
    """What came of the messages."""

    kept: tuple[Labelled, ...]
    left_out: dict[str, int]
    """How many were not kept, by the reason."""

    def rows(self) -> list[dict[str, object]]:
        """In the format of training messages."""
        return [labelled_row(row) for row in self.kept]


def labelled_row(row: Labelled) -> dict[str, object]:
    """As an object of a file of training messages."""
    return {**message_row(row), "gold": row.gold}


def label(
    model: LanguageModel, rows: Sequence[Unlabelled], known: Sequence[Marked] = (), *, sure: float = SURE, seed: int = 0,
    progress: Step = lambda phase, done, of: None,
) -> SelfLabelled:
    """The messages whose reading is sure and stands when they are read again with other values, numbers and titles.

    The other values are those of `known` messages and of the readings themselves. Raises ModelMissing.
    """
    drafts = all_drafts(model, rows, lambda done, of: progress("messages", done, of))
    return steady(model, drafts, known, sure=sure, seed=seed, progress=progress)


def steady(
    model: LanguageModel, drafts: Sequence[Draft], known: Sequence[Marked] = (), *, sure: float = SURE, seed: int = 0,
    progress: Step = lambda phase, done, of: None,
) -> SelfLabelled:
    """As `label`, of messages that were read once already."""
    left_out: Counter[str] = Counter()
    standing = [found for draft in drafts if (found := _standing(draft, sure, left_out))]
    pool, chance = pool_of([*known, *(marked for _, marked in standing)]), random.Random(seed)
    changed = [_changed(marked, pool, chance) for _, marked in standing]
    again = [Unlabelled(each.id, each.language, each.text, each.shown, each.history) for each in changed]
    second = all_drafts(model, again, lambda done, of: progress("read again, changed", done, of))
    kept: list[Labelled] = []
    for (labelled, _), expected, draft in zip(standing, changed, second, strict=True):
        if _same(expected, draft):
            kept.append(labelled)
        else:
            left_out["another reading when read again"] += 1
    return SelfLabelled(tuple(kept), dict(left_out))


def _standing(draft: Draft, sure: float, left_out: Counter[str]) -> tuple[Labelled, Marked] | None:
    """The draft as a label with its places; None, and the reason counted, when it can't be one."""
    try:
        labelled = draft.labelled()
    except ValueError:
        left_out["unreadable"] += 1
        return None
    if sure and (draft.confidence is None or draft.confidence < sure):
        left_out["not sure" if draft.shares else "confidence not told by this engine"] += 1
        return None
    try:
        return labelled, mark(labelled)
    except ValueError:
        left_out["a value that does not stand in the message"] += 1
        return None


def _changed(marked: Marked, pool: Pool, chance: random.Random) -> Marked:
    """A variant with the same meaning; where nothing else can be changed, the stop at its end."""
    found = disturb(marked, pool, CHANGED, chance)
    if (found.text, found.shown) != (marked.text, marked.shown):
        return found
    stop = "。" if marked.language == "zh" else "."
    bare = re.sub(r"[.!?。！？]+$", "", marked.text)
    text = bare if bare and bare != marked.text and all(mark.end <= len(bare) for mark in marked.marks) else marked.text + stop
    return replace(marked, text=text)


def _same(expected: Marked, draft: Draft) -> bool:
    """True when the draft says what is expected of the changed message."""
    try:
        found = draft.labelled()
        wanted = Draft(draft.asked, expected.target).labelled()
    except ValueError:
        return False
    return found.intent == wanted.intent and triples(found.signals) == triples(wanted.signals)
