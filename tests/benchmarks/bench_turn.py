"""A turn on the demo shop with the embedded models: first visible text, whole reply, memory.

Medians of 30 turns: ten short conversations of three turns, English and Chinese. `DAOGOU_HOME` holds models and shop.
"""

from __future__ import annotations

import resource
import statistics
import sys
from typing import Any

from assistant.schema import Turn
from ui.places import DEMO, quiet_libraries
from ui.wiring import ModelChoice, open_assistant

CONVERSATIONS = (
    ("waterproof hiking boots under 150, not leather", "cheaper", "why the first one?"),
    ("a quiet electric kettle, no plastic, max 100", "show me others", "compare 1 and 2"),
    ("sunscreen for sensitive skin, about 25 dollars", "not a spray", "is the first one fragrance free?"),
    ("wooden building blocks for a 3 year old under 60", "something bigger", "love the second one"),
    ("over-ear headphones for travel", "only under 120", "more like the first one"),
    ("dog bed, washable, for a large dog", "in grey", "can i return it if it is too small"),
    ("防水徒步鞋，200以内", "便宜一点", "为什么推荐第一个"),
    ("静音的电热水壶，不要塑料", "换一批", "第一个和第二个比一下"),
    ("敏感肌用的洗面奶，30以内", "不要有香味的", "第二个怎么样"),
    ("给爸爸买个露营用的头灯", "再亮一点的", "能退货吗"),
)


def run() -> list[dict[str, Any]]:
    """Milliseconds to the first visible text and to the whole reply, and the peak of resident memory."""
    quiet_libraries()
    assistant, problem = open_assistant(DEMO, ModelChoice())
    if problem:
        return [{"name": "a turn", "value": "none", "unit": problem, "bar": "", "peer": ""}]
    assistant.warm_up()
    turns: list[Turn] = []
    for messages in CONVERSATIONS:
        history: tuple[Turn, ...] = ()
        for message in messages:
            history = (*history, assistant.respond(message, history, session_id="bench"))
        turns += history
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    dropped = sum(len(turn.reply.dropped) for turn in turns)
    written = sum(bool(entry.sentence) for turn in turns for entry in turn.reply.recommendations if turn.reply.kind == "recommend")
    return [
        _row("first visible text", _median(turn.timings.first_token for turn in turns), "ms", "<= 1500"),
        _row("whole reply", _median(turn.timings.total for turn in turns), "ms", "<= 4000"),
        _row("reading a message", _median(turn.timings.read for turn in turns), "ms", "<= 800"),
        _row("peak memory", round(peak, 2), "GiB", "<= 2"),
        _row("sentences written, supported", f"{written}/{written + dropped}", "", ""),
    ]


def _median(values: Any) -> float:
    return round(statistics.median(values), 0)


def _row(name: str, value: float | str, unit: str, bar: str) -> dict[str, Any]:
    return {"name": f"a turn: {name}", "value": value, "unit": unit, "bar": bar, "peer": ""}


if __name__ == "__main__":
    for row in run():
        sys.stdout.write(f"{row['name']}: {row['value']} {row['unit']} ({row['bar']})\n")
