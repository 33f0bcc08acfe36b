"""The demo shop on disk: the stored files, imported like any shop's feeds."""

from __future__ import annotations

from pathlib import Path

from retrieval.embedding.embedder import Embedder
from retrieval.feeds import read_catalog, read_help_pages, read_interactions, read_orders, read_reviews
from retrieval.importing import import_feed
from retrieval.shop import Shop
from retrieval.shop_settings import SETTINGS_FILE, ShopSettings
from retrieval.wheels import Progress

STORED = Path(__file__).parent / "shop"
SETTINGS = ShopSettings(name="Lantern Row", currency="USD", languages=("en", "zh"))


def build_demo(
    directory: Path, *, embedder: Embedder | None = None, home: Path | None = None, progress: Progress | None = None
) -> Shop:
    """The demo shop in `directory`, made there if absent and brought up to date if not; a second call embeds nothing.

    `embedder` takes the place of the settings' one, whose model files lie in `home/models`.
    Raises FeedError when a stored file is damaged and StoreError when the directory can't be used.
    """
    made = (directory / SETTINGS_FILE).exists()
    shop = (
        Shop.open(directory, embedder=embedder, home=home)
        if made
        else Shop.create(directory, SETTINGS, embedder=embedder, home=home)
    )
    import_feed(
        shop,
        catalog=read_catalog(STORED / "catalog.jsonl.gz", currency=SETTINGS.currency),
        reviews=read_reviews(STORED / "reviews.jsonl.gz"),
        interactions=read_interactions(STORED / "interactions.csv.gz"),
        orders=read_orders(STORED / "orders.csv"),
        help_pages=read_help_pages(STORED / "help"),
        prune=True,
        progress=progress,
    )
    return shop
