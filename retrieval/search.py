"""The wiring: Query -> meanings -> rows that meet every hard signal -> nearest inside them -> scores -> Slate."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.balance import Contender, Wanted, balance
from retrieval.catalogue import Catalogue, Mask, build_catalogue
from retrieval.conditions import meeting
from retrieval.embedding.embedder import Embedder
from retrieval.exploration import NO_CLICKS, Clicks, context_of
from retrieval.house_rules import HouseRules
from retrieval.index import Floats, VectorIndex
from retrieval.likeness import Likeness
from retrieval.matching import evidence, instead_of
from retrieval.naming import named_rows
from retrieval.nothing_fits import nothing_fits
from retrieval.people import grown_up
from retrieval.postings import Rows
from retrieval.requirements import Requirements, requirements
from retrieval.schema import Candidate, Item, Match, NearMiss, Pick, Query, Signal, Slate
from retrieval.scoring import DEFAULT_SCORING, Scores, ScoringSettings, Wish, lexical_scores, soft_wish, top
from retrieval.sliders import Sliders
from retrieval.vocabulary import Vocabulary

_BALANCED = 8
"""Candidates a slot that the balance step chooses from."""
_COUNTED = frozenset({"price", "rating", "order", "action", "topic"})
"""Facets whose values are not words of an item."""
_NAMED_FIRST = 5.0
"""What an item that was asked for by name gains: it always comes first."""


class Settings(Protocol):
    """What search asks of the shop's settings."""

    @property
    def currency(self) -> str: ...


class SearchShop(Protocol):
    """What search asks of a shop."""

    @property
    def settings(self) -> Settings: ...
    @property
    def index(self) -> VectorIndex: ...
    @property
    def index_warning(self) -> str: ...
    @property
    def sliders(self) -> Sliders: ...
    @property
    def sliders_warning(self) -> str: ...
    @property
    def embedder(self) -> Embedder: ...
    def all_items(self) -> Iterable[Item]: ...
    def items(self, ids: Sequence[str]) -> Sequence[Item]: ...


@dataclass(frozen=True)
class View:
    """The shop as it was when an import ended, or its index was opened anew."""

    index: VectorIndex
    catalogue: Catalogue
    vocabulary: Vocabulary
    warning: str
    """What is wrong with the index; empty when nothing is."""


@dataclass(frozen=True)
class Standing:
    """What a slate was chosen from: the candidates' rows with their scores, in no order."""

    rows: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    scores: Scores = field(default_factory=lambda: np.empty(0))


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
        self, shop: SearchShop, scoring: ScoringSettings = DEFAULT_SCORING, sliders: Sliders | None = None,
        clicks: Clicks = NO_CLICKS,
    ) -> None:
        self.shop = shop
        self.scoring = scoring
        self.sliders = sliders
        """None: the shop's own, as they are now."""
        self.clicks = clicks
        """What exploration learns from; replaced whole by whoever counts them."""
        self._held_rules: HouseRules | None = None
        self._building = threading.Lock()
        self._view: View | None = None

    def find(self, query: Query) -> Slate:
        """The slate for the query: its picks, or which hard wish leaves none and what comes nearest."""
        return self.find_timed(query)[0]

    def find_timed(self, query: Query) -> tuple[Slate, dict[str, float]]:
        """The slate, and the milliseconds of each step."""
        slate, _, spent = self.survey(query)
        return slate, spent

    def survey(self, query: Query) -> tuple[Slate, Standing, dict[str, float]]:
        """The slate, what it was chosen from, and the milliseconds of each step."""
        clock, standing = Clock(), Standing()
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

    def view(self) -> View:
        """The shop's catalogue in memory, built anew when an import has changed the shop."""
        view, index = self._view, self.shop.index
        if view is not None and view.index is index:
            return view
        with self._building:
            if self._view is None or self._view.index is not self.shop.index:
                index, warning = self.shop.index, self.shop.index_warning
                catalogue = build_catalogue(index.ids, self.shop.all_items())
                likeness = Likeness(self.shop.embedder)
                vocabulary = Vocabulary(catalogue, self.shop.settings.currency, likeness)
                self._view = View(index, catalogue, vocabulary, warning)
            return self._view

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
    ) -> tuple[Slate, Standing]:
        catalogue, resolve = view.catalogue, view.vocabulary.resolve
        with clock.step("score"):
            like = catalogue.rows_of(query.like).tolist()
            soft = [resolve(signal) for signal in dict.fromkeys(query.signals) if not signal.hard]
            wishes = [soft_wish(catalogue, m, fitting, like) for m in soft if m.kind not in ("any", "nothing", "name")]
            names = {s: self._named(s, view) for s in query.signals if resolve(s).kind == "name" and s.wanted}
            static = self._static_scores(query, catalogue, wishes, names.values())
            static -= self.scoring.soft * self._for_children(wishes, view)
        with clock.step("nearest"):
            pinned = rules.pinned(query, fitting)
            rows, cosines = _gather(query, view, fitting, vector, static, [pinned[0]] if pinned else [])
        with clock.step("balance"):
            scores = static[rows] + self.scoring.dense * _levelled(cosines)
            order = np.argsort(-scores, kind="stable")
            order = _unlike(order, cosines, query.limit, max(_BALANCED * query.limit, 24) + len(query.shown))
            if pinned:
                order = np.union1d(order, np.flatnonzero(rows == pinned[0]))
            plain = [_contender(catalogue, wishes, int(rows[place]), float(scores[place])) for place in order]
            wanted = Wanted(
                frozenset(s.facet for s in query.signals if s.wanted), frozenset(query.shown), rules.interests(query),
                self.clicks, context_of(query.signals),
            )
            slots = balance(
                rules.contenders(plain, rows[order], query, pinned), view.index.vectors_of(rows[order].astype(np.int64)),
                query.limit, seed=query.seed, settings=rules.sliders.balance, wanted=wanted,
            )
        with clock.step("fetch"):
            chosen = [(slot, int(order[slot.place])) for slot in slots]
            items = self._items([int(rows[place]) for _, place in chosen], view)
            chosen = [(slot, place) for slot, place in chosen if int(rows[place]) in items]
        with clock.step("evidence"):
            ranked = [
                Candidate(items[row], float(scores[place]), float(cosines[place]), (), _missed(wishes, row))
                for row, place in ((int(rows[place]), place) for _, place in chosen)
            ]
            proven = [self._proven(query, view, candidate, wishes, names) for candidate in ranked]
            kept = {m.signal for candidate in proven for m in candidate.matches}
            kept |= {w.meaning.signal for w in wishes for c in proven if w.meaning.signal not in c.missed}
        picks = tuple(Pick(c, s.receipt, s.reason, s.propensity, s.explored) for c, (s, _) in zip(proven, chosen, strict=True))
        open_wishes = [s for s in dict.fromkeys(query.signals) if not s.hard or s in names]
        relaxed = tuple(s for s in open_wishes if s not in kept and resolve(s).kind != "any")
        return Slate(picks, relaxed=relaxed, fitting=int(fitting.sum())), Standing(rows, scores)

    def _static_scores(self, query: Query, catalogue: Catalogue, wishes: Sequence[Wish], named: Iterable[Rows]) -> Scores:
        """What each item scores besides its likeness of meaning."""
        settings = self.scoring
        text = " ".join(dict.fromkeys([query.text, *(s.value for s in query.signals if s.wanted and s.facet not in _COUNTED)]))
        scores = settings.lexical * lexical_scores(catalogue, text)
        for wish in wishes:
            gain = 0.5 * (wish.met + wish.degree)
            scores += settings.soft * (gain if wish.meaning.signal.wanted else gain - 1.0)
        scores += settings.rating * (np.nan_to_num(catalogue.ratings, nan=3.0) - 1.0) / 4.0
        for rows in named:
            scores[rows] += _NAMED_FIRST
        return scores

    def _for_children(self, wishes: Sequence[Wish], view: View) -> Mask:
        """The items meant for children, where somebody wishes for a grown-up by name: "my mother" wants no kids' boots."""
        grown = [wish for wish in wishes if wish.meaning.signal.facet == "audience" and grown_up(wish.meaning.signal.value)]
        if not grown:
            return np.zeros(len(view.catalogue), dtype=bool)
        children = meeting(view.catalogue, view.vocabulary.resolve(Signal("audience", "~", "kids"))).items
        met = np.logical_or.reduce([wish.met for wish in grown])
        kept: Mask = children & ~met
        return kept

    def _named(self, signal: Signal, view: View) -> Rows:
        return named_rows(signal.value, view.catalogue, view.vocabulary.spell, lambda rows: self._items(rows, view))

    def _proven(
        self, query: Query, view: View, candidate: Candidate, wishes: Sequence[Wish], names: dict[Signal, Rows]
    ) -> Candidate:
        """The candidate with the words that prove each signal it meets."""
        row = view.catalogue.rows[candidate.item.id]
        met = [view.vocabulary.resolve(signal) for signal in dict.fromkeys(query.signals) if signal.hard]
        met += [wish.meaning for wish in wishes if wish.met[row]]
        matches: list[Match] = []
        for meaning in met:
            show = evidence if meaning.signal.wanted else instead_of
            found = show(candidate.item, meaning, query.language)
            matches += [found] if found is not None else []
        matches += [Match(s, candidate.item.words(query.language)[0], "title") for s, rows in names.items() if row in rows]
        return replace(candidate, matches=tuple(matches))

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


def _gather(
    query: Query, view: View, fitting: Mask, vector: Floats | None, static: Scores, also: Sequence[int]
) -> tuple[Rows, Floats]:
    """The fitting rows worth ranking with their cosines: the nearest in meaning, the best by words and wishes, and `also`."""
    rows = np.flatnonzero(fitting)
    best = top(static, rows, query.pool)
    if vector is None:
        found = np.union1d(best if len(best) else rows[: query.pool], also)
        return found.astype(np.int32), np.zeros(len(found), dtype=np.float32)
    near, cosines = view.index.nearest(vector, query.pool, None if len(rows) == len(fitting) else rows)
    further = np.setdiff1d(np.union1d(best, also), near)
    more = view.index.vectors_of(further.astype(np.int64)) @ vector
    return np.concatenate((near, further)).astype(np.int32), np.concatenate((cosines, more)).astype(np.float32)


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


def _contender(catalogue: Catalogue, wishes: Sequence[Wish], row: int, score: float) -> Contender:
    return Contender(
        catalogue.ids[row], score, _number(catalogue.brand_of[row]), _number(catalogue.path_of[row]),
        int(catalogue.prices[row]), len(_missed(wishes, row)),
    )


def _number(label: int) -> str:
    return str(label) if label >= 0 else ""


def _missed(wishes: Sequence[Wish], row: int) -> tuple[Signal, ...]:
    return tuple(wish.meaning.signal for wish in wishes if not wish.met[row])


def _levelled(cosines: Floats) -> Scores:
    """Cosines brought to 0..1; embedders differ in the range they use."""
    if not len(cosines):
        return cosines.astype(np.float64)
    low, high = float(cosines.min()), float(cosines.max())
    return ((cosines - low) / max(high - low, 0.03)).astype(np.float64)


def _unit(vector: Floats) -> Floats:
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
