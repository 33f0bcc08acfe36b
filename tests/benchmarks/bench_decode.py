"""Decoding speed of the onnx engine against its peers on the same weights at 4 bits: transformers NF4, and llama.cpp.

llama.cpp lives in an environment of its own: `LLAMA_PYTHON` names its Python (`pip install llama-cpp-python`). Engines take turns and
the best of the rounds counts, because a busy machine only ever makes one slower.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.language import open_model
from assistant.language.local import Cache
from ui.places import home

ROUNDS, PROMPT, WRITTEN = 4, 256, 48
THREADS = int(os.environ.get("BENCH_THREADS", "2"))
Speeds = tuple[float, float]
"""(prompt tokens/s, written tokens/s)."""

_PEER = """
import json, sys, time
from llama_cpp import Llama
path, threads, prompt, written = sys.argv[1], *map(int, sys.argv[2:5])
model = Llama(path, n_ctx=1024, n_threads=threads, n_threads_batch=threads, verbose=False)
for line in sys.stdin:
    tokens = json.loads(line)
    model.reset()
    start = time.perf_counter()
    model.eval(tokens)
    read = time.perf_counter()
    for _ in range(written):
        model.eval([model.sample(temp=0.0)])
    print(json.dumps([prompt / (read - start), written / (time.perf_counter() - read)]), flush=True)
"""


def run() -> list[dict[str, Any]]:
    """Tokens a second of every engine that is here, and the two ratios that have a bar."""
    tokens = _tokens()
    speeds: dict[str, list[Speeds]] = {}
    with _llama(tokens) as llama:
        engines = {"onnx int4": _local("onnx", tokens), "transformers NF4": _local("transformers", tokens)}
        if llama is not None:
            engines["llama.cpp Q4_1"] = llama
        for _ in range(ROUNDS):
            for name, measure in engines.items():
                speeds.setdefault(name, []).append(measure())
    best = {name: tuple(max(values) for values in zip(*rounds, strict=True)) for name, rounds in speeds.items()}
    rows = [
        {"name": f"{name}: {what}", "value": round(best[name][place], 1), "unit": "tokens/s", "load": os.getloadavg()[0], "threads": THREADS}
        for name in best for place, what in enumerate((f"prompt of {PROMPT}", f"written, {WRITTEN}"))
    ]
    for peer, bar in (("transformers NF4", 4.0), ("llama.cpp Q4_1", 0.9)):
        if peer in best:
            ratio = round(best["onnx int4"][1] / best[peer][1], 2)
            rows.append({"name": f"onnx written / {peer}", "value": ratio, "unit": "x", "peer": peer, "bar": f">= {bar}"})
    return rows


def _tokens() -> list[int]:
    """A prompt of plain English."""
    from assistant.language.chat_text import ChatText
    from assistant.schema import Message

    text = Path(__file__).read_text() * 3
    chat = ChatText(home() / "models" / "smollm2-135m")
    return chat.encode((Message("user", text),))[:PROMPT]


def _local(engine: str, tokens: Sequence[int]) -> Callable[[], Speeds]:
    """Measures one of our engines below its stream: steps of the model, the best token fed back."""
    if engine == "transformers":
        import torch

        torch.set_num_threads(THREADS)
    model: Any = open_model("smollm2-135m", engine, home=home(), adapter=None)
    cache: Cache = model._open_cache(None)

    def measure() -> Speeds:
        cache.rewind(0)
        start = time.perf_counter()
        scores = cache.append(tokens)
        read = time.perf_counter()
        for _ in range(WRITTEN):
            scores = cache.append([int(scores.argmax())])
        return len(tokens) / (read - start), WRITTEN / (time.perf_counter() - read)

    return measure


@contextmanager
def _llama(tokens: Sequence[int]) -> Iterator[Callable[[], Speeds] | None]:
    """The peer as a child process; None when it is not installed."""
    python, gguf = os.environ.get("LLAMA_PYTHON", ""), home() / "models" / "gguf" / "smollm2-135m.gguf"
    if not python or not gguf.exists():
        yield None
        return
    command = [python, "-c", _PEER, str(gguf), str(THREADS), str(PROMPT), str(WRITTEN)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        sink, source = child.stdin, child.stdout

        def measure() -> Speeds:
            sink.write(json.dumps(list(tokens)) + "\n")
            sink.flush()
            read, written = json.loads(source.readline())
            return float(read), float(written)

        yield measure
        sink.close()
