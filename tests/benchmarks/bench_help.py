"""Questions to the demo shop's help pages, end to end: read by the model, answered or passed on by the help desk.

The 60 questions of `training/data/help/questions.jsonl`, worded unlike the pages; a third of them no page answers. Nothing was
chosen by them: the weights come from `validation.jsonl` beside it. `DAOGOU_HOME` holds models and shop.
"""

from __future__ import annotations

import json
from typing import Any

from assistant.language import LanguageModel
from assistant.reading import read_message
from assistant.service import HelpDesk
from training.examples import DATA
from ui.places import DEMO, quiet_libraries
from ui.wiring import ModelChoice, choose_model, open_shop

QUESTIONS = DATA / "help" / "questions.jsonl"


def run() -> list[dict[str, Any]]:
    """How many are answered by the right passage, by a wrong one, and passed on to a person, a language each."""
    quiet_libraries()
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    model = choose_model(ModelChoice())
    with open_shop(DEMO) as shop:
        desk = HelpDesk(shop)
        told = [(row, _told(row, desk, model)) for row in rows]
    found = []
    for language in ("en", "zh"):
        covered = [answer for row, answer in told if row["language"] == language and row["page"]]
        foreign = [answer for row, answer in told if row["language"] == language and not row["page"]]
        wrong = covered.count("wrong") + foreign.count("wrong")
        found += [
            _line(f"{language}: answered by the right passage", covered.count("right"), len(covered)),
            _line(f"{language}: what no page answers, passed on", foreign.count("passed on"), len(foreign)),
            _line(f"{language}: answered by a wrong passage", wrong, len(covered) + len(foreign)),
        ]
    return found


def _told(row: dict[str, Any], desk: HelpDesk, model: LanguageModel) -> str:
    reading, _ = read_message(row["question"], model=model, default=row["language"])
    reply, _ = desk.answer(reading, model)
    if not reply.passages:
        return "passed on"
    says = any(words in passage.text for passage in reply.passages for words in row["says"])
    return "right" if says and reply.passages[0].page_id == row["page"] else "wrong"


def _line(name: str, count: int, of: int) -> dict[str, Any]:
    return {"name": name, "value": count, "unit": f"of {of}", "bar": "", "peer": ""}
