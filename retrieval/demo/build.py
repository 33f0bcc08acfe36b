"""The demo shop on disk: the stored files, imported like any shop's feeds."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from retrieval.embedding.embedder import Embedder
from retrieval.feeds import read_catalog, read_help_pages, read_interactions, read_orders, read_reviews
from retrieval.importing import import_feed
from retrieval.reading_file import import_readings
from retrieval.readings import Readings
from retrieval.shop import Shop
from retrieval.shop_settings import SETTINGS_FILE, ShopSettings
from retrieval.wheels import Progress

STORED = Path(__file__).parent / "shop"
READINGS = "readings.jsonl.gz"
"""What the shipped model read in the stored reviews; its first line holds the command that made it."""
SETTINGS = ShopSettings(name="Lantern Row", currency="USD", languages=("en", "zh"))


def build_demo(
    directory: Path, *, embedder: Embedder | None = None, home: Path | None = None, progress: Progress | None = None,
    stored: Path = STORED,
) -> Shop:
    """The demo shop in `directory`, made there if absent; imported again only when the stored files or the embedder changed.

    Its reviews come read when `stored` has their readings. `embedder` takes the place of the settings' one, whose model
    files lie in `home/models`.
    Raises FeedError when a stored file is damaged and StoreError when the directory can't be used.
    """
    made = (directory / SETTINGS_FILE).exists()
    shop = (
        Shop.open(directory, embedder=embedder, home=home)
        if made
        else Shop.create(directory, SETTINGS, embedder=embedder, home=home)
    )
    mark = directory / "imported"
    contents = f"{_fingerprint(stored)} {embedder.name if embedder else SETTINGS.embedder}"
    if made and shop.version and mark.exists() and mark.read_text(encoding="utf-8") == contents:
        return shop
    import_feed(
        shop,
        catalog=read_catalog(stored / "catalog.jsonl.gz", currency=SETTINGS.currency),
        reviews=read_reviews(stored / "reviews.jsonl.gz"),
        interactions=read_interactions(stored / "interactions.csv.gz"),
        orders=read_orders(stored / "orders.csv"),
        help_pages=read_help_pages(stored / "help"),
        prune=True,
        progress=progress,
    )
    if (stored / READINGS).exists():
        import_readings(Readings(shop.engine), stored / READINGS)
    mark.write_text(contents, encoding="utf-8")
    return shop


def _fingerprint(directory: Path) -> str:
    """A digest of every file under `directory` with its path."""
    digest = sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(directory).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()
