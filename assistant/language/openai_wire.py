"""One chat completion over HTTP: server-sent events to words, and every fault to a typed error."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
from httpx_sse import ServerSentEvent, SSEError, connect_sse

from assistant.errors import GenerationError
from assistant.language.stopping import Limits

_POLL = 0.05
"""Seconds between two looks at the cancel flag while the server is silent."""


class Busy(GenerationError):
    """Worth another attempt: not reached, 429 or 5xx, before the first word."""

    def __init__(self, text: str, after: float | None = None) -> None:
        super().__init__(text)
        self.after = after
        """Seconds that the server asked to wait."""


class Refused(GenerationError):
    """The server does not take this request: 4xx."""


class Cancelled(Exception):
    """The caller set the cancel flag."""


def words(client: httpx.Client, url: str, body: dict[str, Any], limits: Limits) -> Iterator[str]:
    """The text of the reply as it comes. Raises Cancelled, Busy, Refused and, for any other fault, GenerationError."""
    ended = False
    for event in _Reply(client, url, body, limits).events():
        if event.data == "[DONE]":
            return
        text, last = _chunk(event.data, url)
        ended = ended or last
        if text:
            yield text
    if not ended:
        raise GenerationError(f"the answer of {url} was cut off")


def _chunk(data: str, url: str) -> tuple[str, bool]:
    """The text of one event, and whether it is the last."""
    try:
        chunk = json.loads(data)
        if "error" in chunk:
            raise GenerationError(f"{url} failed while writing: {str(chunk['error'])[:200]}")
        if not chunk["choices"]:
            return "", False
        choice = chunk["choices"][0]
        return str((choice.get("delta") or {}).get("content") or ""), bool(choice.get("finish_reason"))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise GenerationError(f"{url} sent something that is no chat completion: {data[:80]!r}") from error


class _Reply:
    """One request, read by a thread of its own, so that a stuck server can't outlast the deadline or a cancel."""

    def __init__(self, client: httpx.Client, url: str, body: dict[str, Any], limits: Limits) -> None:
        self._client, self._url, self._body, self._limits = client, url, body, limits
        self._got: queue.SimpleQueue[ServerSentEvent | GenerationError | None] = queue.SimpleQueue()
        self._left = threading.Event()
        self._socket: socket.socket | None = None

    def events(self) -> Iterator[ServerSentEvent]:
        """The events of the reply, until it ends, fails, is cancelled or is late."""
        threading.Thread(target=self._read, name="daogou-openai", daemon=True).start()
        try:
            while (got := self._next()) is not None:
                yield got
        finally:
            self._left.set()
            if self._socket is not None:
                with suppress(OSError):  # already closed by the server
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _next(self) -> ServerSentEvent | None:
        while True:
            if self._limits.cancelled:
                raise Cancelled
            self._limits.check()
            try:
                got = self._got.get(timeout=self._limits.wait(_POLL))
            except queue.Empty:
                continue
            if isinstance(got, GenerationError):
                raise got
            return got

    def _read(self) -> None:
        try:
            with connect_sse(self._client, "POST", self._url, json=self._body) as source:
                _check_status(source.response)
                self._socket = source.response.extensions["network_stream"].get_extra_info("socket")
                for event in source.iter_sse():
                    if self._left.is_set():
                        return
                    self._got.put(event)
            self._got.put(None)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            self._got.put(Busy(f"no server answers at {self._url} ({error}). Start it, or correct --base-url."))
        except httpx.TimeoutException as error:
            self._got.put(GenerationError(f"{self._url} fell silent ({type(error).__name__})"))
        except (httpx.HTTPError, SSEError) as error:
            self._got.put(GenerationError(f"the answer of {self._url} broke off: {error}"))
        except GenerationError as error:
            self._got.put(error)


def _check_status(response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    response.read()
    said = f"{response.url} answered {response.status_code}: {response.text[:200]}"
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        after = response.headers.get("Retry-After", "")
        raise Busy(said, float(after) if after.isdecimal() else None)
    raise Refused(said)
