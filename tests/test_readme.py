"""The README keeps its word about the tree."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_module_has_its_line() -> None:
    """Each module of the four packages is named in the file tree."""
    text = (ROOT / "README.md").read_text("utf-8")
    tree = text[text.index("## Where things are") :]
    modules = [path for package in ("retrieval", "assistant", "training", "ui") for path in (ROOT / package).rglob("*.py")]
    missing = [str(path.relative_to(ROOT)) for path in modules if path.name != "__init__.py" and f"  {path.name} " not in tree]
    assert missing == []
