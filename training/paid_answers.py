"""A model whose answers are kept in a file as they come: what a server was paid for once is never asked again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from assistant.errors import ModelMissing
from assistant.language import Generation, LanguageModel
from assistant.language.bulk import BulkModel, Written
from assistant.schema import Message


class PaidAnswers:
    """A BulkModel over another one."""

    def __init__(self, model: LanguageModel, path: Path, on_asked: Callable[[int], None] = lambda count: None) -> None:
        """`path` is the file of answers, whose last line may be cut off; `on_asked` is told how many are asked of the model."""
        self.name = model.name
        self.tuned = model.tuned
        self.languages = model.languages
        self._model = model
        self._path = path
        self._on_asked = on_asked
        self._kept = dict(_answers(path)) if path.exists() else {}

    def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
        """As the model gives it; single answers are not kept."""
        return self._model.stream(messages, how)

    def write_all(
        self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]
    ) -> Iterator[tuple[int, Written]]:
        """(place of the prompt, its answer): first those that are kept, then the others as the model gives them.

        Raises ModelMissing for a model that writes one answer at a time, else what the model raises; what came is kept.
        """
        if not isinstance(self._model, BulkModel):
            raise ModelMissing(f"{self.name} writes one answer at a time; expected an engine with `write_all`")
        keys = [_key(self.name, prompt, how) for prompt, how in zip(prompts, hows, strict=True)]
        yield from ((place, self._kept[key]) for place, key in enumerate(keys) if key in self._kept)
        missing = [place for place, key in enumerate(keys) if key not in self._kept]
        self._on_asked(len(missing))
        if not missing:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _end_last_line(self._path)
        answers = self._model.write_all([prompts[place] for place in missing], [hows[place] for place in missing])
        with self._path.open("a", encoding="utf-8") as file, closing(answers):  # type: ignore[type-var]
            for number, written in answers:
                place = missing[number]
                self._kept[keys[place]] = written
                row = {"key": keys[place], "text": written.text, "problem": written.problem}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                yield place, written


def _key(name: str, prompt: tuple[Message, ...], how: Generation) -> str:
    told = [name, how.task, how.max_tokens, how.grammar, *((message.role, message.text) for message in prompt)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _answers(path: Path) -> Iterator[tuple[str, Written]]:
    """The answers of a file but for lines that are cut off."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            yield row["key"], Written(row["text"], {}, row["problem"])
        except (ValueError, KeyError, TypeError):
            continue  # a kill in the middle of a write; the answer is asked for again


def _end_last_line(path: Path) -> None:
    """Ends a line that was cut off, so that the next one does not lengthen it."""
    if path.exists() and (content := path.read_bytes()) and not content.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")
