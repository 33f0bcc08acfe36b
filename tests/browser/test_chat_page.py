"""The chat page in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from assistant.memory import feedback_table
from retrieval.shop import Shop

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
Say = Callable[[Page, str], None]


def test_a_message_gets_cards_and_a_quick_reply_goes_on(open_page: Open, say: Say) -> None:
    """A wish brings cards with price, stars, reasons and a quote; a quick reply is answered like a typed message."""
    page = open_page()
    expect(page.locator("#dg-head")).to_contain_text("computer program")
    say(page, "an electric kettle under 60")
    first = page.locator(".dg-card").first
    assert page.locator(".dg-card").count() == 3
    expect(first.locator(".dg-price")).to_contain_text("$")
    expect(first.locator(".dg-stars")).to_contain_text("4.2")
    expect(first.locator(".dg-reasons")).to_contain_text("kettle")
    assert page.locator(".dg-card blockquote").count() >= 1
    page.get_by_role("button", name="cheaper", exact=True).click()
    page.locator("#dg-chat .user-row").nth(1).wait_for()
    page.wait_for_selector("#dg-box .submit-button")
    expect(page.locator("#dg-chat .bot-row").nth(1)).to_be_visible()
    assert page.problems == []  # type: ignore[attr-defined]


def test_a_thumb_on_a_card_is_kept_with_its_item(open_page: Open, say: Say, small_shop: Shop) -> None:
    """Pressing a card's thumb keeps one reaction for that item and shows as pressed."""
    page = open_page()
    say(page, "an electric kettle under 60")
    card = page.locator(".dg-card").first
    item, thumb = card.get_attribute("data-item"), card.locator(".dg-react[data-kind=like]")
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    until = time.monotonic() + 15
    while (item, "like") not in _reactions(small_shop) and time.monotonic() < until:
        page.wait_for_timeout(50)
    assert (item, "like") in _reactions(small_shop)


def _reactions(shop: Shop) -> list[tuple[str, str]]:
    with shop.reading() as connection:
        return [(row.item_id, row.kind) for row in connection.execute(feedback_table.select())]


def test_chinese_is_answered_in_chinese(open_page: Open, say: Say) -> None:
    """A Chinese message gets Chinese words, titles and quick replies."""
    page = open_page(locale="zh-CN")
    say(page, "我想要一个水壶")
    expect(page.locator(".dg-cards")).to_have_attribute("lang", "zh")
    expect(page.locator(".dg-card").first).to_contain_text("水壶")
    expect(page.get_by_role("button", name="便宜一点")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


def test_no_text_of_the_shop_or_the_shopper_becomes_markup(open_page: Open, say: Say) -> None:
    """Scripts and links in title, description, brand, address, picture, review and message show as text or not at all."""
    page = open_page()
    say(page, "a lamp")
    card = page.locator(".dg-card[data-item=l1]")
    expect(card).to_contain_text("<img src=x onerror=window.hacked=1> ${window.hacked=2}")
    assert card.locator("img, a").count() == 0
    say(page, "<img src=x onerror=window.hacked=8> **[x](javascript:window.hacked=9)** https://evil.example")
    expect(page.locator("#dg-chat .user-row").last).to_contain_text("<img src=x onerror=window.hacked=8> **[x]")
    assert page.locator("#dg-chat :is(img, a)[src=x], #dg-chat a[href*=javascript], #dg-chat a[href*=evil]").count() == 0
    say(page, "compare 1 and 2")
    page.wait_for_timeout(300)
    assert page.evaluate("window.hacked") is None
    assert page.problems == []  # type: ignore[attr-defined]


def test_stop_ends_the_reply(open_page: Open) -> None:
    """Stop keeps what was shown, says so, and does not wait for the model."""
    page = open_page()
    page.fill("#dg-box textarea", "a slow kettle")
    page.press("#dg-box textarea", "Enter")
    page.locator("#dg-chat .bot-row", has_text="kettle").wait_for()
    page.click("#dg-box .stop-button")
    page.wait_for_selector("#dg-box .submit-button", timeout=15_000)
    expect(page.locator("#dg-chat .bot-row").last).to_contain_text("(stopped)")
    assert page.locator(".dg-card").count() < 3


def test_a_phone_needs_no_sideways_scrolling(open_page: Open, say: Say) -> None:
    """At 390 pixels nothing is wider than the window, a comparison's table included."""
    page = open_page(390, 844, color_scheme="dark")
    say(page, "an electric kettle under 60")
    say(page, "compare 1 and 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.querySelector('#dg-chat .bubble-wrap').scrollWidth") <= 390
    assert page.locator("#dg-box").bounding_box()["y"] < 844  # type: ignore[index]
