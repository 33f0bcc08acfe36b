"""The memory panel in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
Say = Callable[[Page, str], None]
WISH = "an electric kettle under 60"


def test_a_guest_is_remembered_corrects_and_is_erased(open_page: Open, say: Say) -> None:
    """From a guest's session to a remembered shopper, one interest forgotten and pinned, all of it gone at the end."""
    page = open_page()
    say(page, WISH)
    page.click("#dg-memory-open")
    expect(page.locator(".dg-mem-list li")).to_have_count(2)
    page.click("[data-act=remember]")
    expect(page.locator("[data-act=pin]")).to_have_count(1)
    page.click("[data-act=pin]")
    expect(page.locator("[data-act=pin][aria-pressed=true]")).to_have_count(1)
    page.locator("li", has_text="at most $60").locator("[data-act=forget]").click()
    expect(page.locator(".dg-mem-list li")).to_have_count(1)
    exported = page.request.get(page.url + "memory/export")
    assert exported.ok and WISH in exported.text()
    page.click(".dg-erase summary")
    page.click(".dg-danger")
    expect(page.locator(".dg-mem-notice")).to_contain_text("nothing is left")
    assert page.locator("#dg-chat .user-row").count() == 0
    assert page.request.get(page.url + "memory/export").status == 404
    assert page.problems == []  # type: ignore[attr-defined]


def test_the_keyboard_is_enough(open_page: Open, say: Say) -> None:
    """Opened, corrected and closed without a mouse; the focus is never lost."""
    page = open_page()
    say(page, WISH)
    page.focus("#dg-memory-open")
    page.keyboard.press("Enter")
    expect(page.locator("#dg-memory h2")).to_be_focused()
    edit = page.locator("li", has_text="at most $60").locator("summary")
    edit.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("45")
    page.keyboard.press("Enter")
    expect(page.locator("#dg-memory")).to_contain_text("at most $45")
    expect(page.locator("#dg-memory h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#dg-memory")).to_be_hidden()
    expect(page.locator("#dg-memory-open")).to_be_focused()


def test_a_phone_has_the_panel_in_chinese(open_page: Open, say: Say) -> None:
    """At 380 pixels the panel is as wide as the window and speaks the browser's language."""
    page = open_page(380, 780, locale="zh-CN")
    say(page, "我想要一个水壶")
    page.get_by_role("button", name="我的记忆卡").click()
    expect(page.locator("#dg-memory h2")).to_have_text("我记住了什么")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    assert page.locator("#dg-memory").bounding_box()["width"] == 380  # type: ignore[index]


def test_a_reason_is_asked_for_a_dislike_and_felt(open_page: Open, say: Say) -> None:
    """A thumb down asks what it is; the answer is held as a soft wish, and "not now" is one press."""
    page = open_page()
    say(page, WISH)
    card = page.locator(".dg-card").first
    expect(card.locator(".dg-whynot")).to_be_hidden()
    card.locator(".dg-react[data-kind=dislike]").first.click()
    card.get_by_role("button", name="too expensive").click()
    expect(card.locator(".dg-why[aria-pressed=true]")).to_have_text("too expensive")
    page.locator(".dg-card").nth(1).locator("[data-kind=later]").click()
    page.click("#dg-memory-open")
    expect(page.locator("#dg-memory")).to_contain_text("rather not pricey")
