"""A recommendation as a product card: HTML in which every word of the shop's data is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from assistant.schema import Recommendation
from retrieval.money import format_money
from retrieval.schema import Item, Language

_WORDS: dict[str, dict[Language, str]] = {
    "surprise": {"en": "a different idea", "zh": "换个思路"},
    "near miss": {"en": "nearly fits", "zh": "接近要求"},
    "reviews": {"en": "{count} reviews", "zh": "{count}条评价"},
    "sold out": {"en": "sold out", "zh": "已售罄"},
}
_CARD = Markup(
    "<li class='dg-card' data-item='{id}'>{picture}<div class='dg-body'>"
    "<div class='dg-title'>{number}. {title}</div><div class='dg-line'>{price}{stars}{badge}</div>{reasons}{quotes}</div></li>"
)


def cards_html(entries: Sequence[Recommendation], language: Language) -> str:
    """The cards in the order of the reply, first is number 1."""
    cards = Markup("").join(_card(number, entry, language) for number, entry in enumerate(entries, 1))
    return str(Markup("<ul class='dg-cards' lang='{}'>{}</ul>").format(language, cards))


def picture_url(item: Item) -> str:
    """Where the item's picture is: the shop's own address for http(s) images, our drawing for those of the demo shop;
    empty when there is none. No other scheme is let through."""
    if item.image.startswith("pictures/"):
        return quote(item.image)
    return item.image if urlsplit(item.image).scheme in ("http", "https") else ""


def _card(number: int, entry: Recommendation, language: Language) -> Markup:
    return _CARD.format(
        id=entry.item.id, number=number, title=_title(entry), picture=_picture(entry),
        price=Markup("<b>{}</b>").format(format_money(entry.price, language)) if entry.price else "",
        stars=_stars(entry.item, language), badge=_badge(entry, language),
        reasons=Markup("<ul class='dg-reasons'>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(reason) for reason in entry.reasons)
        ) if entry.reasons else "",
        quotes=Markup("").join(Markup("<blockquote>{}</blockquote>").format(q.text) for q in entry.quotes),
    )


def _title(entry: Recommendation) -> Markup:
    if urlsplit(entry.item.url).scheme in ("http", "https"):
        return Markup("<a href='{}' target='_blank' rel='noopener noreferrer'>{}</a>").format(entry.item.url, entry.title)
    return Markup("{}").format(entry.title)


def _picture(entry: Recommendation) -> Markup:
    url = picture_url(entry.item)
    if not url:
        return Markup("<span class='dg-nopicture' aria-hidden='true'></span>")
    return Markup("<img src='{}' alt='{}' loading='lazy' width='112' height='112' referrerpolicy='no-referrer'>").format(url, entry.title)


def _stars(item: Item, language: Language) -> Markup:
    if item.rating is None:
        return Markup("")
    count = _WORDS["reviews"][language].format(count=item.rating_count)
    return Markup("<span class='dg-stars' title='{}'>★ {}</span><span class='dg-count'>{}</span>").format(
        f"{item.rating:.1f} / 5", f"{item.rating:.1f}", count
    )


def _badge(entry: Recommendation, language: Language) -> Markup:
    key = "surprise" if entry.receipt == "exploration" else entry.receipt
    if not entry.item.available:
        key = "sold out"
    return Markup("<span class='dg-badge'>{}</span>").format(_WORDS[key][language]) if key in _WORDS else Markup("")


CSS = """
:root { --dg-line: color-mix(in srgb, currentColor 16%, transparent); --dg-accent: #b4532a; }
.dg-cards { list-style: none; margin: .25rem 0; padding: 0; display: grid; gap: .6rem; }
.dg-card { display: flex; gap: .9rem; border: 1px solid var(--dg-line); border-radius: 14px; padding: .7rem; }
.dg-card img, .dg-nopicture { width: 112px; height: 112px; border-radius: 10px; object-fit: cover; flex: none; background: var(--dg-line); }
.dg-body { min-width: 0; flex: 1; font-size: .94rem; line-height: 1.45; }
.dg-title { font-weight: 650; overflow-wrap: anywhere; }
.dg-title a { color: inherit; text-decoration: underline; text-underline-offset: 3px; }
.dg-line { display: flex; flex-wrap: wrap; gap: .2rem .7rem; align-items: baseline; margin: .15rem 0 .3rem; }
.dg-stars { color: var(--dg-accent); font-weight: 600; }
.dg-count { opacity: .65; font-size: .85em; }
.dg-badge { border: 1px solid var(--dg-accent); color: var(--dg-accent); border-radius: 999px; padding: 0 .5rem; font-size: .78rem; }
.dg-reasons { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem; margin: 0; padding: 0; }
.dg-reasons li { background: var(--dg-line); border-radius: 999px; padding: .05rem .6rem; font-size: .82rem; margin: 0; }
.dg-body blockquote { margin: .45rem 0 0; padding-left: .7rem; border-left: 3px solid var(--dg-accent); font-style: italic; opacity: .85; font-size: .88rem; }
@media (max-width: 480px) { .dg-card img, .dg-nopicture { width: 76px; height: 76px; } }
"""
