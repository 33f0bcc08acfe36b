"""A killed run goes on from the newest checkpoint that is whole."""

import pytest

from training.checkpoints import MANIFEST, is_complete, mark_complete, newest_complete


@pytest.fixture
def checkpoint(tmp_path):
    """A written checkpoint of a step, marked as complete."""

    def make(step):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "weights").write_bytes(b"x" * 100)
        mark_complete(folder)
        return folder

    return make


def test_the_newest_whole_one_is_taken(tmp_path, checkpoint):
    """Steps are numbers, not text; one without a manifest does not count."""
    checkpoint(80)
    newest = checkpoint(160)
    (tmp_path / "checkpoint-240").mkdir()
    assert newest_complete(tmp_path) == newest
    assert newest_complete(tmp_path / "nowhere") is None


@pytest.mark.parametrize("damage", ["cut", "gone", "manifest"])
def test_a_damaged_one_is_passed_over(tmp_path, checkpoint, damage):
    """A file that is cut or gone, or a broken manifest, makes it incomplete."""
    older, newer = checkpoint(1), checkpoint(2)
    if damage == "cut":
        (newer / "weights").write_bytes(b"x")
    elif damage == "gone":
        (newer / "weights").unlink()
    else:
        (newer / MANIFEST).write_text("{")
    assert not is_complete(newer)
    assert newest_complete(tmp_path) == older
