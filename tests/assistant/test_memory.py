"""Turns and reactions in the shop's tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.conversation import Assistant
from assistant.memory import Feedback, Memory
from retrieval.shop import Shop


@pytest.fixture
def memory(small_shop: Shop) -> Memory:
    return Memory(small_shop.engine)


def test_a_turn_comes_back_as_it_was(memory: Memory, small_assistant: Assistant) -> None:
    """What was kept equals what is read, and sessions do not mix."""
    turn = small_assistant.respond("an electric kettle under 60", session_id="mine")
    memory.add(turn)
    assert memory.turns("mine") == (turn,)
    assert memory.turns("another") == ()
    memory.erase("mine")
    assert memory.turns("mine") == ()


def test_an_unfinished_turn_is_not_kept(memory: Memory, small_assistant: Assistant) -> None:
    """A reply that still grows is refused."""
    turn = small_assistant.respond("hello", session_id="half")
    with pytest.raises(ValueError, match="not finished"):
        memory.add(replace(turn, done=False))


def test_the_same_reaction_counts_once(memory: Memory) -> None:
    """An event is known by its id, however often it is sent."""
    like = Feedback("like-1", "turn-1", "like", "k1")
    assert memory.feedback([like, like]) == 1
    assert memory.feedback([like]) == 0
