"""Plain catalogues: CSV, TSV and JSON Lines with `id,title,...` under whatever names, and the format a shop is kept in.

Fields, each under any name of `aliases.CATALOG`, only a title being needed:

    id, title, description, category, brand, price, sale_price, price_minor, list_price, currency, rating, rating_count,
    available, stock, url, image, attributes, variants, translations

A column that is none of these is an attribute, its name in lower case; a cell with a JSON list or `a|b` gives several
values. `title_zh`, `description_de` and the like are translations. Without an id column the id is made from the row's
content, so that the next import of the same row finds the same item; equal rows are numbered.

JSON Lines carry everything that an Item has:

    {"id": "W1", "title": "Alpine flask", "description": "Keeps tea hot.", "category": ["Outdoor", "Bottles"],
     "brand": "Norda", "price": {"amount": 2450, "currency": "EUR"}, "list_price": {"amount": 2900, "currency": "EUR"},
     "rating": 4.6, "rating_count": 31, "available": true, "url": "/p/w1", "image": "pictures/w1.svg",
     "attributes": {"color": ["red", "grey"], "capacity": ["0.75 l"]},
     "variants": [{"id": "W1-r", "title": "red", "price": {"amount": 2450, "currency": "EUR"}, "available": true,
                   "stock": 4, "attributes": {"color": ["red"]}}],
     "translations": {"zh": {"title": "高山保温瓶", "description": "茶水保温。", "category": ["户外", "水瓶"],
                             "attributes": {"颜色": ["红色", "灰色"]}}}}

A price may be `{"amount": minor units, "currency"}`, a number in whole units, or text (`"24.50 EUR"`). A line with the key
`"daogou"` was written by `export.write_catalog`: its words are taken as they stand, without looking for markup in them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from retrieval.feeds.aliases import CATALOG, squashed
from retrieval.feeds.columns import Columns, Record, attribute_pair
from retrieval.feeds.money import currency_code, price_in_minor_units, price_of
from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row, Rows, each
from retrieval.feeds.text import ID_LENGTH, TITLE_LENGTH, line, paragraphs, verbatim_line, verbatim_paragraphs
from retrieval.feeds.values import (
    address_of,
    attributes_of,
    availability_of,
    count_of,
    is_empty,
    path_of,
    stars_of,
    text_of,
)
from retrieval.feeds.variants import offer
from retrieval.schema import Item, Money, Translation, Variant

_TRANSLATED = re.compile(r"(title|name|description|category)[ _:.-](zh|en|de|fr|es|it|nl|pt|pl|ja|ko|ru|tr|ar)\w{0,5}", re.I)


def plain_items(rows: Rows, feed: Feed) -> Iterator[tuple[int, Item]]:
    """The items of a plain catalogue with their lines. Raises FeedError when no column holds a title."""
    first = rows.columns[0]
    if not Columns(CATALOG, feed).has(rows, "id") and re.fullmatch(r"\w+id", squashed(first)):
        feed = replace(feed, columns={**feed.columns, "id": first})
    columns = Columns(CATALOG, feed)
    columns.require(rows, "title")
    ids = None if columns.has(rows, "id") else ContentIds(feed.stem)
    return each(rows.all, lambda row: _item(columns.record(row), feed, ids.of(row) if ids else ""), feed)


class ContentIds:
    """Ids for rows that have none: equal content gives an equal id, and a number from the second time on."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._seen: Counter[bytes] = Counter()

    def of(self, row: Row) -> str:
        """`ford-9f86d081884c`, for its twin `ford-9f86d081884c-2`."""
        content = json.dumps(row.cells, sort_keys=True, ensure_ascii=True, default=str)
        digest = hashlib.blake2b(f"{self._stem}\n{content}".encode(), digest_size=8)
        self._seen[digest.digest()] += 1
        times = self._seen[digest.digest()]
        return f"{self._stem}-{digest.hexdigest()}" + (f"-{times}" if times > 1 else "")


def identifier(record: Record, field: str = "id") -> str:
    """The id in `field`. Raises RowRejected when it is absent or longer than an id may be."""
    found = record.required(field)
    if len(found) > ID_LENGTH:
        raise RowRejected(record.column(field), found, f"at most {ID_LENGTH} characters", "Shorten the id.")
    return found


def _item(record: Record, feed: Feed, made_id: str) -> Item:
    raw = record.verbatim
    currency = text_of(record.get("currency"))
    code = currency_code(currency, record.column("currency")) if currency else feed.currency
    price, list_price = _prices(record, code)
    title = (verbatim_line if raw else line)(record.required("title"), TITLE_LENGTH)
    rest, translated = _translated_columns(record)
    item = Item(
        id=made_id or identifier(record),
        title=title or record.required("title"),
        description=_text(record.get("description"), raw),
        category=path_of(record.get("category"), raw),
        brand=(verbatim_line if raw else line)(text_of(record.get("brand"))),
        price=price,
        list_price=list_price,
        rating=stars_of(record.get("rating"), record.column("rating")),
        rating_count=count_of(record.get("rating_count"), record.column("rating_count")) or 0,
        available=_available(record),
        url=address_of(record.get("url"), record.column("url")),
        image=address_of(record.get("image"), record.column("image")),
        attributes=attributes_of([*_pairs(record.get("attributes")), *_rest(rest, raw)], raw),
        translations=_translations(record.get("translations"), translated, raw),
    )
    variants = _variants(record.get("variants"), item.id, code, raw)
    return replace(item, variants=variants) if raw else offer(item, variants)


def _prices(record: Record, currency: str) -> tuple[Money | None, Money | None]:
    """(price, list price): a sale price below the price makes that the list price."""
    price = price_of(record.get("price"), currency, record.column("price"))
    minor = price_in_minor_units(record.get("price_minor"), currency, record.column("price_minor"))
    sale = price_of(record.get("sale_price"), currency, record.column("sale_price"))
    before = price_of(record.get("list_price"), currency, record.column("list_price"))
    price = price or minor
    if sale is not None and (price is None or sale < price):
        price, before = sale, before or price
    if price is None and not record.verbatim:
        price = before
    if record.verbatim or (before is not None and price is not None and before > price):
        return price, before
    return price, None


def _available(record: Record) -> bool:
    said = availability_of(record.get("available"), record.column("available"))
    if said is not None:
        return said
    stock = count_of(record.get("stock"), record.column("stock"))
    return stock is None or stock > 0


def _text(value: object, raw: bool) -> str:
    text = "\n".join(text_of(part) for part in value) if isinstance(value, list) else text_of(value)
    return (verbatim_paragraphs if raw else paragraphs)(text)


def _rest(rest: Mapping[str, object], raw: bool) -> Iterable[tuple[str, object]]:
    return rest.items() if raw else (attribute_pair(column, value) for column, value in rest.items())


def _pairs(value: object) -> list[tuple[str, object]]:
    """The attributes of an `attributes` cell: an object, a list of `{"name", "value"}`, or either as JSON text."""
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        try:
            value = json.loads(value, parse_float=Decimal)
        except ValueError as error:
            raise RowRejected("attributes", value, "JSON", "Correct the JSON of the cell.") from error
    if isinstance(value, Mapping):
        return [(text_of(name), part) for name, part in value.items()]
    if isinstance(value, list):
        named = [part for part in value if isinstance(part, Mapping)]
        return [(text_of(part.get("name")), part.get("values", part.get("value"))) for part in named]
    if is_empty(value):
        return []
    raise RowRejected("attributes", value, 'an object such as {"color": ["red"]}', "Write the attributes as an object.")


def _translated_columns(record: Record) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    """(the columns that are attributes, language -> field -> cell)."""
    rest: dict[str, object] = {}
    translated: dict[str, dict[str, object]] = {}
    for column, value in record.rest.items():
        found = None if record.verbatim else _TRANSLATED.fullmatch(column)
        if found is None:
            rest[column] = value
        elif not is_empty(value):
            field = found.group(1).lower().replace("name", "title")
            translated.setdefault(found.group(2).lower(), {})[field] = value
    return rest, translated


def _translations(value: object, columns: Mapping[str, Mapping[str, object]], raw: bool) -> tuple[Translation, ...]:
    if is_empty(value):
        value = {}
    if isinstance(value, list):
        value = {text_of(part.get("language")): part for part in value if isinstance(part, Mapping)}
    if not isinstance(value, Mapping):
        raise RowRejected("translations", value, 'an object such as {"zh": {"title": ...}}', "Key them by language.")
    found = []
    for language, words in {**columns, **value}.items():
        if not isinstance(words, Mapping) or is_empty(words.get("title")) or not language:
            raise RowRejected("translations", words, "a title in each translation", "Add the title or remove the language.")
        title = (verbatim_line if raw else line)(text_of(words.get("title")), TITLE_LENGTH)
        found.append(Translation(
            text_of(language), title, _text(words.get("description"), raw), path_of(words.get("category"), raw),
            attributes_of(_pairs(words.get("attributes")), raw),
        ))
    return tuple(found)


def _variants(value: object, item_id: str, currency: str, raw: bool) -> tuple[Variant, ...]:
    if is_empty(value):
        return ()
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise RowRejected("variants", value, "a list of objects", 'Write [{"id": ..., "price": ...}].')
    found = []
    for number, part in enumerate(value, 1):
        stock = count_of(part.get("stock"), "variants.stock")
        available = availability_of(part.get("available"), "variants.available")
        found.append(Variant(
            verbatim_line(text_of(part.get("id")), ID_LENGTH) or f"{item_id}-{number}",
            (verbatim_line if raw else line)(text_of(part.get("title")), TITLE_LENGTH),
            price_of(part.get("price"), currency, "variants.price"),
            (stock is None or stock > 0) if available is None else available,
            stock,
            attributes_of(_pairs(part.get("attributes")), raw),
        ))
    return tuple(found)
