"""Messages to tokens and tokens to text, without importing transformers (which costs 4 s and 300 MB).

The tokens are those of `tokenizer.apply_chat_template(..., sanitize_control_tokens=True)`: what looks like a control token in
the text of a message becomes ordinary text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from assistant.errors import ModelCorrupt
from assistant.schema import Message

_OPEN, _CLOSE = "\U000f0000", "\U000f0001"
"""Marks around text that only looks like a control token; removed from messages first, so they can't be forged."""


class ChatText:
    """The tokenizer and the chat template of one model folder."""

    def __init__(self, folder: Path) -> None:
        try:
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            settings = json.loads((folder / "tokenizer_config.json").read_text())
            config = json.loads((folder / "config.json").read_text())
            template = _template(folder, settings)
            ends, width = _numbers(config.get("eos_token_id")), config.get("vocab_size")
        except Exception as error:  # tokenizers raises no narrower class for a file that it can't read
            raise ModelCorrupt(f"the tokenizer in {folder} can't be read ({error}). Delete it and set up again.") from error
        added = self.tokenizer.get_added_tokens_decoder()
        self._added = {token.content: number for number, token in added.items()}
        self.ends = frozenset({*ends, *(n for n, t in added.items() if t.special)})
        """Tokens that end the turn: the model's own and every other control token."""
        self.width = int(width or self.tokenizer.get_vocab_size())
        """How many scores the model gives for the next token."""
        control = [t.content for t in added.values() if t.special or (t.content in template and not t.content.isspace())]
        self._control = _any_of(control)
        self._marked = re.compile(f"{_OPEN}({_any_of(list(self._added)).pattern}){_CLOSE}|[{_OPEN}{_CLOSE}]")
        self._newline = self._encode("\n")
        self._names = {k: _content(v) for k, v in settings.items() if k.endswith("_token") and v is not None}
        self._template = _environment().from_string(template)

    def encode(self, messages: tuple[Message, ...]) -> list[int]:
        """The tokens of the prompt that asks for the next assistant message."""
        marked = [{"role": message.role, "content": self._mark(message.text)} for message in messages]
        try:
            text = self._template.render(messages=marked, add_generation_prompt=True, **self._names)
        except TemplateError as error:
            raise ModelCorrupt(f"the model's chat template can't take these messages: {error}") from error
        pieces = self._marked.split(text)
        tokens = self._encode(pieces[0])
        for place, piece in enumerate(pieces[1:], 1):
            if piece:
                tokens += self._piece(piece, plain=place % 2 == 1)
        return tokens

    def decoder(self) -> DecodeStream:
        """A fresh decoder of one answer; it holds bytes back until they are whole characters."""
        return DecodeStream(skip_special_tokens=True)

    def _mark(self, text: str) -> str:
        return self._control.sub(f"{_OPEN}\\g<0>{_CLOSE}", text.replace(_OPEN, "").replace(_CLOSE, ""))

    def _piece(self, piece: str, *, plain: bool) -> list[int]:
        """The tokens of a piece that does not begin the prompt: encoded after a newline, which is taken off again,
        because some tokenizers put a space before the first word."""
        tokens = self._encode("\n" + piece, plain=plain)
        if tokens[: len(self._newline)] == self._newline:
            return tokens[len(self._newline) :]
        return self._encode(piece, plain=plain)

    def _encode(self, text: str, *, plain: bool = False) -> list[int]:
        # One flag of the shared tokenizer; a model generates under a lock, so nobody else encodes meanwhile.
        self.tokenizer.encode_special_tokens = plain
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)


def _template(folder: Path, settings: dict[str, Any]) -> str:
    path = folder / "chat_template.jinja"
    template = path.read_text() if path.exists() else settings.get("chat_template")
    if not isinstance(template, str):
        raise ValueError("it has no chat template")
    return template


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = lambda value, **how: json.dumps(value, ensure_ascii=False, **how)
    environment.globals["raise_exception"] = _refuse
    return environment


def _refuse(reason: str) -> NoReturn:
    raise TemplateError(reason)


def _any_of(tokens: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or "(?!)")


def _content(token: object) -> str:
    return str(token["content"]) if isinstance(token, dict) else str(token)


def _numbers(value: object) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,)
    return tuple(int(each) for each in value) if isinstance(value, list) else ()
