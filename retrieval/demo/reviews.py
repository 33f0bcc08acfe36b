"""The reviews of the demo shop, composed of openings, opinions and closers so that no two read alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from retrieval.demo.material import Aspect, Department, Kind, Polarity, Product
from retrieval.demo.misspelling import misspelled
from retrieval.demo.shoppers import DAYS, Shopper
from retrieval.demo.voices import Deck, Voice
from retrieval.schema import Interaction, Language, Review

NEAR_DUPLICATE = 0.7
"""Token Jaccard of two reviews of one product from which the later is composed again."""
_TOKEN = re.compile(r"[a-z0-9']+|[一-鿿]{1}")


@dataclass(frozen=True, slots=True)
class Opinion:
    """One sentence about one aspect."""

    aspect: str
    polarity: Polarity
    sentence: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: a shopper after a purchase, or a reader from outside the history."""

    id: str
    language: Language
    earliest: datetime | None = None
    """The purchase; None when the shop knows of none."""


@dataclass(slots=True)
class Composer:
    """Composes reviews one after another; remembers what was said so that nothing is said twice."""

    voices: Mapping[Language, Voice]
    lowerable: frozenset[str]
    """Words that may lose their capital after a linking word."""
    deck: Deck = field(default_factory=Deck)
    texts: set[str] = field(default_factory=set)

    def review_text(
        self, shelf: tuple[Department, Kind, Product], language: Language, near: Counter[str], rng: Random
    ) -> tuple[str, float]:
        """A text and the stars that go with it."""
        department, kind, product = shelf
        voice = self.voices[language].telling(rng)
        short = rng.random() < 0.1
        applying = [aspect for aspect in kind.aspects if aspect.id in product.quality]
        count = 1 if short else min(len(applying), rng.choices((1, 2, 3, 4), (20, 41, 29, 10))[0])
        aspects = rng.sample(applying, count)
        opinions = [self._opinion(aspect, product, voice, near, rng) for aspect in aspects]
        stars = stars_of(opinions, rng)
        pieces = [self._joined(opinions, voice, rng)]
        if short and rng.random() < 0.55:
            pieces.insert(0, voice.fill(self.deck.deal(voice.short[polarity_of(stars)], rng, near), rng))
        if not short and rng.random() < 0.72:
            openings = (*voice.openings["any"], *voice.openings.get(department.id, ()))
            pieces.insert(0, voice.fill(self.deck.deal(openings, rng, near), rng))
        if not short and rng.random() < 0.6:
            closer = voice.fill(self.deck.deal(voice.closers[polarity_of(stars)], rng, near), rng)
            pieces.insert(0 if rng.random() < 0.12 else len(pieces), closer)
        return voice.gap.join(pieces), stars

    def _opinion(self, aspect: Aspect, product: Product, voice: Voice, near: Counter[str], rng: Random) -> Opinion:
        polarity: Polarity = "praise" if rng.random() < 0.1 + 0.87 * product.quality[aspect.id] else "complaint"
        sentence = self.deck.deal(aspect.sentences[voice.language, polarity], rng, near)
        return Opinion(aspect.id, polarity, voice.fill(sentence, rng))

    def _joined(self, opinions: Sequence[Opinion], voice: Voice, rng: Random) -> str:
        """The opinions in a row, some of them linked."""
        text = opinions[0].sentence
        for before, after in pairwise(opinions):
            way = "same" if before.polarity == after.polarity else "turn" if before.polarity == "praise" else "redeem"
            if rng.random() < (0.25 if way == "same" else 0.6):
                text += voice.gap + self.deck.deal(voice.links[way], rng) + self._mid_sentence(after.sentence)
            else:
                text += voice.gap + after.sentence
        return text

    def _mid_sentence(self, sentence: str) -> str:
        first = re.match(r"[A-Za-z']+", sentence)
        return sentence[0].lower() + sentence[1:] if first and first[0].lower() in self.lowerable else sentence


def lowerable_words(departments: Sequence[Department]) -> frozenset[str]:
    """Words that the material itself writes small somewhere: names such as Bluetooth are not among them."""
    aspects = [aspect for department in departments for kind in department.kinds for aspect in kind.aspects]
    sentences = " ".join(s for aspect in aspects for key, said in aspect.sentences.items() if key[0] == "en" for s in said)
    return frozenset(re.findall(r"\b[a-z][a-z']*\b", sentences)) - {"i"}


def stars_of(opinions: Sequence[Opinion], rng: Random) -> float:
    """Stars, 1 to 5, that fit the share of praise; mixed opinions leave room for mood."""
    share = sum(o.polarity == "praise" for o in opinions) / len(opinions)
    if share in {0.0, 1.0}:
        return float(rng.choices((4, 5) if share else (1, 2), (35, 65) if share else (50, 50))[0])
    return float(rng.choices((2, 3, 4), (15, 70, 15) if share == 0.5 else (0, 35, 65) if share > 0.5 else (60, 40, 0))[0])


def polarity_of(stars: float) -> Polarity:
    """Whether stars praise or complain."""
    return "praise" if stars >= 4 else "mixed" if stars == 3 else "complaint"


def reviews_of(
    departments: Sequence[Department],
    shoppers: Sequence[Shopper],
    interactions: Sequence[Interaction],
    voices: Mapping[Language, Voice],
    *,
    count: int,
    until: datetime,
    seed: int,
) -> tuple[Review, ...]:
    """About `count` reviews over all products, oldest first, ids in that order."""
    composer = Composer(voices, lowerable_words(departments))
    buyers = _buyers(shoppers, interactions, until)
    shelves = [(d, k, p) for d in departments for k in d.kinds for p in k.products]
    reviews: list[Review] = []
    for shelf, wanted in zip(shelves, _shares(shelves, count, Random(f"{seed}:shares")), strict=True):
        rng = Random(f"{seed}:reviews:{shelf[2].id}")
        writers = _writers(buyers.get(shelf[2].id, []), wanted, rng)
        reviews += _reviews_of_product(composer, shelf, writers, until, rng)
    reviews = with_intruders(reviews, {p.id: k for _, k, p in shelves}, voices, Random(f"{seed}:intruders"))
    ordered = sorted(reviews, key=lambda r: (r.at or until, r.item_id, r.text))
    return tuple(replace(review, id=f"r{number:05d}") for number, review in enumerate(ordered, 1))


def _reviews_of_product(
    composer: Composer, shelf: tuple[Department, Kind, Product], writers: Sequence[Writer], until: datetime, rng: Random
) -> Iterator[Review]:
    near: Counter[str] = Counter()
    seen: list[frozenset[str]] = []
    for writer in writers:
        for _ in range(30):
            text, stars = composer.review_text(shelf, writer.language, near, rng)
            if text not in composer.texts and all(jaccard(tokens(text), other) < NEAR_DUPLICATE for other in seen):
                break
        else:
            continue
        composer.texts.add(text)
        seen.append(tokens(text))
        if rng.random() < (0.07 if writer.language == "en" else 0.04):
            text = misspelled(text, writer.language, rng)
        titles = composer.voices[writer.language].titles[polarity_of(stars)]
        title = rng.choice(titles) if rng.random() < 0.55 else ""
        at, verified = _written_at(writer, until, rng), writer.earliest is not None
        yield Review("new", shelf[2].id, text, stars, title, writer.id, at, writer.language, verified)


def with_intruders(
    reviews: Sequence[Review], kinds: Mapping[str, Kind], voices: Mapping[Language, Voice], rng: Random
) -> list[Review]:
    """The reviews, some of them replaced by spam and some with an injection written behind them."""
    changed = list(reviews)
    for language, voice in voices.items():
        own = [place for place, review in enumerate(changed) if review.language == language]
        places = iter(rng.sample(own, len(own)))
        for spam in (*voice.spam, *(s for s in voice.spam if "{kind}" in s)):
            place = next(places)
            text = spam.replace("{kind}", kinds[changed[place].item_id].name[language].lower())
            stars = 1.0 if "WORST" in spam else 5.0
            changed[place] = _intruder(changed[place], text, rng, title="", rating=stars)
        for polarity, injection in voice.injections:
            place = next(place for place in places if polarity_of(changed[place].rating or 3) == polarity)
            changed[place] = _intruder(changed[place], voice.gap.join((changed[place].text, injection)), rng)
    return changed


def _intruder(review: Review, text: str, rng: Random, **changes: Any) -> Review:
    return replace(review, text=text, verified=False, author=f"reader-{rng.randrange(16**6):06x}", **changes)


def tokens(text: str) -> frozenset[str]:
    """The words of a text, single characters for Chinese."""
    return frozenset(_TOKEN.findall(text.lower()))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared tokens over all tokens, 0 to 1."""
    return len(one & other) / max(1, len(one | other))


def _shares(shelves: Sequence[tuple[Department, Kind, Product]], count: int, rng: Random) -> list[int]:
    """How many reviews each product gets: few for most, many for the popular."""
    weights = [rng.lognormvariate(0, 0.55) * (0.5 + product.worth) for _, _, product in shelves]
    return [max(2, min(30, round(weight * count / sum(weights)))) for weight in weights]


def _buyers(shoppers: Sequence[Shopper], interactions: Sequence[Interaction], until: datetime) -> dict[str, list[Writer]]:
    """For each item, who bought it long enough ago to have an opinion."""
    languages = {shopper.id: shopper.language for shopper in shoppers}
    found: dict[str, list[Writer]] = {}
    for act in interactions:
        if act.kind == "purchase" and act.at < until - timedelta(days=6):
            found.setdefault(act.item_id, []).append(Writer(act.shopper_id, languages[act.shopper_id], act.at))
    return found


def _writers(buyers: Sequence[Writer], wanted: int, rng: Random) -> list[Writer]:
    """Some buyers first, readers from outside for the rest, in mixed order."""
    chosen = [buyer for buyer in buyers if rng.random() < 0.45][:wanted]
    for _ in range(wanted - len(chosen)):
        chosen.append(Writer(f"reader-{rng.randrange(16**6):06x}", "zh" if rng.random() < 0.4 else "en"))
    rng.shuffle(chosen)
    return chosen


def _written_at(writer: Writer, until: datetime, rng: Random) -> datetime:
    """Some time after the purchase, never after the end of the history."""
    if writer.earliest is None:
        return (until - timedelta(days=rng.uniform(1, DAYS))).replace(microsecond=0)
    longest = min(timedelta(days=70), until - writer.earliest)
    return (writer.earliest + longest * rng.uniform(0.15, 0.95)).replace(microsecond=0)
