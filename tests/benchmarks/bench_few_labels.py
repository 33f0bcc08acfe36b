"""Learning from few labels, simulated with the shipped messages: what chosen labels, self-made labels and other shops are worth.

Every reader learns by the ordinary recipe from the same number of examples (500, of which 250 labels make two passes), is built at
4 bits, and reads the validation messages, which another hand wrote. Every step is kept in `benchmarks/few-labels` of the home
directory, and is not done again. About 35 minutes on one thread.
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
from sklearn.metrics import roc_auc_score

from assistant.language import open_model
from assistant.language.adapters import base_sha256, check_adapter
from assistant.language.onnx_engine import open_onnx
from assistant.language.onnx_folder import onnx_folder
from assistant.language.presets import DEFAULT, model_folder, preset_named
from assistant.notation import parse
from assistant.schema import Message
from retrieval.embedding import open_embedder
from retrieval.embedding.embedder import Embedder
from training.adapter_card import data_hash
from training.drafts import all_drafts, message_row, unlabelled, write_rows
from training.evaluate_messages import evaluate_messages
from training.examples import Example, Labelled, Marked, usable
from training.finetune import Recipe, Task, passes, train_task
from training.metrics import Case, hard_errors, score, signal_f1, triples
from training.patterns import read_patterns
from training.recipes import shipped_messages, validation_messages
from training.self_training import SURE, steady
from training.suggesting import doubt_of, suggest
from training.text_models import embedded
from ui.places import home

FIRST, MORE, CANDIDATES = 250, 250, 600
"""Labels at the start, labels added, and unlabelled messages to choose them from, or to label without help."""
SEEN = 500
"""Examples that a reader learns from, doubles of other passes included."""
FIRST_SEEN = 800
"""Examples that the first reader learns from, which chooses and labels."""
TESTED, NEAR = 100, 100
"""Messages of the kinds of shop held out: those read, and those that one reader learns from."""
HELD_KINDS = 3
"""Of the 19 kinds of shop in the patterns."""
Tests = Mapping[str, Sequence[Labelled]]
"""Messages by the name of the test."""
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

    def reader(self, name: str, rows: Sequence[Labelled], seen: int = SEEN) -> Path:
        """The adapter that learns from the rows."""
        out = self.folder / name

        def train() -> int:
            examples = learnt(rows, seen, self.seed)
            recipe = Recipe(seed=self.seed, checkpoints=2)
            train_task(recipe, model_folder(preset_named(DEFAULT), home()), out, Task(("read",), examples, (), data_hash([])))
            shutil.rmtree(out / "checkpoints")
            return len(examples)

        self.step(f"{name}-trained", train)
        return out / "adapter"

    def read(self, name: str, adapter: Path, tests: Tests, then: Callable[[Any], None] = lambda model: None) -> dict[str, list[Case]]:
        """What an adapter, at 4 bits on one thread, reads in each of the tests; `then` gets the model."""
        def cases() -> dict[str, list[dict[str, Any]]]:
            base = model_folder(preset_named(DEFAULT), home())
            told = base_sha256(base)
            built = onnx_folder(base, told, check_adapter(adapter, told), home())
            model = open_onnx(DEFAULT, {"read": built, None: built}, frozenset({"en", "zh"}), threads=1)
            found = {}
            for test, rows in tests.items():
                lines = self.folder / f"{name}-{test}.jsonl"
                evaluate_messages(model, rows, predictions=lines)
                found[test] = [json.loads(line) for line in lines.read_text().splitlines()]
            then(model)
            shutil.rmtree(built)
            return found

        return {test: [_case(row) for row in rows] for test, rows in self.step(f"{name}-read", cases).items()}


def run() -> list[dict[str, Any]]:
    """Signal F1 of every reader with its interval, by language, intent accuracy and hard errors."""
    bench = Bench(home() / "benchmarks" / "few-labels")
    split = split_messages(shipped_messages(), open_embedder("e5-small", home()), bench.seed)
    tests = {"validation": validation_messages()}
    first, candidates = split.pool[:FIRST], split.pool[FIRST : FIRST + CANDIDATES]
    teacher = bench.reader("250", first, FIRST_SEEN)
    found = {"250, which chose and labelled": bench.read("250", teacher, tests, lambda model: _ask(bench, model, first, candidates))}
    chosen, own = (json.loads((bench.folder / f"{name}.json").read_text()) for name in ("chosen", "own"))
    by_id = {row.id: row for row in candidates}
    some = split.pool[: FIRST + MORE]
    sets: dict[str, tuple[Sequence[Labelled], Tests]] = {
        "250+250 suggested": ([*first, *(by_id[name] for name in chosen)], tests),
        "250+250 random": (some, {**tests, "unseen kinds": split.test}),
        "250+own labels": ([*first, *map(_row, own["kept"][:MORE])], tests),
        "250 alone": (first, tests),
        "400+100 of the unseen kinds": ([*split.near, *split.pool[: len(some) - len(split.near)]], {"unseen kinds": split.test}),
        "500 English": ([row for row in split.pool if row.language == "en"][: len(some)], tests),
    }
    for name, (rows, asked) in sets.items():
        found[name] = bench.read(name, bench.reader(name, rows), asked)
    kept = {"name": "own labels of the first reader that were sure and steady", "value": len(own["kept"]), "unit": "", "bar": "",
            "peer": f"of {len(candidates)}"}
    figures = (row for name, cases in found.items() for row in _figures(name, cases))
    return [*what_doubt_tells(bench, tests["validation"]), kept, *figures]


def what_doubt_tells(bench: Bench, rows: Sequence[Labelled]) -> list[dict[str, Any]]:
    """How well the shipped reader knows where it is wrong, and how right the labels are that it gives to messages it has not seen."""
    def read() -> dict[str, Any]:
        model = open_model(home=home(), engine="onnx", threads=1, tasks=("read",))
        drafts = all_drafts(model, [unlabelled(row) for row in rows])
        found = steady(model, drafts, usable(shipped_messages(), lambda bad: None), seed=bench.seed)
        sure = [draft for draft in drafts if not draft.problem and (draft.confidence or 0) >= SURE]
        return {
            "lines": [draft.line for draft in drafts], "doubts": [doubt_of(draft) for draft in drafts],
            "sure": [draft.asked.id for draft in sure], "kept": [row.id for row in found.kept], "left_out": found.left_out,
        }

    told = bench.step("shipped", read)
    cases = [_case({**message_row(row), "gold": row.gold, "predicted": line, "ms": 0.0}) for row, line in zip(rows, told["lines"], strict=True)]
    wrong = [case.intent != case.read_intent or triples(case.signals) != triples(case.read_signals) for case in cases]
    doubted = sorted(range(len(rows)), key=lambda place: -told["doubts"][place])[: len(rows) // 4]
    share = f"{100 * sum(wrong) / len(wrong):.0f} % of all"
    rows_told = [
        ("doubt: area under the curve for a wrong reading", roc_auc_score(wrong, told["doubts"]), ""),
        ("wrong readings in the most doubted quarter, %", 100 * sum(wrong[place] for place in doubted) / len(doubted), share),
    ]
    for name, kept in (("all", {row.id for row in rows}), ("sure", set(told["sure"])), ("sure and steady", set(told["kept"]))):
        part = [case for case in cases if case.id in kept]
        rows_told.append((f"own labels, {name}: signal F1", signal_f1(part)[2], f"{len(part)} of {len(rows)}"))
    return [{"name": name, "value": round(float(value), 3), "unit": "", "bar": "", "peer": peer} for name, value, peer in rows_told]


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
    marked: list[Marked] = usable(rows, lambda bad: None)
    rounds = passes(replace(Recipe(), epochs=math.ceil(seen / len(marked)), seed=seed), marked)
    return [each for part in rounds for each in part][:seen]


def _ask(bench: Bench, model: Any, known: Sequence[Labelled], rows: Sequence[Labelled]) -> None:
    """Writes which of the candidates the model suggests, and what it labels itself, with how right it is."""
    drafts = all_drafts(model, [unlabelled(row) for row in rows])
    told = [{"confidence": draft.confidence, "draft": draft.line, "gold": row.gold} for draft, row in zip(drafts, rows, strict=True)]
    write_rows(told, bench.folder / "drafts.jsonl")
    vectors = embedded(open_embedder("e5-small", home()), [row.message for row in rows], lambda phase, done, of: None)
    chosen = [each.draft.asked.id for each in suggest(drafts, vectors, MORE, seed=bench.seed)]
    (bench.folder / "chosen.json").write_text(json.dumps(chosen))
    found = steady(model, drafts, usable(known, lambda bad: None), seed=bench.seed)
    gold = {row.id: row for row in rows}
    kept = [Case(r.id, r.language, gold[r.id].intent, gold[r.id].signals, r.intent, r.signals) for r in found.kept]
    log.warning("kept %d, left out %s, their signal F1 %s", len(kept), found.left_out, signal_f1(kept))
    (bench.folder / "own.json").write_text(json.dumps({"kept": found.rows(), "left_out": found.left_out, "f1": signal_f1(kept)}))


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
