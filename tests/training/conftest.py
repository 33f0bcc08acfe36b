"""A shop of three shelves in two languages, with what a few shoppers did in it: what simulated shoppers are made from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Attribute, Interaction, Item, Money, Translation, Variant
from retrieval.shop import Shop, ShopSettings

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
_SHELVES = {"Kettles": "水壶", "Lamps": "台灯", "Tents": "帐篷"}
_USES = {"tea": "泡茶", "travel": "旅行", "reading": "阅读", "family": "家庭聚会"}
_MATERIALS = {"steel": "不锈钢", "glass": "玻璃", "plastic": "塑料"}
_COLORS = {"red": "红色", "blue": "蓝色", "white": "白色"}


def made_item(shelf: str, number: int) -> Item:
    """An item of the shelf; number 0 is the cheapest."""
    use, other = list(_USES)[number % 4], list(_USES)[(number + 1) % 4]
    material, color = list(_MATERIALS)[number % 3], list(_COLORS)[number // 2 % 3]
    name = f"{shelf[:-1]} {chr(65 + number)}{number}"
    translated = Translation("zh", f"{_SHELVES[shelf]}{chr(65 + number)}{number}", "", ("家居", _SHELVES[shelf]), (
        Attribute("use", (_USES[use], _USES[other])), Attribute("material", (_MATERIALS[material],)),
        Attribute("color", (_COLORS[color],)),
    ))
    return Item(
        f"{shelf[:2].lower()}{number}", name, category=("Home", shelf), brand=f"Brand {number % 3}",
        price=Money(1500 + 900 * number, "USD"), rating=3.5 + number % 3 / 2, rating_count=5,
        attributes=(Attribute("use", (use, other)), Attribute("material", (material,))),
        variants=(Variant(f"{shelf}{number}v", attributes=(Attribute("color", (color,)),)),), translations=(translated,),
    )


def made_items() -> tuple[Item, ...]:
    """Eight items a shelf."""
    return tuple(made_item(shelf, number) for shelf in _SHELVES for number in range(8))


def made_interactions(shoppers: int = 12) -> tuple[Interaction, ...]:
    """Shopper n looks around on the first days, then views, clicks and buys items of one shelf."""
    shelves, found = [name[:2].lower() for name in _SHELVES], []
    for n in range(shoppers):
        shelf, who = shelves[n % 3], f"shopper-{n:02d}"
        early = [(f"{shelves[(n + 1) % 3]}{k}", "view") for k in range(6)]
        late = [(f"{shelf}{(n + 1) % 8}", "view"), (f"{shelf}{n % 8}", "click"), (f"{shelf}{n % 8}", "cart"), (f"{shelf}{n % 8}", "purchase")]
        for step, (item, kind) in enumerate([*early, *late]):
            found.append(Interaction(who, item, kind, BEGAN + timedelta(days=step, minutes=n)))  # type: ignore[arg-type]
    return tuple(found)


@pytest.fixture(scope="session")
def small_ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop, embedded without a model; not to be changed."""
    settings = ShopSettings("Ground", languages=("en", "zh"), embedder="hashing")
    shop = Shop.create(tmp_path_factory.mktemp("ground") / "shop", settings, embedder=HashingEmbedder())
    import_feed(shop, catalog=made_items(), interactions=made_interactions())
    yield shop
    shop.close()
