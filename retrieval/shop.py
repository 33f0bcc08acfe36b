"""A shop on disk: its settings, its tables, and the index over its items."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, func, select

from retrieval import rows
from retrieval.database import migrate, open_engine, reading, sole_writer, writing
from retrieval.embedding.embedder import Embedder, open_embedder
from retrieval.errors import StoreError
from retrieval.index import VectorIndex
from retrieval.index_choice import ServedIndex, build_index, bump_version, embed_missing, large_enough, open_index, stored_version
from retrieval.ranking import Ranker, RankerFile
from retrieval.readings import Readings
from retrieval.schema import HelpPage, Interaction, Item, Order, Review, Signal, Variant
from retrieval.shop_settings import SETTINGS_FILE, ShopSettings, load_settings, load_sliders, save_settings, sliders_file
from retrieval.sliders import Sliders
from retrieval.tables import help_pages, interactions, items, orders, reviews, variants
from retrieval.wheels import Progress

__all__ = ["Shop", "ShopSettings"]

_IDS_A_QUERY = 500


class Shop:
    """An open shop. Reads may come from any thread; imports and rebuilds are for one process at a time."""

    def __init__(self, directory: Path, settings: ShopSettings, engine: Engine, embedder: Embedder | None, home: Path) -> None:
        self.directory = directory
        self.settings = settings
        self.engine = engine
        self._home = home
        self._embedder = embedder
        self._served: ServedIndex | None = None
        self._opening = RLock()
        self._sliders = sliders_file(directory)
        self._ranker = RankerFile(directory / "ranker")

    @classmethod
    def create(
        cls, directory: Path, settings: ShopSettings, *, embedder: Embedder | None = None, home: Path | None = None
    ) -> Shop:
        """A new, empty shop; model files lie in `home/models`. Raises StoreError when it can't be made or is there."""
        if (directory / SETTINGS_FILE).exists():
            raise StoreError(f"{directory} holds a shop already; expected a new directory. Open it, or name another.")
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"no shop can be made in {directory}: {error}. Make room or give permission.") from error
        engine = open_engine(directory, settings.url)
        with sole_writer(directory, engine):
            migrate(engine)
            save_settings(directory, settings)
        return cls(directory, settings, engine, embedder, home or directory)

    @classmethod
    def open(cls, directory: Path, *, embedder: Embedder | None = None, home: Path | None = None) -> Shop:
        """The shop in the directory; `embedder` takes the place of the settings' one.

        Raises StoreError when there is none, or it was written by a newer program.
        """
        settings = load_settings(directory)
        load_sliders(directory)  # says now what is wrong with them
        if not settings.url and not (directory / "shop.sqlite3").exists():
            raise StoreError(f"{directory} has settings but no shop.sqlite3. Restore it, or import into a new one.")
        engine = open_engine(directory, settings.url)
        migrate(engine)
        return cls(directory, settings, engine, embedder, home or directory)

    def close(self) -> None:
        """Every file and connection is given back."""
        with self._opening:
            self._served = None
            self.engine.dispose()

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def remove(self) -> None:
        """The shop is closed and its directory gone; a PostgreSQL database is left as it is."""
        self.close()
        shutil.rmtree(self.directory)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees the tables at one moment. Raises StoreError."""
        return reading(self.engine)

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection whose statements are all done when the block ends, or none of them. Raises StoreError."""
        return writing(self.engine)

    def sole_writer(self) -> AbstractContextManager[None]:
        """This process is the only one that imports or rebuilds. Raises StoreError with the owner's pid."""
        return sole_writer(self.directory, self.engine)

    @property
    def currency(self) -> str:
        """ISO 4217 code of the shop's prices."""
        return self.settings.currency

    @property
    def sliders(self) -> Sliders:
        """What the merchant has set; read anew when the settings file changes, the same value while it does not."""
        return self._sliders.current()

    @property
    def sliders_warning(self) -> str:
        """Why the newest settings are not in force; empty when they are."""
        return self._sliders.warning

    @property
    def version(self) -> int:
        """Counts the imports that changed something, in whichever process they ran."""
        with self.reading() as connection:
            return stored_version(connection)

    @property
    def ranker(self) -> Ranker:
        """The ranker trained for this shop, the shipped one before that."""
        return self._ranker.current()

    @property
    def embedder(self) -> Embedder:
        """The embedder of the settings, opened at first use. Raises EmbedderError or FetchError."""
        with self._opening:
            if self._embedder is None:
                self._embedder = open_embedder(self.settings.embedder, self._home)
            return self._embedder

    @property
    def index(self) -> VectorIndex:
        """The index over the items as they are now; opened anew after an import."""
        return self._current_index().index

    @property
    def index_warning(self) -> str:
        """Why the index is not the one that it should be, and the cure; empty when it is."""
        served = self._current_index()
        return served.warning or served.index.failure

    def rebuild_index(self, progress: Progress | None = None) -> VectorIndex:
        """The index made anew from the tables, switched in at once; items without a vector are embedded first.

        Raises StoreError when another process writes, IndexError_ when the new index does not pass its probe.
        """
        with self.sole_writer():
            embed_missing(self.engine, self.embedder, self.all_items(), self.settings.languages, progress)
            self.refresh_index(progress)
            with self.writing() as connection:
                bump_version(connection)
        return self.index

    def refresh_index(self, progress: Progress | None = None) -> None:
        """A large shop's Chroma index is made anew from its vectors; for a caller that is the sole writer."""
        if large_enough(self.engine, self.settings):
            build_index(self.directory, self.settings, self.engine, self.embedder, progress)

    def _current_index(self) -> ServedIndex:
        version = self.version
        with self._opening:
            if self._served is None or self._served.version != version:
                self._served = open_index(self.directory, self.settings, self.engine, self.embedder)
            return self._served

    def items(self, ids: Sequence[str]) -> tuple[Item, ...]:
        """The items of the ids, in their order; those that the shop has not are left out."""
        found: dict[str, Item] = {}
        with self.reading() as connection:
            for start in range(0, len(ids), _IDS_A_QUERY):
                part = ids[start : start + _IDS_A_QUERY]
                for item in _items(connection, items.c.id.in_(part), variants.c.item_id.in_(part)):
                    found[item.id] = item
        return tuple(found[item_id] for item_id in ids if item_id in found)

    def all_items(self) -> Iterator[Item]:
        """Every item, in the order of `index.ids`."""
        with self.reading() as connection:
            yield from _items(connection, None, None)

    def reviews_of(self, item_id: str) -> tuple[Review, ...]:
        """The reviews of an item, the newest first."""
        chosen = select(reviews).where(reviews.c.item_id == item_id)
        found = (rows.review_of(row) for row in self._rows(chosen.order_by(reviews.c.at.desc(), reviews.c.id)))
        return tuple(found)

    def all_reviews(self) -> tuple[Review, ...]:
        """Every review, by id."""
        return tuple(rows.review_of(row) for row in self._rows(select(reviews).order_by(reviews.c.id)))

    def order(self, order_id: str) -> Order | None:
        """The order of that id, None when there is none."""
        found = self._rows(select(orders).where(orders.c.id == order_id))
        return rows.order_of(found[0]) if found else None

    def orders_of(self, shopper_id: str) -> tuple[Order, ...]:
        """The shopper's orders, the newest first."""
        chosen = select(orders).where(orders.c.shopper_id == shopper_id)
        return tuple(rows.order_of(row) for row in self._rows(chosen.order_by(orders.c.placed_at.desc(), orders.c.id)))

    def help_pages(self, language: str | None = None) -> tuple[HelpPage, ...]:
        """The pages of the shop's rules, in one language or in all."""
        chosen = select(help_pages).order_by(help_pages.c.language, help_pages.c.id)
        if language is not None:
            chosen = chosen.where(help_pages.c.language == language)
        return tuple(rows.help_page_of(row) for row in self._rows(chosen))

    def interactions(self, shopper_id: str | None = None) -> Iterator[Interaction]:
        """What shoppers did, or one of them, the oldest first."""
        chosen = select(interactions).order_by(interactions.c.at, interactions.c.shopper_id, interactions.c.item_id)
        if shopper_id is not None:
            chosen = chosen.where(interactions.c.shopper_id == shopper_id)
        with self.reading() as connection:
            yield from (rows.interaction_of(row) for row in connection.execute(chosen).mappings())

    def shopper_ids(self) -> tuple[str, ...]:
        """Everyone who did something in the shop."""
        with self.reading() as connection:
            return tuple(connection.scalars(select(interactions.c.shopper_id).distinct()))

    def interaction_count(self) -> int:
        """How many interactions the shop holds."""
        with self.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(interactions)).scalar_one())

    def remarks(self) -> Iterator[tuple[str, Signal]]:
        """(item id, aspect) of everything that was read in the reviews."""
        return Readings(self.engine).remarks()

    def _rows(self, chosen: Select[Any]) -> Sequence[RowMapping]:
        with self.reading() as connection:
            return connection.execute(chosen).mappings().all()


def _items(connection: Connection, of_items: Any, of_variants: Any) -> Iterator[Item]:
    """Items with their variants, by id; all of them where the conditions are None."""
    wanted_items = select(items).order_by(items.c.id)
    wanted_variants = select(variants).order_by(variants.c.item_id, variants.c.position)
    if of_items is not None:
        wanted_items, wanted_variants = wanted_items.where(of_items), wanted_variants.where(of_variants)
    forms: dict[str, list[Variant]] = {}
    for item_id, group in groupby(connection.execute(wanted_variants).mappings(), key=lambda row: str(row["item_id"])):
        forms[item_id] = [rows.variant_of(row) for row in group]
    for row in connection.execute(wanted_items).mappings():
        yield rows.item_of(row, forms.get(row["id"], ()))
