"""Where things are: the data directory, shops by name or path, model files. The environment is read here only."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

DEMO = "demo"


def home() -> Path:
    """The data directory: `DAOGOU_HOME`, by default the platform's user data directory."""
    given = os.environ.get("DAOGOU_HOME")
    return Path(given).expanduser() if given else user_data_path("daogou", appauthor=False)


def shop_directory(shop: str) -> Path:
    """The directory of a shop: a path when it has a slash, otherwise a name in the data directory."""
    if "/" in shop or os.sep in shop or shop in (".", ".."):
        return Path(shop).expanduser()
    return home() / "shops" / shop


def one_thread() -> None:
    """Libraries that are loaded from here on compute on one core, so that others have the rest."""
    os.environ["OMP_NUM_THREADS"] = "1"


def quiet_libraries() -> None:
    """Keep the libraries from phoning, from downloading, and from writing over the command's own output."""
    defaults = {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "ANONYMIZED_TELEMETRY": "False",
        "BITSANDBYTES_NOWELCOME": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
