"""What a run of dialogues showed, as JUnit XML for a build server and as one HTML page for a person."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from assistant.schema import Turn
from training.dialogues import Dialogue, Failure, Outcome

_STYLE = (  # system fonts that hold Chinese
    "body{font:16px/1.5 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "h2{margin-top:2.5rem}.ok{color:#186a3b}.bad{color:#a93226}.you{background:#eaf2f8;border-radius:1rem;"
    "padding:.5rem 1rem;display:inline-block}"
    ".shop{white-space:pre-wrap;border-left:3px solid #ccc;margin:.5rem 0;padding:.2rem 1rem}"
    ".read{color:#666;font:13px ui-monospace,monospace}"
)


def write_junit(outcome: Outcome, path: Path) -> None:
    """A test case a dialogue, its failures as text."""
    suite = ElementTree.Element(
        "testsuite", name="dialogues", tests=str(outcome.dialogues), failures=str(outcome.dialogues - outcome.passed)
    )
    for dialogue, _ in outcome.transcripts:
        case = ElementTree.SubElement(suite, "testcase", classname="dialogues", name=dialogue.id)
        for failure in _of(outcome, dialogue):
            found = ElementTree.SubElement(case, "failure", message=f"turn {failure.turn}: {failure.check}")
            found.text = failure.reason
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def write_html(outcome: Outcome, path: Path) -> None:
    """The transcripts with what was read, and what failed beside the turn it failed in."""
    head = Markup("<!doctype html><html><head><meta charset='utf-8'><title>Dialogues</title><style>{}</style></head><body>")
    head = head.format(Markup(_STYLE))
    summary = Markup("<h1>{} of {} dialogues passed</h1><p>{} turns, median {} ms, 95th percentile {} ms</p>").format(
        outcome.passed, outcome.dialogues, outcome.turns, outcome.as_json()["ms_p50"], outcome.as_json()["ms_p95"]
    )
    bodies = [_dialogue(outcome, dialogue, turns) for dialogue, turns in outcome.transcripts]
    path.write_text(head + summary + Markup("").join(bodies) + Markup("</body></html>"), "utf-8")


def new_failures(outcome: Outcome, baseline: Path) -> list[Failure]:
    """The failures that the earlier run, its JSON in `baseline`, did not have."""
    known = {(f["id"], f["turn"], f["check"]) for f in json.loads(baseline.read_text("utf-8"))["failed"]}
    return [failure for failure in outcome.failed if (failure.id, failure.turn, failure.check) not in known]


def _dialogue(outcome: Outcome, dialogue: Dialogue, turns: tuple[Turn, ...]) -> Markup:
    failed = _of(outcome, dialogue)
    kind, sign = ("bad", "✗") if failed else ("ok", "✓")
    parts = [Markup("<h2 class='{}'>{} {}</h2>").format(kind, sign, dialogue.title or dialogue.id)]
    for turn in turns:
        line = " | ".join([turn.reading.intent, *map(str, turn.reading.signals)])
        parts.append(
            Markup("<p class='you'>{}</p><p class='read'>{}</p><div class='shop'>{}</div>").format(
                turn.message, line, turn.reply.text
            )
        )
        parts += [
            Markup("<p class='bad'>{}: {}</p>").format(failure.check, failure.reason)
            for failure in failed if failure.turn == turn.number
        ]
    return Markup("").join(parts)


def _of(outcome: Outcome, dialogue: Dialogue) -> list[Failure]:
    return [failure for failure in outcome.failed if failure.id == dialogue.id]


