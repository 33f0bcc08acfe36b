"""Feed files into a shop, with what was rejected and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from retrieval.errors import FeedError, RowError
from retrieval.feeds import read_catalog, read_help_pages, read_interactions, read_orders, read_reviews
from retrieval.importing import ImportReport, import_feed
from retrieval.schema import Item
from retrieval.shop import Shop, ShopSettings
from retrieval.wheels import Progress
from ui.places import home, shop_directory
from ui.terminal import note, say

_SHOWN_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one import."""

    catalog: tuple[Path, ...] = ()
    reviews: tuple[Path, ...] = ()
    interactions: tuple[Path, ...] = ()
    orders: tuple[Path, ...] = ()
    help_pages: Path | None = None
    format: str = "auto"
    currency: str = "USD"
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def items(self, currency: str, on_error: Callable[[RowError], None]) -> Iterator[Item]:
        """The products of the catalogue files, one by one."""
        return chain.from_iterable(
            read_catalog(
                path, format=self.format, currency=currency, columns=self.columns, constants=self.constants, on_error=on_error,
            )
            for path in self.catalog
        )

    def check(self) -> None:
        """Raises FeedError for a file that is not there, before anything is written."""
        files = (*self.catalog, *self.reviews, *self.interactions, *self.orders)
        for path in (*files, *((self.help_pages,) if self.help_pages else ())):
            if not path.exists():
                raise FeedError(RowError(str(path), 0, "", "no such file", "a file to import", "Check the path."))


@dataclass(slots=True)
class Outcome:
    """The report of an import with the rows it could not take."""

    report: ImportReport
    rejected: list[RowError]

    @property
    def failed(self) -> bool:
        """True when there was something to import and nothing of it could be taken."""
        return bool(self.rejected) and self.report.items + self.report.reviews + self.report.interactions == 0

    def as_json(self) -> dict[str, Any]:
        rows = [
            {"file": e.file, "row": e.row, "column": e.column, "found": e.found, "expected": e.expected, "cure": e.cure}
            for e in self.rejected
        ]
        return {**self.report.as_json(), "rejected": rows}

    def show(self) -> None:
        r = self.report
        say(
            f"{r.items} items ({r.added} added, {r.changed} changed, {r.unchanged} unchanged, {r.removed} removed, "
            f"{r.embedded} embedded), {r.reviews} reviews, {r.interactions} interactions, {r.orders} orders, "
            f"{r.help_pages} help pages in {r.seconds:.1f} s"
        )
        for error in self.rejected[:_SHOWN_ERRORS]:
            note(str(error))
        if len(self.rejected) > _SHOWN_ERRORS:
            note(f"... and {len(self.rejected) - _SHOWN_ERRORS} more rejected rows; --json lists them all")


def import_files(
    shop: str, sources: Sources, embedder: str, *, dry_run: bool = False, prune: bool = False, strict: bool = False,
    workers: int = 0, progress: Progress | None = None,
) -> Outcome:
    """Import the files into the shop, made when absent; with `workers` so many processes embed its texts beforehand.

    Raises FeedError, StoreError, EmbedderError.
    """
    sources.check()
    rejected: list[RowError] = []

    def reject(error: RowError) -> None:
        if strict:
            raise FeedError(error)
        rejected.append(error)

    directory = shop_directory(shop)
    fresh = not directory.exists()
    opened = _open_or_create(directory, sources, embedder)
    currency = opened.settings.currency
    try:
        if workers and not dry_run:
            from retrieval.bulk_embedding import embed_ahead

            embed_ahead(opened, sources.items(currency, lambda _error: None), workers, home(), progress)
        report = import_feed(
            opened,
            catalog=sources.items(currency, reject),
            reviews=chain.from_iterable(read_reviews(path, on_error=reject) for path in sources.reviews),
            interactions=chain.from_iterable(read_interactions(path, on_error=reject) for path in sources.interactions),
            orders=chain.from_iterable(read_orders(path, on_error=reject) for path in sources.orders),
            help_pages=read_help_pages(sources.help_pages, on_error=reject) if sources.help_pages else (),
            prune=prune, dry_run=dry_run, progress=progress,
        )
    finally:
        opened.close()
        if dry_run and fresh:
            opened.remove()
    return Outcome(report, rejected)


def _open_or_create(directory: Path, sources: Sources, embedder: str) -> Shop:
    if (directory / "settings.toml").exists():
        return Shop.open(directory, home=home())
    settings = ShopSettings(name=directory.name, currency=sources.currency, embedder=embedder)
    return Shop.create(directory, settings, home=home())
