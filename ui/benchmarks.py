"""Runs tests/benchmarks and shows what they measured."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from ui.terminal import note, print_json, say

BENCHMARKS = Path(__file__).resolve().parent.parent / "tests" / "benchmarks"


def run_benchmarks(only: str, *, as_json: bool) -> None:
    """Every `bench_*.py` has a `run() -> list[dict]` with name, value, unit, bar and peer."""
    rows: list[dict[str, Any]] = []
    for path in sorted(BENCHMARKS.glob("bench_*.py")):
        if only not in path.stem:
            continue
        note(f"running {path.stem} ...")
        rows += runpy.run_path(str(path))["run"]()
    if as_json:
        print_json({"benchmarks": rows})
        return
    for row in rows:
        bar = f"  (bar: {row['bar']})" if row.get("bar") else ""
        peer = f"  against {row['peer']}" if row.get("peer") else ""
        say(f"{row['name']:48} {row['value']:>12} {row['unit']}{peer}{bar}")
    if not rows:
        note(f"no benchmarks in {BENCHMARKS}: they are part of a checkout, not of the installed package")
