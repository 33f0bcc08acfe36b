"""The parts put together: a shop's directory becomes an assistant that can be talked to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.conversation import Assistant
from assistant.errors import ModelError
from assistant.feedback import FreshClicks
from assistant.language import LanguageModel, open_model
from assistant.language.adapters import adapter_folders, shipped_adapters, task_fingerprint
from assistant.language.opening import TALKING
from assistant.language.presets import DEFAULT
from assistant.service_router import CARD, FOLDER, ServiceRouter, open_router
from assistant.settings import Settings
from retrieval.demo.build import build_demo
from retrieval.errors import StoreError
from retrieval.search import Search
from retrieval.shop import Shop
from retrieval.wheels import Progress
from ui.places import DEMO, home, shop_directory


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which language model a command uses."""

    preset: str = DEFAULT
    engine: str = "auto"
    """auto | scripted | transformers | onnx | openai."""
    base_url: str = ""
    """For `openai`: the server, such as http://127.0.0.1:8000/v1."""
    adapter: str = "shipped"
    """`shipped`, `none`, or the directory of one."""
    threads: int | None = None
    """Of the onnx engine; None is every core."""
    tasks: tuple[str, ...] = TALKING
    """What the model is for."""

    @property
    def adapter_folders(self) -> tuple[Path, ...]:
        """The folders of the adapters that are meant."""
        match self.adapter:
            case "none":
                return ()
            case "shipped":
                return shipped_adapters(self.preset)
            case folder:
                return adapter_folders(Path(folder))


    @property
    def reads_reviews(self) -> bool:
        """True when one of its adapters was trained to read reviews."""
        return self.engine != "scripted" and bool(task_fingerprint(self.adapter_folders, "review"))


def open_shop(shop: str, progress: Progress | None = None) -> Shop:
    """The shop by name or path; the demo shop is built when it is absent. Raises StoreError."""
    directory = shop_directory(shop)
    if shop == DEMO:
        return build_demo(directory, home=home(), progress=progress)
    if not directory.exists():
        raise StoreError(f"no shop at {directory}. Make one: daogou import {shop} --catalog FILE")
    return Shop.open(directory, home=home())


def choose_model(choice: ModelChoice) -> LanguageModel:
    """The language model of a command. Raises ModelError."""
    adapter: Path | Literal["shipped"] | None
    match choice.adapter:
        case "none":
            adapter = None
        case "shipped":
            adapter = "shipped"
        case folder:
            adapter = Path(folder)
    return open_model(
        choice.preset, choice.engine, home=home(), adapter=adapter, base_url=choice.base_url or None, threads=choice.threads,
        tasks=choice.tasks,
    )


def open_assistant(
    shop: str, choice: ModelChoice, settings: Settings | None = None, progress: Progress | None = None
) -> tuple[Assistant, str]:
    """The assistant of a shop, and why it has no model when it has none: a shop without one still answers, with true
    facts from templates."""
    opened = open_shop(shop, progress)
    model: LanguageModel | None = None
    problem = ""
    try:
        model = choose_model(choice)
    except ModelError as error:
        problem = str(error)
    search = Search(opened, clicks=FreshClicks(opened.engine))
    return Assistant(opened, search, model, settings or Settings(), router=router_of(opened)), problem


def router_of(shop: Shop) -> ServiceRouter | None:
    """The shop's router of service questions, None where it has trained none. Raises ModelCorrupt."""
    folder = shop.directory / FOLDER
    return open_router(folder, home(), shop.embedder) if (folder / CARD).exists() else None
