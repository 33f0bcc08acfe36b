"""A shop of a million items on two cores: import that is killed and goes on, memory, search under filters, recall.

`DAOGOU_BENCH_SCALE` says how many items (1000000; nothing is measured without it), `DAOGOU_BENCH_INDEX` which index serves (exact,
chroma, or the http://host:port of a Chroma server), `DAOGOU_BENCH_DIR` where the shop is kept from run to run, `DAOGOU_DATA` the
directory with home_depot_search. Items are real titles, further copies with some words of other titles; vectors are those of the
real titles, the copies' as far from them as a title's nearest neighbour is. Milliseconds are of the wall clock and of the
processor: the second figure is what the first would be were nothing else running.
"""

from __future__ import annotations

import csv
import gzip
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.catalogue import head_phrases
from retrieval.embedding.embedder import Embedder, open_embedder
from retrieval.importing import import_feed
from retrieval.schema import Attribute, Item, Money, Query, Signal
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings
from retrieval.shop_settings import save_settings
from retrieval.text import scan

PRESET, POOL, QUERIES = "minilm", 200, 200
COLORS, MATERIALS = "white black gray brown bronze chrome red blue".split(), "steel wood brass plastic glass ceramic".split()
WISHES = (
    "", "price<=40", "price>=20 | price<=200", "color=white | price<=150", "material=steel | rating>=4", "color!=black | price<=100",
    "color=white | color=gray | rating>=3.5", "material!=plastic | price~cheap", "size>=20 cm | color~brown", "brand!=hampton | price<=60",
)
"""What queries ask for besides their words, in turn: from all items down to one in fifty fit."""
_PART = re.compile(r"#(\d+)-(\d+)")
Row = dict[str, Any]


def run(data: Path | None = None, home: Path | None = None, count: int | None = None) -> list[Row]:
    """Import, memory, milliseconds a search and recall@10; [] where no size is asked for or the data are away."""
    count = count or int(os.environ.get("DAOGOU_BENCH_SCALE", "0"))
    feed = (data or Path(os.environ.get("DAOGOU_DATA", "."))) / "home_depot_search"
    if not count or not feed.is_dir():
        return []
    home = home or Path(os.environ.get("DAOGOU_HOME", "."))
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(os.environ.get("DAOGOU_BENCH_DIR", temporary)) / f"shop-{count}"
        index = os.environ.get("DAOGOU_BENCH_INDEX", "exact")
        large = LargeCatalogue(feed, home)
        rows = [] if directory.exists() else _imported(directory, feed, home, count)
        return rows + _indexed(directory, large, count, index) + _in_a_child("serve", directory, feed, home, count)


@dataclass(frozen=True)
class LargeCatalogue:
    """As many items as are asked for, out of the titles of `feed`."""

    feed: Path
    home: Path

    @cached_property
    def titles(self) -> list[str]:
        with gzip.open(self.feed / "products.csv.gz", "rt", encoding="utf-8") as lines:
            return [row["product_title"] for row in csv.DictReader(lines)]

    @cached_property
    def queries(self) -> list[str]:
        with gzip.open(self.feed / "train.csv.gz", "rt", encoding="latin-1") as lines:
            terms = list(dict.fromkeys(row["search_term"] for row in csv.DictReader(lines)))
        return random.Random(5).sample(terms, QUERIES)

    @cached_property
    def words(self) -> list[str]:
        return [word for title in self.titles for word in title.split()]

    @cached_property
    def heads(self) -> list[str]:
        """The word that names the thing in each title."""
        phrases = (list(head_phrases(scan(title))) for title in self.titles)
        return [found[0][0].split()[-1] if found else "other" for found in phrases]

    def items(self, count: int) -> Iterator[Item]:
        """The real titles first, then copies that share most of their words with one."""
        for number in range(count):
            copy, base = divmod(number, len(self.titles))
            yield self._item(number, base, copy)

    def _item(self, number: int, base: int, copy: int) -> Item:
        chance = random.Random(number)
        words = self.titles[base].split()
        for _ in range(min(copy, 2)):
            words[chance.randrange(len(words))] = chance.choice(self.words)
        attributes = (
            Attribute("color", (chance.choice(COLORS),)), Attribute("material", (chance.choice(MATERIALS),)),
            Attribute("width", (f"{chance.randint(2, 200)} cm",)),
        )
        return Item(
            f"{number:07d}", f"{' '.join(words)} #{base}-{copy}", category=("Home", self.heads[base]), brand=words[0],
            price=Money(round(100 * chance.lognormvariate(4, 1)), "USD"), rating=chance.choice((None, 3.0, 3.5, 4.0, 4.5, 5.0)),
            rating_count=int(chance.paretovariate(1)), available=chance.random() < 0.95, attributes=attributes,
        )

    def embedder(self) -> PerturbingEmbedder:
        """The preset's own vectors of the titles, kept in `home`, so that they are embedded once."""
        kept = self.home / "benchmarks" / f"titles-{PRESET}.npy"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, open_embedder(PRESET, self.home).embed(self.titles).astype("<f2"))
        return PerturbingEmbedder(self.home, np.load(kept).astype(np.float32))


class PerturbingEmbedder:
    """The vector of a title's copy is the title's own, moved at random by as much as a title's nearest neighbour lies off."""

    def __init__(self, home: Path, titles: np.ndarray) -> None:
        self.name, self.dimension = f"{PRESET} with copies", titles.shape[1]
        self._home, self._titles = home, titles
        some = np.random.default_rng(2).choice(len(titles), 300, replace=False)
        nearest = np.partition(titles[some] @ titles.T, -2, axis=1)[:, -2]
        self.distance = float(np.sqrt(2 - 2 * np.median(nearest)))

    def embed(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """The texts' unit vectors. Shape: (n, dim)."""
        parts = [_PART.search(text) for text in texts]
        if query or not all(parts):
            return self.real.embed(texts, query=query)
        found = np.stack([self._title(int(part[1]), int(part[2])) for part in parts if part])
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    @cached_property
    def real(self) -> Embedder:
        """The preset itself."""
        return open_embedder(PRESET, self._home)

    def _title(self, base: int, copy: int) -> np.ndarray:
        if not copy:
            return self._titles[base]
        moved = np.random.default_rng((base, copy)).standard_normal(self.dimension, dtype=np.float32)
        return self._titles[base] + self.distance * moved / np.linalg.norm(moved)


def _imported(directory: Path, feed: Path, home: Path, count: int) -> list[Row]:
    """The feed imported, killed after a third, and imported again to its end."""
    began = time.perf_counter()
    child = _child("import", directory, feed, home, count)
    assert child.stdout is not None
    told = next(int(line) for line in child.stdout if int(line) >= count // 3)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    stopped = time.perf_counter() - began
    again = _child("import", directory, feed, home, count)
    said, _ = again.communicate()
    seconds = time.perf_counter() - began
    kept, items, embedded, peak, cpu = (float(part) for part in said.split()[-5:])
    assert kept >= told and items == count
    name = f"import of {count} items"
    return [
        _row(f"{name}: items told when it was killed", told, "", f"{kept:.0f} of them are there, {stopped:.0f} s"),
        _row(f"{name}: items embedded when it went on", embedded, "", f"{count - kept:.0f} were left"),
        _row(f"{name}, both runs", round(seconds), "s", f"second run: {cpu:.0f} s of processor"),
        _row(f"{name}: memory", round(peak / 1024, 2), "GB", None),
    ]


def _indexed(directory: Path, large: LargeCatalogue, count: int, index: str) -> list[Row]:
    """The shop's settings name the index; Chroma's is built."""
    url = index if index.startswith("http") else ""
    settings = ShopSettings("Large", embedder=PRESET, chroma_from=10**9 if index == "exact" else 1, chroma_url=url)
    save_settings(directory, settings)
    if index == "exact":
        return []
    with Shop.open(directory, embedder=large.embedder()) as shop:
        if shop.index.kind == "chroma":
            return []
        began = time.perf_counter()
        with shop.sole_writer():
            shop.refresh_index()
        return [_row(f"{index} index of {count} items", round(time.perf_counter() - began), "s", None)]


def import_here(directory: Path, feed: Path, home: Path, count: int) -> None:
    """Imports, tells after every batch how many items are kept, and at last what it did."""
    large = LargeCatalogue(feed, home)
    settings = ShopSettings("Large", embedder=PRESET, chroma_from=10**9)
    embedder = large.embedder()
    new = not (directory / "settings.toml").exists()
    shop = Shop.create(directory, settings, embedder=embedder) if new else Shop.open(directory, embedder=embedder)
    with shop:
        report = import_feed(shop, catalog=large.items(count), progress=lambda _phase, done, _total: print(done, flush=True))  # noqa: T201
    print(report.unchanged, report.items, report.embedded, peak_mb(), time.process_time())  # noqa: T201


def serve_here(directory: Path, feed: Path, home: Path, count: int) -> list[Row]:
    """What a process that has the shop open takes, how long its searches take, and how much of the exact answer they find."""
    large = LargeCatalogue(feed, home)
    embedder = large.embedder()
    before = now_mb()
    began, cpu = time.perf_counter(), time.process_time()
    with Shop.open(directory, embedder=embedder) as shop:
        search = Search(shop)
        kind = search.view().index.kind
        name = f"{count} items, {kind}{' server' if shop.settings.chroma_url else ''}"
        opened = _row(f"{name}: opened in", round(time.perf_counter() - began), "s", f"{time.process_time() - cpu:.0f} s of processor")
        queries = [_query(text, number) for number, text in enumerate(large.queries)]
        for query in queries[: len(WISHES)]:
            search.find(query)
        rows = [opened, *_timed(search, queries, name), *_recalled(search, queries, name)]
        grown = f"{now_mb() / 1024:.2f} GB now, {before / 1024:.2f} before the shop was opened"
        return [*rows, _row(f"{name}: peak memory", round(peak_mb() / 1024, 2), "GB", grown, "< 6")]


def _query(text: str, number: int) -> Query:
    wishes = WISHES[number % len(WISHES)]
    return Query(text, signals=tuple(Signal.parse(part) for part in wishes.split(" | ") if part), limit=5)


def _timed(search: Search, queries: Sequence[Query], name: str) -> list[Row]:
    """Medians of `find` and of `ranked`, embedding included and not."""
    walls, cpus, bare, steps = [], [], [], []
    for query in queries:
        began, cpu = time.perf_counter(), time.process_time()
        _, _, spent = search.survey(query)
        walls.append(1000 * (time.perf_counter() - began))
        cpus.append(1000 * (time.process_time() - cpu))
        bare.append(walls[-1] - spent["embed"])
        steps.append(spent)
    embedding = [_cpu_ms(lambda query=query: search.shop.embedder.embed([query.text], query=True)) for query in queries]
    by_step = {step: statistics.median(spent.get(step, 0.0) for spent in steps) for step in dict.fromkeys(s for each in steps for s in each)}
    told = ", ".join(f"{step} {ms:.1f}" for step, ms in by_step.items())
    cpu, without = statistics.median(cpus), statistics.median(c - e for c, e in zip(cpus, embedding, strict=True))
    return [
        _row(f"{name}: search p50, embedding included", round(statistics.median(walls), 1), "ms", f"{cpu:.1f} ms of processor", "< 60"),
        _row(f"{name}: search p50, without embedding", round(statistics.median(bare), 1), "ms", f"{without:.1f} ms of processor", "< 60"),
        _row(f"{name}: search p95 of processor time", round(float(np.percentile(cpus, 95)), 1), "ms", told),
    ]


def _recalled(search: Search, queries: Sequence[Query], name: str) -> list[Row]:
    """recall@10 of the index against all vectors at full precision, among all items and among a filter's."""
    view = search.view()
    vectors = search.shop.embedder.embed([query.text for query in queries], query=True)
    fitting = np.flatnonzero(view.catalogue.prices <= 4000)
    rows = []
    for among, kept in (("all items", None), ("a price filter", fitting)):
        best = _best(view.index, vectors, np.arange(len(view.index.ids)) if kept is None else kept)
        found = [view.index.nearest(vector, POOL, kept)[1][:10] for vector in vectors]
        recall = statistics.mean(float((cosines >= least - 1e-5).mean()) for cosines, least in zip(found, best, strict=True))
        ms = statistics.median(_cpu_ms(lambda vector=vector, kept=kept: view.index.nearest(vector, POOL, kept)) for vector in vectors)
        rows.append(_row(f"{name}: recall@10 among {among}", round(recall, 4), "", f"{ms:.1f} ms of processor for {POOL}", ">= 0.98"))
    return rows


def _best(index: Any, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The tenth highest cosine of each vector among the rows. Shape: (n,)."""
    best = np.full((len(vectors), 10), -1.0, dtype=np.float32)
    for start in range(0, len(rows), 50_000):
        scores = vectors @ index.vectors_of(rows[start : start + 50_000]).T
        best = np.sort(np.concatenate((best, np.sort(scores, axis=1)[:, -10:]), axis=1), axis=1)[:, -10:]
    return best[:, 0]


def _cpu_ms(act: Callable[[], object]) -> float:
    cpu = time.process_time()
    act()
    return 1000 * (time.process_time() - cpu)


def _child(what: str, directory: Path, feed: Path, home: Path, count: int) -> subprocess.Popen[str]:
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    command = [sys.executable, __file__, what, str(directory), str(feed), str(home), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=path)


def _in_a_child(what: str, directory: Path, feed: Path, home: Path, count: int) -> list[Row]:
    said, _ = _child(what, directory, feed, home, count).communicate()
    return [eval(line) for line in said.splitlines()]


def peak_mb() -> float:
    """The most memory that this process has held, in MB."""
    return _status("VmHWM")


def now_mb() -> float:
    """The memory that this process holds, in MB."""
    return _status("VmRSS")


def _status(name: str) -> float:
    return float(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def _row(name: str, value: float, unit: str, peer: str | None, bar: str | None = None) -> Row:
    return {"name": name, "value": value, "unit": unit, "bar": bar, "peer": peer}


if __name__ == "__main__":
    what, *places, size = sys.argv[1:] or ("run", "0")
    if what == "import":
        import_here(*(Path(place) for place in places), int(size))
    else:
        for row in serve_here(*(Path(place) for place in places), int(size)) if what == "serve" else run():
            print(row, flush=True)  # noqa: T201 - a script
