"""What simulated shoppers want, made from the last acts of real histories that were held back.

A shopper wants something like the item that her last acts chose most: of the same shelf, within her limits, and with at least
three quarters of her wishes. The wishes are values of that item, one a facet, those first that more of what she chose has; she
knows them, says some, and is never told the item.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import get_args

from assistant.safety import language_of
from retrieval.catalogue import labelled, variant_values
from retrieval.histories import weight_of
from retrieval.money import major
from retrieval.schema import Interaction, Item, Language, Signal
from retrieval.shop import Shop

WISHED = ("use", "feature", "audience", "material", "color", "style")
"""Facets that she has wishes in."""
AVOIDED = ("color", "material")
"""Facets that she may refuse a value of."""
WISHES = 4
SATISFIED = 0.75
"""The share of her wishes that an acceptable item has."""
_ROOM = Decimal("1.15")
"""What she pays at most, of the price of the item that she chose; rounded up to two figures."""
_OVER = 0.25
"""What is left of the worth of an item that breaks one of her limits."""


class NobodyToSimulate(Exception):
    """No shopper can be made: what was found, and what was expected."""


@dataclass(frozen=True, slots=True)
class Taste:
    """What a simulated shopper wants."""

    shopper: str
    language: Language
    target: Item
    """What her held-back acts chose most: it is never said, and always acceptable."""
    kind: str
    """The name of its shelf in her language."""
    department: str
    """What the shelf is in; empty where the shelf stands alone."""
    limit: Decimal | None
    """The most she pays, in the shop's currency."""
    wishes: tuple[Signal, ...]
    """`use~hiking`, in the words of the catalogue."""
    avoided: Signal | None
    """`color!=red`: her target has a form without it."""
    spoken: Mapping[Signal, str]
    """The value of each wish in her language."""
    chosen: Mapping[str, float]
    """Items of the held-back acts, with how much of a choice each was, 0 to 1."""
    until: datetime
    """When the held-back acts begin: what she did before is known to the shop."""

    def breaks(self, item: Item) -> tuple[str, ...]:
        """The limits that the item breaks: `price`, `avoided`."""
        over = self.limit is not None and (item.price is None or major(item.price) > self.limit)
        refused = self.avoided is not None and always_has(item, self.avoided.facet, self.avoided.value)
        return (("price",) if over else ()) + (("avoided",) if refused else ())

    def met(self, item: Item) -> float:
        """The share of her wishes that the item has, 0 to 1; 1 for a shopper without wishes."""
        has = sum(wish.value in values_of(item, wish.facet) for wish in self.wishes)
        return has / len(self.wishes) if self.wishes else 1.0

    def on_shelf(self, item: Item) -> bool:
        return item.category == self.target.category

    def accepts(self, item: Item) -> bool:
        """True for an item that she would take: of the shelf, breaking no limit, with enough of her wishes."""
        return self.on_shelf(item) and not self.breaks(item) and self.met(item) >= SATISFIED - 1e-9

    def utility(self, item: Item) -> float:
        """How much the item is worth to her, 0 to 1: what she chose as much as she did, others by shelf, limits and wishes."""
        if not self.on_shelf(item):
            return 0.0
        worth = self.met(item) * (_OVER if self.breaks(item) else 1.0)
        return max(worth, self.chosen.get(item.id, 0.0))


def values_of(item: Item, facet: str) -> frozenset[str]:
    """The values of the item in the catalogue's own words, over the item and what can be bought of it."""
    own = [value for attribute in item.attributes if attribute.name == facet for value in attribute.values]
    forms = [v for v in item.variants if v.available]
    own += [value for v in forms for attribute in v.attributes if attribute.name == facet for value in attribute.values]
    return frozenset(own)


def always_has(item: Item, facet: str, value: str) -> bool:
    """True when every form in which the item can be bought has the value."""
    if any(attribute.name == facet and value in attribute.values for attribute in item.attributes):
        return True
    forms = [{v for a in form.attributes if a.name == facet for v in a.values} for form in item.variants if form.available]
    return bool(forms) and all(value in form for form in forms)


def said_in(item: Item, facet: str, value: str, language: Language) -> str:
    """The value of the item as a shopper of the language says it; empty when the catalogue does not translate it."""
    if language_of(value, language) == language:
        return value
    own = [v for a in item.attributes if a.name == facet for v in a.values] or list(variant_values(item, facet))
    for translation in item.translations:
        for column, told in labelled(item, translation):
            if translation.language == language and column == facet and len(told.values) == len(own) and value in own:
                return told.values[own.index(value)]
    return ""


def tastes_for(shop: Shop, count: int, *, held_back: int, seed: int) -> tuple[tuple[Taste, ...], str]:
    """`count` tastes at most, and where they come from: the shop's histories, or its shelves where it has none. Raises
    NobodyToSimulate, StoreError."""
    items, languages = list(shop.all_items()), [each for each in get_args(Language) if each in shop.settings.languages]
    if shop.interaction_count():
        found = tastes_of(shop.interactions(), items, count, held_back=held_back, languages=languages, seed=seed)
        return found, f"the last {held_back} acts of each of {len(found)} histories, held back"
    return drawn_tastes(items, count, languages=languages, seed=seed), "items drawn from the shelves: the shop has no histories"


def tastes_of(
    interactions: Iterable[Interaction], items: Sequence[Item], count: int, *, held_back: int, languages: Sequence[Language],
    seed: int,
) -> tuple[Taste, ...]:
    """`count` tastes at most, each of the last `held_back` acts of another shopper, drawn by the seed. Raises NobodyToSimulate.

    A shopper is left out who did less than twice as much, or whose last acts chose nothing that can be bought now.
    """
    histories: dict[str, list[Interaction]] = defaultdict(list)
    for act in interactions:
        histories[act.shopper_id].append(act)
    known, shelves = {item.id: item for item in items}, _shelves(items)
    found: list[Taste] = []
    for shopper in sorted(histories, key=lambda name: Random(f"{seed}:{name}").random()):
        acts = sorted(histories[shopper], key=lambda act: act.at)
        chance = Random(f"{seed}:taste:{shopper}")
        if len(acts) >= 2 * held_back and len(found) < count:
            taste = _taste(shopper, acts[-held_back:], known, shelves, languages, chance)
            found += [taste] if taste is not None else []
    if not found:
        raise NobodyToSimulate(
            f"found no shopper with {2 * held_back} acts whose last {held_back} chose something that can be bought; import "
            "interactions, or leave them all out for tastes drawn from the shelves"
        )
    return tuple(found)


def drawn_tastes(items: Sequence[Item], count: int, *, languages: Sequence[Language], seed: int) -> tuple[Taste, ...]:
    """`count` tastes for items drawn from the shelves: of a shop that has no histories. Raises NobodyToSimulate."""
    offered = [item for item in items if item.available and item.category]
    if not offered:
        raise NobodyToSimulate("found no item on a shelf that can be bought, expected some; import a catalogue with categories")
    known, shelves, chance = {item.id: item for item in items}, _shelves(items), Random(f"{seed}:shelves")
    found = []
    for number in range(count):
        item = chance.choice(offered)
        act = Interaction(f"drawn-{number}", item.id, "purchase", datetime(2026, 1, 1, tzinfo=UTC))
        found.append(_taste(act.shopper_id, [act], known, shelves, languages, chance))
    return tuple(taste for taste in found if taste is not None)


def _taste(
    shopper: str, acts: Sequence[Interaction], items: Mapping[str, Item], shelves: Mapping[tuple[str, ...], Sequence[Item]],
    languages: Sequence[Language], chance: Random,
) -> Taste | None:
    chosen: dict[str, float] = {}
    for act in acts:
        if act.item_id in items and (act.kind != "rating" or (act.value or 0) >= 3.5):
            weight = weight_of(act)
            chosen[act.item_id] = weight if weight < 0 else max(weight, chosen.get(act.item_id, 0.0))
    liked = [item for item, weight in reversed(chosen.items()) if weight > 0 and items[item].available and items[item].category]
    if not liked:
        return None
    target = items[max(liked, key=lambda item: chosen[item])]
    language = _language(target, languages, chance)
    same = [items[item] for item in liked if items[item].category == target.category]
    shelf = shelves[target.category]
    spoken: dict[Signal, str] = {}
    wishes = tuple(_wishes(target, same, shelf, language, spoken, chance))
    avoided = _avoided(same, shelf, language, spoken, chance)
    limit = _rounded_up(max(major(item.price) for item in same if item.price) * _ROOM) if target.price else None
    worth = {item: weight for item, weight in chosen.items() if weight > 0}
    path = _path(target, language)
    department = path[0] if len(path) > 1 else ""
    return Taste(shopper, language, target, path[-1], department, limit, wishes, avoided, spoken, worth, acts[0].at)


def _wishes(
    target: Item, same: Sequence[Item], shelf: Sequence[Item], language: Language, spoken: dict[Signal, str], chance: Random
) -> Iterator[Signal]:
    """At most WISHES values of the target, one a facet; a value that the whole shelf has tells nothing."""
    held = [(facet, value) for facet in WISHED for value in sorted(values_of(target, facet))]
    chance.shuffle(held)
    held.sort(key=lambda pair: -sum(pair[1] in values_of(item, pair[0]) for item in same))
    taken: set[str] = set()
    for facet, value in held:
        said = said_in(target, facet, value, language)
        if said and facet not in taken and len(taken) < WISHES and not all(value in values_of(item, facet) for item in shelf):
            taken.add(facet)
            wish = Signal(facet, "~", value)
            spoken[wish] = said
            yield wish


def _avoided(
    same: Sequence[Item], shelf: Sequence[Item], language: Language, spoken: dict[Signal, str], chance: Random
) -> Signal | None:
    """For every other shopper what most of the shelf has and nothing of what she chose must have."""
    if chance.random() < 0.5:
        return None
    held: Counter[tuple[str, str]] = Counter()
    words: dict[tuple[str, str], str] = {}
    for item in shelf:
        for facet in AVOIDED:
            for value in sorted(values_of(item, facet)):
                said = said_in(item, facet, value, language)
                if said and always_has(item, facet, value) and not any(value in values_of(each, facet) for each in same):
                    held[facet, value] += 1
                    words[facet, value] = said
    if not held:
        return None
    facet, value = max(sorted(held), key=lambda pair: held[pair])
    refused = Signal(facet, "!=", value)
    spoken[refused] = words[facet, value]
    return refused


def _language(item: Item, languages: Sequence[Language], chance: Random) -> Language:
    """One of the shop's languages that the item has words in."""
    own = language_of(item.title, "en")
    able = [each for each in languages if each == own or any(t.language == each and t.category for t in item.translations)]
    return chance.choice(able) if able else own


def _path(item: Item, language: Language) -> tuple[str, ...]:
    translated = [t.category for t in item.translations if t.language == language and t.category]
    path = item.category if language_of(item.category[-1], language) == language or not translated else translated[0]
    return tuple(name.lower() for name in path)


def _rounded_up(amount: Decimal) -> Decimal:
    """The amount with two figures, 102.35 -> 110; below ten whole units."""
    step = Decimal(10) ** max(amount.adjusted() - 1, 0)
    return (amount / step).to_integral_value("ROUND_CEILING") * step


def _shelves(items: Sequence[Item]) -> dict[tuple[str, ...], list[Item]]:
    found: dict[tuple[str, ...], list[Item]] = defaultdict(list)
    for item in items:
        found[item.category].append(item)
    return found
