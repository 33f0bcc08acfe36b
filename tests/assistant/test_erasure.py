"""An erased shopper is nowhere any more, and what is kept ends in its time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from assistant.erasure import RETRAIN, Erasure
from assistant.feedback import Feedback, Receipt
from assistant.identity import Identity
from assistant.language.scripted import ScriptedReader
from assistant.memory import Memory
from assistant.retention import Swept, sweep
from assistant.schema import Turn
from assistant.traces import Needles, in_files
from retrieval.database import open_engine
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Interaction, Item, Money, Order, Review, Signal
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings

ANNA = "anna-4711-0815"
KNITS = "I knit for my niece Ottilie and want a lamp"
REVIEW = "This lamp lit my whole sock drawer brightly."
NOW = datetime.now(UTC)
LAMPS = tuple(Item(f"l{n}", f"Lamp {n}", category=("Home", "Lamps"), price=Money(2000 + n, "USD")) for n in range(4))
READER = ScriptedReader({KNITS: "recommend | category=lamp | audience~my niece", "a lamp": "recommend | category=lamp",
                         "a bright lamp": "recommend | category=lamp | feature~brightly"})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop", ShopSettings("Test"), embedder=HashingEmbedder()) as made:
        import_feed(
            made, catalog=LAMPS, reviews=[Review("r1", "l0", REVIEW, 5.0, author=ANNA, at=NOW, language="en")],
            interactions=[Interaction(ANNA, "l1", "purchase", NOW)], orders=[Order("o1", ANNA, "paid", NOW)],
        )
        yield made


@pytest.fixture
def memory(shop: Shop) -> Memory:
    return Memory.of(shop)


@pytest.fixture
def erasure(shop: Shop, memory: Memory) -> Erasure:
    return Erasure(shop.directory, shop.engine, memory.identity)


def _talk(shop: Shop, memory: Memory, message: str, session: str, shopper: str, at: datetime = NOW) -> Turn:
    assistant = Assistant(shop, Search(shop), READER, now=lambda: at)
    known = memory.begin((), shopper)
    turn = assistant.respond(message, session_id=session, shopper_id=shopper, profile=known)
    memory.keep(turn, known)
    return turn


def _known(shop: Shop, memory: Memory) -> Turn:
    """Anna, with all that a shop can know of her."""
    memory.shoppers.consent(ANNA, memory=True, training=True)
    turn = _talk(shop, memory, KNITS, "session-of-anna", ANNA)
    memory.feedback.add([Feedback("liked-by-anna", turn.id, "like", turn.screen[0])])
    return turn


def test_an_erased_shopper_is_nowhere(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """No table and no file of the shop, its database's included, holds her ids or words; others keep theirs."""
    _known(shop, memory)
    other = _talk(shop, memory, "a lamp", "session-of-bert", "bert")
    proof = erasure.erase(ANNA)
    assert proof is not None
    assert proof.complete, proof.left
    assert {"shoppers", "interests", "turns", "feedback", "impressions", "interactions", "orders", "reviews"} <= set(proof.rows)
    needles = Needles((ANNA, "session-of-anna"), (KNITS, REVIEW))
    assert in_files(shop.directory, needles) == ()
    assert [turn.id for turn in memory.turns("session-of-bert")] == [other.id]
    assert memory.shoppers.get(ANNA) is None
    assert erasure.erase(ANNA) is None
    assert erasure.erase("nobody at all") is None


def test_the_search_finds_what_is_there(shop: Shop, memory: Memory) -> None:
    """Before the erasure the same search does find her: in the database's file and in a packed one."""
    _known(shop, memory)
    (shop.directory / "old.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": KNITS}).encode()))
    found = {path.name.split("-")[0] for path in in_files(shop.directory, Needles((ANNA,), (KNITS,)))}
    assert found == {"shop.sqlite3", "old.jsonl.gz"}


def test_training_files_lose_her_lines_and_adapters_are_marked(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """Rows made of her turns go, those of others stay, and what was trained on them is to be trained anew."""
    turn = _known(shop, memory)
    run = shop.directory / "adapters" / "v2"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text(json.dumps({"rows": [turn.id, "another"]}))
    (run / "examples.jsonl").write_text(json.dumps({"turn": turn.id}) + "\n" + json.dumps({"turn": "another"}) + "\n")
    (shop.directory / "server.log").write_text(f"a reply failed for {ANNA}\nall is well\n")
    clean = shop.directory / "adapters" / "v1"
    clean.mkdir()
    (clean / "manifest.json").write_text(json.dumps({"rows": ["another"]}))
    proof = erasure.erase(ANNA)
    assert proof is not None and proof.complete
    assert proof.retrain == ("adapters/v2",)
    assert (run / RETRAIN).exists() and not (clean / RETRAIN).exists()
    assert (run / "examples.jsonl").read_text() == json.dumps({"turn": "another"}) + "\n"
    assert (shop.directory / "server.log").read_text() == "all is well\n"


def test_what_others_also_said_stays_theirs(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """A message that somebody else typed too is not taken from them, and the proof says so."""
    _known(shop, memory)
    same = _talk(shop, memory, KNITS, "session-of-bert", "bert")
    proof = erasure.erase(ANNA)
    assert proof is not None and proof.complete
    assert any("also typed by others" in note for note in proof.notes)
    assert [turn.message for turn in memory.turns("session-of-bert")] == [same.message]


def test_a_quoted_review_leaves_the_turns_of_others(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """Words of her review that were shown to somebody else are taken out of that turn, which stays readable."""
    _known(shop, memory)
    shown = _talk(shop, memory, "a bright lamp", "session-of-bert", "bert")
    quoted = [quote.text for entry in shown.reply.recommendations for quote in entry.quotes]
    assert quoted, "the reply was to quote the review"
    proof = erasure.erase(ANNA)
    assert proof is not None and proof.complete, proof
    (kept,) = memory.turns("session-of-bert")
    assert quoted[0] not in str(kept)


def test_events_of_an_erased_shopper_are_refused_and_counted(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """Whatever still comes of her is not kept, and she can't be consented for again by mistake."""
    turn = _known(shop, memory)
    erasure.erase(ANNA)
    late = [Feedback("late-1", "", "like", "l1", shopper_id=ANNA), Feedback("late-2", turn.id, "like", "l1")]
    assert memory.feedback.add(late) == Receipt(refused=2)
    assert memory.shoppers.consent(ANNA, memory=True) is None
    later = _talk(shop, memory, "a lamp", "session-later", ANNA)
    assert memory.turns("session-later")[0].shopper_id == ""
    assert later.shopper_id == ANNA
    with shop.reading() as connection:
        assert connection.exec_driver_sql("SELECT refused FROM erased").scalar_one() == 1


def test_the_sweep_keeps_to_what_was_agreed(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """Sessions without consent end after a day, those with it after the agreed days; twice does nothing more."""
    memory.shoppers.consent("bert", memory=True, retention_days=30)
    for days, shopper in ((2, ""), (0, ""), (40, "bert"), (10, "bert")):
        _talk(shop, memory, "a lamp", f"{shopper or 'guest'}-{days}", shopper, NOW - timedelta(days=days))
    swept = sweep(erasure, NOW)
    assert swept.turns == 2
    left = {session: bool(memory.turns(session)) for session in ("guest-2", "guest-0", "bert-40", "bert-10")}
    assert left == {"guest-2": False, "guest-0": True, "bert-40": False, "bert-10": True}
    assert sweep(erasure, NOW) == Swept()
    assert sweep(erasure, NOW - timedelta(days=900)) == Swept()


def test_unused_interests_fade_away(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """An interest without new evidence for as long as was agreed is gone after the sweep."""
    memory.shoppers.consent("bert", memory=True, retention_days=30)
    _talk(shop, memory, "a lamp", "bert-1", "bert", NOW - timedelta(days=20))
    assert sweep(erasure, NOW).interests == 0
    assert sweep(erasure, NOW + timedelta(days=20)).interests == 1
    assert memory.shoppers.interests("bert") == ()


def test_what_an_import_brings_back_is_deleted_again(shop: Shop, memory: Memory, erasure: Erasure) -> None:
    """The feed still has the erased shopper: the next sweep deletes her rows."""
    _known(shop, memory)
    erasure.erase(ANNA)
    import_feed(shop, interactions=[Interaction(ANNA, "l1", "purchase", NOW), Interaction("bert", "l1", "view", NOW)])
    assert sweep(erasure, NOW).brought_back == 1
    assert [act.shopper_id for act in shop.interactions()] == ["bert"]


def _erase_in_a_child(directory: Path, identity: Identity) -> None:
    Erasure(directory, open_engine(directory, ""), identity).erase(ANNA)


@pytest.mark.parametrize("seconds", [0.005, 0.02, 0.05])
def test_a_killed_erasure_is_ended(shop: Shop, memory: Memory, erasure: Erasure, seconds: float) -> None:
    """After a kill at any moment the sweep leaves nothing of the shopper, or she was not touched yet and can be erased."""
    _known(shop, memory)
    shop.engine.dispose()
    child = get_context("fork").Process(target=_erase_in_a_child, args=(shop.directory, memory.identity))
    child.start()
    child.join(seconds)
    child.kill()
    child.join()
    sweep(erasure, NOW)
    erasure.erase(ANNA)
    assert in_files(shop.directory, Needles((ANNA, "session-of-anna"), (KNITS, REVIEW))) == ()
    assert memory.shoppers.interests(ANNA) == ()
    assert memory.feedback.add([Feedback("late", "", "like", "l1", shopper_id=ANNA)]).refused == 1


def test_a_signal_reads_back(shop: Shop, memory: Memory) -> None:
    """What is kept of an interest is all of it."""
    memory.shoppers.consent("bert", memory=True)
    _talk(shop, memory, KNITS, "bert-2", "bert")
    held = {str(interest.signal): interest for interest in memory.shoppers.interests("bert")}
    assert held["audience~my niece"].sentence == KNITS
    assert held["category=lamp"].signal == Signal("category", "=", "lamp", span="lamp")
