"""Learning from few labels, simulated with the shipped messages: what chosen labels, self-made labels and other shops are worth.

Every reader learns from the same number of examples (800, of which 250 labels make more passes than 500) by the ordinary recipe, is
built at 4 bits, and reads the validation messages, which another hand wrote. About an hour on one thread; every step is kept in
`benchmarks/few-labels` of the home directory, and is not done again.
"""

from __future__ import annotations

import json
import logging
import math
import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.language.adapters import base_sha256, check_adapter
from assistant.language.onnx_engine import open_onnx
from assistant.language.onnx_folder import onnx_folder
from assistant.language.presets import DEFAULT, model_folder, preset_named
from assistant.notation import parse
from assistant.schema import Message
from retrieval.embedding import open_embedder
from retrieval.embedding.embedder import Embedder
from training.adapter_card import data_hash
from training.drafts import all_drafts, unlabelled, write_rows
from training.ensembles import voted
from training.evaluate_messages import evaluate_messages
from training.examples import Example, Labelled, Marked, mark, usable
from training.finetune import Recipe, Task, passes, train_task
from training.metrics import Case, hard_errors, score, signal_f1
from training.patterns import read_patterns
from training.recipes import shipped_messages, validation_messages
from training.self_training import label
from training.suggesting import suggest
from training.text_models import embedded
from ui.places import home

FIRST, MORE, CANDIDATES, OTHERS = 250, 250, 1000, 1000
"""Labels at the start, labels added, unlabelled messages to choose them from, and those that the reader labels itself."""
SEEN = 800
"""Examples that a reader learns from, doubles of other passes included."""
TESTED, NEAR = 100, 100
"""Messages of the kinds of shop held out: those read, and those that one reader learns from."""
HELD_KINDS = 3
"""Of the 19 kinds of shop in the patterns."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Split:
    """The shipped messages, shuffled."""

    pool: tuple[Labelled, ...]
    """Those that speak of no held-out kind of shop."""
    near: tuple[Labelled, ...]
    """Some of the held-out kinds, which one reader learns from."""
    test: tuple[Labelled, ...]
    """Others of the held-out kinds."""


@dataclass(frozen=True)
class Bench:
    """Where the steps lie and what they share."""

    folder: Path
    seed: int = 7

    def step(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, as JSON; done once."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            began = time.perf_counter()
            value = make()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"value": value, "seconds": round(time.perf_counter() - began, 1)}, ensure_ascii=False))
            log.warning("%s: %.0f s", name, time.perf_counter() - began)
        return json.loads(path.read_text())["value"]

    def both(
        self, name: str, rows: Sequence[Labelled], tests: Mapping[str, Sequence[Labelled]], own: Sequence[Labelled] = ()
    ) -> dict[str, list[Case]]:
        """What the reader that learns from the rows reads in each of the tests."""
        return self.measure(name, self.reader(name, rows, own), tests)

    def reader(self, name: str, rows: Sequence[Labelled], own: Sequence[Labelled] = ()) -> Path:
        """The adapter that learns from the rows, and once each from as many of its `own` as there is room for."""
        out = self.folder / name

        def train() -> str:
            room = min(len(own), max(0, SEEN - len(rows)))
            rows_seen = [*learnt(rows, SEEN - room, self.seed), *learnt(own[:room], room, self.seed)]
            random.Random(self.seed).shuffle(rows_seen)
            task = Task(("read",), rows_seen, (), data_hash([]))
            recipe = Recipe(seed=self.seed, checkpoints=2)
            train_task(recipe, model_folder(preset_named(DEFAULT), home()), out, task)
            shutil.rmtree(out / "checkpoints")
            return f"{len(rows_seen)} examples, {room} of them its own"

        self.step(f"{name}-trained", train)
        return out / "adapter"

    def model(self, adapter: Path) -> tuple[Any, Path]:
        """The reader at 4 bits on one thread, and the folder it was built in."""
        base = model_folder(preset_named(DEFAULT), home())
        told = base_sha256(base)
        built = onnx_folder(base, told, check_adapter(adapter, told), home())
        return open_onnx(DEFAULT, {"read": built, None: built}, frozenset({"en", "zh"}), threads=1), built

    def measure(self, name: str, adapter: Path, tests: Mapping[str, Sequence[Labelled]]) -> dict[str, list[Case]]:
        """What the reader reads in each of the tests."""
        def read() -> dict[str, list[dict[str, Any]]]:
            model, built = self.model(adapter)
            found = {}
            for test, rows in tests.items():
                lines = self.folder / f"{name}-{test}.jsonl"
                evaluate_messages(model, rows, predictions=lines)
                found[test] = [json.loads(line) for line in lines.read_text().splitlines()]
            del model
            shutil.rmtree(built)
            return found

        return {test: [_case(row) for row in rows] for test, rows in self.step(f"{name}-read", read).items()}


def run() -> list[dict[str, Any]]:
    """Signal F1, intent accuracy and hard errors of every reader, with what it is compared with."""
    bench = Bench(home() / "benchmarks" / "few-labels")
    split = split_messages(shipped_messages(), open_embedder("e5-small", home()), bench.seed)
    tests = {"validation": validation_messages()}
    kinds = {**tests, "unseen kinds": split.test}
    first, some = split.pool[:FIRST], split.pool[: FIRST + MORE]
    few = bench.reader("250", first)
    chosen = bench.step("chosen", lambda: _chosen(bench, few, split.pool[FIRST : FIRST + CANDIDATES]))
    by_id = {row.id: row for row in split.pool}
    found = {
        "250": bench.measure("250", few, tests),
        "250+250 suggested": bench.both("250+250 suggested", [*first, *(by_id[name] for name in chosen)], tests),
        "500 random": bench.both("500 random", some, kinds),
    }
    own = bench.step("labelled", lambda: _labelled(bench, some, split.pool[FIRST + CANDIDATES :][:OTHERS]))
    found["500 and its own labels"] = bench.both("500 and its own labels", some, tests, [_row(each) for each in own["kept"]])
    near = [*split.near, *split.pool[: len(some) - len(split.near)]]
    found["400+100 of the unseen kinds"] = bench.both("400+100 of the unseen kinds", near, kinds)
    english = [row for row in split.pool if row.language == "en"][: len(some)]
    found["500 English"] = bench.both("500 English", english, tests)
    again = [*first, *split.pool[FIRST + MORE : FIRST + 2 * MORE]]
    found["500 random, others"] = bench.both("500 random, others", again, tests)
    three = [found[name]["validation"] for name in ("250+250 suggested", "500 random", "500 random, others")]
    found["vote of three"] = {"validation": voted(three)}
    return [row for name, cases in found.items() for row in _figures(name, cases)]


def split_messages(rows: Sequence[Labelled], embedder: Embedder, seed: int) -> Split:
    """The messages by kind of shop: that whose category words lie nearest to the message's category."""
    usable_ids = {each.id for each in usable(rows, lambda bad: None)}
    rows = [row for row in rows if row.id in usable_ids]
    random.Random(seed).shuffle(rows)
    words = [[word for each in (read_patterns("en"), read_patterns("zh")) for word in each.kinds[kind]["category"]] for kind in range(19)]
    middles = np.stack([embedder.embed(each).mean(axis=0) for each in words])
    shelves = {row.id: next((s.value for s in row.signals if s.facet == "category"), "") for row in rows}
    named = [row for row in rows if shelves[row.id]]
    vectors = embedded(embedder, [shelves[row.id] for row in named], lambda phase, done, of: None)
    kinds = dict(zip((row.id for row in named), ((vectors - middles.mean(0)) @ (middles - middles.mean(0)).T).argmax(axis=1), strict=True))
    held = set(random.Random(seed).sample(range(len(words)), HELD_KINDS))
    inside = [row for row in rows if kinds.get(row.id) in held]
    log.warning("held out: %s; %d messages", [words[kind][0] for kind in held], len(inside))
    pool = tuple(row for row in rows if kinds.get(row.id) not in held)
    return Split(pool, tuple(inside[TESTED : TESTED + NEAR]), tuple(inside[:TESTED]))


def learnt(rows: Sequence[Labelled], seen: int, seed: int) -> list[Example]:
    """`seen` examples of the rows: whole passes, the first of them undisturbed, and a part of one."""
    if not seen:
        return []
    marked: list[Marked] = usable(rows, lambda bad: None)
    rounds = passes(replace(Recipe(), epochs=math.ceil(seen / len(marked)), seed=seed), marked)
    return [each for part in rounds for each in part][:seen]


def _chosen(bench: Bench, adapter: Path, rows: Sequence[Labelled]) -> list[str]:
    model, _ = bench.model(adapter)
    drafts = all_drafts(model, [unlabelled(row) for row in rows])
    write_rows([_told(draft, row) for draft, row in zip(drafts, rows, strict=True)], bench.folder / "drafts.jsonl")
    vectors = embedded(open_embedder("e5-small", home()), [row.message for row in rows], lambda phase, done, of: None)
    return [each.draft.asked.id for each in suggest(drafts, vectors, MORE, seed=bench.seed)]


def _told(draft: Any, row: Labelled) -> dict[str, object]:
    return {"id": row.id, "confidence": draft.confidence, "draft": draft.line, "gold": row.gold, "message": row.message}


def _labelled(bench: Bench, rows: Sequence[Labelled], others: Sequence[Labelled]) -> dict[str, Any]:
    model, built = bench.model(bench.folder / "500 random" / "adapter")
    found = label(model, [unlabelled(row) for row in others], [mark(row) for row in rows], seed=bench.seed)
    gold = {row.id: row for row in others}
    kept = [Case(r.id, r.language, gold[r.id].intent, gold[r.id].signals, r.intent, r.signals) for r in found.kept]
    shutil.rmtree(built)
    log.warning("kept %d, left out %s, their signal F1 %s", len(kept), found.left_out, signal_f1(kept))
    return {"kept": found.rows(), "left_out": found.left_out, "signal_f1": signal_f1(kept)[2]}


def _row(row: Mapping[str, Any]) -> Labelled:
    intent, signals = parse(row["gold"])
    history = tuple(Message(turn["role"], turn["text"]) for turn in row.get("history", ()))
    return Labelled(row["id"], row["language"], row["message"], intent, signals, tuple(row.get("shown", ())), history)


def _case(row: Mapping[str, Any]) -> Case:
    (intent, signals), (read_intent, read_signals) = parse(row["gold"]), parse(row["predicted"])
    return Case(row["id"], row["language"], intent, signals, read_intent, read_signals, row["ms"])


def _figures(name: str, tests: Mapping[str, Sequence[Case]]) -> list[dict[str, Any]]:
    rows = []
    for test, cases in tests.items():
        figures: Any = score(list(cases))
        low, high = figures["intervals"]["signal_f1"]
        languages = ", ".join(f"{each} {told['signal_f1']:.3f}" for each, told in figures["by_language"].items())
        errors = 100 * sum(hard_errors(case).total for case in cases) / len(cases)
        peer = f"{low:.3f} to {high:.3f}; {languages}; intent {figures['intent_accuracy']:.3f}; hard errors {errors:.0f}"
        rows.append({"name": f"{name}, {test}: signal F1", "value": figures["signal_f1"], "unit": "", "bar": "", "peer": peer})
    return rows


if __name__ == "__main__":
    for each in run():
        print(each)  # noqa: T201 - a script
