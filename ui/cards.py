"""A recommendation as a product card: HTML in which every word of the shop's data is escaped."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from markupsafe import Markup

from assistant.feedback import reasons_against
from assistant.schema import Recommendation, Turn
from retrieval.money import format_money
from retrieval.schema import Item, Language, Quote, Signal

_WORDS: dict[str, dict[Language, str]] = {
    "exploration": {"en": "a different idea", "zh": "换个思路"},
    "near miss": {"en": "nearly fits", "zh": "接近要求"},
    "sold out": {"en": "sold out", "zh": "已售罄"},
    "reviews": {"en": "{count} reviews", "zh": "{count}条评价"},
    "review": {"en": "1 review", "zh": "1条评价"},
    "stars": {"en": "{stars} of 5 stars", "zh": "{stars}分，满分5分"},
    "buyer": {"en": "a buyer", "zh": "买家"},
    "like": {"en": "I like {title}", "zh": "喜欢{title}"},
    "dislike": {"en": "Not for me: {title}", "zh": "不喜欢{title}"},
    "later": {"en": "Not now: {title}", "zh": "暂时不要{title}"},
    "why": {"en": "What is it?", "zh": "不满意的是？"},
    "price!~pricey": {"en": "too expensive", "zh": "太贵"},
}
_CARD = Markup(
    "<li class='dg-card' data-item='{id}'>{picture}<div class='dg-body'>"
    "<div class='dg-top'><h3 class='dg-title'><span class='dg-number'>{number}</span>{title}</h3>{reactions}</div>"
    "<p class='dg-line'>{price}{stars}{badge}</p>{whynot}{sentence}{reasons}{quotes}</div></li>"
)
_REACTION = Markup(
    "<button type='button' class='dg-react' data-turn='{turn}' data-item='{item}' data-kind='{kind}' aria-pressed='false' "
    "aria-label='{label}' title='{label}'>{icon}</button>"
)
_WHY = Markup(
    "<button type='button' class='dg-react dg-why' data-turn='{turn}' data-item='{item}' data-kind='dislike' "
    "data-reason='{reason}' aria-pressed='false'>{words}</button>"
)
_CLOCK = (
    "<svg viewBox='0 0 24 24' aria-hidden='true'><circle cx='12' cy='12' r='8.5'/><path d='M12 7v5.3l3.4 2' fill='none'/></svg>"
)
_THUMB = (
    "<svg viewBox='0 0 24 24' aria-hidden='true'><path d='M7 10v11H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3zm2 11V9.6l3.6-6.9a1.7 "
    "1.7 0 0 1 3.2 1.1L15 9h4.4a2 2 0 0 1 2 2.4l-1.5 7.9a2 2 0 0 1-2 1.7H9z'/></svg>"
)


def cards_html(turn: Turn) -> str:
    """The turn's items in the order of its reply, the first is number 1."""
    language = turn.reading.language
    cards = (_card(number, entry, turn) for number, entry in enumerate(turn.reply.recommendations, 1))
    return str(Markup("<ol class='dg-cards' lang='{}'>{}</ol>").format(language, Markup("").join(cards)))


def picture_url(item: Item) -> str:
    """Where the item's picture is: the shop's own address for http(s), a drawing served beside this page for those of the
    demo shop; empty when there is none. No other scheme is let through."""
    if item.image.startswith("pictures/"):
        return quote(item.image)
    return item.image if urlsplit(item.image).scheme in ("http", "https") else ""


def _card(number: int, entry: Recommendation, turn: Turn) -> Markup:
    language = turn.reading.language
    reasons = Markup("").join(Markup("<li>{}</li>").format(reason) for reason in entry.reasons)
    return _CARD.format(
        id=entry.item.id, number=number, picture=_picture(entry), title=_title(entry), reactions=_reactions(entry, turn),
        whynot=_whynot(entry, turn),
        price=_price(entry, language), stars=_stars(entry.item, language), badge=_badge(entry, language),
        sentence=Markup("<p class='dg-sentence'>{}</p>").format(entry.sentence) if entry.sentence else "",
        reasons=Markup("<ul class='dg-reasons'>{}</ul>").format(reasons) if reasons else "",
        quotes=Markup("").join(_quote(found, language) for found in entry.quotes),
    )


def _title(entry: Recommendation) -> Markup:
    if urlsplit(entry.item.url).scheme in ("http", "https"):
        return Markup("<a href='{}' target='_blank' rel='noopener noreferrer'>{}</a>").format(entry.item.url, entry.title)
    return Markup("{}").format(entry.title)


def _picture(entry: Recommendation) -> Markup:
    url = picture_url(entry.item)
    if not url:
        return Markup("<span class='dg-picture' aria-hidden='true'></span>")
    return Markup("<img class='dg-picture' src='{}' alt='' loading='lazy' referrerpolicy='no-referrer'>").format(url)


def _price(entry: Recommendation, language: Language) -> Markup:
    if entry.price is None:
        return Markup("")
    before, shown = entry.item.list_price, Markup("<b class='dg-price'>{}</b>").format(format_money(entry.price, language))
    if before is None or before.currency != entry.price.currency or before <= entry.price:
        return shown
    return shown + Markup("<s class='dg-before'>{}</s>").format(format_money(before, language))


def _stars(item: Item, language: Language) -> Markup:
    if item.rating is None:
        return Markup("")
    stars, one = f"{item.rating:.1f}", item.rating_count == 1
    count = _WORDS["review" if one else "reviews"][language].format(count=item.rating_count) if item.rating_count else ""
    label = _WORDS["stars"][language].format(stars=stars)
    return Markup(
        "<span class='dg-stars' role='img' aria-label='{}'>★ {}</span><span class='dg-count'>{}</span>"
    ).format(label, stars, count)


def _badge(entry: Recommendation, language: Language) -> Markup:
    key = entry.receipt if entry.item.available else "sold out"
    return Markup("<span class='dg-badge'>{}</span>").format(_WORDS[key][language]) if key in _WORDS else Markup("")


def _quote(found: Quote, language: Language) -> Markup:
    stars = f", {found.rating:.0f}★" if found.rating is not None else ""
    return Markup("<blockquote lang='{}'>{}<cite>{}</cite></blockquote>").format(
        found.language or language, found.text, _WORDS["buyer"][language] + stars
    )


def _reactions(entry: Recommendation, turn: Turn) -> Markup:
    """Thumbs, once the turn is finished and kept: a reaction belongs to a kept turn."""
    if not turn.done:
        return Markup("")
    buttons = (
        _REACTION.format(
            turn=turn.id, item=entry.item.id, kind=kind, icon=Markup(icon),
            label=_WORDS[kind][turn.reading.language].format(title=entry.title),
        )
        for kind, icon in (("like", _THUMB), ("dislike", _THUMB), ("later", _CLOCK))
    )
    return Markup("<span class='dg-reactions'>{}</span>").format(Markup("").join(buttons))


def _whynot(entry: Recommendation, turn: Turn) -> Markup:
    """What may be disliked about the item; the page shows it once its thumb points down."""
    reasons = reasons_against(entry.item) if turn.done else ()
    if not reasons:
        return Markup("")
    language = turn.reading.language
    chips = (
        _WHY.format(turn=turn.id, item=entry.item.id, reason=str(reason), words=_reason_words(reason, language))
        for reason in reasons
    )
    return Markup("<p class='dg-whynot' hidden>{} {}</p>").format(_WORDS["why"][language], Markup("").join(chips))


def _reason_words(reason: Signal, language: Language) -> str:
    known = _WORDS.get(str(reason))
    return known[language] if known else reason.value
