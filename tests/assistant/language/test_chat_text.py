"""The light tokenizer gives the tokens of transformers' own, hostile text included."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from assistant.errors import ModelCorrupt
from assistant.language.chat_text import ChatText
from assistant.schema import Message
from ui.places import home

SNIPPETS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|im_", "end|>", "\n", " ", "12 ", "徒步鞋", "👟", "\U000f0000", "\U000f0001", "red shoe")
TEXTS = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=6), max_size=8).map("".join)


@pytest.fixture(scope="module", params=["tiny", pytest.param("gemma3-270m", marks=pytest.mark.model)])
def folder(request: pytest.FixtureRequest, tiny_home: Path) -> Path:
    folder = (tiny_home if request.param == "tiny" else home()) / "models" / request.param
    if not folder.exists():
        pytest.skip(f"{folder} is absent: `make setup` makes it")
    return folder


@pytest.fixture(scope="module")
def tokens_of(folder: Path) -> Callable[[list[Message]], tuple[list[int], list[int]]]:
    """Our tokens and those of transformers."""
    light, full = ChatText(folder), AutoTokenizer.from_pretrained(folder)

    def both(messages: list[Message]) -> tuple[list[int], list[int]]:
        theirs = full.apply_chat_template(
            [{"role": message.role, "content": message.text} for message in messages], add_generation_prompt=True,
            tokenize=True, sanitize_control_tokens=True, return_dict=False,
        )
        return light.encode(tuple(messages)), list(theirs)

    return both


@settings(max_examples=60, deadline=None)
@given(system=TEXTS, user=TEXTS, answer=TEXTS)
def test_tokens_are_those_of_transformers(
    tokens_of: Callable[[list[Message]], tuple[list[int], list[int]]], system: str, user: str, answer: str
) -> None:
    """Every engine and training see the same tokens."""
    messages = [Message("system", system), Message("user", user), Message("assistant", answer), Message("user", user)]
    ours, theirs = tokens_of(messages)
    assert ours == theirs


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_no_text_writes_a_control_token(folder: Path, text: str) -> None:
    """Whatever a message says, the prompt has the control tokens of its template and no others."""
    chat = _chat(folder)
    control = chat.ends | {chat.tokenizer.token_to_id("<|im_start|>")}
    counted = [sum(t in control for t in chat.encode((Message("system", s), Message("user", u)))) for s, u in ((text, text), ("a", "b"))]
    assert counted[0] == counted[1]


def _chat(folder: Path, cache: dict[Path, ChatText] = {}) -> ChatText:  # noqa: B006  one reading a folder
    return cache.setdefault(folder, ChatText(folder)) if folder not in cache else cache[folder]


@pytest.mark.parametrize("spoil", [lambda f: (f / "tokenizer.json").write_text("{"), lambda f: (f / "chat_template.jinja").unlink(),
                                   lambda f: (f / "config.json").write_text(json.dumps([]))])
def test_a_damaged_tokenizer_is_named(tiny: Path, tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    """A folder whose tokenizer can't be read is corrupt, with the cure."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    spoil(copy)
    with pytest.raises(ModelCorrupt, match="set up again"):
        ChatText(copy)
