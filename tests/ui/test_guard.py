"""What the server lets through, without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from assistant.conversation import Assistant
from ui.server import make_app

FOREIGN = {"Origin": "https://evil.example"}


@pytest.fixture(scope="module")
def client(small_assistant: Assistant) -> Iterator[TestClient]:
    with TestClient(make_app(small_assistant), base_url="http://shop.example") as client:
        yield client


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    """Page, picture and refusal alike forbid framing by other sites and guessing of types."""
    for path in ("/", "/pictures/kitchen/kettle/white.svg", "/gradio_api/upload"):
        headers = client.get(path).headers
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_other_sites_can_not_use_the_chat(client: TestClient) -> None:
    """A request for another site's page is refused, and no permission is reflected to it."""
    refused = client.post("/gradio_api/queue/join", headers=FOREIGN, json={})
    preflight = client.options("/gradio_api/queue/join", headers={**FOREIGN, "Access-Control-Request-Method": "POST"})
    config = client.get("/config", headers=FOREIGN)
    assert (refused.status_code, preflight.status_code) == (403, 403)
    assert not [name for answer in (refused, preflight, config) for name in answer.headers if name.startswith("access-control")]


def test_the_own_page_can(client: TestClient) -> None:
    """The same request from the shop's own origin reaches Gradio."""
    answer = client.post("/gradio_api/queue/join", headers={"Origin": "http://shop.example"}, json={})
    assert answer.status_code not in (403, 404, 411, 413)


@pytest.mark.parametrize("path", ["upload", "file=/etc/passwd", "proxy=http://169.254.169.254/", "runs", "call/answer", "openapi.json", "info"])
def test_doors_that_no_page_needs_are_closed(client: TestClient, path: str) -> None:
    """Uploads, files, proxies, run history and named functions of Gradio answer 404."""
    assert client.get(f"/gradio_api/{path}").status_code == 404


def test_monitoring_is_off(client: TestClient) -> None:
    """Nobody reads how the functions are used."""
    assert client.get("/monitoring/summary").status_code == 403


def test_a_huge_body_is_refused_unread(client: TestClient) -> None:
    """A body over the limit, or of unknown length, is refused."""
    assert client.post("/gradio_api/queue/join", content=b"x" * 300_000).status_code == 413
    assert client.post("/gradio_api/queue/join", content=iter([b"x"])).status_code == 411


def test_the_server_says_how_it_is(client: TestClient) -> None:
    """Health and readiness answer with what serves; the problem of a model that is missing is a warning."""
    assert client.get("/healthz").json() == {"status": "ok", "warnings": []}
    assert client.get("/readyz").json() == {"ready": True, "items": 7, "search": "exact"}


@pytest.mark.parametrize("path", ["no/such/picture.svg", "../../etc/passwd", "kitchen/kettle/white.png"])
def test_a_picture_that_is_none_is_not_found(client: TestClient, path: str) -> None:
    """Only drawings are served."""
    assert client.get(f"/pictures/{path}").status_code == 404
