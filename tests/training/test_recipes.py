"""Files and a recipe become the rows of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.finetune import Recipe
from training.recipes import TASKS, DataError, Sources, Stars, recipe_from, shipped_messages, task_of

SMALL = Recipe(epochs=2)


def test_every_shipped_row_can_be_learnt() -> None:
    """What comes with the program has no bad row, for any task."""
    task = task_of(Recipe(epochs=1), Sources(TASKS))
    assert task.names == TASKS
    assert len(task.examples) > 4000
    assert len(shipped_messages()) > 3700


def test_validation_files_are_never_learnt() -> None:
    """Files called validation stay out of the training rows."""
    learnt = {example.id for example in task_of(Recipe(epochs=1), Sources(("service",))).examples}
    folder = Path(__file__).parents[2] / "training" / "data" / "service"
    held = [json.loads(line)["id"] for path in folder.glob("validation*.jsonl") for line in path.read_text("utf-8").splitlines()]
    assert held
    assert not learnt & set(held)


def test_several_tasks_are_mixed_and_held_back_rows_stay_out() -> None:
    """Every pass has every row of every task once; no held-back row is among them."""
    task = task_of(SMALL, Sources(("write", "service")))
    half = len(task.examples) // 2
    first, second = task.examples[:half], task.examples[half:]
    assert sorted(each.id for each in first) == sorted(each.id for each in second)
    assert [each.id for each in first] != [each.id for each in second]
    assert not {each.prompt for each in task.validation} & {each.prompt for each in task.examples}
    assert {each.prompt[0].text for each in first[:40]} == {"Recommend the item.", "Answer from the pages."}


def test_stars_of_a_table_are_learnt_once(tmp_path: Path) -> None:
    """A rated review is in one pass; a verdict of 0 or 1 has a sentiment and no stars."""
    rated, verdicts = tmp_path / "rated.csv", tmp_path / "verdicts.csv"
    rated.write_text("body,points\nGreat strings,5\nBroke at once,1\nFine,3\n", "utf-8")
    verdicts.write_text("body,label\n很好,1\n很差,0\n", "utf-8")
    tables = (Stars.parse(f"{rated}:body:points:2"), Stars.parse(f"{verdicts}:body:label"))
    examples = task_of(SMALL, Sources(("review",), stars=tables)).examples
    found = [each for each in examples if each.open]
    assert sum(each.stars is not None for each in found) == 2
    assert sorted(each.sentiment or 0 for each in found if each.stars is None) == [0, 2]
    assert all(each.target == "rating=" for each in found if each.stars is None)


def test_bad_rows_stop_the_run_unless_told_otherwise(tmp_path: Path) -> None:
    """Each is named with line and cure; with skip_bad the rest is learnt."""
    path = tmp_path / "own.jsonl"
    good = {"id": "a", "text": "Fits well, warm.", "gold": 'rating=5 | fit~well "Fits well"'}
    bad = {"id": "b", "text": "Fits well, warm.", "gold": 'rating=5 | fit~well "never said"'}
    path.write_text("\n".join(map(json.dumps, [good, good, bad])), "utf-8")
    with pytest.raises(DataError, match=r"own\.jsonl, line 3: the quote 'never said' does not stand"):
        task_of(SMALL, Sources(("review",), (path,)))
    assert len(task_of(SMALL, Sources(("review",), (path,), skip_bad=True)).examples) == 2


@pytest.mark.parametrize("value", ["reviews.csv", "reviews.csv:text"])
def test_a_table_needs_its_columns(value: str) -> None:
    """A table without column names is refused with the form that is expected."""
    with pytest.raises(DataError, match="expected FILE:TEXT:RATING"):
        Stars.parse(value)


def test_unknown_tasks_and_settings_are_refused(tmp_path: Path) -> None:
    """The message names what there is."""
    with pytest.raises(DataError, match="expected some of read, review, write, service"):
        Sources(("sing",))
    path = tmp_path / "recipe.toml"
    path.write_text("rnk = 8\n")
    with pytest.raises(DataError, match="expected fields of base, way, rank"):
        recipe_from(path)


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    """When every row is bad and left out, the run is refused before a model is loaded."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "1", "language": "en", "message": "a hat", "gold": "recommend | color~red"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="no row to learn from"):
        task_of(Recipe(), Sources(("read",), (rows,), skip_bad=True))
