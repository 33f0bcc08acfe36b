"""Explanations as training examples."""

from __future__ import annotations

from pathlib import Path

from assistant.grounding import unsupported
from training.examples import BadRow
from training.explanations import EXPLANATIONS, read_explanations


def test_every_shipped_sentence_is_grounded() -> None:
    """What the model is taught to write stands the product's own check."""
    rows = [row for path in sorted(EXPLANATIONS.glob("*.jsonl")) for row in read_explanations(path, lambda bad: None)]
    assert len(rows) >= 380
    loose = {row.id: wrong for row in rows if (wrong := unsupported(row.target, [row.prompt[-1].text]))}
    assert loose == {}


def test_bad_rows_are_named(tmp_path: Path) -> None:
    """File, line, what and cure; the good rows go on."""
    path = tmp_path / "rows.jsonl"
    good = '{"language": "en", "title": "Kettle", "facts": [], "wishes": ["color~red"], "text": "A kettle."}'
    path.write_text(f'{good}\n{{"language": "en"}}\nnot json\n', "utf-8")
    bad: list[BadRow] = []
    assert len(list(read_explanations(path, bad.append))) == 1
    assert [row.line for row in bad] == [2, 3]
