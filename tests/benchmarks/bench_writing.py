"""Sentences for items, and the share whose every claim is supported before any is dropped: the shipped adapter, the same model
untuned under the same grammar, and untuned and free.

All three word the same picks: those of the recommendations in the ten conversations of `bench_turn`. `DAOGOU_HOME` holds models
and shop.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.evidence import facts_of
from assistant.grounding import sentence_grammar, unsupported
from assistant.language import Generation, LanguageModel, generate
from assistant.prompts import writing_prompt
from assistant.safety import language_of
from assistant.schema import Turn
from assistant.settings import Settings
from retrieval.schema import Pick
from ui.places import DEMO, quiet_libraries
from ui.wiring import ModelChoice, choose_model, open_assistant


def run() -> list[dict[str, Any]]:
    """Supported sentences of all that were written."""
    quiet_libraries()
    assistant, problem = open_assistant(DEMO, ModelChoice())
    if problem or assistant.model is None:
        return [{"name": "sentences for items", "value": "none", "unit": problem, "bar": "", "peer": ""}]
    picks = []
    for messages in runpy.run_path(str(Path(__file__).with_name("bench_turn.py")))["CONVERSATIONS"]:
        history: tuple[Turn, ...] = ()
        for message in messages:
            history = (*history, assistant.respond(message, history, session_id="bench"))
        picks += [(turn, pick) for turn in history for pick in _picks(turn)]
    untuned = choose_model(ModelChoice(adapter="none"))
    return [
        _row("shipped adapter", assistant.model, picks, ruled=True),
        _row("untuned, under the same grammar", untuned, picks, ruled=True),
        _row("untuned, free", untuned, picks, ruled=False),
    ]


def _picks(turn: Turn) -> Iterator[Pick]:
    if turn.slate is not None and turn.reply.kind == "recommend":
        yield from turn.slate.picks


def _row(name: str, model: LanguageModel, picks: list[tuple[Turn, Pick]], *, ruled: bool) -> dict[str, Any]:
    stands = sum(_stands(model, turn, pick, ruled=ruled) for turn, pick in picks)
    return {
        "name": f"sentences wholly supported: {name}", "value": round(stands / len(picks), 3), "unit": f"{stands} of {len(picks)}",
        "bar": "", "peer": "",
    }


def _stands(model: LanguageModel, turn: Turn, pick: Pick, *, ruled: bool) -> bool:
    """True for a sentence in the shopper's language that the writer's own check would keep."""
    item, language, matches = pick.candidate.item, turn.reading.language, pick.candidate.matches
    title, facts = item.words(language)[0], facts_of(item, matches, language)
    wishes = tuple(signal for signal in turn.profile.signals if signal.wanted)
    grounds = (*facts, title, *(match.signal.value for match in matches if match.signal.wanted))
    prompt = writing_prompt(language, title, facts, wishes, tuned="write" in model.tuned)
    grammar = sentence_grammar(language, grounds) if ruled else None
    how = Generation(Settings().sentence_tokens, grammar, "write", stop=("\n",))
    try:
        sentence = generate(model, prompt, how).strip()
    except ModelError:  # cut off before the grammar was complete: the product drops it too
        return False
    return bool(sentence) and not unsupported(sentence, grounds) and language_of(sentence, language) == language
