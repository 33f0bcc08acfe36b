"""Answers about items that are on the screen: why this one, is it quiet, which of the two. Facts only, no model."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import attributes_of, facts_of, opinion_on, opinions_about, quotable, quote_for, reasons_of
from assistant.interests import named, referred, wishes
from assistant.phrases import join, say
from assistant.plain_words import wish_text
from assistant.remarks import Opinions, most_named
from assistant.schema import Reading, Recommendation, Reply, Turn
from retrieval.matching import Judged, match
from retrieval.money import format_money
from retrieval.readings import Readings
from retrieval.schema import Item, Language, Pick, Query, Remark, Signal
from retrieval.search import Search
from retrieval.shop import Shop


def about_items(reading: Reading, screen: Sequence[Item], history: Sequence[Turn], shop: Shop, search: Search) -> Reply:
    """What the shop's data and its reviewers say of the items that the question is about."""
    items = referred(reading, screen) or tuple(item for name in named(reading) for item in _called(name, search))
    asked = wishes(reading)
    if not items and named(reading):
        return Reply("answer", say("not_found", reading.language, name=named(reading)[0]))
    if not items and not screen:
        return Reply("answer", say("which_item", reading.language))
    items = items or (tuple(screen) if asked else tuple(screen[:1]))
    if not asked:
        reasons = [_why(item, history, shop, reading.language) for item in items]
        return Reply("answer", "\n\n".join(reasons), _cards(items, reading.language))
    texts = [_what(item, asked, shop, search, reading.language) for item in items]
    return Reply("answer", "\n\n".join(texts), _cards(items, reading.language))


def compare_items(reading: Reading, screen: Sequence[Item], shop: Shop, search: Search) -> Reply:
    """The items side by side: price, stars, what was asked, and every attribute on which they differ."""
    language = reading.language
    items = referred(reading, screen)
    items = items if len(items) > 1 else tuple(screen)
    if not items:
        return Reply("answer", say("which_item", language))
    asked = wishes(reading)
    rows = [("", [item.words(language)[0] for item in items])]
    rows.append(("price" if language == "en" else "价格", [_price(item, language) for item in items]))
    rows.append(("rating" if language == "en" else "评分", [_stars(item) for item in items]))
    rows += [(wish_text(wish, language), [_proof(item, wish, search, language) for item in items]) for wish in asked]
    rows += _differences(items, language)
    table = "\n".join("| " + " | ".join([name, *cells]) + " |" for name, cells in rows)
    head, _, body = table.partition("\n")
    ruled = f"{head}\n|{'---|' * (len(items) + 1)}\n{body}"
    quotes = [_quote(item, asked, shop, language) for item in items] if asked else []
    text = "\n\n".join([say("compare", language), ruled, *(quote for quote in quotes if quote)])
    return Reply("compare", text, _cards(items, language))


def _why(item: Item, history: Sequence[Turn], shop: Shop, language: Language) -> str:
    """Why the item was suggested; what is known of it where it was not."""
    pick = _last_pick(item, history)
    if pick is None:
        return _known(item, shop, language)
    title = item.words(language)[0]
    reasons = list(reasons_of(pick.candidate.matches, language))
    if pick.receipt == "exploration":
        reasons.append(say("why_exploration", language))
    reasons = reasons or [say("why_plain", language)]
    told = [say("why", language, title=title), *(f"- {reason}" for reason in reasons)]
    return "\n".join([*told, *_said_most(item, shop, language)])


def _known(item: Item, shop: Shop, language: Language) -> str:
    """Price, stars and data of the item, what most reviewers say, and one of them in her own words."""
    reviews = shop.reviews_of(item.id)
    stars = say("stars", language, stars=f"{item.rating:.1f}", count=item.rating_count) if item.rating is not None else ""
    head = say("item_head", language, title=item.words(language)[0], price=_price(item, language), stars=stars)
    facts = [f"- {fact}" for fact in facts_of(item, (), language) if _price(item, language) not in fact]
    lines = [head, *facts, *_said_most(item, shop, language)]
    quote = quote_for(reviews, (), item, language, _remarks(item, shop))
    return "\n".join([*lines, "", say("quote", language, text=quote.text)] if quote else lines)


def _said_most(item: Item, shop: Shop, language: Language) -> list[str]:
    """What most reviewers praise, and what they complain of, as far as their reviews were read."""
    reviews = quotable(shop.reviews_of(item.id))
    remarks = [remark for remark in _remarks(item, shop) if remark.review_id in reviews]
    lines = []
    for key, wanted in (("often_praised", True), ("often_blamed", False)):
        named = most_named(remarks, wanted=wanted, language=language)
        parts = [say("aspect_count", language, aspect=aspect, count=count) for aspect, count in named]
        lines += [say(key, language, aspects=join(parts, language))] if parts else []
    return ["", *lines] if lines else []


def _last_pick(item: Item, history: Sequence[Turn]) -> Pick | None:
    picks = [p for turn in reversed(history) if turn.slate for p in turn.slate.picks if p.candidate.item.id == item.id]
    return picks[0] if picks else None


def _what(item: Item, asked: Sequence[Signal], shop: Shop, search: Search, language: Language) -> str:
    title = item.words(language)[0]
    judged = _judge(item, asked, search, language)
    lines = [
        say("says_yes", language, title=title, wish=wish_text(m.signal, language), evidence=m.evidence) for m in judged.matches
    ]
    unknown = (*judged.missed, *judged.broken)
    lines += [say("says_unknown", language, title=title, wish=wish_text(s, language)) for s in unknown]
    quote = _quote(item, asked, shop, language)
    if quote:
        lines.append(quote)
    elif unknown:
        lines.append(say("no_reviews", language))
    return "\n".join(lines)


def _quote(item: Item, asked: Sequence[Signal], shop: Shop, language: Language) -> str:
    """What reviewers say of what was asked: how many praise and complain, in whose words, where they were read; else one
    sentence of theirs; empty when nobody says anything."""
    title, reviews = item.words(language)[0], shop.reviews_of(item.id)
    opinions = opinions_about(reviews, _remarks(item, shop), asked, language)
    if opinions:
        return _counted(title, opinions, asked, language)
    quote = opinion_on(reviews, asked, language)
    return f"{title}: {say('quote', language, text=quote.text)}" if quote else ""


def _counted(title: str, opinions: Opinions, asked: Sequence[Signal], language: Language) -> str:
    topic = join(list(dict.fromkeys(wish.value for wish in asked)), language)
    counts = {"praise": opinions.praise, "complaints": opinions.complaints}
    parts = [say("reviewers_on", language, title=title, topic=topic, **counts)]
    if opinions.praised:
        parts.append(say("one_praises", language, text=opinions.praised.text))
    if opinions.blamed:
        parts.append(say("one_complains", language, text=opinions.blamed.text))
    return (" " if language == "en" else "").join(parts)


def _remarks(item: Item, shop: Shop) -> tuple[Remark, ...]:
    return Readings(shop.engine).aspects_of([item.id]).get(item.id, ())


def _proof(item: Item, wish: Signal, search: Search, language: Language) -> str:
    matches = _judge(item, (wish,), search, language).matches
    return matches[0].evidence if matches else "—"


def _judge(item: Item, signals: Sequence[Signal], search: Search, language: Language) -> Judged:
    resolve = search.view().vocabulary.resolve
    return match(item, [resolve(signal) for signal in signals], language)


def _called(name: str, search: Search) -> tuple[Item, ...]:
    """The item of that name, if the shop has it."""
    slate = search.find(Query(name, signals=(Signal("item", "=", name),), limit=1))
    return tuple(
        pick.candidate.item for pick in slate.picks if any(proof.signal.facet == "item" for proof in pick.candidate.matches)
    )


def _differences(items: Sequence[Item], language: Language) -> list[tuple[str, list[str]]]:
    tables = [dict(attributes_of(item, language)) for item in items]
    names = dict.fromkeys(name for table in tables for name in table)
    rows = [(name, [join(list(table.get(name, ("—",))), language) for table in tables]) for name in names]
    return [(name, cells) for name, cells in rows if len(set(cells)) > 1][:8]


def _price(item: Item, language: Language) -> str:
    return format_money(item.price, language) if item.price is not None else "—"


def _stars(item: Item) -> str:
    return f"{item.rating:.1f} ({item.rating_count})" if item.rating is not None else "—"


def _cards(items: Sequence[Item], language: Language) -> tuple[Recommendation, ...]:
    return tuple(Recommendation(item, item.words(language)[0], item.price) for item in items)
