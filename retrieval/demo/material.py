"""The hand-written material of the demo shop: departments, kinds of product, what reviewers say, products."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml

from retrieval.errors import RetrievalError
from retrieval.schema import Attribute, Language

Polarity = Literal["praise", "mixed", "complaint"]
MATERIAL = Path(__file__).parent / "material"
_NEEDS_NO_TRANSLATION = re.compile(r"(?!.*[a-z]{4})[-–+<>≤≥~]?\d[\w.,/×+~–°%\"'²³ -]*|[A-Z0-9][A-Z0-9/+. -]*")
"""Numbers with units, and letter sizes."""
_BETWEEN_CHINESE = re.compile(r"(?<=[一-鿿}”）]),|,(?=[一-鿿{])")


class MaterialError(RetrievalError):
    """The material of the demo shop is incomplete or contradicts itself; the text lists every fault."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something that reviewers of a kind talk about, and what they say of it."""

    id: str
    sentences: Mapping[tuple[Language, Polarity], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the author wrote it down."""

    id: str
    title: Mapping[Language, str]
    description: Mapping[Language, str]
    brand: str
    price: Decimal
    list_price: Decimal | None
    attributes: tuple[Attribute, ...]
    variants: tuple[Attribute, ...]
    quality: Mapping[str, float]
    """The hidden truth, 0 to 1 for each aspect that applies: the share of praise among the opinions."""
    stock: int

    @property
    def worth(self) -> float:
        """Mean quality over the aspects, 0 to 1."""
        return sum(self.quality.values()) / len(self.quality)


@dataclass(frozen=True, slots=True)
class Kind:
    """A shelf: products that can be held against each other."""

    id: str
    name: Mapping[Language, str]
    picture: str
    aspects: tuple[Aspect, ...]
    products: tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the shop, with the Chinese of the attribute values in it."""

    id: str
    name: Mapping[Language, str]
    chinese: Mapping[str, str]
    kinds: tuple[Kind, ...]

    def in_chinese(self, value: str) -> str:
        """The Chinese of an attribute value; numbers with units stay as they are."""
        return self.chinese.get(value, self.chinese.get(value.lower(), value))


def load_material(directory: Path = MATERIAL) -> tuple[Department, ...]:
    """Every department, in the order of its id. Raises MaterialError with the list of faults."""
    departments = tuple(_department(path) for path in sorted(directory.glob("*.yaml")))
    faults = [fault for department in departments for fault in faults_of(department)]
    ids = [p.id for d in departments for k in d.kinds for p in k.products]
    faults += [f"product id {i!r} stands twice" for i in sorted(set(ids)) if ids.count(i) > 1]
    if faults:
        raise MaterialError(f"{len(faults)} faults in {directory}:\n" + "\n".join(faults))
    return departments


def faults_of(department: Department) -> list[str]:
    """What is missing or contradictory in a department, one line a fault."""
    faults: list[str] = []
    for kind in department.kinds:
        where = f"{department.id}/{kind.id}"
        for aspect in kind.aspects:
            for (language, polarity), sentences in aspect.sentences.items():
                have, least = len(set(sentences)), 5 if language == "en" else 4
                if have < least:
                    faults.append(f"{where}: {aspect.id} has {have} {language} {polarity} sentences, {least} wanted")
        for product in kind.products:
            faults += [f"{where}/{product.id}: {fault}" for fault in _faults_of_product(product, kind, department)]
    return faults


def _faults_of_product(product: Product, kind: Kind, department: Department) -> list[str]:
    faults = []
    if product.price <= 0:
        faults.append(f"price {product.price} is not positive")
    if product.list_price is not None and product.list_price <= product.price:
        faults.append(f"list price {product.list_price} is not above the price {product.price}")
    aspects = {aspect.id for aspect in kind.aspects}
    if not set(product.quality) <= aspects or len(product.quality) < 2:
        faults.append(f"quality names {sorted(product.quality)}, expected two or more of {sorted(aspects)}")
    for attribute in (*product.attributes, *product.variants):
        for value in attribute.values:
            if department.in_chinese(value) == value and not _NEEDS_NO_TRANSLATION.fullmatch(value):
                faults.append(f"{attribute.name} {value!r} has no Chinese under `translate`")
    return faults


def _department(path: Path) -> Department:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        head = raw["department"]
        chinese = {_text(key): _text(value) for key, value in raw["translate"].items()}
        kinds = tuple(_kind(kind) for kind in raw["kinds"])
        return Department(str(head["id"]), {"en": head["en"], "zh": head["zh"]}, chinese, kinds)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        found = f"{type(error).__name__}: {error}"
        raise MaterialError(f"{path.name} can't be read ({found}); compare it with another department") from error


def _kind(raw: Mapping[str, Any]) -> Kind:
    return Kind(
        id=raw["id"],
        name={"en": raw["en"], "zh": raw["zh"]},
        picture=raw["picture"],
        aspects=tuple(_aspect(aspect) for aspect in raw["aspects"]),
        products=tuple(_product(product) for product in raw["products"]),
    )


def _aspect(raw: Mapping[str, Any]) -> Aspect:
    sentences: dict[tuple[Language, Polarity], tuple[str, ...]] = {}
    languages: tuple[Language, ...] = ("en", "zh")
    polarities: tuple[Polarity, ...] = ("praise", "complaint")
    for language in languages:
        for polarity in polarities:
            written = raw[language][polarity]
            sentences[language, polarity] = tuple(_punctuated(str(s)) if language == "zh" else str(s) for s in written)
    return Aspect(raw["id"], sentences)


def _product(raw: Mapping[str, Any]) -> Product:
    return Product(
        id=raw["id"],
        title={"en": raw["title"]["en"], "zh": _punctuated(raw["title"]["zh"])},
        description={"en": raw["description"]["en"], "zh": _punctuated(raw["description"]["zh"])},
        brand=raw["brand"],
        price=Decimal(str(raw["price"])),
        list_price=Decimal(str(raw["list_price"])) if raw.get("list_price") else None,
        attributes=_attributes(raw["attributes"]),
        variants=_attributes(raw.get("variants") or {}),
        quality={str(aspect): float(share) for aspect, share in raw["quality"].items()},
        stock=int(raw["stock"]),
    )


def _attributes(raw: Mapping[str, Any]) -> tuple[Attribute, ...]:
    pairs = ((_text(name), values if isinstance(values, list) else [values]) for name, values in raw.items())
    return tuple(Attribute(name, tuple(dict.fromkeys(_text(value) for value in values))) for name, values in pairs)


def _text(value: object) -> str:
    """YAML reads an unquoted yes as True; the material means the word."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _punctuated(text: str) -> str:
    """Commas beside Chinese characters in their full-width form."""
    return _BETWEEN_CHINESE.sub("，", text)
