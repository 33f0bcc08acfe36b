"""Scripted dialogues: the format, the checks, and the ones that guard the demo shop."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from assistant.conversation import Assistant
from assistant.language.scripted import ScriptedReader
from retrieval.search import Search
from retrieval.shop import Shop
from training.checks import meets
from training.dialogue_report import write_html, write_junit
from training.dialogues import DialogueError, Outcome, load_dialogues, run_dialogues, scripts_of

SHIPPED = Path(__file__).resolve().parents[2] / "training" / "dialogues"
FILE = """
version: 1
dialogues:
  - id: kettle
    turns:
      - user: a kettle under 60
        script: recommend | category=kettle | price<=60
        expect:
          intent: recommend
          signals: [category=kettles, price<=60]
          items: {count: 1..3, every: {price: "<= 60", category: kettle}, none: {material: gold}}
          says: [kettle]
      - user: the big one
        script: recommend | item=grand kettle
      - user: cheaper
        script: refine | price~cheaper
        expect: {items: {cheaper_than_previous: true}}
"""
WRONG = """
version: 1
dialogues:
  - id: wrong
    turns:
      - user: a kettle under 60
        script: recommend | category=kettle | price<=60
        expect:
          intent: chat
          signals: [color=red]
          items: {count: 9, every: {price: "<= 1"}, any: {material: gold}}
          says: [zebra]
          not_says: [kettle]
"""


def run(shop: Shop, tmp_path: Path, text: str) -> Outcome:
    path = tmp_path / "d.yaml"
    path.write_text(text, "utf-8")
    dialogues = load_dialogues([path])
    return run_dialogues(dialogues, Assistant(shop, Search(shop), ScriptedReader(scripts_of(dialogues))))


def test_a_dialogue_that_holds_passes(small_shop: Shop, tmp_path: Path) -> None:
    """Nothing failed, nothing hard was broken, nothing said without ground."""
    outcome = run(small_shop, tmp_path, FILE)
    assert outcome.failed == []
    assert (outcome.passed, outcome.turns, outcome.hard_violations, outcome.ungrounded) == (1, 3, 0, 0)


def test_every_check_can_fail_and_says_why(small_shop: Shop, tmp_path: Path) -> None:
    """Each broken expectation is one failure with its reason."""
    outcome = run(small_shop, tmp_path, WRONG)
    assert {failure.check for failure in outcome.failed} == {
        "intent", "signals", "items.count", "items.every", "items.any", "says", "not_says",
    }
    assert all(failure.reason for failure in outcome.failed)


def test_reports(small_shop: Shop, tmp_path: Path) -> None:
    """JUnit has a case a dialogue; the page holds the transcript, escaped."""
    outcome = run(small_shop, tmp_path, WRONG)
    write_junit(outcome, tmp_path / "j.xml")
    write_html(outcome, tmp_path / "h.html")
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "zebra" in (tmp_path / "h.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [("version: 1\ndialogues: [{id: x}]", "turns"), ("a: [", "format"), (FILE.replace("recommend |", "buy |"), "intent"), ("version: 1\ndialogues: []\nx: 1", "x")],
)
def test_a_bad_file_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong is named, with the file."""
    path = tmp_path / "bad.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DialogueError, match=said):
        load_dialogues([path])


def test_conditions(small_shop: Shop) -> None:
    """Bounds, negations and words are judged from the item's own fields."""
    (item,) = small_shop.items(["k1"])
    assert meets(item, "price", "<= 39") and not meets(item, "price", "< 39")
    assert meets(item, "material", "steel") and not meets(item, "material", "!= steel")
    assert meets(item, "category", "水壶")


def test_the_shipped_dialogues_are_sixteen_or_more_and_a_third_chinese() -> None:
    """The files read, and their scripts are readings."""
    dialogues = load_dialogues([SHIPPED])
    assert len(dialogues) >= 16
    assert sum(dialogue.id.startswith("zh-") for dialogue in dialogues) >= 5
