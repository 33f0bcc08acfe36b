"""Newcomers who are asked, and what is counted of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalogue import build_catalogue
from retrieval.schema import Attribute, Interaction, Item, Money
from retrieval.search import Search
from retrieval.shop import Shop
from training.cold_ground import Ground, dated, ground_of_files
from training.cold_plots import cold_start_plot
from training.cold_worlds import FileWorld, ShopWorld
from training.evaluate_cold_start import (
    STRATEGIES,
    NobodyNew,
    Plan,
    evaluate_cold_start,
    held_out,
    newcomers_of,
    rows_of,
)

COLORS, TASTES = ("red", "green", "blue", "white"), ("plain", "loud")
START = datetime(2026, 1, 1, tzinfo=UTC)


def ground(count: int = 96) -> Ground:
    """Things that a colour parts in four, a taste in two, and a dull column hardly at all."""
    items = tuple(
        Item(
            f"i{n:02d}", f"Thing {n}", price=Money(1000, "USD"), attributes=(
                Attribute("color", (COLORS[n % 4],)), Attribute("style", (TASTES[n // 4 % 2],)),
                Attribute("brand line", ("rare" if n % 16 == 0 else "usual",)),
            ),
        )
        for n in range(count)
    )
    done = tuple(
        Interaction(f"s{n}", f"i{(7 * n + step) % count:02d}", "purchase", START + timedelta(days=step))
        for n in range(60) for step in range(2)
    )
    return Ground(items, build_catalogue([item.id for item in items], items), done, "USD")


def world_of(place: Ground) -> FileWorld:
    return FileWorld(place.catalogue, place.titles, np.zeros(len(place.items)), "USD", 10, 0)


def test_the_last_item_taken_is_held_out_and_not_counted() -> None:
    """What a newcomer will take is no part of what is popular; halves of the shoppers share nobody."""
    place = ground()
    newcomers, counts = held_out(place.interactions, place.catalogue, "all")
    assert len(newcomers) == 60 and counts.sum() == 60
    assert newcomers[0].row == place.catalogue.rows["i01"]
    halves = [{n.id for n in held_out(place.interactions, place.catalogue, part)[0]} for part in ("validation", "test")]  # type: ignore[arg-type]
    assert halves[0] and halves[1] and not halves[0] & halves[1] and len(halves[0] | halves[1]) == 60


def test_information_is_ahead_where_questions_differ() -> None:
    """The colour parts better than the taste, and both better than a column that hardly differs."""
    place = ground()
    newcomers, _ = newcomers_of(place, "all", 60, 0)
    result = evaluate_cold_start(world_of(place), place.titles, newcomers, Plan())
    found = result["truthful"]
    assert set(found) == {*STRATEGIES, "ahead_by"}
    assert found["information"]["asked"]["color"] == 60
    assert found["information"]["recall"][2] > found["information"]["recall"][0]
    assert found["ahead_by"]["random"]["recall"][1] > 0
    assert result["with_errors"]["information"]["recall"][2] <= found["information"]["recall"][2]


def test_the_same_seed_gives_the_same_figures() -> None:
    """Newcomers, answers and intervals are drawn by the seed alone."""
    place = ground()
    runs = [evaluate_cold_start(world_of(place), place.titles, newcomers_of(place, "all", 20, 3)[0], Plan(seed=3)) for _ in range(2)]
    assert json.dumps(runs[0]) == json.dumps(runs[1])


def test_without_interactions_what_is_alike_is_right() -> None:
    """Newcomers want something like an item of the catalogue, itself included."""
    place = ground()
    bare = Ground(place.items, place.catalogue, (), "USD")
    newcomers, counts = newcomers_of(bare, "all", 10, 0)
    assert len(newcomers) == 10 and not counts.any()
    assert all(newcomer.row in newcomer.right for newcomer in newcomers)


def test_nobody_to_measure_with_is_an_error() -> None:
    """Interactions that name no item of the catalogue leave nobody."""
    place = ground()
    stranger = Interaction("s", "elsewhere", "purchase", START)
    with pytest.raises(NobodyNew, match="found no shopper"):
        newcomers_of(Ground(place.items, place.catalogue, (stranger,), "USD"), "all", 10, 0)


def test_a_shop_is_asked_through_its_own_search(small_shop: Shop) -> None:
    """Answers become the wishes that a tap states, and recall never falls for truthful ones by the kind."""
    items = tuple(small_shop.all_items())
    place = Ground(items, build_catalogue([item.id for item in items], items), (), "USD")
    newcomers, _ = newcomers_of(place, "all", 5, 0)
    world = ShopWorld(Search(small_shop), 3, 0, rows_of(newcomers))
    result = evaluate_cold_start(world, place.titles, newcomers, Plan(limit=3))
    assert result["shoppers"] == 5
    assert all(0 <= value <= 1 for s in STRATEGIES for value in result["truthful"][s]["recall"])


def test_a_year_in_a_title_is_an_attribute() -> None:
    """Titles of films carry their year in brackets; other titles stay as they are."""
    film, lamp = dated([Item("1", "A Quiet Night (1994)"), Item("2", "Lamp (black)")])
    assert film.values("year") == ("1994",) and lamp.attributes == ()


def test_files_make_a_ground_and_figures_a_picture(tmp_path: Path) -> None:
    """A catalogue and a log of ratings are read as any feed, and the plot is written."""
    (tmp_path / "films.csv").write_text("id,title,genres\n" + "\n".join(
        f"{n},Film {n} ({1980 + n}),{'Drama|Crime' if n % 3 else 'Comedy'}" for n in range(40)
    ))
    (tmp_path / "ratings.csv").write_text("user,item,rating,timestamp\n" + "\n".join(
        f"u{n},{n % 40},5,{1_700_000_000 + n}" for n in range(50)
    ))
    place = ground_of_files(tmp_path / "films.csv", tmp_path / "ratings.csv", pytest.fail)
    newcomers, counts = newcomers_of(place, "all", 20, 0)
    world = FileWorld(place.catalogue, place.titles, counts, "USD", 10, 0)
    result = evaluate_cold_start(world, place.titles, newcomers, Plan())
    assert set(result["truthful"]["information"]["asked"]) == {"genres", "year"}
    cold_start_plot(result, tmp_path / "plots" / "cold_start.png")
    assert (tmp_path / "plots" / "cold_start.png").stat().st_size > 5_000
