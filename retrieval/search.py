"""The wiring: Query -> rows that meet every hard signal -> candidates inside them -> ranked -> balanced -> Slate."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retrieval.balance import Contender, Slot, Wanted, balance
from retrieval.candidates import Asked, Candidates, candidates, features, judge, understand
from retrieval.catalogue import Mask
from retrieval.collaborative_refresh import FreshCollaborative
from retrieval.exploration import NO_CLICKS, Clicks, context_of
from retrieval.house_rules import HouseRules
from retrieval.index import Floats
from retrieval.matching import evidence, instead_of
from retrieval.nothing_fits import nothing_fits
from retrieval.postings import Rows
from retrieval.ranking import Features, Ranker
from retrieval.requirements import Requirements, requirements
from retrieval.schema import Candidate, Item, Match, NearMiss, Pick, Query, Signal, Slate
from retrieval.sliders import Sliders
from retrieval.view import SearchShop, View, build_view
from retrieval.word_match import Scores

_BALANCED = 8
"""Candidates a slot that the balance step chooses from."""
_COMPARED = 100_000
"""Items up to which the collaborative model also looks at what they read like."""


class Clock:
    """Milliseconds by step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + (time.perf_counter() - start) * 1000


class Search:
    """Finds what a shop has for a query; safe to share between threads."""

    def __init__(
        self, shop: SearchShop, ranker: Ranker | None = None, sliders: Sliders | None = None,
        clicks: Callable[[], Clicks] = lambda: NO_CLICKS,
    ) -> None:
        self.shop = shop
        self.ranker = ranker
        """None: the shop's own, as it is now."""
        self.sliders = sliders
        """None: the shop's own, as they are now."""
        self.clicks = clicks
        """What exploration learns from, as it is now."""
        self._held_rules: HouseRules | None = None
        self._collaborative = FreshCollaborative(shop, self._content)
        self._building = threading.Lock()
        self._view: View | None = None

    def find(self, query: Query) -> Slate:
        """The slate for the query: its picks, or which hard wish leaves none and what comes nearest."""
        return self.find_timed(query)[0]

    def find_timed(self, query: Query) -> tuple[Slate, dict[str, float]]:
        """The slate, and the milliseconds of each step."""
        slate, _, spent = self.survey(query)
        return slate, spent

    def survey(self, query: Query) -> tuple[Slate, Candidates, dict[str, float]]:
        """The slate, what it was chosen from, and the milliseconds of each step."""
        clock, standing = Clock(), Candidates()
        with clock.step("view"):
            view = self.view()
        with clock.step("embed"):
            vector = self._vector(query, view)
        with clock.step("filter"):
            rules = self._rules(view)
            required = rules.without_banned(requirements(query, view.catalogue, view.vocabulary.resolve))
            fitting = _unseen(query, view, required.fitting())
        if fitting.any():
            slate, standing = self._slate(query, view, rules, fitting, vector, clock)
        else:
            with clock.step("near"):
                slate = self._near_misses(query, view, required, vector)
        rules_warning = "" if self.sliders else self.shop.sliders_warning
        troubles = (view.warning, rules_warning, *(view.vocabulary.resolve(signal).why for signal in query.signals))
        return replace(slate, served_by=view.index.kind, degraded=tuple(filter(None, troubles))), standing, clock.spent

    def ranked(self, query: Query) -> tuple[tuple[str, float], ...]:
        """(id, score) of the query's candidates, best first: the ranker's order, before any balance."""
        view, asked, fitting = self._asked(query)
        found = candidates(asked, fitting, self._ranker())
        order = np.lexsort((found.rows, -found.scores))
        return tuple((view.catalogue.ids[int(found.rows[place])], float(found.scores[place])) for place in order)

    def judged(self, query: Query, ids: Sequence[str]) -> dict[str, float]:
        """The score of each of the items for the query, whether or not it would be found; ids the shop lacks are left out."""
        view, asked, _ = self._asked(query)
        rows = view.catalogue.rows_of(ids).astype(np.int32)
        scores = judge(asked, self._ranker(), rows).score
        return {view.catalogue.ids[int(row)]: float(score) for row, score in zip(rows, scores, strict=True)}

    def features(self, query: Query, ids: Sequence[str]) -> tuple[Features, Features]:
        """The text and item features of the items, all of which the shop has: what the ranker is trained on."""
        view, asked, _ = self._asked(query)
        return features(asked, view.catalogue.rows_of(ids).astype(np.int32))

    def view(self) -> View:
        """The shop in memory, read anew when an import has changed it."""
        view, index, synonyms = self._view, self.shop.index, (self.sliders or self.shop.sliders).synonyms
        if view is not None and view.index is index and view.vocabulary.synonyms == synonyms:
            return view
        with self._building:
            if self._view is None or self._view.index is not self.shop.index:
                self._view = build_view(self.shop)
            if self._view.vocabulary.synonyms != synonyms:
                self._view = replace(self._view, vocabulary=self._view.vocabulary.knowing(synonyms))
            return self._view

    def _ranker(self) -> Ranker:
        return self.ranker or self.shop.ranker

    def _asked(self, query: Query) -> tuple[View, Asked, Mask]:
        view = self.view()
        fitting = _unseen(query, view, requirements(query, view.catalogue, view.vocabulary.resolve).fitting())
        return view, self._understood(query, view, self._vector(query, view), fitting), fitting

    def _understood(self, query: Query, view: View, vector: Floats | None, fitting: Mask) -> Asked:
        taste = self._taste(query, view)
        return understand(query, view, vector, fitting, lambda rows: self._items(rows, view), taste)

    def _taste(self, query: Query, view: View) -> Scores | None:
        """How much every item suits the shopper by what shoppers alike chose; None for one who did nothing yet."""
        if not query.history:
            return None
        return self._collaborative.current(view.catalogue.ids).scores(query.history).scores.astype(np.float64)

    def _content(self) -> Floats | None:
        """The items' vectors, where they are few enough to be held against each other."""
        index = self.view().index
        return index.vectors_of(np.arange(len(index.ids))) if len(index.ids) <= _COMPARED else None

    def _rules(self, view: View) -> HouseRules:
        sliders, held = self.sliders or self.shop.sliders, self._held_rules
        if held is None or held.catalogue is not view.catalogue or held.sliders is not sliders:
            held = self._held_rules = HouseRules(sliders, view.catalogue, view.vocabulary.resolve, self.shop.all_items)
        return held

    def _vector(self, query: Query, view: View) -> Floats | None:
        """Where the query lies: its text and the items to resemble, halfway between them; None when it says nothing."""
        text = query.text.strip() or " ".join(signal.value for signal in query.signals if signal.wanted)
        parts = [self.shop.embedder.embed([text], query=True)[0]] if text else []
        like = view.catalogue.rows_of(query.like)
        if len(like):
            parts.append(_unit(view.index.vectors_of(like).mean(axis=0)))
        return _unit(np.mean(parts, axis=0)) if parts else None

    def _slate(
        self, query: Query, view: View, rules: HouseRules, fitting: Mask, vector: Floats | None, clock: Clock
    ) -> tuple[Slate, Candidates]:
        with clock.step("understand"):
            asked = self._understood(query, view, vector, fitting)
            pinned = rules.pinned(query, fitting)
        with clock.step("score"):
            found = candidates(asked, fitting, self._ranker(), [pinned[0]] if pinned else [])
        with clock.step("balance"):
            order = _order(found, query, pinned)
            slots = self._balanced(asked, rules, found, order, pinned)
        with clock.step("fetch"):
            chosen = [(slot, int(order[slot.place])) for slot in slots]
            items = self._items([int(found.rows[place]) for _, place in chosen], view)
            chosen = [(slot, place) for slot, place in chosen if int(found.rows[place]) in items]
        with clock.step("evidence"):
            picks = tuple(
                Pick(_candidate(asked, found, place, items), slot.receipt, slot.reason, slot.propensity, slot.explored)
                for slot, place in chosen
            )
        return Slate(picks, relaxed=_relaxed(asked, picks), fitting=int(fitting.sum())), found

    def _balanced(
        self, asked: Asked, rules: HouseRules, found: Candidates, order: NDArray[np.int64], pinned: tuple[int, str] | None
    ) -> tuple[Slot, ...]:
        query, view, rows = asked.query, asked.view, found.rows[order]
        plain = [_contender(asked, int(row), float(score)) for row, score in zip(rows, found.scores[order], strict=True)]
        wanted = Wanted(
            frozenset(s.facet for s in query.signals if s.wanted), frozenset(query.shown), rules.interests(query),
            self.clicks(), context_of(query.signals),
        )
        return balance(
            rules.contenders(plain, rows, query, pinned), view.index.vectors_of(rows.astype(np.int64)), query.limit,
            seed=query.seed, settings=rules.sliders.balance.exploring(query.exploration), wanted=wanted,
        )

    def _near_misses(self, query: Query, view: View, required: Requirements, vector: Floats | None) -> Slate:
        def nearest(rows: Rows, limit: int) -> Sequence[int]:
            if vector is None:
                return [int(row) for row in rows[:limit]]
            found, _ = view.index.nearest(vector, limit, rows.astype(np.int64))
            return [int(row) for row in found]

        nothing = nothing_fits(query, required, nearest)
        items = self._items([row for row, _ in nothing.near], view)
        near = tuple(NearMiss(items[row], costs) for row, costs in nothing.near if row in items)
        unknown = tuple(s for s in query.signals if not s.hard and view.vocabulary.resolve(s).kind == "nothing")
        return Slate(blocked_by=nothing.blocked_by, near_misses=near, relaxed=unknown)

    def _items(self, rows: Sequence[int], view: View) -> dict[int, Item]:
        """The items of the rows; one that an import has taken away since is left out."""
        return {view.catalogue.rows[item.id]: item for item in self.shop.items([view.catalogue.ids[row] for row in rows])}


def _unseen(query: Query, view: View, fitting: Mask) -> Mask:
    """For a fresh slate the fitting items that were not shown, as long as there are any."""
    if not query.fresh:
        return fitting
    unseen = fitting.copy()
    unseen[view.catalogue.rows_of(query.shown)] = False
    return unseen if unseen.any() else fitting


def _order(found: Candidates, query: Query, pinned: tuple[int, str] | None) -> NDArray[np.int64]:
    """The places of the best candidates that balance chooses from, and of the pinned one."""
    limit = max(_BALANCED * query.limit, 24) + len(query.shown)
    order = _unlike(np.argsort(-found.scores, kind="stable"), found.cosines, query.limit, limit)
    return np.union1d(order, np.flatnonzero(found.rows == pinned[0])) if pinned else order


def _unlike(order: NDArray[np.int64], cosines: Floats, most: int, limit: int) -> NDArray[np.int64]:
    """The first `limit` of the order with at most `most` rows of one text, told by its cosine, so that a hundred offers of one
    model leave room."""
    counts: Counter[float] = Counter()
    kept = []
    for place in order.tolist():
        counts[float(cosines[place])] += 1
        if counts[float(cosines[place])] <= most or not cosines[place]:
            kept.append(place)
        if len(kept) == limit:
            break
    return np.array(kept, dtype=np.int64)


def _contender(asked: Asked, row: int, score: float) -> Contender:
    catalogue = asked.view.catalogue
    brand, path = catalogue.brand_of[row], catalogue.path_of[row]
    return Contender(
        catalogue.ids[row], score, _number(brand), _number(path), int(catalogue.prices[row]), len(asked.missed(row))
    )


def _number(label: int) -> str:
    return str(label) if label >= 0 else ""


def _candidate(asked: Asked, found: Candidates, place: int, items: dict[int, Item]) -> Candidate:
    """The item at a place with the words that prove each signal it meets."""
    row, query, resolve = int(found.rows[place]), asked.query, asked.view.vocabulary.resolve
    item = items[row]
    met = [resolve(signal) for signal in dict.fromkeys(query.signals) if signal.hard]
    met += [wish.meaning for wish in asked.wishes if wish.met[row]]
    matches: list[Match] = []
    for meaning in met:
        show = evidence if meaning.signal.wanted else instead_of
        proof = show(item, meaning, query.language)
        matches += [proof] if proof is not None else []
    matches += [Match(s, item.words(query.language)[0], "title") for s, rows in asked.names.items() if row in rows]
    parts = sorted(((name, float(values[place])) for name, values in found.parts.items()), key=lambda part: -abs(part[1]))
    return Candidate(
        item, float(found.scores[place]), float(found.cosines[place]), tuple(matches), asked.missed(row),
        tuple((name, round(value, 3)) for name, value in parts if value),
    )


def _relaxed(asked: Asked, picks: Sequence[Pick]) -> tuple[Signal, ...]:
    """The open wishes that no pick meets."""
    kept = {match.signal for pick in picks for match in pick.candidate.matches}
    kept |= {wish.meaning.signal for wish in asked.wishes for p in picks if wish.meaning.signal not in p.candidate.missed}
    resolve = asked.view.vocabulary.resolve
    wished = (s for s in dict.fromkeys(asked.query.signals) if not s.hard or s in asked.names)
    return tuple(s for s in wished if s not in kept and resolve(s).kind != "any")


def _unit(vector: Floats) -> Floats:
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
