"""The `openai` engine against a server that fails in every way that servers fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from assistant.errors import GenerationError, ModelMissing
from assistant.language import Generation, generate
from assistant.language.openai_engine import OpenAIModel, Server, first_model
from assistant.schema import Message

PROMPT = (Message("system", "Read the shopper."), Message("user", "message: cheaper <|im_end|>"))
GRAMMAR = 'start: "refine | price~cheaper" | "chat"'
LINE = "refine | price~cheaper"


@pytest.fixture
def model(faulty_server: Any) -> OpenAIModel:
    return OpenAIModel(Server(faulty_server.url, "shop-model", longest_wait=0.05))


def test_a_busy_server_is_asked_again(model: OpenAIModel, faulty_server: Any) -> None:
    """429 and 500 before the first word are tried again, three requests in all."""
    faulty_server.statuses = [429, 500]
    assert generate(model, PROMPT, Generation()) == "hello there shopper"
    assert len(faulty_server.bodies) == 3


@pytest.mark.parametrize(("statuses", "requests"), [([500] * 9, 3), ([404], 1)])
def test_a_failing_server_is_an_error(
    model: OpenAIModel, faulty_server: Any, statuses: list[int], requests: int
) -> None:
    """A server that goes on failing is given up; a refusal is not repeated. The status is named."""
    faulty_server.statuses = list(statuses)
    with pytest.raises(GenerationError, match=str(statuses[0])):
        generate(model, PROMPT, Generation())
    assert len(faulty_server.bodies) == requests


def test_nobody_listens() -> None:
    """A server that is not there is an error that names its address and the cure."""
    model = OpenAIModel(Server("http://127.0.0.1:9/v1", "shop-model", longest_wait=0.01))
    with pytest.raises(GenerationError, match=r"127\.0\.0\.1:9.*Start it"):
        generate(model, PROMPT, Generation())
    with pytest.raises(ModelMissing, match="names no model"):
        first_model("http://127.0.0.1:9/v1")


@pytest.mark.parametrize("fault", [{"latency": 3.0}, {"pause": 1.0}])
def test_a_slow_server_meets_the_deadline(model: OpenAIModel, faulty_server: Any, fault: dict[str, float]) -> None:
    """The deadline holds whether the server is late with the first word or with the next."""
    vars(faulty_server).update(fault)
    start = time.monotonic()
    with pytest.raises(GenerationError, match="within"):
        generate(model, PROMPT, Generation(deadline=0.3))
    assert time.monotonic() - start < 0.8


def test_waiting_between_attempts_meets_the_deadline(faulty_server: Any) -> None:
    """A server that asks to come back in a minute does not outlast the deadline."""
    faulty_server.statuses, faulty_server.retry_after = [429] * 9, "60"
    start = time.monotonic()
    with pytest.raises(GenerationError):
        generate(OpenAIModel(Server(faulty_server.url, "shop-model", longest_wait=60)), PROMPT, Generation(deadline=0.3))
    assert time.monotonic() - start < 0.8


def test_a_cut_stream_is_an_error_after_what_came(model: OpenAIModel, faulty_server: Any) -> None:
    """What was written is given out, then the break is raised; the request is not repeated."""
    faulty_server.cut_after = 2
    pieces: list[str] = []
    with pytest.raises(GenerationError, match="cut off"):
        for piece in model.stream(PROMPT, Generation()):
            pieces.append(piece)
    assert "".join(pieces) == "hello there "
    assert len(faulty_server.bodies) == 1


@pytest.mark.parametrize("garbage", ["{not json", '{"choices": 3}', '["choices"]', '{"object": "chat.completion"}', '{"error": "out of memory"}'])
def test_wrong_json_is_an_error(model: OpenAIModel, faulty_server: Any, garbage: str) -> None:
    """What is no chat completion is a GenerationError, never a KeyError."""
    faulty_server.garbage = garbage
    with pytest.raises(GenerationError):
        generate(model, PROMPT, Generation())


def test_a_cancel_frees_the_server(model: OpenAIModel, faulty_server: Any) -> None:
    """After a cancel the connection is closed within a second, so that the server can stop writing."""
    faulty_server.say, faulty_server.pause = lambda body: "word " * 400, 0.05
    cancel = threading.Event()
    stream = model.stream(PROMPT, Generation(cancel=cancel))
    next(stream)
    cancel.set()
    start = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - start < 0.3
    assert faulty_server.gone.wait(1.0)


def test_the_request_is_the_smallest(model: OpenAIModel, faulty_server: Any) -> None:
    """Nothing is sent that some server refuses; the text goes as it is, as messages."""
    generate(model, PROMPT, Generation(max_tokens=9))
    assert faulty_server.bodies == [{
        "model": "shop-model", "max_tokens": 9, "temperature": 0.0, "stream": True,
        "messages": [{"role": "system", "content": "Read the shopper."}, {"role": "user", "content": "message: cheaper <|im_end|>"}],
    }]


def _vllm(body: dict[str, Any]) -> str:
    return _bound((body.get("structured_outputs") or {}).get("grammar", ""))


def _llama_cpp(body: dict[str, Any]) -> str:
    return _bound(body.get("grammar", "").removeprefix("%llguidance {}\n"))


def _schema(body: dict[str, Any]) -> str:
    return '{"line": "' + LINE + '"}' if "response_format" in body else "I would say " + LINE


def _bound(grammar: str) -> str:
    return "daogou" if "daogou" in grammar else LINE if grammar else "Sure, here it is!"


@pytest.mark.parametrize(
    ("say", "field"), [(_vllm, "structured_outputs"), (_llama_cpp, "grammar"), (_schema, "response_format"), (lambda body: LINE, None)]
)
@pytest.mark.parametrize("strict", [True, False])
def test_what_the_server_can_do_is_found_out_once(
    model: OpenAIModel, faulty_server: Any, say: Callable[[dict[str, Any]], str], field: str | None, strict: bool
) -> None:
    """Whichever way a server binds its model to a grammar is used, whether it refuses unknown fields or ignores them."""
    every = {"structured_outputs", "grammar", "response_format"}
    faulty_server.say, faulty_server.refused_fields = say, frozenset(every - {field}) if strict else frozenset()
    assert generate(model, PROMPT, Generation(grammar=GRAMMAR)) == LINE
    probes = len(faulty_server.bodies)
    assert generate(model, PROMPT, Generation(grammar=GRAMMAR)) == LINE
    assert len(faulty_server.bodies) == probes + 1
    assert every & set(faulty_server.bodies[-1]) == ({field} if field else set())


def test_a_line_outside_the_grammar_is_asked_for_once_more(model: OpenAIModel, faulty_server: Any) -> None:
    """A server without grammars gets one more chance, then the answer is refused."""
    answers = iter(["no"] * 3 + ["Sure!", "chat"])
    faulty_server.say = lambda body: next(answers)
    faulty_server.refused_fields = frozenset()
    assert generate(model, PROMPT, Generation(grammar=GRAMMAR)) == "chat"
    faulty_server.say = lambda body: "I like shoes."
    with pytest.raises(GenerationError, match="outside the grammar"):
        generate(model, PROMPT, Generation(grammar=GRAMMAR))


def test_many_requests_are_under_way_at_once(faulty_server: Any) -> None:
    """No more than `parallel`; an answer outside its grammar is a problem of its own, a refusal is raised, what waits is dropped."""
    model, busy, most = OpenAIModel(Server(faulty_server.url, "shop-model", parallel=3)), threading.Semaphore(3), threading.Barrier(3)

    def say(body: dict[str, Any]) -> str:
        assert busy.acquire(blocking=False)
        most.wait(10.0)
        busy.release()
        return "hello" if body["max_tokens"] == 5 else LINE

    faulty_server.say = say
    assert [w.text for _, w in sorted(model.write_all([PROMPT] * 6, [Generation()] * 6))] == [LINE] * 6
    faulty_server.say, hows = lambda body: "hello" if body["max_tokens"] == 5 else LINE, [Generation(n, GRAMMAR) for n in (4, 5, 6)]
    answers = dict(model.write_all([PROMPT] * 3, hows))
    assert [(answers[n].text, bool(answers[n].problem)) for n in range(3)] == [(LINE, False), ("", True), (LINE, False)]
    faulty_server.statuses, before = [404] * 200, len(faulty_server.bodies)
    with pytest.raises(GenerationError, match="404"):
        list(model.write_all([PROMPT] * 100, [Generation()] * 100))
    assert len(faulty_server.bodies) - before < 100


def test_closing_many_ends_them(faulty_server: Any) -> None:
    """Who stops taking answers does not wait for those that are being written."""
    model = OpenAIModel(Server(faulty_server.url, "shop-model", parallel=2))
    faulty_server.say, faulty_server.pause = lambda body: "word " * (400 if body["max_tokens"] == 9 else 1), 0.05
    answers = model.write_all([PROMPT] * 9, [Generation(8)] + [Generation(9)] * 8)
    assert next(answers)[0] == 0
    start = time.monotonic()
    answers.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 8.0  # the two under way would need 20 s


def test_a_busy_server_is_probed_again(model: OpenAIModel, faulty_server: Any) -> None:
    """A 500 says nothing about what a server can do."""
    faulty_server.say, faulty_server.refused_fields, faulty_server.statuses = _vllm, frozenset(), [500, 500, 500]
    with pytest.raises(GenerationError):
        generate(model, PROMPT, Generation(grammar=GRAMMAR))
    assert generate(model, PROMPT, Generation(grammar=GRAMMAR)) == LINE


def test_the_key_is_not_shown(faulty_server: Any) -> None:
    """An API key stands in no representation and no error."""
    server = Server(faulty_server.url, "shop-model", api_key="sk-secret", attempts=1)
    faulty_server.statuses = [401]
    with pytest.raises(GenerationError) as caught:
        generate(OpenAIModel(server), PROMPT, Generation())
    assert "sk-secret" not in f"{caught.value} {server!r}"


def test_the_first_model_is_taken(faulty_server: Any) -> None:
    """Without a name the server's first model is used."""
    assert first_model(faulty_server.url) == "shop-model"
