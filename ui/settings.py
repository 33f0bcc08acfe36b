"""`daogou settings`: a merchant's sliders, promotions, pins and bans, shown, changed, and tried on a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from assistant.pace import Pace, pace_file
from retrieval.errors import StoreError
from retrieval.house_rules import HouseRules
from retrieval.schema import OPS, Pick, Query, Signal
from retrieval.search import Search
from retrieval.shop import Shop
from retrieval.shop_settings import changed_sliders, load_sliders
from retrieval.sliders import BY_SCORE_ALONE, BalanceSettings, Promotions, Sliders, sliders_of
from retrieval.vocabulary import Vocabulary
from ui.places import DEMO, shop_directory
from ui.terminal import note, print_json, say
from ui.turn_view import money_view
from ui.wiring import open_shop

_LISTS = {
    "promotions.items": "ids", "promotions.categories": "names of shelves",
    "bans.items": "ids that are never shown", "bans.categories": "shelves", "bans.brands": "brands",
    "synonyms.WORD": "what the shop calls what shoppers call so: kinds or values",
    "pins.WORD": "ids; the first that meets every hard wish has the first slot for that kind of product or word",
}
_GROUPS = (("balance", BalanceSettings), ("promotions", Promotions))


@dataclass(frozen=True, slots=True)
class Preview:
    """The slates of one query under two settings."""

    query: str
    before: tuple[Pick, ...]
    after: tuple[Pick, ...]


def show_or_change(shop: str, changes: Sequence[str], preview: str, limit: int, *, as_json: bool) -> None:
    """The settings on the terminal, after the changes were saved; with a preview nothing is saved.

    Raises StoreError for a setting that is unknown or out of range, and for names that the shop has not.
    """
    directory, wanted = shop_directory(shop), _pairs(changes)
    if shop == DEMO and not directory.exists():
        open_shop(shop).close()
    sliders = changed_sliders(directory, wanted, save=False) if wanted else load_sliders(directory)
    seen: Preview | None = None
    notes: tuple[str, ...] = ()
    if preview or _needs_the_shop(sliders, wanted):
        with open_shop(shop) as opened:
            notes = _checked(opened, sliders)
            if preview:
                seen = _tried(opened, preview, limit, load_sliders(directory) if wanted else BY_SCORE_ALONE, sliders)
    if wanted and not preview:
        changed_sliders(directory, wanted)
    if as_json:
        pace = _pace_view(pace_file(directory).current())
        print_json({**_view(sliders), "pace": pace, "notes": list(notes), "preview": _preview_view(seen) if seen else None})
        return
    if seen is None:
        _print_settings(sliders)
        say(f"How interests fade and drift: {pace_file(directory).current()}")
    else:
        _print_preview(seen, "as saved" if wanted else "by score alone", "with the changes" if wanted else "as saved")
    for text in notes:
        note(text)
    if preview and wanted:
        note("Nothing was saved. Leave --preview out to save.")


def _pairs(changes: Sequence[str]) -> dict[str, str]:
    pairs = [change.partition("=") for change in changes]
    bad = next((name for name, sign, _ in pairs if not sign or "." not in name), None)
    if bad is not None:
        raise StoreError(f"found {bad!r}, expected TABLE.NAME=VALUE, such as balance.exploration=0.2 or pins.kettle=A1")
    return {name.strip(): value for name, _, value in pairs}


def _needs_the_shop(sliders: Sliders, wanted: dict[str, str]) -> bool:
    """True when what was changed names something of the catalogue, or asks for what only the items can tell."""
    numbers = [f"{table}.{name}" for table, group in _GROUPS for name, _ in sliders_of(group)]
    named = any(value.strip() and name not in numbers for name, value in wanted.items())
    asks = sliders.balance.margin > 0 or sliders.balance.stock > 0
    return named or (asks and not wanted.keys().isdisjoint(("balance.margin", "balance.stock")))


def _checked(shop: Shop, sliders: Sliders) -> tuple[str, ...]:
    """What of the settings has no effect in this shop. Raises StoreError for items, shelves and brands that it has not."""
    view = Search(shop).view()
    rules = HouseRules(sliders, view.catalogue, view.vocabulary.resolve, shop.all_items)
    if rules.unknown:
        raise StoreError(f"found {rules.unknown[0]}, which this shop has not; expected ids, shelves and brands of its catalogue")
    notes = []
    if rules.earnings.unreadable:
        notes.append(f"{rules.earnings.unreadable} costs can't be read as prices in the item's currency.")
    if sliders.balance.margin > 0 and not rules.earnings.costs:
        notes.append("balance.margin has no effect: no item has a cost. Import a feed with a column such as cost_of_goods_sold.")
    if sliders.balance.stock > 0 and not rules.earnings.stocks:
        notes.append("balance.stock has no effect: no item has a stock count. Import a feed whose variants have one.")
    idle = [word for word, _ in sliders.synonyms if not _means_something(word, view.vocabulary.knowing(sliders.synonyms))]
    notes += [f"synonyms.{word} has no effect: no shelf, title or value of this shop is called so." for word in idle]
    hidden = rules.banned & rules.promoted
    if hidden.any():
        notes.append(f"{int(hidden.sum())} promoted items are banned by their shelf or brand: a ban comes first.")
    return tuple(notes)


def _means_something(word: str, vocabulary: Vocabulary) -> bool:
    """True when the word names a kind of product or a value here."""
    return any(vocabulary.resolve(Signal(facet, "=", word)).kind != "nothing" for facet in ("category", "feature"))


def _tried(shop: Shop, text: str, limit: int, before: Sliders, after: Sliders) -> Preview:
    """The query `words | signal | signal` under both settings."""
    parts: list[str] = [part.strip() for part in text.split("|")]
    words, signals = parts[0], parts[1:]
    if not signals and any(op in words for op in OPS):
        words, signals = "", [words]
    try:
        query = Query(words, signals=tuple(Signal.parse(part) for part in signals if part), limit=limit)
    except ValueError as error:
        raise StoreError(f"--preview: {error}. Write words, or words | category=kettle | price<=60") from error
    picks = [Search(shop, sliders=each).find(query).picks for each in (before, after)]
    return Preview(text, picks[0], picks[1])


def _view(sliders: Sliders) -> dict[str, Any]:
    return {
        "balance": asdict(sliders.balance), "promotions": asdict(sliders.promotions),
        "pins": {pin.word: list(pin.items) for pin in sliders.pins}, "bans": asdict(sliders.bans),
        "synonyms": {word: list(names) for word, names in sliders.synonyms},
        "ranges": {
            f"{table}.{name}": {"low": each.metadata["low"], "high": each.metadata["high"], "meaning": each.metadata["meaning"]}
            for table, group in _GROUPS for name, each in sliders_of(group)
        },
    }


def _pace_view(pace: Pace) -> dict[str, Any]:
    """The half-lives and drift settings in force, and what they were learnt from; null for the usual ones."""
    return {
        "half_lives_days": dict(pace.half_lives.days), "drift": {"bound": pace.drift.bound, "together": pace.drift.together},
        "learnt": asdict(pace.learnt) if pace.learnt else None,
    }


def _preview_view(seen: Preview) -> dict[str, Any]:
    return {"query": seen.query, **{
        name: [
            {
                "id": pick.candidate.item.id, "title": pick.candidate.item.title, "price": money_view(pick.candidate.item.price),
                "score": round(pick.candidate.score, 4), "receipt": pick.receipt, "reason": pick.reason,
                "propensity": pick.propensity,
            }
            for pick in picks
        ]
        for name, picks in (("before", seen.before), ("after", seen.after))
    }}


def _print_settings(sliders: Sliders) -> None:
    table = Table("setting", "now", "range", "meaning", box=None, pad_edge=False)
    for name, group in (("balance", sliders.balance), ("promotions", sliders.promotions)):
        for field, each in sliders_of(group):
            told, now = each.metadata, getattr(group, field)
            table.add_row(f"{name}.{field}", f"{now:g}", f"{told['low']:g} to {told['high']:g}", told["meaning"])
    held = {"promotions": asdict(sliders.promotions), "bans": asdict(sliders.bans)}
    for name, meaning in _LISTS.items():
        group_name, _, field = name.partition(".")
        if field != "WORD":
            table.add_row(name, ", ".join(held[group_name][field]) or "-", "a, b, ...", meaning)
    for pin in sliders.pins:
        table.add_row(f"pins.{pin.word}", ", ".join(pin.items), "a, b, ...", "pinned to the first slot")
    for word, names in sliders.synonyms:
        table.add_row(f"synonyms.{word}", ", ".join(names), "a, b, ...", "the shop's words for it")
    for name in ("pins.WORD", "synonyms.WORD"):
        table.add_row(name, "", "a, b, ...", _LISTS[name])
    Console().print(table)
    say("Change one: daogou settings SHOP balance.exploration=0.2   Take it back: balance.exploration=")


def _print_preview(seen: Preview, before: str, after: str) -> None:
    table = Table("", before, after, show_lines=True)
    for place in range(max(len(seen.before), len(seen.after))):
        table.add_row(str(place + 1), *(_cell(picks, place) for picks in (seen.before, seen.after)))
    Console().print(table)


def _cell(picks: Sequence[Pick], place: int) -> str:
    if place >= len(picks):
        return ""
    pick = picks[place]
    return f"{pick.candidate.item.id}  {pick.candidate.item.title}\n{pick.receipt}: {pick.reason}"
