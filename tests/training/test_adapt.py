"""A shop learns from feedback behind a gate."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.erasure import Erasure
from assistant.feedback import Feedback
from assistant.memory import Memory
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.ranking import ITEM_FEATURES, Ranker, load_ranker
from retrieval.schema import Attribute, Item, Money, Order, Query, Signal
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings
from training.adapt import Adapted, Plan, adapt
from training.adapt_feedback import collect
from training.adapt_history import History, sole_adapter
from training.adapt_settings import AdaptError, AdaptSettings, load_settings, set_schedule
from training.shadow_replay import newest_turns, replay, under, write_page
from training.simulated_clicks import ClickRule, asked, visits

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
AFTER = FIRST + timedelta(days=40)
SHELVES = ("Kettles", "Lamps", "Tents", "Boots")
SETTINGS = AdaptSettings(replayed=48, turns=60, passes=10, margin=0.05, forgetting=0.05, riser=0.2)


def _shop(folder: Path) -> Shop:
    """Four shelves of twelve items whose prices and stars are mixed; embedded without a model."""
    shop = Shop.create(folder, ShopSettings("Test"), embedder=HashingEmbedder())
    items = [
        Item(f"{shelf[:2]}{n}", f"{shelf[:-1]} model {n}", category=("All", shelf), price=Money(1000 + 700 * (n * 5 % 12), "USD"),
             rating=3.5 + (n * 7 % 12) / 8, rating_count=20, attributes=(Attribute("color", ("red", "blue")[n % 2 :][:1]),))
        for shelf in SHELVES for n in range(12)
    ]
    import_feed(shop, catalog=items)
    return shop


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a shop with 120 slates of shoppers who like what is cheap; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("visited") / "shop"
    with _shop(folder) as shop:
        visits(shop, Memory.of(shop, lambda: AFTER), ClickRule(), shoppers=40, slates=4, first=FIRST)
    yield folder


@pytest.fixture
def shop(visited: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(visited, tmp_path / "shop")
    with Shop.open(tmp_path / "shop", embedder=HashingEmbedder()) as opened:
        yield opened


def _adapt(shop: Shop, **changed: float) -> Adapted:
    return adapt(shop, Plan(replace(SETTINGS, **changed)), now=lambda: AFTER)  # type: ignore[arg-type]


def test_it_learns_what_shoppers_choose_and_goes_back(shop: Shop) -> None:
    """Clicks on what is cheap lower the weight of the price; a second run finds nothing new; one step back serves the old one."""
    found = _adapt(shop)
    assert found.outcome == "promoted", found.reasons
    assert found.in_force == 1
    place = ITEM_FEATURES.index("price_place")
    assert shop.ranker.wide[place].sum() < load_ranker().wide[place].sum() - 0.1
    figures = found.verdict.figures if found.verdict else {}
    assert (figures["click_auc_after"] or 0) > (figures["click_auc_before"] or 0)
    assert _adapt(shop).outcome == "nothing"
    assert History(shop.directory).rollback() == (1, 0)
    assert shop.ranker.wide[place].sum() == load_ranker().wide[place].sum()
    assert _adapt(shop).outcome == "nothing"  # what was gone back from does not come again by itself


def test_without_consent_nothing_is_learnt(tmp_path: Path) -> None:
    """A shop whose shoppers did not agree stays as it is, and it is said why."""
    with _shop(tmp_path / "shop") as shop:
        memory = Memory.of(shop, lambda: AFTER)
        turn = asked(Search(shop), "Lamps", "nobody-who-agreed", "some-session", FIRST, 4)
        memory.keep(turn)
        memory.feedback.add([Feedback("f", turn.id, "click", turn.screen[0], FIRST)])
        found = adapt(shop, Plan(SETTINGS), now=lambda: AFTER)
        assert found.outcome == "nothing"
        assert "of shoppers who agreed" in found.reasons[0]
        assert not (shop.directory / "versions").exists()


def test_a_candidate_that_fails_is_refused_with_the_reason(shop: Shop) -> None:
    """What the gate does not allow stays out, its version and reason stay in the history."""
    found = _adapt(shop, riser=0.0, turns=400, forgetting=-0.5)
    assert found.outcome == "refused"
    assert any("kept_ndcg5" in reason for reason in found.reasons)
    assert found.in_force == 0
    version = History(shop.directory).versions[-1]
    assert version.manifest is not None
    assert version.manifest.decision == "refused"
    assert _adapt(shop).outcome == "nothing"


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    """It learns and judges; neither a version nor a ranker is there afterwards."""
    found = adapt(shop, Plan(SETTINGS, dry_run=True), now=lambda: AFTER)
    assert found.outcome == "passed"
    assert not (shop.directory / "versions").exists()
    assert not (shop.directory / "ranker").exists()
    json.dumps(found.as_json())


@pytest.mark.parametrize("accounts", [1, 8])
def test_a_planted_item_gains_nothing(shop: Shop, accounts: int) -> None:
    """With 1 % and 5 % of the feedback planted on the dearest lamp in a day, by one account or by eight, it stands nowhere higher
    than without them, and the ranker is the same."""
    memory = Memory.of(shop, lambda: AFTER)
    clean = collect(shop, memory, SETTINGS)
    target = max(shop.all_items(), key=lambda item: (item.category[-1] == "Lamps", item.price)).id
    planted = _plant(shop, memory, target, accounts, count=max(8, len(clean.slates) // 20))
    assert planted >= 0.05 * len(clean.slates) - 1
    taught = collect(shop, memory, SETTINGS)
    assert sum(taught.screened.counts.values()) >= planted - 1
    assert {reaction.item for slate in taught.slates for reaction in slate.said.values()}
    before = {slate.turn for slate in clean.slates}
    assert len([slate for slate in taught.slates if slate.turn not in before]) <= 1
    found = _adapt(shop)
    assert _place(shop, target, shop.ranker) >= _place(shop, target, load_ranker()), found.reasons


def test_what_no_screen_sees_gains_nothing_either(shop: Shop) -> None:
    """1 % planted by an account that says nothing else, on an ordinary day, is learnt from, and still the item stands no higher."""
    memory = Memory.of(shop, lambda: AFTER)
    target = max(shop.all_items(), key=lambda item: (item.category[-1] == "Lamps", item.price)).id
    _plant(shop, memory, target, 1, count=1, day=12)
    assert any(target in slate.said for slate in collect(shop, memory, SETTINGS).slates)
    found = _adapt(shop)
    assert _place(shop, target, shop.ranker) >= _place(shop, target, load_ranker()), found.reasons


def _place(shop: Shop, target: str, ranker: Ranker) -> int:
    """Where the item stands among the lamps, the first is 0."""
    lamps = Query("Lamps", signals=(Signal("category", "=", "lamps"),), limit=12)
    return [item.id for item in under(Search(shop), ranker).find(lamps).items].index(target)


def _plant(shop: Shop, memory: Memory, target: str, accounts: int, count: int, day: int = 35) -> int:
    """So many clicks on the target, in one day, from accounts that agreed to be learnt from."""
    search, at = Search(shop), FIRST + timedelta(days=day)
    for number in range(count):
        who = f"planted-account-{number % accounts}"
        memory.shoppers.consent(who, memory=True, training=True)
        turn = asked(search, "Lamps", who, f"planted-{number}", at, 12)
        memory.keep(turn)
        memory.feedback.add([Feedback(f"planted-{number}", turn.id, "click", target, at)])
    return count


def test_a_purchase_in_the_records_weighs_more(shop: Shop) -> None:
    """What an order of the shop shows counts as bought; a purchase that only the page tells counts as a click."""
    memory = Memory.of(shop, lambda: AFTER)
    turn = next(turn for turn in memory.consented() if len(turn.screen) > 2)
    one, two = turn.screen[:2]
    import_feed(shop, orders=[Order("o1", turn.shopper_id, "paid", FIRST, ((one, 1),))])
    memory.feedback.add([Feedback(f"b-{item}", turn.id, "purchase", item, turn.at) for item in (one, two)])
    said = next(slate for slate in collect(shop, memory, SETTINGS).slates if slate.turn == turn.id).said
    assert (said[one].worth, said[one].verified) == (1.0, True)
    assert said[two].worth == 0.5


def test_an_erased_shopper_takes_the_version_with_her(shop: Shop) -> None:
    """The manifest names her by digest only; erasing her marks the version, and the next run serves one without her rows."""
    assert _adapt(shop).outcome == "promoted"
    memory = Memory.of(shop, lambda: AFTER)
    who = next(memory.consented()).shopper_id
    written = "".join(path.read_text("utf-8") for path in (shop.directory / "versions").rglob("*.json*"))
    assert who not in written
    proof = Erasure(shop.directory, shop.engine, memory.identity).erase(who)
    assert proof is not None
    assert proof.complete, proof.left
    assert proof.retrain == ("versions/001",)
    found = _adapt(shop)
    assert (found.outcome, found.in_force) == ("promoted", 2), found.reasons
    manifest = History(shop.directory).versions[-1].manifest
    assert manifest is not None
    assert manifest.parent == 0
    assert memory.identity.tag(who) not in manifest.shoppers
    assert History(shop.directory).rollback() == (2, 0)


def test_without_enough_left_an_outdated_version_is_left(shop: Shop) -> None:
    """When too little may still be learnt, the version that saw erased rows stops serving all the same."""
    assert _adapt(shop).outcome == "promoted"
    memory = Memory.of(shop, lambda: AFTER)
    Erasure(shop.directory, shop.engine, memory.identity).erase(next(memory.consented()).shopper_id)
    found = _adapt(shop, fewest_slates=10_000)
    assert (found.outcome, found.in_force) == ("went back", 0)


def test_only_one_adapts_at_a_time(shop: Shop) -> None:
    """The second is refused at once and names the process of the first."""
    with sole_adapter(shop.directory), pytest.raises(AdaptError, match=str(os.getpid())):
        _adapt(shop)


def test_the_diff_is_for_people_and_holds_no_message(shop: Shop, tmp_path: Path) -> None:
    """Slates side by side with what was read; titles are escaped, no hard wish is broken, the same ranker changes nothing."""
    turns, search = newest_turns(shop, 20), Search(shop)
    same = replay(turns, search, load_ranker(), load_ranker())
    assert (len(same.turns), same.changed_share, same.broken, same.riser) == (20, 0.0, (), ("", 0))
    assert [each.turn.at for each in same.turns] == sorted(each.turn.at for each in same.turns)
    write_page(same, tmp_path / "diff.html")
    assert "recommend | category=" in (tmp_path / "diff.html").read_text("utf-8")


def test_settings_are_typed(tmp_path: Path) -> None:
    """A schedule is written beside the file's comments; what is unknown or of a wrong type is told with its place."""
    assert load_settings(tmp_path) == AdaptSettings()
    path = tmp_path / "adapt.toml"
    path.write_text("# ours\nmargin = 0.01\n", "utf-8")
    assert set_schedule(tmp_path, "weekly") == AdaptSettings(schedule="weekly", margin=0.01)
    assert "# ours" in path.read_text("utf-8")
    with pytest.raises(AdaptError, match="expected one of off, daily, weekly"):
        set_schedule(tmp_path, "hourly")
    path.write_text("margn = 0.01\n", "utf-8")
    with pytest.raises(AdaptError, match="margn"):
        load_settings(tmp_path)
    path.write_text("margin = 'wide'\n", "utf-8")
    with pytest.raises(AdaptError, match=r"adapt\.toml, margin"):
        load_settings(tmp_path)
