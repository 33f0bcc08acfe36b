"""`daogou evaluate search`, `daogou train ranker`, `embedder` and `kinds`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.measuring_texts import need_train_extra, tell_rejected
from ui.options import Baselines, Json, Predictions
from ui.terminal import note, print_json, progress_bar, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retrieval.errors import RowError
    from retrieval.schema import Item
    from retrieval.search import Search
    from retrieval.shop import Shop
    from retrieval.wheels import Progress
    from training.embedder import EmbedderRecipe, Triplet
    from training.judgements import Judgements
    from training.ranker import RankingRows
    from training.search_baselines import Scorer

Products = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Table of product_id, title and what else there is.")]
Judged = Annotated[Path, typer.Option("--judgements", exists=True, dir_okay=False, help="Table of query, product_id, relevance.")]
EmbedderOption = Annotated[
    str, typer.Option("--embedder", help="auto (by the language of the titles), a preset, a folder or a hub id.")
]
RankerOption = Annotated[Path | None, typer.Option("--ranker", help="Folder of a trained ranker; the shipped one by default.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Queries at most, the first of the file.")]


def search(
    products: Products, judgements: Judged, embedder: EmbedderOption = "auto", ranker: RankerOption = None, limit: Limit = None,
    baselines: Baselines = False, predictions: Predictions = None, json: Json = False,
) -> None:
    """Search against what people judged: order of the judged pairs, and what of them the whole catalogue's search finds."""
    from training.evaluate_search import evaluate_search

    if baselines:
        need_train_extra()
    asked = _judged(judgements, limit)
    items = _items(products)
    with progress_bar() as progress, _search_of(products, items, embedder, ranker, progress) as opened:
        titles = {item.id: item.title for item in items}
        ordered = [titles[item_id] for item_id in opened.view().catalogue.ids]
        peers = _peers(products, items, ordered, asked, progress) if baselines else None
        result = evaluate_search(opened, asked, peers=peers, predictions=predictions, progress=progress)
    _tell(result, json)


def ranker(
    out: Annotated[str, typer.Argument(help="Folder for the ranker; with --shop `-` puts it to use in the shop at once.")],
    shop: Annotated[str, typer.Option(help="Learn from what shoppers did in it and clicked.")] = "",
    products: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="With --judgements.")] = None,
    judgements: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Learn from judged pairs.")] = None,
    embedder: EmbedderOption = "auto", limit: Limit = None, seed: int = 0, json: Json = False,
) -> None:
    """Fit the two-task ranker: P(relevant) and P(click)."""
    from dataclasses import asdict

    from retrieval.ranking import load_ranker
    from training.ranker import RankerDataError, RankerRecipe, fit_ranker
    from training.ranker_rows import judged_rows
    from ui.places import shop_directory

    if not shop and (products is None or judgements is None):
        raise typer.BadParameter("found nothing to learn from, expected --shop, or --products and --judgements")
    folder = shop_directory(shop) / "ranker" if out == "-" and shop else Path(out)
    try:
        with progress_bar() as progress:
            if shop:
                rows, start, told = _rows_of(shop, seed, progress), load_ranker(), f"interactions and clicks of {shop}"
            else:
                assert products is not None and judgements is not None
                with _search_of(products, _items(products), embedder, None, progress) as opened:
                    rows, start = judged_rows(opened, _judged(judgements, limit), seed=seed, progress=progress), None
                told = f"judged pairs of {judgements.name}"
            fitted, figures = fit_ranker(rows, RankerRecipe(seed=seed), start, progress, told)
    except RankerDataError as error:
        raise typer.BadParameter(str(error)) from error
    fitted.save(folder)
    if json:
        print_json({"ranker": str(folder), **asdict(figures)})
    else:
        say(f"Ranker in {folder}, fitted in {figures.epochs} passes. On {figures.lists} lists held back:")
        say(f"  nDCG@5 {_shown(figures.ndcg5)}, before {_shown(figures.ndcg5_before)},")
        say(f"  area under the curve of clicks {_shown(figures.click_auc)}, before {_shown(figures.click_auc_before)},")
        say(f"  calibration error of relevance {_shown(figures.relevance_error)}, of clicks {_shown(figures.click_error)}")


def _rows_of(shop: str, seed: int, progress: Progress | None) -> RankingRows:
    from assistant.memory import Memory
    from retrieval.search import Search
    from training.ranker import RankerDataError, RankingRows
    from training.ranker_rows import behaviour_rows, slate_rows
    from ui.wiring import open_shop

    with open_shop(shop, progress) as opened:
        parts = (behaviour_rows(opened, seed=seed, progress=progress), slate_rows(Search(opened), Memory.of(opened)))
    told = [part for part in parts if part is not None]
    if not told:
        cure = "The shipped ranker serves until there are some."
        raise RankerDataError(f"found neither interactions nor consented clicks in {shop}, expected some. {cure}")
    return RankingRows.joined(told)


def _shown(figure: float | None) -> str:
    return "unknown" if figure is None else f"{figure:.3f}"


def embedder(
    out: Annotated[Path, typer.Argument(help="Directory for checkpoints and the adapter.")],
    shop: Annotated[str, typer.Option(help="Learn from its items, and from what consented shoppers took.")] = "",
    products: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="With --judgements.")] = None,
    judgements: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Learn from judged pairs.")] = None,
    limit: Limit = None, epochs: float = 1.0, seed: int = 0, json: Json = False,
) -> None:
    """Tune MiniLM for the search of English products. Run it again to go on after a stop."""
    need_train_extra()
    from retrieval.embedding import open_embedder
    from retrieval.embedding.embedder import minilm_folder
    from training.embedder import EmbedderDataError, EmbedderRecipe, fit_embedder, judged_triplets
    from ui.places import home

    recipe = EmbedderRecipe(epochs=epochs, seed=seed)
    try:
        with progress_bar() as progress:
            if shop:
                triplets, told = _triplets_of(shop, recipe, progress), f"Learnt from the shop {shop}."
            elif products is not None and judgements is not None:
                base = open_embedder("minilm", home(), progress)
                triplets = judged_triplets(_judged(judgements, limit), _items(products), base, recipe)
                told = f"Learnt from {judgements.name}."
            else:
                raise typer.BadParameter("found nothing to learn from, expected --shop, or --products and --judgements")
            adapter = fit_embedder(minilm_folder(home()), out, triplets, recipe, told, progress)
    except EmbedderDataError as error:
        raise typer.BadParameter(str(error)) from error
    if json:
        print_json({"adapter": str(adapter), "triplets": len(triplets)})
    else:
        say(f"Adapter in {adapter}. Use it: embedder = \"{adapter}\" in a shop's settings.toml, then rebuild its index.")


def kinds(
    out: Annotated[Path, typer.Argument(dir_okay=False, help="JSON file of the weights.")],
    thesaurus: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Another than the shipped one.")] = None,
    seed: int = 1, json: Json = False,
) -> None:
    """Learn from a thesaurus which shelf to offer to whom asks for a kind that a shop has not; four minutes of one core."""
    need_train_extra()
    from dataclasses import asdict

    from retrieval.embedding import open_embedder
    from retrieval.thesaurus import shipped_rows
    from training.kinds import KindsRecipe, save_kinship, train_kinds
    from ui.places import home

    with progress_bar() as progress:
        rows = shipped_rows("kinds.jsonl", thesaurus)
        kinship, figures = train_kinds(rows, open_embedder("e5-small", home(), progress), KindsRecipe(seed=seed), progress)
    save_kinship(out, kinship, figures)
    if json:
        print_json(asdict(figures))
    else:
        say(f"{out}: of {figures.wishes} wishes for kinds held back, AUC {figures.auc:.3f}; what is offered is right "
            f"{figures.precision:.0%} of the time, and {figures.recall:.0%} of what could be is.")


def _triplets_of(shop: str, recipe: EmbedderRecipe, progress: Progress | None) -> tuple[Triplet, ...]:
    from assistant.memory import Memory
    from training.embedder import shop_triplets
    from ui.wiring import open_shop

    with open_shop(shop, progress) as opened:
        return shop_triplets(opened, Memory.of(opened), recipe)


def _judged(file: Path, limit: int | None) -> Judgements:
    from dataclasses import replace

    from training.judgements import read_judgements

    found = read_judgements(file)
    tell_rejected(found.rejected)
    return replace(found, queries=found.queries[:limit])


def _items(products: Path) -> list[Item]:
    from training.judgements import read_products

    rejected: list[RowError] = []
    items = list(read_products(products, rejected))
    tell_rejected(rejected)
    if not items:
        raise typer.BadParameter(f"found no product with an id and a title in {products}, expected at least one")
    return items


@contextmanager
def _search_of(
    products: Path, items: Sequence[Item], embedder: str, ranker: Path | None, progress: Progress | None
) -> Iterator[Search]:
    """A search over the products. They are embedded once: the shop made of them is kept."""
    from retrieval.ranking import load_ranker
    from retrieval.search import Search

    with _shop_of(products, items, _chosen(embedder, items), progress) as shop:
        yield Search(shop, load_ranker(ranker) if ranker else load_ranker())


def _chosen(embedder: str, items: Sequence[Item]) -> str:
    """`auto` is the tuned English embedder where most titles are English, else the bilingual one."""
    if embedder != "auto":
        return embedder
    english = sum(item.title.isascii() for item in items)
    return "minilm-products" if english > 0.8 * len(items) else "e5-small"


def _shop_of(products: Path, items: Sequence[Item], embedder: str, progress: Progress | None) -> Shop:
    from retrieval.importing import import_feed
    from retrieval.shop import Shop, ShopSettings
    from ui.places import home

    told = hashlib.sha256(products.read_bytes() + embedder.encode()).hexdigest()[:16]
    directory = home() / "evaluations" / told
    made = (directory / "settings.toml").exists()
    settings = ShopSettings(products.name, embedder=embedder)
    shop = Shop.open(directory, home=home()) if made else Shop.create(directory, settings, home=home())
    import_feed(shop, catalog=items, progress=progress)
    return shop


def _peers(
    products: Path, items: Sequence[Item], titles: list[str], asked: Judgements, progress: Progress | None
) -> dict[str, Scorer]:
    """The peers over the titles, which stand in the order of the products' index."""
    import numpy as np

    from training.search_baselines import Vectors, peers

    queries, embedded = [query.text for query in asked.queries], {}
    for name in ("minilm", "e5-small"):
        with _shop_of(products, items, name, progress) as shop:
            vectors = shop.index.vectors_of(np.arange(len(shop.index.ids)))
            embedded[name] = Vectors(vectors, dict(zip(queries, shop.embedder.embed(queries, query=True), strict=True)))
    return peers(titles, embedded)


def _tell(result: dict[str, Any], json: bool) -> None:
    if json:
        print_json(result)
        return
    from training.evaluate_search import FIGURES

    rows = {"this search": result, **result.get("baselines", {})}
    for name, row in rows.items():
        figures = "  ".join(f"{key} {row[key]:.3f}" for key in FIGURES if row[key] is not None)
        say(f"{name:<16} {figures}  {row['ms_median']:.1f} ms")
    note(f"{result['queries']} queries")
