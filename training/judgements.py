"""Products, and how relevant people found them for queries: tables to measure search with and to train its ranker on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import RowError
from retrieval.feeds.catalogs import rows_of
from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row, each
from retrieval.feeds.source import open_source
from retrieval.feeds.values import decimal_of, is_empty, text_of
from retrieval.schema import Item

_PRODUCT = ("product_id", "product_uid", "item_id", "id")
_QUERY = ("query", "search_term", "text")
_LEAST_JUDGED, _LEAST_SPREAD = 5, 1.0


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query with the products that people judged for it."""

    id: str
    text: str
    relevance: dict[str, float]
    """Product id -> relevance as the file has it; higher is better."""

    @property
    def tells(self) -> bool:
        """True when the judged pairs can rank: at least five of them, and a spread of at least 1."""
        values = self.relevance.values()
        return len(values) >= _LEAST_JUDGED and max(values) - min(values) >= _LEAST_SPREAD


@dataclass(frozen=True, slots=True)
class Judgements:
    """The queries of a file."""

    queries: tuple[JudgedQuery, ...]
    low: float
    """The least relevance of the file; its gain is 0."""
    high: float
    """The highest: what a search of the whole catalogue is to find."""
    rejected: tuple[RowError, ...] = ()

    def degree(self, relevance: float) -> float:
        """A relevance brought to 0..1."""
        return (relevance - self.low) / (self.high - self.low) if self.high > self.low else 0.0


def read_products(path: Path, rejected: list[RowError]) -> Iterator[Item]:
    """The products of a table with `product_id` and `title`; `description`, `brand` and `category` are taken where there.

    Bad rows go to `rejected`. Raises FeedError for an unreadable file or a missing column.
    """
    feed = Feed(path.name, rejected.append)
    with open_source(path) as source:
        rows = rows_of(source, feed)
        key = _column(rows.columns, _PRODUCT, feed)
        title = _column(rows.columns, ("title", "product_title", "name"), feed)

        def made(row: Row) -> Item:
            if is_empty(row.cells.get(key)) or is_empty(row.cells.get(title)):
                raise RowRejected(title, "no id or no title", "both", "Fill in the cells or remove the row.")
            category = text_of(row.cells.get("category")).strip()
            return Item(
                text_of(row.cells[key]).strip(), text_of(row.cells[title]), text_of(row.cells.get("description")),
                tuple(step.strip() for step in category.split(">") if step.strip()), text_of(row.cells.get("brand")).strip(),
            )

        yield from (item for _, item in each(rows.all, made, feed))


def read_judgements(path: Path) -> Judgements:
    """The queries of a table with `query`, `product_id`, `relevance` and, where a query has one, `query_id`.

    Raises FeedError like `read_products`.
    """
    rejected: list[RowError] = []
    feed = Feed(path.name, rejected.append)
    found: dict[str, tuple[str, dict[str, float]]] = {}
    with open_source(path) as source:
        rows = rows_of(source, feed)
        query, key = _column(rows.columns, _QUERY, feed), _column(rows.columns, _PRODUCT[:-1], feed)
        relevance = _column(rows.columns, ("relevance", "grade", "label"), feed)
        named = "query_id" if "query_id" in rows.columns else query

        def made(row: Row) -> tuple[str, str, str, float]:
            grade = decimal_of(row.cells.get(relevance), relevance)
            if grade is None or is_empty(row.cells.get(query)):
                raise RowRejected(relevance, "no query or no relevance", "both", "Fill in the cells or remove the row.")
            cells = (text_of(row.cells[name]).strip() for name in (named, query, key))
            return (*cells, float(grade))  # type: ignore[return-value]

        for _, (query_id, text, product, grade) in each(rows.all, made, feed):
            found.setdefault(query_id, (text, {}))[1][product] = grade
    queries = tuple(JudgedQuery(query_id, text, judged) for query_id, (text, judged) in found.items())
    grades = [grade for query in queries for grade in query.relevance.values()]
    if not grades:
        raise feed.unreadable("no judged pair", "rows of query, product and relevance", "Check the columns.")
    return Judgements(queries, min(grades), max(grades), tuple(rejected))


def _column(columns: Sequence[str], names: Sequence[str], feed: Feed) -> str:
    for name in names:
        if name in columns:
            return name
    raise feed.unreadable(f"columns {', '.join(columns)}", f"a column {' or '.join(names)}", f"Name it {names[0]}.")
