"""What is remembered orders what fits, behind what is said, and never speaks for somebody else."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Assistant
from assistant.remembered import MOST, TASTES, WHOLE, remembered_wishes
from assistant.schema import Interest, Profile
from retrieval.schema import Query, Signal
from retrieval.search import Search
from retrieval.shop import Shop

AT = datetime(2026, 5, 1, tzinfo=UTC)


def known(text: str, strength: float = 0.5, **more: object) -> Interest:
    return Interest(Signal.parse(text, "profile"), strength, "click", AT, term="long", **more)  # type: ignore[arg-type]


def said(text: str) -> Interest:
    return Interest(Signal.parse(text), 0.7, "message", AT, 1)


def test_tastes_are_remembered_by_their_strength() -> None:
    """Aversions too; neither kinds, prices, sizes nor people, and nothing that was asked to be remembered, which is a wish."""
    held = (known("material~steel", 0.6), known("color!~red", 0.3), known("category~Kettles", 0.9), known("price~cheap"), known("size~44"),
            known("audience~women"), known("use~tea", pinned=True))
    assert [str(signal) for signal, _ in remembered_wishes(Profile(held))] == ["material~steel", "color!~red"]


def test_what_she_speaks_of_is_not_remembered() -> None:
    """A colour that is said now stands alone; who shops for somebody is not given her own taste."""
    held = (known("color~red"), known("material~steel"))
    assert [s.facet for s, _ in remembered_wishes(Profile((*held, said("color~blue"))))] == ["material"]
    assert remembered_wishes(Profile((*held, said("audience~my mother")))) == ()


@given(st.lists(st.tuples(st.sampled_from(sorted(TASTES)), st.text("abc", min_size=1, max_size=3), st.floats(0, 1)), max_size=20))
def test_all_of_it_weighs_less_than_one_wish(rows: list[tuple[str, str, float]]) -> None:
    """Whatever is held: at most MOST, the strongest first, together at most WHOLE, and never more than their strength."""
    found = remembered_wishes(Profile(tuple(known(f"{facet}~{value}", strength) for facet, value, strength in rows)))
    weights = [weight for _, weight in found]
    assert len(found) == min(len(rows), MOST) and sum(weights) <= WHOLE + 1e-9 < 1.0
    assert weights == sorted(weights, reverse=True)
    assert all(weight <= WHOLE * strength + 1e-9 for weight, strength in zip(weights, sorted((r[2] for r in rows), reverse=True), strict=False))


def test_it_orders_what_fits_and_is_never_missed(small_shop: Shop) -> None:
    """The remembered comes first where nothing else is said; a stated wish that contradicts it wins; no pick is told to lack it."""
    search = Search(small_shop)
    kettles = Query("kettle", signals=(Signal("category", "=", "kettle"),), limit=5)
    plain = [item.id for item in search.find(kettles).items]
    for wanted in ("grand", "whisper", "glass"):
        kept = Query("kettle", signals=kettles.signals, remembered=((Signal("feature", "~", wanted, "profile"), 0.9),), limit=5)
        slate = search.find(kept)
        assert wanted in slate.items[0].title.lower()
        assert sorted(item.id for item in slate.items) == sorted(plain) and slate.relaxed == ()
        assert all(not pick.candidate.missed for pick in slate.picks)
    both = Query(
        "kettle", signals=(*kettles.signals, Signal("feature", "~", "whisper")),
        remembered=((Signal("feature", "~", "grand", "profile"), 0.9),), limit=5,
    )
    assert "Whisper" in search.find(both).items[0].title


def test_a_turn_asks_with_what_is_remembered(small_assistant: Assistant) -> None:
    """The profile's long-term taste is in the turn's query; without one there is nothing."""
    profile = Profile((known("feature~grand", 0.8),))
    turn = small_assistant.respond("an electric kettle under 60", profile=profile)
    assert turn.query is not None and [str(signal) for signal, _ in turn.query.remembered] == ["feature~grand"]
    plain = small_assistant.respond("an electric kettle under 60")
    assert plain.query is not None and plain.query.remembered == ()
