"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT = "gemma3-270m"
"""`assistant.language.presets.DEFAULT`, which costs too much to import for `--help`; a test holds them equal."""

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else.")]
Preset = Annotated[str, typer.Option("--model", help="Model preset or hub id.")]
Engine = Annotated[str, typer.Option("--engine", help="auto, scripted, transformers, onnx or openai.")]
BaseUrl = Annotated[str, typer.Option("--base-url", help="OpenAI-compatible server, for --engine openai.")]
Adapter = Annotated[str, typer.Option("--adapter", help="shipped, none, or a directory.")]
Predictions = Annotated[Path | None, typer.Option(help="One JSON line a case, to read the errors.")]
Baselines = Annotated[bool, typer.Option("--baselines", help="Also measure the peers, in the same run.")]
Plots = Annotated[Path | None, typer.Option(help="Directory for PNG plots.")]
TrainingRun = Annotated[
    Path | None, typer.Option("--run", help="Directory of a training run; --plots draws its learning curve too.")
]
EmbedderName = Annotated[str, typer.Option("--embedder", help="e5-small, minilm, hashing or a hub id, for the peers.")]
