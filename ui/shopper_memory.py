"""The commands of `daogou shopper`, done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import typer

from assistant.behaviour import Strength
from assistant.erasure import Erasure, ErasureProof
from assistant.exporting import export
from assistant.identity import rotate as rotate_keys
from assistant.memory import Memory
from assistant.memory_card import Entry, entries
from assistant.story import story
from retrieval.schema import Signal
from retrieval.shop import Shop
from ui.measuring_texts import need_train_extra
from ui.sweeping import sweep_shop
from ui.terminal import note, print_json, say
from ui.wiring import open_shop

Change = Literal["forget", "pin", "unpin"]


def show_shopper(shop: str, shopper_id: str, plots: Path | None, *, as_json: bool) -> None:
    """The memory card, and with `plots` a picture of a year there; exit code 2 for an unknown id."""
    with _memory(shop) as (opened, memory):
        known = memory.shoppers.get(shopper_id)
        if known is None:
            raise _unknown(shopper_id)
        held = entries(memory.begin((), shopper_id), "en", datetime.now(UTC), opened.currency)
        moved = story(memory, shopper_id, _weeks(datetime.now(UTC)), most=8) if plots else ()
        pace = str(memory.pace())
        agreed = {name: value for name, value in asdict(known).items() if name != "id"}
    if plots:
        _draw(moved, plots, shopper_id)
    if as_json:
        print_json({"shopper": shopper_id, "agreed": agreed, "interests": [_as_json(entry) for entry in held]})
        return
    say(
        f"{shopper_id}: memory {_yes(known.memory)}, training {_yes(known.training)}, "
        f"{'paused' if known.paused else 'learning'}, kept for {known.retention_days} days"
    )
    for entry in held:
        pinned = "  pinned" if entry.interest.pinned else ""
        said = f"“{entry.interest.sentence}”" if entry.interest.sentence else ""
        say(f"  {entry.interest.signal!s:32} {entry.interest.strength:4.2f}  {entry.age:>13}  {entry.origin} {said}{pinned}")
    note(f"{len(held)} interests; how they fade and drift: {pace}")


def export_shopper(shop: str, shopper_id: str) -> None:
    """Everything as JSON; exit code 2 for an unknown id."""
    with _memory(shop) as (opened, _):
        found = export(opened.engine, shopper_id)
    if found is None:
        raise _unknown(shopper_id)
    print_json(found)


def erase_shopper(shop: str, shopper_id: str, *, as_json: bool) -> None:
    """The proof; exit code 1 when something is left, 2 for an unknown id."""
    with _memory(shop) as (opened, memory):
        proof = Erasure(opened.directory, opened.engine, memory.identity).erase(shopper_id)
    if proof is None:
        raise _unknown(shopper_id)
    if as_json:
        print_json({**asdict(proof), "complete": proof.complete})
    else:
        _show_proof(proof)
    if not proof.complete:
        raise typer.Exit(1)


def change_interest(shop: str, shopper_id: str, written: str, change: Change, *, as_json: bool) -> None:
    """One interest is forgotten or pinned; exit code 2 for an unknown id or interest."""
    try:
        signal = Signal.parse(written)
    except ValueError as error:
        note(f"daogou: {error}. Take one as `daogou shopper show {shop} {shopper_id}` prints it.")
        raise typer.Exit(2) from error
    with _memory(shop) as (_, memory):
        if memory.shoppers.get(shopper_id) is None:
            raise _unknown(shopper_id)
        done = (
            memory.shoppers.forget(shopper_id, [signal]) > 0 if change == "forget"
            else memory.shoppers.pin(shopper_id, signal, change == "pin")
        )
    if not done:
        note(f"daogou: {shopper_id} has no interest {signal}. `daogou shopper show {shop} {shopper_id}` lists them.")
        raise typer.Exit(2)
    _done({"shopper": shopper_id, change: str(signal)}, f"{change}: {signal}", as_json=as_json)


def pause_shopper(shop: str, shopper_id: str, paused: bool, *, as_json: bool) -> None:
    """Exit code 2 for an unknown id."""
    with _memory(shop) as (_, memory):
        memory.begin((), shopper_id)  # what was done while learning was paused is passed over
        if memory.shoppers.pause(shopper_id, paused) is None:
            raise _unknown(shopper_id)
    _done({"shopper": shopper_id, "paused": paused}, "paused" if paused else "learning", as_json=as_json)


def record_consent(shop: str, shopper_id: str, *, memory: bool, training: bool, days: int | None, as_json: bool) -> None:
    """What was agreed to; what the shop's records say of a shopper who agrees to be remembered is learnt at once."""
    with _memory(shop) as (_, held):
        try:
            agreed = held.shoppers.consent(shopper_id, memory=memory, training=training, retention_days=days)
        except ValueError as error:
            note(f"daogou: {error}")
            raise typer.Exit(2) from error
        if agreed is None:
            raise _unknown(shopper_id)
        held.begin((), shopper_id)  # learns from the records
    _done(
        asdict(agreed), f"memory {_yes(agreed.memory)}, training {_yes(agreed.training)}, kept for {agreed.retention_days} days",
        as_json=as_json,
    )


def print_token(shop: str, shopper_id: str, *, rotate: bool) -> None:
    """The signed id on standard output."""
    with _memory(shop) as (opened, memory):
        identity = rotate_keys(opened.directory) if rotate else memory.identity
        try:
            say(identity.sign(shopper_id))
        except ValueError as error:
            note(f"daogou: {error}")
            raise typer.Exit(2) from error


def sweep_now(shop: str, *, as_json: bool) -> None:
    """What was deleted."""
    with open_shop(shop) as opened:
        swept = sweep_shop(opened)
    told = f"{swept.turns} turns, {swept.reactions} reactions and {swept.interests} interests were past their time"
    told += f"; {swept.erasures} erasures were ended; {swept.brought_back} rows of erased shoppers had come back"
    _done(asdict(swept), told, as_json=as_json)


@contextmanager
def _memory(shop: str) -> Iterator[tuple[Shop, Memory]]:
    with open_shop(shop) as opened:
        yield opened, Memory.of(opened)


def _weeks(now: datetime) -> tuple[datetime, ...]:
    """Once a week for a year, and now."""
    return tuple(now - timedelta(weeks=week) for week in range(52, -1, -1))


def _draw(moved: Sequence[Strength], plots: Path, shopper_id: str) -> None:
    if not moved:
        note("no kind of product is remembered, so that there is nothing to draw")
        return
    need_train_extra()
    from training.drift_plots import timeline_plot

    timeline_plot(moved, plots / "interests.png", f"Interests of {shopper_id}")
    note(f"drawn: {plots / 'interests.png'}")


def _unknown(shopper_id: str) -> typer.Exit:
    """The same for every id that the shop does not know, whatever the reason."""
    note(f"daogou: no shopper {shopper_id!r} is known here. Check the id.")
    return typer.Exit(2)


def _show_proof(proof: ErasureProof) -> None:
    say("deleted: " + (", ".join(f"{count} {table}" for table, count in proof.rows.items()) or "nothing"))
    for file, count in proof.lines.items():
        say(f"  {count} lines of {file}")
    say(f"searched for {proof.needles} ids and sentences in {' and '.join(proof.searched)}: "
        + ("nothing is left" if proof.complete else "LEFT in " + ", ".join(proof.left)))
    for folder in proof.retrain:
        say(f"  {folder} saw the rows: train it anew")
    for line in proof.notes:
        note(f"({line})")


def _as_json(entry: Entry) -> dict[str, Any]:
    held = entry.interest
    return {
        "signal": str(held.signal), "words": entry.words, "strength": round(held.strength, 3), "source": held.source,
        "sentence": held.sentence, "since": held.since or held.at, "at": held.at, "firm": held.signal.hard, "pinned": held.pinned,
    }


def _done(value: dict[str, Any], line: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        say(line)


def _yes(agreed: bool) -> str:
    return "yes" if agreed else "no"
