"""An OpenAI-compatible server that fails on command, over real HTTP on the loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ui.places import home

Say = Callable[[dict[str, Any]], str]


@dataclass
class FaultyServer:
    """What the server says and how it fails; every field can be set between requests."""

    say: Say = lambda body: "hello there shopper"
    """The whole answer to a request body."""
    statuses: list[int] = field(default_factory=list)
    """Answered one a request before anything else; 200 goes on to the answer."""
    refused_fields: frozenset[str] = frozenset({"structured_outputs", "grammar", "response_format"})
    """A request with one of these gets a 400."""
    latency: float = 0.0
    """Seconds before the first byte."""
    pause: float = 0.0
    """Seconds between two words."""
    cut_after: int | None = None
    """Words after which the connection is closed without an end."""
    garbage: str | None = None
    """Sent as the first event instead of a chunk."""
    retry_after: str = "0"
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """The requests that came."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away in the middle of an answer."""
    url: str = ""

    def events(self, body: dict[str, Any]) -> Iterator[str]:
        """The lines of the reply's stream."""
        if self.garbage is not None:
            yield self.garbage
            return
        words = self.say(body).split(" ")
        for number, word in enumerate(words):
            if number == self.cut_after:
                return
            text = word if number == len(words) - 1 else word + " "
            yield json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})
        yield json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield "[DONE]"


def _handler(server: FaultyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._json(200, {"data": [{"id": "shop-model"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.bodies.append(body)
            status = server.statuses.pop(0) if server.statuses else 200
            if status != 200:
                self._json(status, {"error": {"message": f"status {status}"}})
            elif refused := server.refused_fields & set(body):
                self._json(400, {"error": {"message": f"unknown field {sorted(refused)}"}})
            else:
                self._stream(body)

        def _stream(self, body: dict[str, Any]) -> None:
            time.sleep(server.latency)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                for event in server.events(body):
                    self.wfile.write(f"data: {event}\n\n".encode())
                    self.wfile.flush()
                    time.sleep(server.pause)
            except (BrokenPipeError, ConnectionResetError):
                server.gone.set()

        def _json(self, status: int, value: dict[str, Any]) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Retry-After", server.retry_after)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on standard error."""

    return Handler


@pytest.fixture(scope="session")
def model_home() -> Path:
    """Where `make setup` puts model files."""
    return home()


@pytest.fixture
def faulty_server() -> Iterator[FaultyServer]:
    """A running server on a free port."""
    faults = FaultyServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(faults))
    http.daemon_threads = True
    faults.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield faults
    http.shutdown()
    http.server_close()
