"""A small invented shop, scripted readings of what is said to it, and no download anywhere."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from assistant.language import Generation, generate
from assistant.language.scripted import ScriptedModel, ScriptedReader
from assistant.schema import Message
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Attribute, Item, Money, Review, Translation
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings
from ui.places import quiet_libraries

quiet_libraries()

HOSTILE = "<img src=x onerror=window.hacked=1> ${window.hacked=2} {{constructor.constructor('window.hacked=3')()}} [x](javascript:window.hacked=4)"
READINGS = {
    "an electric kettle under 60": "recommend | category=kettle | price<=60",
    "cheaper": "refine | price~cheaper",
    "compare 1 and 2": "compare | item=1 | item=2",
    "a kettle under 5": "recommend | category=kettle | price<=5",
    "我想要一个水壶": "recommend | category=水壶",
    "便宜一点": "refine | price~便宜",
    "a lamp": "recommend | category=lamp",
    "a slow kettle": "recommend | category=kettle | feature~slow",
    "hello": "chat",
}
SECONDS_OF_A_SLOW_SENTENCE = 20.0


def _item(item_id: str, title: str, chinese: str, price: int, kind: tuple[str, str], **more: object) -> Item:
    home, shelf = kind
    translation = Translation("zh", chinese, "", (home, {"Kettles": "水壶", "Lamps": "台灯"}[shelf]))
    return Item(
        item_id, title, category=kind, price=Money(price, "USD"), rating=4.2, rating_count=3, translations=(translation,),
        attributes=(Attribute("material", ("steel",)), Attribute("capacity", ("1.5 l",))), **more,  # type: ignore[arg-type]
    )


def _items() -> tuple[Item, ...]:
    kettles, lamps = ("Home", "Kettles"), ("Home", "Lamps")
    return (
        _item("k1", "Boil Classic Kettle", "沸点经典水壶", 3900, kettles, image="pictures/kitchen/kettle/white.svg"),
        _item("k2", "Brew Glass Kettle", "玻璃水壶", 4500, kettles, url="https://shop.example/k2", list_price=Money(5900, "USD")),
        _item("k3", "Whisper Kettle", "静音水壶", 2900, kettles),
        _item("k4", "Mini Kettle", "迷你水壶", 1900, kettles, available=True),
        _item("k5", "Grand Kettle", "大水壶", 8900, kettles),
        _item("l1", f"Lamp {HOSTILE}", f"台灯 {HOSTILE}", 2500, lamps, description=HOSTILE, brand=HOSTILE, url="javascript:window.hacked=5",
              image="javascript:window.hacked=6"),
        _item("l2", "Arc Desk Lamp", "弧形台灯", 6500, lamps),
    )


def _reviews() -> tuple[Review, ...]:
    texts = {
        "k3": "Its steel is thick and it hardly makes a sound.", "k4": "Small, all steel, fits in a bag.",
        "k1": "The steel kettle boils quickly and stays quiet.", "k2": "A lovely kettle with steel that stays bright.",
        "l1": "A steel lamp with <img src=x onerror=window.hacked=7> here.", "l2": "The lamp lights my whole desk at night.",
    }
    at = datetime(2026, 5, 1, tzinfo=UTC)
    return tuple(Review(f"r-{item}", item, text, 5.0, at=at, language="en") for item, text in texts.items())


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Seven items, one of them hostile in every field."""
    directory: Path = tmp_path_factory.mktemp("shops") / "small"
    shop = Shop.create(directory, ShopSettings("Small <b>Shop</b>", languages=("en", "zh"), embedder="hashing"), embedder=HashingEmbedder())
    import_feed(shop, catalog=_items(), reviews=_reviews())
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def small_assistant(small_shop: Shop) -> Assistant:
    """Reads by script; its sentences take their time when slowness was asked for, so that they can be stopped."""
    reader = ScriptedReader(READINGS)

    def answer(messages: tuple[Message, ...], how: Generation) -> str:
        if how.task == "write" and "slow" in messages[-1].text and how.cancel is not None:
            how.cancel.wait(SECONDS_OF_A_SLOW_SENTENCE)
        return generate(reader, messages, how)

    return Assistant(small_shop, Search(small_shop), ScriptedModel(answer))


@pytest.fixture(scope="session")
def start_chroma() -> Iterator[Callable[[Path], tuple[str, subprocess.Popen[bytes]]]]:
    """Starts a Chroma server of its own over a directory, on a free port of the loopback: its address and its process."""
    binary = Path(sys.executable).with_name("chroma")
    if not binary.exists():
        pytest.skip("the program `chroma`, which comes with chromadb, is not beside python")
    started: list[subprocess.Popen[bytes]] = []

    def start(directory: Path) -> tuple[str, subprocess.Popen[bytes]]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(binary), "run", "--path", str(directory), "--host", "127.0.0.1", "--port", str(port)]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for _ in range(1_200):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}", started[-1]
            time.sleep(0.1)
        pytest.skip("a Chroma server does not answer here within two minutes")

    yield start
    for process in started:
        process.kill()
        process.wait()
