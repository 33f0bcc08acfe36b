"""The `daogou` command. Heavy imports stand inside the commands, so that `--help` is instant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ui.adapting import adapt
from ui.measuring import evaluate_app, train_app
from ui.options import DEFAULT, Adapter, BaseUrl, Engine, Json, Plots, Preset
from ui.places import DEMO, quiet_libraries
from ui.shopper import shopper_app
from ui.simulating import simulate

app = typer.Typer(
    name="daogou", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Daogou (导购): a conversational recommendation assistant that a shop runs itself.",
)
app.add_typer(train_app, name="train")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(shopper_app, name="shopper")
app.command()(adapt)
app.command()(simulate)

ShopArgument = Annotated[
    str, typer.Argument(metavar="SHOP", help="A directory, or a name in the data directory; `demo` is the demo shop.")
]
NoRead = Annotated[bool, typer.Option("--no-read", help="Leave unread reviews unread; else they are read meanwhile.")]


@app.command()
def demo(
    host: str = "127.0.0.1", port: int = 7860, model: Preset = DEFAULT, engine: Engine = "auto", no_read: NoRead = False,
) -> None:
    """Build the demo shop if it is absent, and serve it."""
    serve(DEMO, host, port, model, engine, no_read=no_read)


@app.command()
def serve(
    shop: ShopArgument, host: str = "127.0.0.1", port: int = 7860, model: Preset = DEFAULT,
    engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped", no_read: NoRead = False,
) -> None:
    """Serve the chat page of a shop."""
    from ui.server import run_server
    from ui.wiring import ModelChoice

    run_server(shop, ModelChoice(model, engine, base_url, adapter), host, port, read=not no_read)


@app.command(name="import")
def import_(
    shop: ShopArgument,
    catalog: Annotated[list[Path] | None, typer.Option(help="Products; may be given several times.")] = None,
    format: Annotated[str, typer.Option(help="auto, or a format's name.")] = "auto",
    reviews: Annotated[list[Path] | None, typer.Option(help="Reviews.")] = None,
    interactions: Annotated[list[Path] | None, typer.Option(help="Views, purchases, ratings.")] = None,
    orders: Annotated[list[Path] | None, typer.Option(help="Orders (CSV).")] = None,
    help_pages: Annotated[Path | None, typer.Option(help="A directory of Markdown pages.")] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code of prices that name none.")] = "USD",
    embedder: Annotated[str, typer.Option(help="e5-small, minilm or a hub id; for a new shop.")] = "e5-small",
    column: Annotated[list[str] | None, typer.Option("--map", help="Our field=their column, such as title=model.")] = None,
    constant: Annotated[list[str] | None, typer.Option("--set", help="A field for every row, such as brand=Ford.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report, write nothing.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete products that the feed no longer has.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes that embed, by Ray Data (daogou[ray]); 0: this one.")] = 0,
    json: Json = False,
) -> None:
    """Import a feed. Idempotent: what is unchanged is neither written nor embedded again."""
    from ui.importing import Sources, import_files
    from ui.terminal import print_json, progress_bar

    sources = Sources(
        tuple(catalog or ()), tuple(reviews or ()), tuple(interactions or ()), tuple(orders or ()), help_pages,
        format, currency, _pairs(column), _pairs(constant),
    )
    with progress_bar() as progress:
        report = import_files(
            shop, sources, embedder, dry_run=dry_run, prune=prune, strict=strict, workers=workers, progress=progress
        )
    if json:
        print_json(report.as_json())
    else:
        report.show()
    if report.failed:
        raise typer.Exit(2)


@app.command()
def read(
    shop: ShopArgument,
    again: Annotated[bool, typer.Option("--again", help="Also what another model or adapter has read.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Reviews at most.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write what this reader has read to a file (.jsonl, .jsonl.gz).")] = None,
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped",
    background: Annotated[bool, typer.Option("--background", hidden=True)] = False,
    json: Json = False,
) -> None:
    """Read the reviews into ratings, aspects and quotes. Run it again to go on after a stop."""
    from ui.reading import Wanted, read_reviews_of
    from ui.wiring import ModelChoice

    choice = ModelChoice(model, engine, base_url, adapter)
    read_reviews_of(shop, choice, Wanted(again, limit, export, background), as_json=json)


@app.command()
def ask(
    shop: ShopArgument, message: str,
    session: Annotated[str, typer.Option(help="Go on with this conversation.")] = "",
    shopper: Annotated[str, typer.Option(help="Who asks; needed for orders.")] = "",
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped",
    json: Json = False,
) -> None:
    """One turn. With --json the whole turn."""
    from ui.asking import ask_once
    from ui.wiring import ModelChoice

    ask_once(shop, message, session, shopper, ModelChoice(model, engine, base_url, adapter), as_json=json)


@app.command()
def chat(
    shop: ShopArgument, model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "",
    adapter: Adapter = "shipped", shopper: str = "",
) -> None:
    """Talk in the terminal. An empty line ends."""
    from ui.asking import chat_in_terminal
    from ui.wiring import ModelChoice

    chat_in_terminal(shop, ModelChoice(model, engine, base_url, adapter), shopper)


@app.command()
def search(shop: ShopArgument, query: str, limit: int = 10, json: Json = False) -> None:
    """Retrieval only."""
    from ui.asking import search_once

    search_once(shop, query, limit, as_json=json)


@app.command()
def settings(
    shop: ShopArgument,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="balance.exploration=0.2 pins.kettle=A1 bans.items=A7,A8")
    ] = None,
    preview: Annotated[str, typer.Option(help="`words | category=kettle`: its slate before and after; saves nothing.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=50, help="Items of the preview.")] = 5,
    json: Json = False,
) -> None:
    """The merchant's sliders, promotions, pins and bans: shown, changed, tried on a query."""
    from ui.settings import show_or_change

    show_or_change(shop, changes or (), preview, limit, as_json=json)


@app.command()
def insight(
    shop: ShopArgument,
    group: Annotated[int, typer.Option(help="People from which a count is told.")] = 10,
    epsilon: Annotated[float | None, typer.Option(help="Add noise: differential privacy, smaller hides more.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 90,
    plots: Plots = None,
    json: Json = False,
) -> None:
    """What shoppers ask for, what finds nothing and, drawn, where interests move, in counts that tell of nobody."""
    from ui.insight import show_insight

    show_insight(shop, group, epsilon, days, plots, as_json=json)


@app.command()
def doctor(json: Json = False) -> None:
    """What is here, what is missing, and the command that cures it."""
    from ui.doctor import examine, show
    from ui.terminal import print_json

    findings = examine()
    if json:
        print_json({"findings": [finding.as_json() for finding in findings]})
    else:
        show(findings)
    if any(not finding.ok and finding.needed for finding in findings):
        raise typer.Exit(1)


@app.command()
def bench(only: Annotated[str, typer.Option(help="Run those whose name holds this.")] = "", json: Json = False) -> None:
    """The benchmarks of tests/benchmarks, as a table."""
    from ui.benchmarks import run_benchmarks

    run_benchmarks(only, as_json=json)


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in given or ()]
    bad = [name for name, sign, _ in pairs if not sign or not name]
    if bad:
        raise typer.BadParameter(f"found {bad[0]!r}, expected FIELD=VALUE, such as title=model")
    return {name: value for name, _, value in pairs}


def main() -> None:
    """The console command: the package's own errors are shown as one message, exit code 2."""
    quiet_libraries()
    from assistant.errors import AssistantError
    from retrieval.errors import RetrievalError

    try:
        app()
    except (AssistantError, RetrievalError) as error:
        sys.stderr.write(f"daogou: {error}\n")
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise SystemExit(130) from None
