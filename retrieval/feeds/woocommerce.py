"""WooCommerce product CSV with English, German or Chinese headers, decimal points or commas.

A `variable` product waits for its `variation` rows, which name it in `Parent` by SKU or as `id:12` and may stand further down;
the last `WAITING` such products wait, so memory stays bounded. Drafts, private and hidden products are left out.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from retrieval.feeds.aliases import squashed, table
from retrieval.feeds.columns import Columns, Record, attribute_pair
from retrieval.feeds.money import price_of
from retrieval.feeds.plain import ContentIds
from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row, Rows, each
from retrieval.feeds.text import ID_LENGTH, TITLE_LENGTH, line, paragraphs
from retrieval.feeds.values import address_of, attributes_of, availability_of, count_of, is_empty, moment_of, path_of, text_of
from retrieval.feeds.variants import offer
from retrieval.schema import Item, Money, Variant

WAITING = 20_000
FIELDS = table("""
id: id
type: type, typ, 类型
sku: sku, artikelnummer
name: name, 名称, 产品名称
published: published, veröffentlicht, 已发布, 发布
visibility: visibility in catalog, sichtbarkeit im katalog, 在目录中可见, 在目录中的可见性, 目录可见性, 在列表页可见
short: short description, kurzbeschreibung, 简短描述, 简短说明, 简单描述
description: description, beschreibung, 描述
sale_from: date sale price starts, datum an dem angebotspreis beginnt, 促销开始日期
sale_to: date sale price ends, datum an dem angebotspreis endet, 促销结束日期, 促销截止日期
available: in stock?, vorrätig?, auf lager?, 有货？, 是否有货
stock: stock, lager, lagerbestand, bestand, 库存
backorders: backorders allowed?, lieferrückstände erlaubt?, lieferrückstande erlaubt?, 允许缺货下单？, 允许延期交货？
sale: sale price, angebotspreis, 促销价格, 促销价
price: regular price, regulärer preis, 常规售价, 常规价格, 正常价格
category: categories, kategorien, 分类, 类别
tags: tags, schlagwörter, 标签
images: images, bilder, 图片
parent: parent, übergeordnetes produkt, übergeordnet, 父级
url: external url, externe url, 外部链接, 外部url
brand: brands, brand, marken, marke, 品牌
""")
_ATTRIBUTE = re.compile(r"(?:attribute?|属性)(\d+)(name|values?|werte?|名称|值)")
_MEASURE = re.compile(r"(weight|length|width|height|gewicht|länge|breite|höhe|重量|长度|宽度|高度)\s*[(（](.+)[)）]", re.I)
_MEASURES = {"gewicht": "weight", "länge": "length", "breite": "width", "höhe": "height", "重量": "weight", "长度": "length",
             "宽度": "width", "高度": "height"}
_UNITS = {"公斤": "kg", "厘米": "cm", "克": "g", "毫米": "mm", "米": "m"}


@dataclass(slots=True)
class _Family:
    """A variable product that waits for its variations."""

    number: int
    item: Item
    keys: tuple[str, ...]
    variants: list[Variant] = field(default_factory=list)


def woocommerce_items(rows: Rows, feed: Feed, waiting: int = WAITING) -> Iterator[tuple[int, Item]]:
    """The items of a WooCommerce export; a variable product comes when the file ends, or when too many wait."""
    columns = Columns(FIELDS, feed)
    columns.require(rows, "type", "name")
    ids = ContentIds(feed.stem)
    families: OrderedDict[str, _Family] = OrderedDict()
    parents: dict[str, str] = {}

    def read(row: Row) -> tuple[int, Item] | None:
        record = columns.record(row)
        kinds = {kind.strip() for kind in text_of(record.get("type")).casefold().split(",")}
        if "variation" in kinds:
            _join(record, families, parents, feed)
            return None
        if not _shown(record):
            return None
        item = _item(record, feed, ids.of(row))
        if "variable" not in kinds:
            return row.number, item
        keys = tuple(key for key in (f"id:{text_of(record.get('id'))}", text_of(record.get("sku")).strip()) if key)
        families[item.id] = _Family(row.number, item, keys)
        parents.update(dict.fromkeys(keys, item.id))
        return _oldest(families, parents) if len(families) > waiting else None

    yield from (found for _, found in each(rows.all, read, feed))
    while families:
        yield _oldest(families, parents)


def _oldest(families: OrderedDict[str, _Family], parents: dict[str, str]) -> tuple[int, Item]:
    _, family = families.popitem(last=False)
    for key in family.keys:
        parents.pop(key, None)
    return family.number, offer(family.item, family.variants)


def _join(record: Record, families: OrderedDict[str, _Family], parents: Mapping[str, str], feed: Feed) -> None:
    """Adds a variation to its family; that of a draft or hidden product has none and is rejected."""
    parent = text_of(record.get("parent")).strip()
    if parent not in parents:
        raise RowRejected(record.column("parent"), parent, "a published variable product above this row",
                          "Export the parent too, or publish it.")
    family = families[parents[parent]]
    families.move_to_end(family.item.id)
    if not _shown(record):
        return
    price, _ = _prices(record, feed)
    attributes = attributes_of(_attributes(record))
    number = len(family.variants) + 1
    own = text_of(record.get("id")).strip() or text_of(record.get("sku")).strip()
    family.variants.append(Variant(
        own[:ID_LENGTH] or f"{family.item.id}-{number}",
        " / ".join(value for attribute in attributes for value in attribute.values)
        or line(text_of(record.get("name")), TITLE_LENGTH),
        price, _available(record), count_of(record.get("stock"), record.column("stock")), attributes,
    ))


def _shown(record: Record) -> bool:
    """Whether the product is public: `Published` is 1, and it is not hidden from catalogue and search."""
    published = text_of(record.get("published")).strip()
    return published in {"", "1", "yes", "true"} and text_of(record.get("visibility")).strip().casefold() != "hidden"


def _item(record: Record, feed: Feed, made_id: str) -> Item:
    price, before = _prices(record, feed)
    own = text_of(record.get("id")).strip() or text_of(record.get("sku")).strip()
    texts = [paragraphs(_unescaped(record.get(name))) for name in ("short", "description")]
    paths = [path_of(path) for path in _listed(record.get("category"))]
    title = record.required("name")
    return Item(
        id=own[:ID_LENGTH] or made_id,
        title=line(title, TITLE_LENGTH) or title,
        description="\n\n".join(text for text in texts if text),
        category=max(paths, key=len, default=()),
        brand=", ".join(line(name) for name in _listed(record.get("brand"))[:1]),
        price=price, list_price=before, available=_available(record),
        url=address_of(record.get("url"), record.column("url")),
        image=address_of(_listed(record.get("images")), record.column("images")),
        attributes=attributes_of(_attributes(record)),
    )


def _prices(record: Record, feed: Feed) -> tuple[Money | None, Money | None]:
    """(price, list price), the sale price while it holds."""
    price = price_of(record.get("price"), feed.currency, record.column("price"))
    sale = price_of(record.get("sale"), feed.currency, record.column("sale"))
    begin = moment_of(record.get("sale_from"), record.column("sale_from"))
    end = moment_of(record.get("sale_to"), record.column("sale_to"))
    dated = begin is not None or end is not None
    holds = not dated or (
        feed.now is not None and (begin is None or begin <= feed.now) and (end is None or feed.now <= end)
    )
    if sale is None or not holds or (price is not None and price <= sale):
        return price, None
    return sale, price


def _available(record: Record) -> bool:
    if text_of(record.get("backorders")).strip().casefold() in {"1", "notify", "yes"}:
        return True
    said = availability_of(record.get("available"), record.column("available"))
    stock = count_of(record.get("stock"), record.column("stock"))
    return said if said is not None else stock is None or stock > 0


def _attributes(record: Record) -> Iterable[tuple[str, object]]:
    names: dict[str, str] = {}
    values: dict[str, object] = {}
    for column, value in record.rest.items():
        if is_empty(value):
            continue
        if found := _ATTRIBUTE.fullmatch(squashed(column)):
            if found.group(2) in {"name", "名称"}:
                names[found.group(1)] = line(text_of(value), 80)
            else:
                values[found.group(1)] = _listed(value)
        elif measured := _MEASURE.fullmatch(column.strip()):
            kind = measured.group(1).lower()
            yield _MEASURES.get(kind, kind), f"{text_of(value)} {_UNITS.get(measured.group(2), measured.group(2))}"
    for number, name in names.items():
        yield attribute_pair(name, values.get(number))
    yield "tag", _listed(record.get("tags"))


def _listed(value: object) -> list[str]:
    """The members of a cell; `\\,` is a comma within one."""
    parts = re.split(r"(?<!\\),", text_of(value))
    return [part for raw in parts if (part := raw.replace("\\,", ",").strip())]


def _unescaped(value: object) -> str:
    """Text with WooCommerce's written line ends (`\\n`) as real ones."""
    return text_of(value).replace("\\n", "\n")
