"""The comparison goes on where it was stopped, cells learn from nested draws of the same examples, and its table and picture say it."""

import json
from pathlib import Path

import pytest

from training.compare import CURVE, Cell, CellFailed, Ground, cells, compare, order, read_order
from training.compare_cell import draw
from training.compare_report import curve_of, table
from training.compare_report import draw as picture
from training.examples import Example
from training.recipes import DataError, Stars
from training.ways import WAYS

STARS = Stars(Path("reviews.csv"), "text", "stars", 40)


def made(name, f1, examples=None, **recipe):
    """The result of a cell, as its process writes it."""
    figures = {"intent_accuracy": 0.9, "signal_f1": f1, "hard_errors_per_100": 12.0, "ms_median": 250.0}
    result = {
        "name": name, "order": {"cell": {"base": "tiny", "way": "lora" if examples else None, "recipe": recipe}},
        "messages": {**figures, "by_language": {"en": figures, "zh": figures}, "intervals": {"signal_f1": [f1 - 0.1, f1 + 0.1]}},
    }
    return {**result, "examples": examples, "weights": 1000, "seconds": 60.0, "train_peak_mb": 2048, "rating_rmse": 0.7} if examples else result


def test_every_way_and_addition_has_its_line():
    """Untuned twice, every way once, adversarial, both smoothings, the other base, and the points of the curve."""
    names = [cell.name for cell in cells("one", "other", 1000)]
    assert names[:2] == ["zero-shot", "few-shot"]
    assert set(WAYS) <= set(names)
    assert {"lora, adversarial", "lora, no smoothing", "lora, other", "lora, 250 examples", "lora, all examples"} <= set(names)
    assert "lora, 1000 examples" not in names, "the plain line is that point of the curve"
    assert len(names) == len(set(names)) == 2 + len(WAYS) + 4 + len(CURVE)


def test_an_order_comes_back_as_it_was_given():
    """What a cell's process reads is what was meant."""
    cell = Cell("lora", "tiny", "lora", 20, {"label_smoothing": 0.0})
    for stars in (STARS, None):
        ground = Ground(Path("/home"), (Path("a.jsonl"),), (Path("b.jsonl"),), stars)
        assert read_order(json.loads(json.dumps(order(cell, ground)))) == (cell, ground)


def test_fewer_examples_are_part_of_more():
    """A fifth are ratings; 0 takes every message."""
    messages, rated = ([Example(f"{kind}{number}", (), "") for number in range(100)] for kind in "mr")
    few, more = ({each.id for each in draw(messages, rated, wanted, 7)} for wanted in (20, 50))
    assert few < more
    assert sum(name.startswith("r") for name in more) == 10
    assert len(draw(messages, rated, 0, 7)) == 120
    assert len(draw(messages, [], 20, 7)) == 20


def test_what_is_done_is_not_done_again(tmp_path):
    """A result of the same order is taken as it lies there; another order runs, and its failure names the log."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "1", "language": "en", "message": "a red hat", "gold": "recommend | category=hat | color~red"}\n')
    ground = Ground(tmp_path, (rows,), (), None)
    cell = Cell("lora", "no-such-model", "lora", 20)
    (tmp_path / "out" / "lora").mkdir(parents=True)
    kept = {"name": "lora", "order": order(cell, ground)}
    (tmp_path / "out" / "lora" / "result.json").write_text(json.dumps(kept))
    seen = []
    assert compare([cell], ground, tmp_path / "out", lambda name, done, of: seen.append((name, done, of))) == [kept]
    assert seen == [("lora", 0, 1), ("", 1, 1)]
    with pytest.raises(CellFailed, match=r"no model is called 'no-such-model'.*log.txt"):
        compare([Cell("lora", "no-such-model", "lora", 21)], ground, tmp_path / "out")


def test_files_that_are_not_there_are_told(tmp_path):
    """Before anything is trained."""
    with pytest.raises(DataError, match=r"gone\.jsonl is not there"):
        compare([], Ground(tmp_path, (tmp_path / "gone.jsonl",), ()), tmp_path)


def test_the_table_and_the_picture_have_every_line(tmp_path):
    """What was not measured is a dash; the curve takes the lines that differ in their number alone."""
    results = [made("zero-shot", 0.1), made("lora", 0.5, 400), made("lora, adversarial", 0.6, 400, adversarial=0.3), made("lora, 250 examples", 0.4, 250)]
    lines = table(results).splitlines()
    assert len(lines) == 6
    assert lines[2].startswith("| zero-shot | - | 0.900 | 0.100 (0.000 to 0.200) |")
    assert "| 0.70 | 1,000 | 60 | 2.0 | 250 |" in lines[3]
    assert [each["name"] for each in curve_of(results)] == ["lora", "lora, 250 examples"]
    picture(results, tmp_path / "plots" / "compare.png")
    assert (tmp_path / "plots" / "compare.png").read_bytes().startswith(b"\x89PNG")
