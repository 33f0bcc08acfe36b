"""The settings file: what a merchant may write in it, what is refused, and when it is in force."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import StoreError
from retrieval.shop_settings import ShopSettings, changed_sliders, load_settings, load_sliders, save_settings, sliders_file
from retrieval.sliders import DEFAULT_SLIDERS, BalanceSettings, Bans, Pin, Promotions, Sliders, sliders_from, sliders_of


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    save_settings(tmp_path, ShopSettings("Täst", languages=("en", "zh")))
    return tmp_path


def test_a_file_without_tables_has_the_defaults(directory: Path) -> None:
    """A shop whose merchant has set nothing has the default sliders, and its own settings as before."""
    assert load_sliders(directory) == DEFAULT_SLIDERS
    assert load_settings(directory) == ShopSettings("Täst", languages=("en", "zh"))


def test_changes_are_kept_beside_comments(directory: Path) -> None:
    """What is set is read back; comments and the shop's own settings stay; an empty value takes it back."""
    file = directory / "settings.toml"
    file.write_text(file.read_text("utf-8") + "\n[balance]  # by Anna\nstock = 0.5\n", encoding="utf-8")
    changes = {
        "balance.exploration": "0.2", "promotions.items": "A1, A2", "promotions.boost": "1", "pins.红茶 kettle": "A3",
        "bans.brands": "Acme", "balance.explore_from": "4", "synonyms.保温杯": "travel mugs, flasks",
    }
    found = changed_sliders(directory, changes)
    assert found == load_sliders(directory) == Sliders(
        BalanceSettings(exploration=0.2, stock=0.5, explore_from=4), Promotions(1, ("A1", "A2")),
        (Pin("红茶 kettle", ("A3",)),), Bans(brands=("Acme",)), (("保温杯", ("travel mugs", "flasks")),),
    )
    assert "# by Anna" in file.read_text("utf-8")
    assert load_settings(directory).languages == ("en", "zh")
    back = dict.fromkeys(changes, "")
    assert changed_sliders(directory, back) == Sliders(BalanceSettings(stock=0.5))


def test_a_preview_saves_nothing(directory: Path) -> None:
    """Changes that are only looked at leave the file as it was."""
    before = (directory / "settings.toml").read_bytes()
    assert changed_sliders(directory, {"balance.exploration": "0.3"}, save=False).balance.exploration == 0.3
    assert (directory / "settings.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("balance.exploration", "0.9", "found 0.9, expected a number from 0 to 0.5"),
        ("balance.exploration", "nan", "expected a number from 0 to 0.5"),
        ("balance.exploration", "lots", "found 'lots', expected a number"),
        ("balance.explore_from", "2.5", "expected a whole number from 1 to 100"),
        ("balance.wildness", "1", "found an unknown name, expected one of diversity"),
        ("prices.all", "1", "expected balance.NAME, promotions.NAME, pins.NAME, bans.NAME"),
        ("promotions.boost", "2", "expected a number from 0 to 1"),
        ("bans.items", "P1", "item P1 is pinned for 'kettle' and banned"),
        ("promotions.items", "B1", "item B1 is promoted and banned"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(directory: Path, name: str, value: str, says: str) -> None:
    """Out of range, unknown or against another setting: an error with the cure, and the file stays."""
    changed_sliders(directory, {"pins.kettle": "P1", "bans.items": "B1"})
    before = (directory / "settings.toml").read_bytes()
    with pytest.raises(StoreError, match=says):
        changed_sliders(directory, {name: value})
    assert (directory / "settings.toml").read_bytes() == before


@pytest.mark.parametrize("text", ["[balance]\nexploration = true\n", "balance = 3\n", "[bans]\nitems = [1]\n", "[pins]\nkettle = {}\n", "[balance\n"])
def test_what_was_written_by_hand_is_checked(directory: Path, text: str) -> None:
    """A file of the wrong types, or that is no TOML, names itself and what was expected."""
    file = directory / "settings.toml"
    file.write_text(file.read_text("utf-8") + text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"settings\.toml.*(expected|can't be read)"):
        load_sliders(directory)


def test_a_running_shop_sees_changes_and_survives_bad_ones(directory: Path) -> None:
    """The same value while the file stays; the new one after a change; the earlier one, with a warning, after a bad change."""
    file = sliders_file(directory)
    first = file.current()
    assert file.current() is first
    changed_sliders(directory, {"balance.exploration": "0.25"})
    assert file.current().balance.exploration == 0.25
    path = directory / "settings.toml"
    path.write_text(path.read_text("utf-8").replace("0.25", "25.0"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert file.current().balance.exploration == 0.25
    assert "expected a number from 0 to 0.5" in file.warning
    changed_sliders(directory, {"balance.exploration": "0.5"})
    assert (file.current().balance.exploration, file.warning) == (0.5, "")


def test_every_slider_tells_its_range_and_meaning() -> None:
    """Each number that can be set has a meaning, and its default lies in its range."""
    for group in (BalanceSettings(), Promotions()):
        for name, each in sliders_of(group):
            assert each.metadata["meaning"]
            assert each.metadata["low"] <= getattr(group, name) <= each.metadata["high"]
    assert len(sliders_of(BalanceSettings)) == 11


@given(st.dictionaries(st.sampled_from(["balance", "promotions", "pins", "bans"]), st.one_of(
    st.none(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["items", "boost", "diversity", "exploration", "kettle"]), st.one_of(
        st.floats(), st.booleans(), st.text(max_size=5), st.lists(st.text(max_size=3), max_size=3),
    ), max_size=3),
), max_size=4))
def test_any_table_gives_sliders_or_a_clear_error(tables: dict[str, object]) -> None:
    """Whatever stands in the tables, they are read, or refused with what was expected."""
    try:
        assert isinstance(sliders_from(tables), Sliders)
    except ValueError as error:
        assert "expected" in str(error)
