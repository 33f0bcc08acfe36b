"""A small invented shop in English and Chinese, in memory, with the contract of the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.ranking import load_ranker
from retrieval.schema import Attribute, Interaction, Item, Money, Signal, Translation, Variant
from retrieval.search import Search
from retrieval.sliders import DEFAULT_SLIDERS
from retrieval.vocabulary import Vocabulary

settings.register_profile("steady", deadline=None, max_examples=60)  # a busy machine is no failure
settings.load_profile("steady")

CHINESE = {
    "Outdoor": "户外", "Hiking boots": "徒步鞋", "Tents": "帐篷", "Kitchen": "厨房", "Kettles": "电热水壶", "Pet beds": "宠物窝",
    "Audio": "音频", "Headphones": "耳机", "Desk lamps": "台灯", "Home": "家居", "Pets": "宠物", "Hats & gloves": "帽子和手套",
    "material": "材质", "color": "颜色", "weight": "重量", "capacity": "容量", "waterproof": "防水", "feature": "特点", "use": "用途",
    "connection": "连接方式", "runtime": "续航", "yes": "是", "no": "否", "leather": "真皮", "mesh": "网布", "rubber": "橡胶",
    "nylon": "尼龙", "steel": "不锈钢", "glass": "玻璃", "plastic": "塑料", "cotton": "棉", "wool": "羊毛", "red": "红色",
    "grey": "灰色", "black": "黑色", "blue": "蓝色", "white": "白色", "green": "绿色", "hiking": "徒步", "camping": "露营",
    "travel": "旅行", "office": "办公", "running": "跑步", "wired": "有线", "wireless": "无线", "lightweight": "轻量",
    "ankle support": "护踝", "auto shut-off": "自动断电", "foldable": "可折叠", "noise cancelling": "降噪", "dimmable": "可调光",
    "machine washable": "可机洗", "touchscreen fingertips": "可触屏", "latex-free": "不含乳胶",
}


def _attributes(text: str) -> tuple[Attribute, ...]:
    pairs = (part.split("=") for part in text.split("; ") if part)
    return tuple(Attribute(name, tuple(values.split(","))) for name, values in pairs)


def _in_chinese(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    return tuple(Attribute(CHINESE[a.name], tuple(CHINESE.get(v, v) for v in a.values)) for a in attributes)


def _item(
    number: int, shelf: str, brand: str, title: str, chinese: str, price: int, attributes: str,
    description: str = "", rating: float | None = 4.0, colors: str = "", sizes: str = "", out: str = "", available: bool = True,
) -> Item:
    department = {
        "Hiking boots": "Outdoor", "Tents": "Outdoor", "Kettles": "Kitchen", "Headphones": "Audio",
        "Desk lamps": "Home", "Pet beds": "Pets", "Hats & gloves": "Outdoor",
    }[shelf]
    own = _attributes(attributes)
    variants = tuple(
        Variant(f"{number}-{color}-{size}", available=f"{color}/{size}" not in out.split(), attributes=tuple(
            Attribute(name, (value,)) for name, value in (("color", color), ("size", size)) if value
        ))
        for color in colors.split(",") for size in sizes.split(",") if color or size
    )
    return Item(
        f"i{number:02d}", f"{brand} {title}", description, (department, shelf), brand, Money(price, "USD"), rating=rating,
        available=available, attributes=own, variants=variants,
        translations=(Translation("zh", f"{brand} {chinese}", "", (CHINESE[department], CHINESE[shelf]), _in_chinese(own)),),
    )


def _invented() -> tuple[Item, ...]:
    boots, tents, kettles, phones, lamps, beds, hats = (
        "Hiking boots", "Tents", "Kettles", "Headphones", "Desk lamps", "Pet beds", "Hats & gloves",
    )
    return (
        _item(1, boots, "Fell", "Ridge Mid Hiking Boots", "山脊中帮徒步鞋", 12900, "material=mesh,rubber; waterproof=yes; weight=480 g; use=hiking", colors="grey,red", sizes="38,40,42", out="red/42", rating=4.6),
        _item(2, boots, "Cairn", "Old Leather Boots", "全皮登山靴", 23900, "material=leather,rubber; waterproof=yes; weight=760 g; use=hiking", colors="black", sizes="40,42,44"),
        _item(3, boots, "Tarn", "Moss Low Shoes", "苔径低帮鞋", 5490, "material=mesh; waterproof=no; weight=310 g; use=travel; feature=lightweight", "Light and airy. Not waterproof.", colors="red,blue", sizes="38,40", rating=4.1),
        _item(4, boots, "Fell", "Peak High Boots", "高帮登山鞋", 18900, "material=nylon,rubber; waterproof=yes; weight=1.1 lb; feature=ankle support", "Leather-free and warm.", colors="green", sizes="42,44", rating=4.8),
        _item(5, boots, "Cairn", "Trail Boots", "越野徒步鞋", 9900, "material=nylon; waterproof=yes; weight=520 g; use=hiking", "A strap of leather holds the tongue.", colors="grey", sizes="40"),
        _item(6, boots, "Tarn", "Creek Boots", "溪流徒步鞋", 7900, "material=mesh; waterproof=yes; weight=450 g; use=hiking,travel", colors="black,blue", sizes="38,40,42", rating=None),
        _item(7, tents, "Fell", "Solo Tent", "单人帐篷", 15900, "weight=1.2 kg; waterproof=yes; use=hiking,camping; color=green"),
        _item(8, tents, "Tarn", "Family Tent", "家庭帐篷", 24900, "weight=6.5 kg; waterproof=yes; use=camping; color=blue", rating=3.9),
        _item(9, tents, "Cairn", "Duo Tent", "双人帐篷", 19900, "weight=2.4 kg; waterproof=yes; use=hiking,camping; color=red", rating=4.7),
        _item(10, tents, "Tarn", "Festival Tent", "音乐节帐篷", 4900, "weight=3.1 kg; waterproof=no; use=camping; color=red", "It keeps the sun off, no more."),
        _item(11, tents, "Fell", "Dome Tent", "圆顶帐篷", 29900, "weight=3.8 kg; waterproof=yes; use=camping; color=grey", available=False),
        _item(12, kettles, "Boil", "Classic Kettle 1.7 L", "经典电热水壶 1.7升", 3900, "material=steel; capacity=1.7 l; feature=auto shut-off; color=white"),
        _item(13, kettles, "Boil", "Mini Kettle 0.8 L", "迷你电热水壶 0.8升", 2900, "material=plastic; capacity=0.8 l; use=travel; color=white", rating=3.6),
        _item(14, kettles, "Brew", "Glass Kettle 1.5 L", "玻璃电热水壶 1.5升", 4500, "material=glass,steel; capacity=1.5 l; feature=auto shut-off; color=black", rating=4.4),
        _item(15, kettles, "Brew", "Gooseneck Kettle 900 ml", "细口电热水壶 900毫升", 6900, "material=steel; capacity=900 ml; color=black", rating=4.9),
        _item(16, kettles, "Quiet", "Whisper Kettle", "静音电热水壶", 8900, "material=steel; capacity=1.2 l; feature=auto shut-off; color=red", "Boils quietly, without plastic inside."),
        _item(17, phones, "Sonar", "Loop Headphones", "环形耳机", 5900, "connection=wireless; runtime=30 h; feature=noise cancelling; color=black", rating=4.3),
        _item(18, phones, "Sonar", "Studio Headphones", "录音室耳机", 14900, "connection=wired; color=black; use=office"),
        _item(19, phones, "Hum", "Run Headphones", "跑步耳机", 3900, "connection=wireless; runtime=8 h; use=running; color=red,white", rating=3.8),
        _item(20, phones, "Hum", "Desk Headset Z30", "办公耳麦 Z30", 7900, "connection=wired; use=office; color=grey"),
        _item(21, phones, "Sonar", "Air Headphones", "轻风耳机", 19900, "connection=wireless; runtime=40 h; feature=noise cancelling,foldable; color=white", rating=4.7),
        _item(22, phones, "Echo", "Basic Headphones", "基础耳机", 1500, "connection=wired; color=black", rating=3.1),
        _item(23, lamps, "Lumo", "Arc Desk Lamp", "弧形台灯", 6500, "material=steel; feature=dimmable; use=office; color=white"),
        _item(24, lamps, "Lumo", "Clip Lamp", "夹子台灯", 1900, "material=plastic; color=red", rating=3.7),
        _item(25, lamps, "Lumo", "Reading Lamp", "阅读台灯", 4900, "material=steel,leather; feature=dimmable; color=black", rating=4.5),
        _item(26, lamps, "Brim", "Glass Lamp", "玻璃台灯", 8900, "material=glass; color=green"),
        _item(27, lamps, "Brim", "Folding Lamp", "折叠台灯", 3500, "material=plastic; feature=foldable,dimmable; color=white", rating=4.2),
        _item(28, beds, "Paws", "Orthopedic Dog Bed", "狗狗护脊窝", 7900, "material=cotton; feature=machine washable; color=grey"),
        _item(29, beds, "Paws", "Cat Cave Bed", "猫咪洞穴窝", 4900, "material=wool; color=grey", rating=4.6),
        _item(30, beds, "Paws", "Travel Dog Mat", "狗狗旅行垫", 2900, "material=nylon; use=travel; feature=foldable; color=blue"),
        _item(31, beds, "Nap", "Heated Cat Bed", "猫咪加热窝", 6900, "material=cotton; feature=auto shut-off; color=red", rating=3.5),
        _item(32, beds, "Nap", "Big Dog Bed", "大型犬窝", 11900, "material=cotton; feature=machine washable; color=black"),
        _item(33, hats, "Fell", "Wool Hat", "羊毛帽", 2500, "material=wool; color=red,grey"),
        _item(34, hats, "Fell", "Touch Gloves", "触屏手套", 2900, "material=wool; feature=touchscreen fingertips; color=black", rating=4.4),
        _item(35, hats, "Tarn", "Rain Hat", "雨帽", 3500, "material=nylon; waterproof=yes; color=green"),
        _item(36, hats, "Cairn", "Leather Gloves", "真皮手套", 5900, "material=leather; color=black"),
        _item(37, hats, "Tarn", "Work Gloves", "劳保手套", 1500, "material=nylon; feature=latex-free; color=blue"),
        _item(38, kettles, "Boil", "Camp Kettle", "露营水壶", 3300, "material=steel; capacity=1 l; use=camping; weight=300 g; color=green", "Use it over any fire; non-electric."),
        _item(39, phones, "Echo", "Kids Headphones", "儿童耳机", 2500, "connection=wired; color=blue", rating=4.0),
        _item(40, phones, "Hum", "Swim Headphones", "游泳耳机", 9900, "connection=wireless; waterproof=yes; runtime=10 h; color=black", rating=4.2),
    )


class RememberedIndex:
    """Exact neighbours of vectors in memory."""

    kind = "exact"

    def __init__(self, ids: tuple[str, ...], vectors: NDArray[np.float32]) -> None:
        self.ids = ids
        self.vectors = vectors

    def nearest(
        self, vector: NDArray[np.float32], limit: int, rows: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        among = np.arange(len(self.ids)) if rows is None else rows
        cosines = self.vectors[among] @ vector
        order = np.argsort(-cosines, kind="stable")[:limit]
        return among[order], cosines[order]

    def vectors_of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.vectors[rows]


@dataclass(frozen=True)
class ShopSettings:
    currency: str = "USD"


class RememberedShop:
    """A shop of items in memory; `put` is its import."""

    def __init__(self, items: Iterable[Item], currency: str = "USD") -> None:
        self.embedder = HashingEmbedder()
        self.settings = ShopSettings(currency)
        self.index_warning = self.sliders_warning = ""
        self.sliders = DEFAULT_SLIDERS
        self.ranker = load_ranker()
        self.done: tuple[Interaction, ...] = ()
        self.said: tuple[tuple[str, Signal], ...] = ()
        self.put(items)

    def put(self, items: Iterable[Item]) -> None:
        self._items = {item.id: item for item in items}
        texts = [" ".join((i.title, *i.category, i.description, *(t.title for t in i.translations))) for i in self._items.values()]
        self.index = RememberedIndex(tuple(self._items), self.embedder.embed(texts))

    def all_items(self) -> Iterable[Item]:
        return self._items.values()

    def items(self, ids: Sequence[str]) -> Sequence[Item]:
        return [self._items[item_id] for item_id in ids]

    def interactions(self) -> Iterator[Interaction]:
        return iter(self.done)

    def interaction_count(self) -> int:
        return len(self.done)

    def remarks(self) -> Iterable[tuple[str, Signal]]:
        return self.said


@pytest.fixture(scope="session")
def invented_items() -> tuple[Item, ...]:
    return _invented()


@pytest.fixture(scope="session")
def catalogue(invented_items: tuple[Item, ...]) -> Catalogue:
    return build_catalogue([item.id for item in invented_items], invented_items)


@pytest.fixture(scope="session")
def vocabulary(catalogue: Catalogue) -> Vocabulary:
    return Vocabulary(catalogue, "USD")


@pytest.fixture(scope="session")
def remembered_shop() -> Callable[..., RememberedShop]:
    """Builds a shop in memory out of items."""
    return RememberedShop


@pytest.fixture
def search(invented_items: tuple[Item, ...]) -> Search:
    return Search(RememberedShop(invented_items))


@pytest.fixture(scope="session")
def changed() -> Callable[..., Item]:
    """An item with some fields changed."""
    return replace
