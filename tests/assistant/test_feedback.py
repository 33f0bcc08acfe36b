"""Reactions: kept once each, on the disk when they are acknowledged, felt at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from assistant.feedback import Feedback, FeedbackLog, Flood, FreshClicks, Receipt, clicks, felt, reasons_against
from assistant.identity import Identity
from assistant.memory import Memory
from assistant.schema import Profile, Turn
from retrieval.database import open_engine
from retrieval.exploration import context_of
from retrieval.schema import Attribute, Item, Money
from retrieval.shop import Shop, ShopSettings

BOOT = Item("b1", "Trail boot", brand="Fell", price=Money(8999, "USD"), attributes=(Attribute("color", ("red",)),))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def memory(small_shop: Shop) -> Memory:
    return Memory.of(small_shop)


@pytest.fixture
def turn(memory: Memory, small_assistant: Assistant, request: pytest.FixtureRequest) -> Turn:
    """A kept turn with three items, of the shopper named like the test."""
    kept = small_assistant.respond("an electric kettle under 60", session_id=request.node.name, shopper_id=request.node.name)
    memory.keep(kept)
    return kept


def test_the_same_event_counts_once(memory: Memory, turn: Turn) -> None:
    """An event is known by its id, however often and with whatever else it is sent."""
    like = Feedback("once", turn.id, "like", turn.screen[0])
    assert memory.feedback.add([like, like]) == Receipt(kept=1, repeated=1)
    assert memory.feedback.add([Feedback("once", turn.id, "dislike", turn.screen[1])]) == Receipt(repeated=1)
    assert [event.kind for event in memory.feedback.of(turn.shopper_id)] == ["like"]


def test_what_stood_above_a_clicked_item_was_passed_over(memory: Memory, turn: Turn) -> None:
    """A click on the third item says that the two above were seen and left, except the one that was liked."""
    first, second, third = turn.screen
    memory.feedback.add([Feedback("above-like", turn.id, "like", first), Feedback("above-click", turn.id, "click", third)])
    found = {(event.item_id, event.kind) for event in memory.feedback.of(turn.shopper_id)}
    assert found == {(first, "like"), (third, "click"), (second, "ignored")}


def test_clicks_are_counted_by_item_and_kind_of_product(memory: Memory, turn: Turn, small_shop: Shop) -> None:
    """A click adds one click, a second event on the same showing none; every item of a slate was shown."""
    kind = context_of(turn.profile.signals)
    before = clicks(small_shop.engine).counts[turn.screen[0]][kind]
    events = [Feedback("c-click", turn.id, "click", turn.screen[0]), Feedback("c-cart", turn.id, "cart", turn.screen[0])]
    memory.feedback.add(events)
    assert clicks(small_shop.engine).counts[turn.screen[0]][kind] == (before[0], before[1] + 1)
    assert all(clicks(small_shop.engine).counts[item][kind][0] >= 1 for item in turn.screen)


def test_clicks_are_counted_anew_once_a_minute(memory: Memory, turn: Turn, small_shop: Shop) -> None:
    """A running shop explores by counts that are at most a minute old, and doesn't count at every message."""
    now = [0.0]
    fresh = FreshClicks(small_shop.engine, clock=lambda: now[0])
    before = fresh()
    assert fresh() is before
    now[0] = 60.0
    assert fresh() is not before


def test_events_out_of_order_and_of_the_future_find_their_place(memory: Memory, turn: Turn) -> None:
    """They are ordered by when they happened, and none happens after now."""
    item = turn.screen[0]
    memory.feedback.add([
        Feedback("late", turn.id, "dislike", item, at=datetime.now(UTC) + timedelta(days=900)),
        Feedback("early", turn.id, "like", item, at=NOON),
        Feedback("naive", turn.id, "click", item, at=NOON.replace(tzinfo=None) + timedelta(minutes=1)),
    ])
    events = memory.feedback.of(turn.shopper_id)
    assert [event.id for event in events] == ["early", "naive", "late"]
    assert events[-1].at is not None and events[-1].at <= datetime.now(UTC)


def test_events_of_nobody_and_of_others_are_refused(memory: Memory, turn: Turn) -> None:
    """A turn that nobody knows, or that is another shopper's, takes no event."""
    foreign = Feedback("foreign", turn.id, "like", turn.screen[0], shopper_id="somebody else")
    assert memory.feedback.add([foreign, Feedback("lost", "no such turn", "like", "k1")]) == Receipt(refused=2)
    assert memory.feedback.of("somebody else") == ()


def test_a_purchase_needs_no_turn(memory: Memory) -> None:
    """What was bought outside the chat is kept for the shopper who is named."""
    assert memory.feedback.add([Feedback("bought", "", "purchase", "k1", shopper_id="buyer")]) == Receipt(kept=1)


def test_ten_thousand_in_a_minute_are_limited(small_shop: Shop, turn: Turn) -> None:
    """A flood of one source is cut at its limit, and the others go on."""
    log = replace(Memory.of(small_shop).feedback, flood=Flood("50/minute"))
    flood = [Feedback(f"flood-{n}", turn.id, "click", turn.screen[0]) for n in range(10_000)]
    receipt = log.add(flood)
    assert (receipt.kept, receipt.limited) == (50, 9_950)
    assert log.add([Feedback("calm", "", "like", "k1", shopper_id="calm")]).kept == 1


@pytest.mark.parametrize("bad", [{"id": ""}, {"id": "x" * 65}, {"kind": "love"}, {"reason": "x" * 256}])
def test_what_is_no_event_can_not_be_made(bad: dict[str, str]) -> None:
    """An id, a kind or a reason out of bounds is told at once."""
    with pytest.raises(ValueError, match="expected"):
        Feedback(**{"id": "a", "turn_id": "t", "kind": "like", **bad})  # type: ignore[arg-type]


def test_a_reaction_is_felt_in_the_session() -> None:
    """Likes and dislikes lift each other; a disliked or put-off item is not shown; a reason weighs softly, once."""
    liked = felt(Profile(), Feedback("1", "t", "like", "b1"), BOOT, NOON)
    assert liked.liked == ("b1",)
    disliked = felt(liked, Feedback("2", "t", "dislike", "b1", reason="color!~red"), BOOT, NOON)
    again = felt(disliked, Feedback("3", "t", "dislike", "b1", reason="color!~red"), BOOT, NOON)
    assert (again.liked, again.rejected) == ((), ("b1",))
    assert [str(signal) for signal in again.signals] == ["color!~red"]
    assert not again.signals[0].hard
    assert again.interests[0].sentence == "Trail boot"
    assert felt(Profile(), Feedback("4", "t", "later", "b1"), BOOT, NOON).rejected == ("b1",)
    assert felt(again, Feedback("5", "t", "like", "b1"), BOOT, NOON).rejected == ()
    assert felt(Profile(), Feedback("6", "t", "click", "b1"), BOOT, NOON) == Profile()


def test_reasons_rest_on_the_item() -> None:
    """What can be disliked is its price, brand or colour; an item without them gives no reason."""
    assert [str(reason) for reason in reasons_against(BOOT)] == ["price!~pricey", "brand!~Fell", "color!~red"]
    assert reasons_against(Item("x", "Thing")) == ()


def _send_without_end(directory: Path, identity: Identity, acknowledged: Connection) -> None:
    log = FeedbackLog(open_engine(directory, ""), identity)
    for number in range(1_000_000):
        log.add([Feedback(f"event-{number}", "", "like", "k1", shopper_id=f"s{number % 50}")])
        acknowledged.send(number)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """A process killed while it writes leaves every acknowledged event exactly once, and takes the rest again."""
    with Shop.create(tmp_path / "shop", ShopSettings("Test")) as shop:
        memory = Memory.of(shop)
        shop.engine.dispose()
        ours, theirs = get_context("fork").Pipe(duplex=False)
        child = get_context("fork").Process(target=_send_without_end, args=(shop.directory, memory.identity, theirs))
        child.start()
        theirs.close()
        last = max(ours.recv() for _ in range(20))
        child.kill()
        with suppress(EOFError):
            while True:
                last = ours.recv()
        child.join()
        sent = [Feedback(f"event-{n}", "", "like", "k1", shopper_id=f"s{n % 50}") for n in range(last + 2)]
        receipt = memory.feedback.add(sent)
        kept = [event.id for shopper in range(50) for event in memory.feedback.of(f"s{shopper}")]
    assert receipt.repeated >= last + 1
    assert sorted(kept) == sorted(event.id for event in sent)
