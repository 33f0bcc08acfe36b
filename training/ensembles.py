"""Several readers asked at once, whose readings are put to the vote: what averaged weights have to compare with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from assistant.notation import fold
from assistant.schema import Intent
from retrieval.schema import Signal
from training.metrics import Case

Said = tuple[Intent, tuple[Signal, ...]]
"""An intent and its signals."""


def vote(said: Sequence[Said]) -> Said:
    """The intent that most readers give, the first reader's on a tie, and the signals that more than half of them give.

    Signals are equal as scoring takes them (see `notation.fold`); each is given in the words of the first reader that has it.
    Raises ValueError without a reader.
    """
    if not said:
        raise ValueError("found no reading, expected one or more")
    intent = Counter(each for each, _ in said).most_common(1)[0][0]  # of equals the one met first
    votes: Counter[tuple[str, str, str]] = Counter()
    words: dict[tuple[str, str, str], Signal] = {}
    for _, signals in said:
        named = {(signal.facet, str(signal.op), fold(signal.value)): signal for signal in signals}
        votes.update(named.keys())
        for key, signal in named.items():
            words.setdefault(key, signal)
    return intent, tuple(signal for key, signal in words.items() if 2 * votes[key] > len(said))


def voted(readers: Sequence[Sequence[Case]]) -> list[Case]:
    """The same messages as read by several readers, put to the vote; the milliseconds are those of all readers one after another.

    Raises ValueError when the readers did not read the same messages.
    """
    if len({tuple(case.id for case in cases) for cases in readers}) != 1:
        raise ValueError("found readers of different messages, expected one list of messages in one order")
    found = []
    for cases in zip(*readers, strict=True):
        intent, signals = vote([(case.read_intent, case.read_signals) for case in cases])
        found.append(replace(cases[0], read_intent=intent, read_signals=signals, ms=sum(case.ms for case in cases)))
    return found
