"""`daogou shopper` and `daogou insight`: exit codes, one JSON object, the same answer for every unknown id."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.memory import Memory
from assistant.schema import Interest
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Interaction, Item, Signal
from retrieval.shop import Shop, ShopSettings
from ui.cli import app

Daogou = Callable[..., Result]
NOW = datetime.now(UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop that remembers Anna, and has an act of Bert, who agreed to nothing."""
    directory = tmp_path / "shop"
    with Shop.create(directory, ShopSettings("Test", embedder="hashing"), embedder=HashingEmbedder()) as made:
        import_feed(made, catalog=[Item("k1", "Kettle", brand="Boil")], interactions=[Interaction("bert", "k1", "purchase", NOW)])
        memory = Memory.of(made)
        memory.shoppers.consent("anna", memory=True)
        red = Interest(Signal("color", "~", "red"), 0.9, "stated", NOW, term="long", sentence="I like red")
        memory.shoppers.save("anna", [red])
    return directory


@pytest.fixture
def daogou(shop: Path) -> Daogou:
    def run(command: str, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["shopper", command, str(shop), *arguments])

    return run


def test_what_is_known_is_shown(daogou: Daogou) -> None:
    """Each interest with its sentence, strength and age; as JSON one object."""
    shown = daogou("show", "anna")
    assert shown.exit_code == 0
    assert "color~red" in shown.stdout and "“I like red”" in shown.stdout
    (interest,) = json.loads(daogou("show", "anna", "--json").stdout)["interests"]
    assert (interest["signal"], interest["source"], interest["sentence"], interest["firm"]) == ("color~red", "stated", "I like red", False)


def test_correcting_by_command(daogou: Daogou) -> None:
    """Pin, pause and forget are done and told; what is not there is not."""
    assert daogou("pin", "anna", "color~red").exit_code == 0
    assert daogou("pause", "anna", "--json").stdout == '{"shopper": "anna", "paused": true}\n'
    assert "pinned" in daogou("show", "anna").stdout
    assert daogou("forget", "anna", "color~red").exit_code == 0
    again = daogou("forget", "anna", "color~red")
    assert again.exit_code == 2
    assert "no interest color~red" in again.stderr
    assert "expected one of" in daogou("forget", "anna", "red").stderr


@pytest.mark.parametrize("command", [("show",), ("export",), ("erase", "--yes"), ("pause",), ("pin", "color~red"), ("forget", "color~red")])
def test_every_unknown_id_gets_the_same_answer(daogou: Daogou, command: tuple[str, ...]) -> None:
    """An id that never was and one that was erased can't be told apart: code 2, one line, no hint."""
    daogou("erase", "anna", "--yes")
    name, *rest = command
    answers = [daogou(name, shopper, *rest) for shopper in ("anna", "nobody")]
    assert [answer.exit_code for answer in answers] == [2, 2]
    assert {answer.stderr.replace("anna", "ID").replace("nobody", "ID") for answer in answers} == {
        "daogou: no shopper 'ID' is known here. Check the id.\n"
    }


def test_an_export_has_every_table(daogou: Daogou) -> None:
    """Also of who agreed to nothing: what the feeds brought is hers to see."""
    assert set(json.loads(daogou("export", "anna").stdout)) == {"shopper_id", "shoppers", "interests"}
    assert set(json.loads(daogou("export", "bert").stdout)) == {"shopper_id", "interactions"}


def test_erasing_asks_and_proves(daogou: Daogou) -> None:
    """Without a yes nothing is deleted; with it the proof says where was searched."""
    assert daogou("erase", "anna").exit_code != 0
    assert daogou("show", "anna").exit_code == 0
    proof = json.loads(daogou("erase", "anna", "--yes", "--json").stdout)
    assert (proof["complete"], proof["left"]) == (True, [])
    assert proof["rows"] == {"interests": 1, "shoppers": 1}
    assert "nothing is left" in daogou("erase", "bert", "--yes").stdout


def test_who_agrees_is_known_by_what_she_bought(daogou: Daogou) -> None:
    """The shop's own records are learnt from at the moment of consent, and not before."""
    assert daogou("show", "bert").exit_code == 2
    daogou("consent", "bert", "--memory", "--days", "30")
    known = json.loads(daogou("show", "bert", "--json").stdout)
    assert known["agreed"]["retention_days"] == 30
    assert "brand~Boil" in {interest["signal"] for interest in known["interests"]}
    daogou("consent", "bert", "--no-memory")
    assert json.loads(daogou("show", "bert", "--json").stdout)["interests"] == []


def test_tokens_and_sweeps(daogou: Daogou, shop: Path) -> None:
    """A printed token proves the id, also after one rotation; a sweep of a fresh shop deletes nothing."""
    token = daogou("token", "anna").stdout.strip()
    daogou("token", "anna", "--rotate")
    with Shop.open(shop) as opened:
        assert Memory.of(opened).identity.known(token) == "anna"
    assert set(json.loads(daogou("sweep", "--json").stdout).values()) == {0}


def test_insight_tells_of_groups_only(shop: Path) -> None:
    """A shop without enough people tells nothing, and says from how many on it would."""
    ran = CliRunner().invoke(app, ["insight", str(shop)])
    assert ran.exit_code == 0
    assert "from 10 people on" in ran.stderr
    assert json.loads(CliRunner().invoke(app, ["insight", str(shop), "--json"]).stdout)["kinds"] == []
