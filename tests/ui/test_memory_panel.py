"""The memory panel's buttons, the cookie that knows a shopper, and the download."""

from __future__ import annotations

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.conversation import Assistant
from assistant.identity import new_shopper_id
from assistant.memory import Memory
from ui.memory_actions import MemoryPanel, read_action
from ui.memory_routes import COOKIE, memory_routes, shopper_at

WISH = "an electric kettle under 60"


@pytest.fixture
def panel(small_assistant: Assistant) -> MemoryPanel:
    return MemoryPanel(small_assistant.shop, Memory.of(small_assistant.shop))


@pytest.fixture
def client(panel: MemoryPanel) -> TestClient:
    app = FastAPI()
    app.include_router(memory_routes(panel.memory))
    return TestClient(app, base_url="https://shop.example")


def _talk(panel: MemoryPanel, assistant: Assistant, session: str, shopper: str = "") -> None:
    history = panel.memory.turns(session)
    known = panel.memory.begin(history, shopper)
    panel.memory.keep(assistant.respond(WISH, history, session_id=session, shopper_id=shopper, profile=known), known)


def _press(panel: MemoryPanel, session: str, shopper: str, *parts: str) -> str:
    language, act, signal, value = (*parts, "", "", "")[:4]
    return panel.act(json.dumps([language, act, signal, value]), session, shopper)[0]


def _held(panel: MemoryPanel, session: str) -> list[str]:
    return sorted(str(signal) for signal in panel.memory.turns(session)[-1].profile.signals)


def test_a_guest_corrects_her_session(panel: MemoryPanel, small_assistant: Assistant) -> None:
    """Forgetting and changing an interest hold for the next message, in either language's panel."""
    _talk(panel, small_assistant, "panel-guest")
    assert "kettle" in _press(panel, "panel-guest", "", "en", "show")
    assert "category=kettle" not in _press(panel, "panel-guest", "", "zh", "forget", "category=kettle")
    assert "at most $45" in _press(panel, "panel-guest", "", "en", "edit", "price<=60", "45")
    assert _held(panel, "panel-guest") == ["price<=45"]
    begun = panel.memory.begin(panel.memory.turns("panel-guest"))
    assert [str(signal) for signal in begun.signals] == ["price<=45"]


@pytest.mark.parametrize(
    "given", ["", "not json", "[]", '["fr","show","",""]', '["en","forget","nonsense",""]', '["en","edit","price<=60",""]',
              '["en","edit","price<=60","cheap"]', '["en","forget","color=mauve",""]', '["en","pause","",""]', '["en","fly","",""]'],
)
def test_what_can_not_be_done_is_said(panel: MemoryPanel, small_assistant: Assistant, given: str) -> None:
    """Nonsense, unknown interests, empty corrections and a guest's wish to pause change nothing and say so."""
    _talk(panel, small_assistant, "panel-odd")
    before = _held(panel, "panel-odd")
    html, gone = panel.act(given, "panel-odd", "")
    assert "did not work" in html
    assert not gone
    assert _held(panel, "panel-odd") == before


def test_a_shopper_pins_pauses_and_allows(panel: MemoryPanel, small_assistant: Assistant) -> None:
    """Pin, pause and the consent to learning are kept, and taken back by the same buttons."""
    shopper = new_shopper_id()
    panel.memory.shoppers.consent(shopper, memory=True)
    _talk(panel, small_assistant, f"panel-{shopper}", shopper)
    for act, expected in (("pause", (True, True, False)), ("train_on", (True, True, True)), ("resume", (True, False, True))):
        _press(panel, f"panel-{shopper}", shopper, "en", act)
        known = panel.memory.shoppers.get(shopper)
        assert known is not None
        assert (known.memory, known.paused, known.training) == expected
    for expected_pin in (True, False):
        _press(panel, f"panel-{shopper}", shopper, "en", "pin", "category=kettle")
        assert panel.memory.shoppers.interests(shopper)[0].pinned is expected_pin


def test_words_of_the_shopper_are_never_markup(panel: MemoryPanel, small_assistant: Assistant) -> None:
    """A corrected value is shown as text."""
    _talk(panel, small_assistant, "panel-markup")
    html = _press(panel, "panel-markup", "", "en", "edit", "category=kettle", "<img src=x onerror=alert(1)> '\"")
    assert "<img" not in html
    assert "&lt;img" in html


def test_erasing_empties_the_page(panel: MemoryPanel, small_assistant: Assistant) -> None:
    """The conversation goes with the shopper, and the panel tells what was searched."""
    shopper = new_shopper_id()
    panel.memory.shoppers.consent(shopper, memory=True)
    _talk(panel, small_assistant, f"panel-{shopper}", shopper)
    html, gone = panel.act('["en","erase","",""]', f"panel-{shopper}", shopper)
    assert gone
    assert "nothing is left" in html
    assert panel.memory.turns(f"panel-{shopper}") == ()
    assert panel.memory.shoppers.get(shopper) is None


def test_a_shopper_is_known_by_her_signed_cookie(panel: MemoryPanel, client: TestClient) -> None:
    """Agreeing sets a cookie that scripts and other sites can't read or send; it names one shopper, however often one agrees."""
    reply = client.post("/memory/remember", json={"training": True})
    cookie = reply.headers["set-cookie"]
    assert reply.status_code == 204
    assert {"HttpOnly", "Secure", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    first = shopper_at(dict(client.cookies), panel.memory)
    client.post("/memory/remember", json={"training": False})
    assert first == shopper_at(dict(client.cookies), panel.memory) != ""
    found = client.get("/memory/export").json()
    assert found["shopper_id"] == first
    assert found["shoppers"][0]["training"] is False


def test_unknown_and_foreign_ids_are_the_same_not_found(panel: MemoryPanel, client: TestClient) -> None:
    """No cookie, a forged one, one of an unknown, an erased or a not consenting shopper: the same 404, without a hint."""
    sign, shoppers = panel.memory.identity.sign, panel.memory.shoppers
    shoppers.consent("withdrawn", memory=False)
    tokens = [None, "forged.token.here", sign("nobody"), sign("withdrawn"), sign("someone")[:-2] + "xx"]
    answers = set()
    for token in tokens:
        client.cookies.clear()
        if token:
            client.cookies.set(COOKIE, token)
        reply = client.get("/memory/export")
        answers.add((reply.status_code, reply.text))
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_agreements_from_one_address_are_limited(client: TestClient) -> None:
    """Each may make a row, so that the twenty-first in a minute is sent away for a while."""
    codes = []
    for _ in range(21):
        client.cookies.clear()
        codes.append(client.post("/memory/remember", json={}).status_code)
    assert codes[:20] == [204] * 20
    assert codes[20] == 429


def test_only_actions_are_read() -> None:
    """What the page sends is read with its press count, and nothing else is."""
    found = read_action('["zh","forget","color~red","",7]')
    assert found is not None and (found.language, found.act, str(found.signal)) == ("zh", "forget", "color~red")
    assert read_action('{"act": "erase"}') is None
