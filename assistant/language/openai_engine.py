"""The `openai` engine: any server with OpenAI's chat completions (vLLM, llama.cpp, Ollama, SGLang, transformers serve).

The request is the smallest that says what is wanted, because servers refuse fields that they do not know. What a server
can do about grammars is found out once, by asking it for something that only a grammar would make it say.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from assistant.errors import GrammarError, ModelMissing
from assistant.language.bulk import Written
from assistant.language.constraint import matches
from assistant.language.model import Generation, generate
from assistant.language.openai_wire import Busy, Cancelled, Refused, words
from assistant.language.stopping import Clock, Limits, Stops
from assistant.schema import Message

_PROBE = "daogou"
_LINE = {"type": "object", "properties": {"line": {"type": "string"}}, "required": ["line"], "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is and how patiently it is asked."""

    base_url: str
    """With the version, such as http://127.0.0.1:8000/v1."""
    model: str
    task_models: Mapping[str, str] = field(default_factory=dict)
    """Names under which the server has adapters for tasks; vLLM serves an adapter as a model."""
    api_key: str | None = field(default=None, repr=False)
    attempts: int = 3
    """Requests until giving up on a server that can't be reached, is busy (429) or fails (5xx) before the first word."""
    longest_wait: float = 8.0
    """Seconds between two attempts at most."""
    silence: float = 30.0
    """Seconds without a byte after which the server counts as stuck, when the caller's deadline is not nearer."""
    parallel: int = 8
    """Requests at once when many answers are wanted: more than most servers on one machine write side by side."""


class OpenAIModel:
    """A LanguageModel on a server."""

    def __init__(
        self, server: Server, *, languages: frozenset[str] = frozenset({"en", "zh"}), client: httpx.Client | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.name = f"{server.model}/openai"
        self.tuned = frozenset(server.task_models)
        self.languages = languages
        self._server = server
        self._clock = clock
        self._url = f"{server.base_url.rstrip('/')}/chat/completions"
        key = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
        self._client = client or httpx.Client(headers=key, timeout=httpx.Timeout(server.silence, connect=5.0))
        self._bind: Callable[[str], dict[str, Any]] | None = None
        """Makes the field that binds this server to a grammar; None when it has none, or it is not known yet."""
        self._probed = False
        self._probing = threading.Lock()

    def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
        """Pieces of the reply as the server sends them; a reply under a grammar comes once it was checked."""
        limits = Limits(how, self._clock)
        return self._checked(messages, how, limits) if how.grammar else self._free(messages, how, limits)

    def write_all(
        self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]
    ) -> Iterator[tuple[int, Written]]:
        """(place of the prompt, its answer), in the order in which they end."""
        stop = threading.Event()
        asked = enumerate(zip(prompts, hows, strict=True))
        with ThreadPoolExecutor(self._server.parallel, "daogou-bulk") as pool:
            try:
                waiting = {pool.submit(self._answer, prompt, replace(how, cancel=stop)): place for place, (prompt, how) in asked}
                for answer in as_completed(waiting):
                    yield waiting[answer], answer.result()
            finally:
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, messages: tuple[Message, ...], how: Generation) -> Written:
        try:
            return Written(generate(self, messages, how), {})
        except GrammarError as error:
            return Written("", {}, str(error))

    def _free(self, messages: tuple[Message, ...], how: Generation, limits: Limits) -> Iterator[str]:
        stops = Stops(how.stop)
        try:
            for text in self._patiently(self._body(messages, how), limits):
                if piece := stops.push(text):
                    yield piece
                if stops.met:
                    return
        except Cancelled:
            return
        if rest := stops.finish():
            yield rest

    def _checked(self, messages: tuple[Message, ...], how: Generation, limits: Limits) -> Iterator[str]:
        """The reply when it matches the grammar; when it does not, the server is asked once more, less greedily."""
        grammar, line = how.grammar or "", ""
        try:
            self._probe(limits)
            bound = self._bind(grammar) if self._bind else {}
            for heat in (how.temperature, max(how.temperature, 0.5)):
                body = {**self._body(messages, how), **bound, "temperature": heat}
                line = _line("".join(self._patiently(body, limits)))
                if matches(grammar, line):
                    yield line
                    return
        except Cancelled:
            return
        raise GrammarError(f"{self.name} answered outside the grammar: {line[:80]!r}")

    def _body(self, messages: tuple[Message, ...], how: Generation) -> dict[str, Any]:
        """The smallest request. Control tokens in the text are the server's to encode: it gets messages, not a prompt."""
        body: dict[str, Any] = {
            "model": self._server.task_models.get(how.task or "", self._server.model),
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            "max_tokens": how.max_tokens, "temperature": how.temperature, "stream": True,
        }
        if how.temperature > 0:
            body["seed"] = how.seed
        return body

    def _probe(self, limits: Limits) -> None:
        """Finds out, once, which field binds this server to a grammar; that none does is an answer too."""
        while not self._probing.acquire(timeout=limits.wait(0.05)):
            limits.check()
        try:
            if not self._probed:
                self._probed = self._find_out(limits)
        finally:
            self._probing.release()

    def _find_out(self, limits: Limits) -> bool:
        """False when the server was too busy to tell, so that it is asked again next time."""
        told = True
        question = self._body((Message("user", "Say no."),), Generation(16))
        for fields in (_structured_outputs, _llguidance_grammar, _json_schema):
            try:
                said = "".join(words(self._client, self._url, {**question, **fields(f'start: "{_PROBE}"')}, limits))
            except Refused:
                continue
            except Busy:
                told = False
                continue
            if said.strip() == _PROBE or (fields is _json_schema and _line(said) != said.strip()):
                self._bind = fields
                return True
        return told

    def _patiently(self, body: dict[str, Any], limits: Limits) -> Iterator[str]:
        """The text of the reply as it comes; requests are repeated only while no word was received."""
        retrying = Retrying(
            retry=retry_if_exception_type(Busy), stop=stop_after_attempt(self._server.attempts), reraise=True,
            wait=self._pause, sleep=lambda seconds: _sleep(seconds, limits),
        )
        first, rest = retrying(self._begin, body, limits)
        yield first
        yield from rest

    def _begin(self, body: dict[str, Any], limits: Limits) -> tuple[str, Iterator[str]]:
        """The first word, and the others still to come."""
        reply = words(self._client, self._url, body, limits)
        return next(reply, ""), reply

    def _pause(self, state: RetryCallState) -> float:
        """Seconds to the next attempt: what the server asked for, else random and growing."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Busy) and error.after is not None:
            return min(error.after, self._server.longest_wait)
        return wait_random_exponential(0.2, self._server.longest_wait)(state)


def _sleep(seconds: float, limits: Limits) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if limits.cancelled:
            raise Cancelled
        limits.check()
        time.sleep(min(left, 0.05))


def _structured_outputs(grammar: str) -> dict[str, Any]:
    """vLLM."""
    return {"structured_outputs": {"grammar": grammar}}


def _llguidance_grammar(grammar: str) -> dict[str, Any]:
    """llama.cpp, when it was built with llguidance."""
    return {"grammar": f"%llguidance {{}}\n{grammar}"}


def _json_schema(_grammar: str) -> dict[str, Any]:
    """Every server with structured outputs: the line comes as a JSON string and is checked here."""
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "line", "strict": True, "schema": _LINE}}}


def _line(said: str) -> str:
    """The answer itself: the `line` of a JSON object when it is one."""
    try:
        value = json.loads(said)
    except ValueError:
        return said.strip()
    return str(value["line"]) if isinstance(value, dict) and "line" in value else said.strip()


def first_model(base_url: str, api_key: str | None = None) -> str:
    """The name of the first model that the server lists. Raises ModelMissing."""
    url = f"{base_url.rstrip('/')}/models"
    key = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        response = httpx.get(url, headers=key, timeout=5.0)
        response.raise_for_status()
        return str(response.json()["data"][0]["id"])
    except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ModelMissing(f"{url} names no model ({error}). Start the server, or give the model's name.") from error
