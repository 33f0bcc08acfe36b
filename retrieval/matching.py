"""Does an item meet a signal, and which of its words prove it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.catalogue import head_phrases, labelled, variant_values
from retrieval.columns import YES, numbers_of
from retrieval.earnings import cost_column
from retrieval.meaning import Meaning, Measure
from retrieval.money import format_money
from retrieval.quantities import quantities
from retrieval.schema import Attribute, Item, Match, Signal
from retrieval.spans import denial_of, span_of
from retrieval.text import fold, scan


@dataclass(frozen=True, slots=True)
class Judged:
    """An item held against signals."""

    matches: tuple[Match, ...]
    missed: tuple[Signal, ...]
    """Soft signals that the item does not meet."""
    broken: tuple[Signal, ...]
    """Hard signals that it does not meet."""


def match(item: Item, meanings: Sequence[Meaning], language: str = "en") -> Judged:
    """Which signals the item meets, each with its proof, and which it misses or breaks, each held alone."""
    matches: list[Match] = []
    missed: list[Signal] = []
    broken: list[Signal] = []
    for meaning in meanings:
        if meaning.kind in ("any", "name", "relative"):
            continue
        proof = evidence(item, meaning, language) if meaning.signal.wanted else instead_of(item, meaning, language)
        if proof is not None:
            matches.append(proof)
        elif meaning.signal.wanted or _always(item, meaning):
            (broken if meaning.signal.hard else missed).append(meaning.signal)
    return Judged(tuple(matches), tuple(missed), tuple(broken))


def evidence(item: Item, meaning: Meaning, language: str = "en") -> Match | None:
    """The words of the item that show the signal's value, in the shopper's language where it has them; None when it shows it
    nowhere."""
    if meaning.kind == "price":
        return _price(item, meaning, language)
    if meaning.kind == "rating":
        shown = item.rating is not None and _holds((item.rating,), meaning)
        return Match(meaning.signal, f"{item.rating:g}", "rating") if shown else None
    if meaning.kind == "number":
        return _measured(item, meaning, language)
    if meaning.kind == "relative":
        return _relative(item, meaning, language)
    if meaning.kind == "category":
        return _shelf(item, meaning, language)
    if meaning.kind == "value":
        return _value(item, meaning, language) or _words(item, meaning, language) or _denial(item, meaning, language)
    return None


def instead_of(item: Item, meaning: Meaning, language: str = "en") -> Match | None:
    """What the item has where the unwanted value would stand: `mesh` for a shoe that must not be leather; None when that is
    unknown or the item is what must not be."""
    if _always(item, meaning):
        return None
    columns = set(meaning.deciding) | {column for column, _ in meaning.values}
    for column, attribute, _ in _attributes(item, language):
        if column in columns and attribute.values and (column, attribute.values[0]) not in meaning.values:
            where = "brand" if column == "brand" else "category" if column == "category" else "attribute"
            return Match(meaning.signal, _told(attribute, attribute.values[0]), where)
    return None


def _always(item: Item, meaning: Meaning) -> bool:
    """True when every buyable form of the item shows the value."""
    forms = [replace(item, variants=(v,)) for v in item.variants if v.available and item.available] or [item]
    return all(evidence(form, meaning) is not None for form in forms)


def _price(item: Item, meaning: Meaning, language: str) -> Match | None:
    assert meaning.measure is not None
    if item.price is None or item.price.currency != meaning.measure.dimension:
        return None
    shown = _holds((item.price.amount,), meaning)
    return Match(meaning.signal, format_money(item.price, language), "price") if shown else None


def _holds(values: Sequence[float], meaning: Meaning) -> bool:
    """True when the numbers meet the measure: all of them under a bound from above, one of them otherwise."""
    assert meaning.measure is not None
    measure, op = meaning.measure, meaning.signal.op
    if not values:
        return False
    slack = 1e-9 * max(abs(measure.amounts[0]), 1.0)
    if op == "<=":
        return all(value <= measure.amounts[0] + slack for value in values)
    if op == ">=":
        return any(value >= measure.amounts[0] - slack for value in values)
    return all(any(abs(v - a) <= measure.tolerance * abs(a) + slack for v in values) for a in measure.amounts)


def _measured(item: Item, meaning: Meaning, language: str) -> Match | None:
    assert meaning.measure is not None
    told = list(_numbers(item, meaning.measure, language))
    if meaning.measure.columns and any(variant for *_, variant in told):
        told = [one for one in told if _holds((one[0],), meaning)]
    if not _holds([amount for amount, *_ in told], meaning):
        return None
    words = dict.fromkeys(text for amount, text, _, _ in told if _holds((amount,), meaning) or len(meaning.measure.amounts) > 1)
    return Match(meaning.signal, ", ".join(words), told[0][2])


def _numbers(item: Item, measure: Measure, language: str) -> Iterator[tuple[float, str, str, bool]]:
    """(amount, its words, where, on a variant) of each number that the measure speaks of."""
    if measure.columns:
        for column, attribute, variant in _attributes(item, language):
            if column in measure.columns:
                for value in attribute.values:
                    for dimension, amount in numbers_of(column, value):
                        if dimension == measure.dimension:
                            yield amount, value, "attribute", variant
        return
    for title, _ in _texts(item, language):
        for quantity in quantities(title):
            if quantity.dimension == measure.dimension:
                yield quantity.amount, title[quantity.start : quantity.end].strip(), "title", False


def _relative(item: Item, meaning: Meaning, language: str) -> Match | None:
    assert meaning.measure is not None
    if meaning.measure.dimension == "price":
        return Match(meaning.signal, format_money(item.price, language), "price") if item.price else None
    if meaning.measure.dimension == "rating":
        return Match(meaning.signal, f"{item.rating:g}", "rating") if item.rating is not None else None
    told = next(_numbers(item, meaning.measure, language), None)
    return Match(meaning.signal, told[1], told[2]) if told else None


def _shelf(item: Item, meaning: Meaning, language: str) -> Match | None:
    paths = [t.category for t in item.translations if t.language == language and len(t.category) == len(item.category)]
    shown = paths[0] if paths else item.category
    on = next((path for path in meaning.shelves if item.category[: len(path)] == path), None)
    if on is not None:
        found: Match | None = Match(meaning.signal, shown[len(on) - 1], "category")
    elif meaning.phrases:
        found = _head(item, meaning, language)
    else:
        found = None if meaning.shelves else Match(meaning.signal, _texts(item, language)[0][0], "title")
    if found is None or (on is None and meaning.phrases):
        return found
    said = all(_says(item, phrase, titles_only=not meaning.shelves) for phrase in meaning.within)
    return found if said else None


def _head(item: Item, meaning: Meaning, language: str) -> Match | None:
    for title, _ in _texts(item, language):
        for phrase, start, end in head_phrases(scan(title)):
            if (phrase,) in meaning.phrases:
                return Match(meaning.signal, title[start:end], "title")
    return None


def _says(item: Item, phrase: tuple[str, ...], titles_only: bool) -> bool:
    texts = [text for pair in _texts(item, "") for text in (pair[:1] if titles_only else pair)]
    if not titles_only:
        told = [attribute for column, attribute, _ in _attributes(item, "") if column != "category"]
        texts += [value for attribute in told for value in attribute.values]
        texts += [attribute.name for attribute in told if any(fold(value).strip() in YES for value in attribute.values)]
    return any(span_of(phrase, text) for text in texts)


def _value(item: Item, meaning: Meaning, language: str) -> Match | None:
    for column, attribute, _ in _speaking(item, meaning, language):
        for value in attribute.values:
            if (column, value) in meaning.values:
                where = "brand" if column == "brand" else "category" if column == "category" else "attribute"
                return Match(meaning.signal, _told(attribute, value), where)
    return None


def _speaking(item: Item, meaning: Meaning, language: str) -> list[tuple[str, Attribute, bool]]:
    """The attributes that may show the value: a column's variants, where they say it, speak for the item."""
    told = list(_attributes(item, language))
    columns = set(meaning.deciding) | {column for column, _ in meaning.values}
    buyable = [v for v in item.variants if v.available and item.available]
    if not any(a.name in columns for v in item.variants for a in v.attributes):
        return told
    if any(not any(a.name in columns for a in v.attributes) for v in buyable):
        return told
    return [one for one in told if one[2]]


def _told(attribute: Attribute, value: str) -> str:
    """The value as it stands; a plain yes with its attribute's name, which is what it says yes to."""
    return f"{attribute.name}: {value}" if fold(value).strip() in YES else value


def _words(item: Item, meaning: Meaning, language: str) -> Match | None:
    if meaning.reach == "never":
        return None
    settled = False
    if meaning.reach == "unfilled":
        filled = {column for column, _, _ in _attributes(item, language)}
        filled |= {a.name for v in item.variants for a in v.attributes}
        settled = bool(filled & set(meaning.deciding))
        if settled and not meaning.titles_speak:
            return None
    texts = _texts(item, language)
    places = [("title", title) for title, _ in texts]
    if meaning.reach != "title" and not settled:
        places += [("description", description) for _, description in texts]
    for where, text in places:
        for phrase in meaning.phrases:
            span = span_of(phrase, text)
            if span:
                return Match(meaning.signal, span, where)
    return None


def _denial(item: Item, meaning: Meaning, language: str) -> Match | None:
    texts = [(where, text) for pair in _texts(item, language) for where, text in zip(("title", "description"), pair, strict=True)]
    texts += [("attribute", value) for _, a, variant in _attributes(item, language) if not variant for value in a.values]
    for where, text in texts:
        for phrase in meaning.denied:
            span = denial_of(phrase, text)
            if span:
                return Match(meaning.signal, span, where)
    return None


def _texts(item: Item, language: str) -> list[tuple[str, str]]:
    """Title and description in every language, the shopper's first."""
    told = sorted(item.translations, key=lambda t: t.language != language)
    own = (item.title, item.description)
    first = [(t.title, t.description) for t in told if t.language == language]
    return [*first, own, *((t.title, t.description) for t in told if t.language != language)]


def _attributes(item: Item, language: str) -> Iterator[tuple[str, Attribute, bool]]:
    """(column, attribute, whether a buyable variant has it), the shopper's language first; brand and category are columns."""
    own = [(a.name, a, False) for a in item.attributes if not cost_column(a.name)]
    if item.brand:
        own.append(("brand", Attribute("brand", (item.brand,)), False))
    if item.category:
        own.append(("category", Attribute("category", item.category), False))
    translated: dict[bool, list[tuple[str, Attribute, bool]]] = {True: [], False: []}
    for t in item.translations:
        part = translated[t.language == language]
        part += [(column, a, False) for column, a in labelled(item, t)]
        part += [("category", Attribute("category", t.category), False)] if t.category else []
    buyable = [v for v in item.variants if v.available and item.available]
    bought = [(a.name, _translated(item, a, language), True) for v in buyable for a in v.attributes]
    yield from (*translated[True], *own, *bought, *translated[False])


def _translated(item: Item, attribute: Attribute, language: str) -> Attribute:
    """A variant's attribute with the words that the item's translation has for it, where they line up."""
    values = variant_values(item, attribute.name)
    for translation in item.translations:
        for column, told in labelled(item, translation):
            if translation.language == language and column == attribute.name and len(told.values) == len(values):
                words = dict(zip(values, told.values, strict=True))
                return Attribute(told.name, tuple(words[value] for value in attribute.values))
    return attribute
