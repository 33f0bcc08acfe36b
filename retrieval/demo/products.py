"""From the written material to items of the shop."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product as combinations
from random import Random

from retrieval.demo.illustrations import picture_path
from retrieval.demo.material import Department, Kind, Product
from retrieval.money import money
from retrieval.schema import Attribute, Item, Translation, Variant

CURRENCY = "USD"


def items_of(departments: Iterable[Department], seed: int) -> tuple[Item, ...]:
    """Every product as an item, without ratings."""
    return tuple(
        _item(department, kind, product, seed)
        for department in departments
        for kind in department.kinds
        for product in kind.products
    )


def _item(department: Department, kind: Kind, product: Product, seed: int) -> Item:
    attributes = _with_features(product.attributes)
    every = (*attributes, *product.variants)
    color = next((a.values[0] for a in every if a.name == "color"), "")
    variants = tuple(_variants(product, Random(f"{seed}:stock:{product.id}")))
    return Item(
        id=product.id,
        title=product.title["en"],
        description=product.description["en"],
        category=(department.name["en"], kind.name["en"]),
        brand=product.brand,
        price=money(product.price, CURRENCY),
        list_price=money(product.list_price, CURRENCY) if product.list_price else None,
        available=product.stock > 0,
        image=picture_path(department.id, kind.picture, color),
        attributes=attributes,
        variants=variants,
        translations=(
            Translation(
                "zh",
                product.title["zh"],
                product.description["zh"],
                (department.name["zh"], kind.name["zh"]),
                tuple(Attribute(a.name, tuple(dict.fromkeys(department.in_chinese(v) for v in a.values))) for a in every),
            ),
        ),
    )


def _with_features(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """The attributes, where `waterproof: yes` also makes `waterproof` a feature."""
    granted = tuple(a.name for a in attributes if a.values == ("yes",))
    named = next((a.values for a in attributes if a.name == "feature"), ())
    features = tuple(dict.fromkeys((*named, *granted)))
    others = tuple(a for a in attributes if a.name != "feature")
    return (*others, Attribute("feature", features)) if features else others


def _variants(product: Product, rng: Random) -> Iterable[Variant]:
    """Each combination of the variant values; the stock is dealt among them, an eighth of them getting none."""
    if not product.variants:
        return [Variant(product.id, product.title["en"], None, product.stock > 0, product.stock)]
    choices = list(combinations(*(a.values for a in product.variants)))
    demand = [rng.random() if place == 0 or rng.random() > 0.12 else 0.0 for place in range(len(choices))]
    dealt = rng.choices(range(len(choices)), demand, k=product.stock)
    return [
        Variant(
            id="-".join([product.id, *(re.sub(r"\W+", "-", value.lower()).strip("-") for value in values)]),
            title=", ".join(values),
            available=index in dealt,
            stock=dealt.count(index),
            attributes=tuple(Attribute(a.name, (value,)) for a, value in zip(product.variants, values, strict=True)),
        )
        for index, values in enumerate(choices)
    ]
