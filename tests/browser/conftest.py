"""One server and one browser for all."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from assistant.conversation import Assistant
from ui.server import make_app

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def address(small_assistant: Assistant) -> Iterator[str]:
    """The chat page of the small shop."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(small_assistant), log_level="warning", timeout_graceful_shutdown=1))
    small_assistant.warm_up()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser here; expected one of {', '.join(_BROWSERS)}")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=_QUIET)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the chat page in a window of its own; what went wrong in it is in `page.problems`."""
    contexts = []

    def opened(width: int = 1280, height: int = 900, **window: str) -> Page:
        context = browser.new_context(reduced_motion="reduce", viewport={"width": width, "height": height}, **window)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.problems = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.problems.append(str(error)))  # type: ignore[attr-defined]
        page.on("request", lambda sent: page.problems.append(sent.url) if not sent.url.startswith((address, "data:", "blob:")) else None)  # type: ignore[attr-defined]
        page.goto(address)
        page.wait_for_selector("#dg-box textarea")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def say() -> Callable[[Page, str], None]:
    """Types a message, sends it, and waits until the reply is whole."""

    def said(page: Page, message: str) -> None:
        asked = page.locator("#dg-chat .user-row").count()
        page.fill("#dg-box textarea", message)
        page.press("#dg-box textarea", "Enter")
        page.locator("#dg-chat .user-row").nth(asked).wait_for()
        page.wait_for_selector("#dg-box .submit-button")

    return said
