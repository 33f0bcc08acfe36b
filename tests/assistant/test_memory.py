"""Turns, shoppers and what is learnt of them in the shop's tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.conversation import Assistant
from assistant.memory import Memory
from assistant.schema import Interest, Profile, Turn
from retrieval.schema import Signal
from retrieval.shop import Shop


@pytest.fixture
def memory(small_shop: Shop) -> Memory:
    return Memory.of(small_shop)


def _said(memory: Memory, assistant: Assistant, message: str, session: str, shopper: str = "") -> Turn:
    history = memory.turns(session)
    known = memory.begin(history, shopper)
    turn = assistant.respond(message, history, session_id=session, shopper_id=shopper, profile=known)
    memory.keep(turn, known)
    return turn


def _signals(memory: Memory, shopper: str) -> list[str]:
    return sorted(str(interest.signal) for interest in memory.shoppers.interests(shopper))


def test_a_turn_comes_back_as_it_was(memory: Memory, small_assistant: Assistant) -> None:
    """What was kept equals what is read, and sessions do not mix."""
    turn = small_assistant.respond("an electric kettle under 60", session_id="whole", shopper_id="me")
    memory.keep(turn)
    assert memory.turns("whole") == (turn,)
    assert memory.turns("another") == ()
    memory.erase("whole")
    assert memory.turns("whole") == ()


def test_an_unfinished_turn_is_not_kept(memory: Memory, small_assistant: Assistant) -> None:
    """A reply that still grows is refused."""
    turn = small_assistant.respond("hello", session_id="half")
    with pytest.raises(ValueError, match="not finished"):
        memory.keep(replace(turn, done=False))


def test_nothing_outlives_the_session_without_consent(memory: Memory, small_assistant: Assistant) -> None:
    """A shopper who agreed to nothing has no interests afterwards, even when she is signed in."""
    _said(memory, small_assistant, "an electric kettle under 60", "no-consent", "silent")
    assert memory.shoppers.get("silent") is None
    assert memory.begin((), "silent") == Profile()


def test_a_returning_shopper_is_known(memory: Memory, small_assistant: Assistant) -> None:
    """What one session said is there in the next, half believed, and surer when it is said again; a price is not."""
    memory.shoppers.consent("returning", memory=True)
    _said(memory, small_assistant, "an electric kettle under 60", "first", "returning")
    assert _signals(memory, "returning") == ["category=kettle"]
    (once,) = memory.shoppers.interests("returning")
    begun = memory.begin((), "returning")
    assert [interest.term for interest in begun.interests] == ["long"]
    _said(memory, small_assistant, "an electric kettle under 60", "second", "returning")
    (twice,) = memory.shoppers.interests("returning")
    assert once.strength == pytest.approx(0.5)
    assert twice.strength == pytest.approx(0.75, abs=0.001)
    assert twice.since == once.at


def test_nothing_of_one_shopper_reaches_another(memory: Memory, small_assistant: Assistant) -> None:
    """Another shopper begins with an empty profile."""
    for shopper in ("one", "other"):
        memory.shoppers.consent(shopper, memory=True)
    _said(memory, small_assistant, "an electric kettle under 60", "of-one", "one")
    assert memory.begin((), "other") == Profile()
    assert _signals(memory, "other") == []


def test_what_is_forgotten_does_not_come_back(memory: Memory, small_assistant: Assistant) -> None:
    """An interest that was forgotten from outside is not written again by the session that still held it."""
    memory.shoppers.consent("forgetful", memory=True)
    _said(memory, small_assistant, "an electric kettle under 60", "old", "forgetful")
    assert memory.shoppers.forget("forgetful", [Signal("category", "=", "kettle")]) == 1
    _said(memory, small_assistant, "hello", "old", "forgetful")
    assert _signals(memory, "forgetful") == []


def test_a_pause_learns_nothing_and_still_forgets(memory: Memory, small_assistant: Assistant) -> None:
    """While paused nothing is added, and what the shopper takes back is gone."""
    memory.shoppers.consent("pausing", memory=True)
    red = Interest(Signal("color", "~", "red", "profile"), 0.9, "stated", datetime.now(UTC), term="long", sentence="I like red")
    assert memory.shoppers.save("pausing", [red])
    memory.shoppers.pause("pausing")
    _said(memory, small_assistant, "an electric kettle under 60", "paused", "pausing")
    assert _signals(memory, "pausing") == ["color~red"]
    before = memory.begin((), "pausing")
    turn = small_assistant.respond("hello", session_id="paused-2", shopper_id="pausing", profile=before)
    memory.keep(replace(turn, profile=Profile()), before)
    assert _signals(memory, "pausing") == []


def test_edit_and_pin(memory: Memory) -> None:
    """An edited interest is the shopper's own statement; pinned ones say so; unknown shoppers and signals change nothing."""
    memory.shoppers.consent("editor", memory=True)
    red = Interest(Signal("color", "~", "red"), 0.4, "message", datetime.now(UTC), term="long", sentence="a red one")
    memory.shoppers.save("editor", [red])
    assert memory.shoppers.edit("editor", red.signal, Signal("color", "~", "blue"))
    (blue,) = memory.shoppers.interests("editor")
    assert (str(blue.signal), blue.source, blue.stated, blue.sentence) == ("color~blue", "stated", True, "a red one")
    assert memory.shoppers.pin("editor", blue.signal)
    assert memory.shoppers.interests("editor")[0].pinned
    assert not memory.shoppers.pin("nobody", blue.signal)
    assert not memory.shoppers.edit("editor", red.signal, blue.signal)


def test_withdrawn_consent_takes_the_interests_with_it(memory: Memory, small_assistant: Assistant) -> None:
    """Without consent the interests go at once, the turns are nobody's, and nothing may be learnt from."""
    memory.shoppers.consent("leaving", memory=True, training=True)
    _said(memory, small_assistant, "an electric kettle under 60", "leaving-1", "leaving")
    assert [turn.shopper_id for turn in memory.consented() if turn.session_id == "leaving-1"] == ["leaving"]
    memory.shoppers.consent("leaving", memory=False, training=True)
    assert _signals(memory, "leaving") == []
    assert memory.turns_of("leaving") == ()
    assert [turn for turn in memory.consented() if turn.session_id == "leaving-1"] == []


def test_only_who_agreed_is_learnt_from(memory: Memory, small_assistant: Assistant) -> None:
    """Being remembered is not being trained on."""
    memory.shoppers.consent("private", memory=True)
    _said(memory, small_assistant, "an electric kettle under 60", "private-1", "private")
    assert "private-1" not in {turn.session_id for turn in memory.consented()}


def test_an_anonymous_session_is_merged_with_consent_only(memory: Memory, small_assistant: Assistant) -> None:
    """On sign-in the session becomes the shopper's when she agreed, and stays nobody's otherwise."""
    _said(memory, small_assistant, "an electric kettle under 60", "guest")
    assert not memory.merge("guest", "newcomer")
    memory.shoppers.consent("newcomer", memory=True)
    assert memory.merge("guest", "newcomer")
    assert _signals(memory, "newcomer") == ["category=kettle"]
    assert [turn.shopper_id for turn in memory.turns("guest")] == ["newcomer"]


def test_a_corrected_profile_is_what_the_next_turn_begins_with(memory: Memory, small_assistant: Assistant) -> None:
    """What is taken off the card of a session is not held any more in its next turn."""
    turn = _said(memory, small_assistant, "an electric kettle under 60", "amended")
    assert memory.amend("amended", replace(turn.profile, interests=()))
    assert memory.begin(memory.turns("amended")).interests == ()
    assert not memory.amend("never begun", Profile())


def test_dislikes_last_and_puttings_off_do_not(memory: Memory, small_assistant: Assistant) -> None:
    """In a new session a disliked item is still rejected, the last reaction to an item counting."""
    from assistant.feedback import Feedback

    memory.shoppers.consent("picky", memory=True)
    turn = _said(memory, small_assistant, "an electric kettle under 60", "picky-1", "picky")
    one, two, three = turn.screen
    early = datetime.now(UTC) - timedelta(minutes=2)
    memory.feedback.add([
        Feedback("p1", turn.id, "dislike", one), Feedback("p2", turn.id, "later", two),
        Feedback("p3", turn.id, "like", three), Feedback("p4", turn.id, "dislike", three, at=early),
    ])
    begun = memory.begin((), "picky")
    assert (begun.rejected, begun.liked) == ((one,), (three,))
