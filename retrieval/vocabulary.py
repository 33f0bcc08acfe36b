"""What a signal means in a catalogue. A signal's facet is a hint; its value decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from retrieval.catalogue import Catalogue
from retrieval.likeness import Likeness
from retrieval.meaning import Meaning, Reach
from retrieval.measures import bound_meaning, price_meaning, rating_meaning, relative_meaning
from retrieval.people import labels_for
from retrieval.schema import Signal
from retrieval.shelves import category_meaning
from retrieval.spelling import Spelling
from retrieval.text import HAN, denied, fold, scan, stem, stems
from retrieval.thesaurus import Thesaurus, shipped_thesaurus

Words = tuple[str, ...]
Synonyms = tuple[tuple[str, tuple[str, ...]], ...]
ANY = frozenset({"any", "anything", "whatever", "either", "无所谓", "不限", "都行", "都可以", "随便", "随意", "不挑"})
POINTING = frozenset({"order", "action", "topic"})
"""Facets that say nothing of an item."""
OPEN_FACETS = frozenset({"feature", "style", "use", "audience"})
"""Facets that a reader files by feel: their values are looked for in every column."""
LETTERS = {
    "small": "s", "medium": "m", "large": "l", "extra large": "xl", "extra small": "xs",
    "小号": "s", "中号": "m", "大号": "l", "加大": "xl", "特大": "xl", "加小": "xs",
}
"""Sizes in words to the letters on labels."""
_LEADING = re.compile(r"^(?:with|has|have|having|for|made of|my|our)\s+|^(?:带有|带|有|含|能|可以|可|我的|我)(?=.{2})")
_TRAILING = re.compile(r"(?<=.)(?:材质|质地|的|色|质|制|款|型|式|风)$")
_BARE = re.compile(r"\d+(?:[.,]\d+)*")
"""A number without a unit: a bound that no column can mean is one on the price."""
_LONGEST_VALUE = 40
_MOST_VALUES = 3_000


class Vocabulary:
    """The words and numbers of one catalogue; `resolve` is the whole use of it."""

    def __init__(
        self, catalogue: Catalogue, currency: str, likeness: Likeness | None = None, thesaurus: Thesaurus | None = None
    ) -> None:
        self.catalogue = catalogue
        self.currency = currency
        self.likeness = likeness
        self.thesaurus = shipped_thesaurus() if thesaurus is None else thesaurus
        self.synonyms: Synonyms = ()
        self._known: dict[Signal, Meaning] = {}
        self._spelling = Spelling(catalogue)

    def knowing(self, synonyms: Synonyms) -> Vocabulary:
        """That of the same catalogue with a shop's own synonyms."""
        known = Vocabulary(self.catalogue, self.currency, self.likeness, self.thesaurus.knowing(synonyms))
        known.synonyms = synonyms
        return known

    def resolve(self, signal: Signal) -> Meaning:
        """What the signal means here, `nothing` where no item can show it."""
        if signal not in self._known:
            self._known[signal] = self._resolve(signal)
        return self._known[signal]

    def _resolve(self, signal: Signal) -> Meaning:
        if fold(signal.value).strip() in ANY or signal.facet in POINTING:
            return Meaning(signal, "any")
        if signal.facet == "item":
            return Meaning(signal, "any" if signal.value.isdigit() else "name")
        if signal.facet == "price":
            return price_meaning(signal, self.currency)
        if signal.facet == "rating":
            return rating_meaning(signal)
        if signal.op in ("<=", ">="):
            bound = bound_meaning(signal, self.catalogue)
            bare = bound.kind == "nothing" and _BARE.fullmatch(signal.value.strip()) is not None
            return price_meaning(signal, self.currency) if bare else bound
        if signal.facet == "category":
            kind = category_meaning(signal, self.catalogue, self.likeness, self.spell, self.thesaurus)
            return self._property(signal) or kind if kind.kind == "nothing" else kind
        return self._value(signal)

    def _property(self, signal: Signal) -> Meaning | None:
        """What was read as a kind and is the very value of a column that describes: "a hybrid" among cars is a fuel."""
        values = self.catalogue.values
        numbers = {n for phrase in self._phrases(signal) for n in values.exact.get(phrase, ())}
        described = {n for n in numbers if values.columns[n] not in ("use", "audience", "category", "brand", "size")}
        if not described:
            return None
        return replace(self._value(replace(signal, facet="feature")), signal=signal)

    def _value(self, signal: Signal) -> Meaning:
        phrases = self._phrases(signal)
        relative = relative_meaning(signal, self.catalogue)
        if relative is not None and not self._labelled(signal, phrases):
            return relative
        said = self._said(signal, phrases)
        if said is not None:
            return said
        if signal.number is not None:
            measured = bound_meaning(signal, self.catalogue)
            if measured.kind != "nothing":
                return measured
        spelt = tuple(word for word in (self.spell(phrase) for phrase in phrases) if word not in phrases)
        said = self._said(signal, spelt) if spelt else None
        return said or self._alike(signal) or Meaning(signal, "nothing", phrases=phrases)

    def _phrases(self, signal: Signal) -> tuple[Words, ...]:
        """The value as phrases: as said, and without the words that only hold it."""
        text = fold(signal.value).strip()
        bare = _LEADING.sub("", text)
        forms = [text, bare, _TRAILING.sub("", bare) if HAN.search(bare) else bare]
        if signal.facet == "size" and text in LETTERS:
            forms.append(LETTERS[text])
        if signal.facet == "use":
            forms += _gerunds(bare)
        if signal.facet == "audience":
            forms += labels_for(text)
        facets = {signal.facet, *OPEN_FACETS, "pattern", "season"} if signal.facet in OPEN_FACETS else {signal.facet}
        said = [words for words in dict.fromkeys(stems(form) for form in forms) if words]
        longer = tuple(words for words in said if len(words) > 1 or not HAN.match(words[0]))
        # a single character stands inside many words: what must not be is looked for by it all the same
        phrases = longer if longer and signal.wanted else said
        alike = (name for words in said for name in self.thesaurus.values(words, facets))
        return tuple(dict.fromkeys((*phrases, *(name for name in alike if len(name) > 1 or not HAN.match(name[0])))))

    def _labelled(self, signal: Signal, phrases: tuple[Words, ...]) -> bool:
        """True when the signal's own column has just this value: size `L` for `large`."""
        values = self.catalogue.values
        hint = values.column_named(signal.facet)
        return any(values.columns[n] == hint for phrase in phrases for n in values.exact.get(phrase, ()))

    def _said(self, signal: Signal, phrases: tuple[Words, ...]) -> Meaning | None:
        """The values and texts of the catalogue that say one of the phrases; None when none does."""
        values = self.catalogue.values
        hint = values.column_named(signal.facet)
        found: set[int] = set()
        for phrase in phrases:
            found.update(int(n) for n in values.postings.phrase(phrase))
        numbers = self._fitting(found, signal, hint)
        exact = {n for phrase in phrases for n in values.exact.get(phrase, ())} & numbers
        deciding = self._deciding(signal, hint, exact or (numbers if hint else set()))
        reach = _reach(signal, phrases, deciding)
        in_text = reach != "never" and any(
            len(self.catalogue.titles.phrase(p)) or (reach != "title" and len(self.catalogue.descriptions.phrase(p)))
            for p in phrases
        )
        told = tuple(words for words in (_denied_by(signal.value),) if len(self.catalogue.denials.phrase(words)))
        if not numbers and not in_text and not told:
            return None
        return replace(self._meaning(signal, numbers, phrases, deciding, reach), denied=told)

    def _fitting(self, found: Iterable[int], signal: Signal, hint: str | None) -> set[int]:
        """The values that a signal of this facet may mean: those of its own column when it has one and they lie there."""
        columns = self.catalogue.values.columns
        own = {n for n in found if columns[n] == hint}
        if signal.facet == "brand" or (own and signal.facet not in OPEN_FACETS):
            return own
        # what a shelf is called tells of no single thing on it: wired ones stand among 真无线耳机
        out = {"brand", "category"} if signal.facet == "feature" else {"brand"}
        return {n for n in found if columns[n] not in out}

    def _deciding(self, signal: Signal, hint: str | None, exact: set[int]) -> tuple[str, ...]:
        """Columns whose value settles the matter for an item that fills them: not those of open facets, which list some of
        what is true."""
        columns = {self.catalogue.values.columns[n] for n in exact}
        if hint is not None and signal.facet not in OPEN_FACETS:
            columns.add(hint)
        return tuple(sorted(c for c in columns if c not in OPEN_FACETS and c not in ("category", "material", "tags")))

    def _meaning(
        self, signal: Signal, numbers: Iterable[int], phrases: tuple[Words, ...], deciding: tuple[str, ...], reach: Reach
    ) -> Meaning:
        values = self.catalogue.values
        every = sorted(values.with_siblings(numbers))
        pairs = frozenset((values.columns[n], values.texts[n]) for n in every)
        return Meaning(
            signal, "value", values=pairs, numbers=tuple(every), deciding=deciding, phrases=phrases, reach=reach,
        )

    def _alike(self, signal: Signal) -> Meaning | None:
        """The values that mean the same in the catalogue's language, by the embedder; None when none surely does."""
        if self.likeness is None:
            return None
        values = self.catalogue.values
        hint = values.column_named(signal.facet)
        columns = [hint] if hint and signal.facet not in OPEN_FACETS else [
            c for c in values.of_column if c not in ("brand", "category") and c not in self.catalogue.numbers
        ]
        numbers = [n for c in columns for n in values.of_column[c] if len(values.texts[n]) <= _LONGEST_VALUE]
        if not numbers or len(numbers) > _MOST_VALUES or signal.facet == "brand":
            return None
        named: dict[str, list[int]] = {}
        for number in numbers:
            named.setdefault(fold(values.texts[number]), []).append(number)
        place = self.likeness.value(fold(signal.value), tuple(named))
        return None if place is None else self._meaning(signal, list(named.values())[place], (), (), "never")

    def spell(self, words: Words) -> Words:
        """The words with mistyped ones replaced by the catalogue's own."""
        return self._spelling.mended(words)


def _gerunds(words: str) -> tuple[str, ...]:
    """How labels name the activity of a verb: `hikes` is hiking, `run` running; forms that are no words find nothing."""
    base = stem(words)
    if not base.isascii() or not base.isalpha() or base.endswith("ing"):
        return ()
    return (f"{base}ing", f"{base[:-1]}ing", f"{base}{base[-1]}ing")

def _denied_by(value: str) -> Words:
    """The words that a wish negates: silicone of 无硅油."""
    return tuple(token.text for token in denied(scan(value)))


def _reach(signal: Signal, phrases: tuple[Words, ...], deciding: tuple[str, ...]) -> Reach:
    """Where a phrase counts as evidence. What must not be is looked for everywhere, except a colour or size, which
    descriptions also tell of other things."""
    if deciding and (signal.wanted or signal.facet in ("color", "size")):
        return "unfilled"
    if signal.wanted and all(len(phrase) == 1 and HAN.match(phrase[0]) for phrase in phrases):
        return "title"  # a single character stands inside many words
    return "always"
