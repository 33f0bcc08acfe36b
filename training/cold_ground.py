"""What a cold start is measured on: a catalogue with what shoppers did, out of files or out of a shop."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.feeds.catalogs import read_catalog
from retrieval.feeds.interactions import read_interactions
from retrieval.feeds.rejection import OnError
from retrieval.schema import Attribute, Interaction, Item
from retrieval.shop import Shop

_DATED = re.compile(r"\((\d{4})\)\s*$")


@dataclass(frozen=True)
class Ground:
    """Items as a catalogue, and what was done with them."""

    items: tuple[Item, ...]
    catalogue: Catalogue
    interactions: tuple[Interaction, ...]
    currency: str

    @property
    def titles(self) -> list[str]:
        """The title of each row."""
        return [item.title for item in self.items]


def ground_of_files(items: Path, interactions: Path | None, on_error: OnError, currency: str = "USD") -> Ground:
    """The ground of a catalogue file and a file of interactions. Raises FeedError."""
    listed = tuple(dated(read_catalog(items, currency=currency, on_error=on_error)))
    done = tuple(read_interactions(interactions, on_error=on_error)) if interactions else ()
    return _ground(listed, done, currency)


def ground_of_shop(shop: Shop, interactions: Path | None, on_error: OnError) -> Ground:
    """The ground of a shop, with its own interactions where no file is given. Raises FeedError."""
    done = read_interactions(interactions, on_error=on_error) if interactions else shop.interactions()
    return _ground(tuple(shop.all_items()), tuple(done), shop.currency)


def dated(items: Iterable[Item]) -> Iterator[Item]:
    """The items; one whose title ends in a year in brackets, as films' do, gets it as an attribute."""
    for item in items:
        found = _DATED.search(item.title)
        yield replace(item, attributes=(*item.attributes, Attribute("year", (found[1],)))) if found else item


def _ground(items: tuple[Item, ...], interactions: tuple[Interaction, ...], currency: str) -> Ground:
    return Ground(items, build_catalogue([item.id for item in items], items), interactions, currency)
