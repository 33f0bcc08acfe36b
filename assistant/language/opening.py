"""A language model by name: the engine is chosen, and what the engine needs is fetched and built."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from assistant.errors import ModelMissing
from assistant.language.model import LanguageModel
from assistant.language.presets import DEFAULT, Preset, model_folder, preset_named
from assistant.language.scripted import ScriptedReader
from retrieval.wheels import Progress

if TYPE_CHECKING:
    from assistant.language.adapters import Adapter

# It warns, when torch's side is imported, that a kernel could be downloaded from a hub; the one that is there is right.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

Engine = Literal["auto", "scripted", "transformers", "onnx", "openai"]
TALKING = ("read", "write", "service")
"""The tasks of a conversation; reviews are read apart from it."""
_CORE = frozenset({"read", "write"})
"""What a conversation can't do without; for its other tasks there are ways without a model."""
_PACKAGES = {
    "onnx": ("onnxruntime_genai", "llguidance", "tokenizers"),
    "transformers": ("torch", "transformers", "peft", "bitsandbytes", "llguidance"),
    "openai": ("httpx", "httpx_sse", "tenacity", "llguidance"),
}


def open_model(
    preset: str = DEFAULT, engine: str = "auto", *, home: Path, adapter: Path | Literal["shipped"] | None = "shipped",
    precision: Literal["nf4", "bfloat16"] = "nf4", base_url: str | None = None, model: str | None = None,
    api_key: str | None = None, lines: Mapping[str, str] | None = None, progress: Progress | None = None,
    threads: int | None = None, tasks: Collection[str] = TALKING,
) -> LanguageModel:
    """The model `preset` on `engine`, ready to write.

    `auto` is transformers with CUDA, else onnx, and openai when `base_url` is given. `adapter` is the one that comes with the
    program, a folder, or None, of which only what serves `tasks` is loaded; `lines` are the scripted engine's, `threads` the
    onnx engine's (None: every core).
    Raises ModelMissing, ModelCorrupt.
    """
    engine = _engine(engine, base_url)
    if engine == "scripted":
        return ScriptedReader(lines or {})
    if engine == "openai":
        return _open_server(base_url, model, api_key)
    known = preset_named(preset)
    folder = model_folder(known, home, progress)
    adapters = _adapters(adapter, known, folder, tasks)
    if engine == "transformers":
        from assistant.language.transformers_engine import open_transformers

        return open_transformers(known.name, folder, adapters, known.languages, precision=precision)
    return _open_onnx(known, folder, adapters, home, progress, threads, tasks)


def _engine(engine: str, base_url: str | None) -> str:
    """The engine that is meant, checked to be there. Raises ModelMissing."""
    if engine not in get_args(Engine):
        raise ModelMissing(f"no engine is called {engine!r}; expected {', '.join(get_args(Engine))}")
    if engine == "auto":
        engine = "openai" if base_url else "transformers" if _cuda() else "onnx"
    missing = [name for name in _PACKAGES.get(engine, ()) if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelMissing(f"the {engine} engine needs {', '.join(missing)}: pip install {' '.join(missing).replace('_', '-')}")
    return engine


def _cuda() -> bool:
    """True with an NVIDIA device; torch, which takes seconds to import, is asked only where a driver is loaded."""
    if not (Path("/proc/driver/nvidia").exists() or Path("/dev/nvidia0").exists() or Path("/dev/dxg").exists()):
        return False
    if any(importlib.util.find_spec(name) is None for name in _PACKAGES["transformers"]):
        return False
    from assistant.language.transformers_engine import cuda_available

    return cuda_available()


def _adapters(
    adapter: Path | str | None, preset: Preset, folder: Path, tasks: Collection[str]
) -> tuple[Adapter, ...]:
    if adapter is None:
        return ()
    from assistant.language.adapters import adapter_folders, base_sha256, check_adapter, shipped_adapters

    found = shipped_adapters(preset.name) if adapter == "shipped" else adapter_folders(Path(adapter))
    if not found and adapter != "shipped":
        raise ModelMissing(f"{adapter} holds no adapter: expected adapter_config.json in it or in a folder of it")
    base = base_sha256(folder) if found else ""
    checked = [check_adapter(each, base) for each in found]
    return tuple(each for each in checked if each.tasks & set(tasks))


def _open_server(base_url: str | None, model: str | None, api_key: str | None) -> LanguageModel:
    from assistant.language.openai_engine import OpenAIModel, Server, first_model

    if not base_url:
        raise ModelMissing("the openai engine needs the server's address: --base-url http://127.0.0.1:8000/v1")
    return OpenAIModel(Server(base_url, model or first_model(base_url, api_key), api_key=api_key))


def _open_onnx(
    preset: Preset, folder: Path, adapters: tuple[Adapter, ...], home: Path, progress: Progress | None, threads: int | None,
    tasks: Collection[str],
) -> LanguageModel:
    from assistant.language.adapters import base_sha256
    from assistant.language.onnx_engine import open_onnx
    from assistant.language.onnx_folder import onnx_folder

    base = base_sha256(folder)
    folders: dict[str | None, Path] = {}
    for adapter in adapters:
        folders |= dict.fromkeys(adapter.tasks, onnx_folder(folder, base, adapter, home, progress))
    if folders.keys() >= _CORE or set(tasks) <= folders.keys():
        folders[None] = next(iter(folders.values()))  # what is asked of it is covered: the bare base need not be built
    else:
        folders[None] = onnx_folder(folder, base, None, home, progress)
    return open_onnx(preset.name, folders, preset.languages, threads=threads)
