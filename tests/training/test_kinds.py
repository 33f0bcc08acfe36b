"""The recipe of kinship, on a handful of kinds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.thesaurus import shipped_rows
from retrieval.thesaurus.kinship import FEATURES
from training.kinds import KindsRecipe, save_kinship, train_kinds


def test_it_learns_and_repeats(tmp_path: Path) -> None:
    """Better than chance on kinds it has not seen; the same seed gives the same weights; the file names every feature."""
    rows = shipped_rows("kinds.jsonl")[::8]
    recipe = KindsRecipe(shops=60, shelves=20)
    one, figures = train_kinds(rows, HashingEmbedder(), recipe)
    other, _ = train_kinds(rows, HashingEmbedder(), recipe)
    assert figures.auc > 0.6
    assert np.array_equal(one.weights, other.weights)
    save_kinship(tmp_path / "kinship.json", one, figures)
    told = json.loads((tmp_path / "kinship.json").read_text("utf-8"))
    assert set(told["weights"]) == set(FEATURES)
    assert len(told["centre"]) == HashingEmbedder().dimension
