"""`daogou simulate`: shoppers with hidden tastes talk to a shop, come back to it, or have its feedback poisoned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.measuring_texts import tell
from ui.options import DEFAULT, Adapter, BaseUrl, Engine, Json, Plots, Predictions, Preset
from ui.terminal import note, progress_bar

if TYPE_CHECKING:
    from assistant.language import LanguageModel
    from retrieval.shop import Shop
    from retrieval.wheels import Progress
    from training.simulate import Plan
    from ui.wiring import ModelChoice

_Poison = Annotated[
    list[float] | None,
    typer.Option("--poison", min=0.001, max=0.5, help="Re-tunings with this share of planted clicks; may be repeated."),
]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a run of the command is asked for."""

    shoppers: int
    held_back: int
    seed: int
    write: bool
    predictions: Path | None
    plots: Path | None


def simulate(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="A directory, or a name in the data directory.")],
    shoppers: Annotated[int, typer.Option(min=1, help="Shoppers, each made from another held-back history.")] = 40,
    turns: Annotated[int, typer.Option(min=1, help="Turns after which a shopper gives up.")] = 6,
    held_back: Annotated[int, typer.Option(min=1, help="Last acts of a history that are her hidden taste.")] = 5,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="The shop knows nothing of who asks.")] = False,
    write: Annotated[bool, typer.Option("--write", help="The model words the replies too; shoppers look at items only.")] = False,
    sessions: Annotated[int, typer.Option(min=0, help="They come back so often: regret instead of dialogues.")] = 0,
    policies: Annotated[
        str, typer.Option(help="For --sessions: explore (as the shop is set), explore:SHARE, greedy, random.")
    ] = "explore,greedy,random",
    poison: _Poison = None,
    batches: Annotated[int, typer.Option(min=1, help="For --poison: batches of feedback, each by another seed.")] = 5,
    predictions: Predictions = None, plots: Plots = None, seed: int = 0,
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped", json: Json = False,
) -> None:
    """Simulated shoppers: do they find what they want, what does exploring cost, can planted feedback lift an item?

    All of it happens in a copy of the shop that goes away. With --engine scripted messages are read as they are meant.
    """
    from training.hidden_tastes import NobodyToSimulate
    from training.simulate import Plan
    from ui.wiring import ModelChoice, open_shop

    if sessions and poison:
        raise typer.BadParameter("found both --sessions and --poison, expected one of them")
    wanted = _Wanted(shoppers, held_back, seed, write, predictions, plots)
    try:
        with progress_bar() as bar, open_shop(shop, bar) as opened:
            if poison:
                result = _poisoned(opened, tuple(poison), batches, seed, bar)
            elif sessions:
                result = _regret(opened, wanted, sessions, policies, bar)
            else:
                plan = Plan(turns, anonymous, engine == "scripted", seed)
                result = _dialogues(opened, wanted, plan, ModelChoice(model, engine, base_url, adapter), bar)
    except NobodyToSimulate as error:
        raise typer.BadParameter(str(error)) from error
    tell({"shop": shop, "seed": seed, **result}, json)
    if result.get("lifted"):
        raise typer.Exit(1)


def _dialogues(shop: Shop, wanted: _Wanted, plan: Plan, choice: ModelChoice, bar: Progress | None) -> dict[str, Any]:
    from assistant.conversation import Assistant
    from assistant.feedback import FreshClicks
    from assistant.settings import Settings
    from retrieval.search import Search
    from training.hidden_tastes import tastes_for
    from training.simulate import hold_dialogues, write_predictions
    from training.simulate_figures import figures
    from training.throwaway_shop import throwaway
    from ui.wiring import router_of

    tastes, source = tastes_for(shop, wanted.shoppers, held_back=wanted.held_back, seed=wanted.seed)
    model = None if plan.as_meant else _model(choice)
    settings = Settings() if wanted.write else Settings(write_deadline=0.0)
    with throwaway(shop, {taste.shopper: taste.until for taste in tastes}) as copy:
        search = Search(copy, sliders=shop.sliders, clicks=FreshClicks(copy.engine))
        assistant = Assistant(copy, search, model, settings, router=router_of(copy))
        held = hold_dialogues(tastes, assistant, plan, progress=bar)
    reader = "as meant" if plan.as_meant else model.name if model is not None else "plain text"
    told = figures(held, list(shop.all_items()), plan, settings.limit)
    if wanted.predictions:
        write_predictions(held, wanted.predictions)
    if wanted.plots:
        from training.simulate_plots import success_plot

        success_plot(told, wanted.plots / "turns_to_success.png")
    known = "nothing" if plan.anonymous else "their history before the held-back acts"
    return {"tastes_from": source, "reader": reader, "worded": wanted.write, "known_of_shoppers": known, **told}


def _model(choice: ModelChoice) -> LanguageModel | None:
    from assistant.errors import ModelError
    from ui.wiring import choose_model

    try:
        return choose_model(choice)
    except ModelError as error:
        note(f"No language model: {error} Messages are searched as plain text.")
        return None


def _regret(shop: Shop, wanted: _Wanted, sessions: int, policies: str, bar: Progress | None) -> dict[str, Any]:
    from training.hidden_tastes import tastes_for
    from training.regret import Policy, Sessions, run_policies, told

    try:
        chosen = [Policy.parse(text.strip()) for text in policies.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"--policies: {error}") from error
    tastes, source = tastes_for(shop, wanted.shoppers, held_back=wanted.held_back, seed=wanted.seed)
    courses = run_policies(shop, tastes, chosen, Sessions(sessions, seed=wanted.seed), bar)
    if wanted.plots:
        from training.simulate_plots import regret_plot

        regret_plot(courses, wanted.plots / "regret.png", wanted.seed)
    return {
        "shoppers": len(tastes), "tastes_from": source, "reader": "as meant", "sessions": sessions,
        "exploration": shop.sliders.balance.exploration, "policies": told(courses, wanted.seed),
    }


def _poisoned(shop: Shop, shares: tuple[float, ...], batches: int, seed: int, bar: Progress | None) -> dict[str, Any]:
    from training.adapt_settings import AdaptError, load_settings
    from training.poisoned_batches import Batches, told, try_batches

    try:
        plan = Batches(shares, batches, seed=seed, settings=load_settings(shop.directory))
        return told(list(try_batches(shop, plan, bar)))
    except AdaptError as error:
        raise typer.BadParameter(str(error)) from error
