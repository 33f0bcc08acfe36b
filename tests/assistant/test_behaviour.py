"""Long-term interests out of what shoppers did and wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.behaviour import interests_from, learn_half_lives, timeline
from assistant.fading import DEFAULT_HALF_LIVES
from retrieval.schema import Attribute, Interaction, Item, ReadReview, Review, Signal

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ITEMS = {
    item.id: item
    for item in (
        Item("b1", "Fell Boots", category=("Outdoor", "Boots"), brand="Fell", attributes=(Attribute("color", ("red",)),)),
        Item("b2", "Tarn Boots", category=("Outdoor", "Boots"), brand="Tarn", attributes=(Attribute("color", ("grey",)),)),
        Item("k1", "Brew Kettle", category=("Kitchen", "Kettles"), brand="Brew", attributes=(Attribute("load", ("9 kg",)),)),
    )
}
acts = st.builds(
    Interaction, st.just("s"), st.sampled_from(["b1", "b2", "k1", "gone"]),
    st.sampled_from(["view", "click", "cart", "purchase", "like", "dislike"]),
    st.integers(-4000, 400).map(lambda hours: NOW + timedelta(hours=hours)),
)


def act(item_id: str, kind: str, days_ago: float = 0.0, shopper_id: str = "s") -> Interaction:
    return Interaction(shopper_id, item_id, kind, NOW - timedelta(days=days_ago))  # type: ignore[arg-type]


def strengths(*done: Interaction, reviews: tuple[Review, ...] = (), read: dict[str, ReadReview] | None = None) -> dict[str, float]:
    return {str(i.signal): i.strength for i in interests_from(done, ITEMS, reviews, read or {}, now=NOW)}


def test_a_purchase_says_more_than_a_view_and_new_more_than_old() -> None:
    """Strength follows the kind of act and its age; brand and colour get less of it than the shelf."""
    found = strengths(act("b1", "purchase"), act("b2", "view"), act("k1", "purchase", 300))
    assert found["category~Boots"] > found["brand~Fell"] > found["brand~Tarn"]
    assert found["category~Boots"] > found["category~Kettles"]
    assert found["color~red"] > found["color~grey"]
    assert not any(name.startswith("load") for name in found)


def test_a_dislike_turns_the_taste_not_the_shelf() -> None:
    """Disliked boots speak against their brand and colour, not against boots."""
    assert {"brand!~Fell", "color!~red"} == set(strengths(act("b1", "dislike")))


def test_reviews_speak_too() -> None:
    """A review raises what it praises and what it dwells on, and names its words as the source."""
    review = Review("r1", "b1", "The grip held on wet rock.", 5.0, author="s", at=NOW)
    read = {"r1": ReadReview("r1", review.text, 5.0, (Signal("grip", "~", "held", "review", "The grip held"),))}
    (grip,) = (i for i in interests_from((), ITEMS, (review,), read, now=NOW) if i.signal.facet == "feature")
    assert (grip.signal.value, grip.source, grip.sentence) == ("grip", "review", "The grip held")
    assert "brand~Fell" in strengths(reviews=(review,), read=read)


@settings(deadline=None)
@given(st.lists(acts, max_size=12), st.randoms())
def test_order_duplicates_and_clocks_are_harmless(done: list[Interaction], chance: Random) -> None:
    """Events shuffled, doubled, from the future or about items long gone give the same interests, 0 to 1, six a facet at most."""
    shuffled = [*done, *done[:3]]
    chance.shuffle(shuffled)
    assert strengths(*shuffled).keys() == strengths(*done).keys()
    found = interests_from(shuffled, ITEMS, now=NOW)
    assert all(0 < i.strength < 1 and i.at <= NOW and (i.since or i.at) <= NOW for i in found)


def test_half_lives_are_learnt_when_there_is_enough() -> None:
    """Shoppers who change shelf every two months give a short half-life; a handful of events gives the usual one."""
    chance, done = Random(3), []
    for shopper in range(60):
        for visit in range(24):
            home = "b1" if (visit // 6 + shopper) % 2 else "k1"
            done.append(act(home if chance.random() < 0.9 else "b2", "click", 240 - visit * 10, f"s{shopper}"))
    learnt = learn_half_lives(done, ITEMS)
    assert learnt.days["category"] <= 30
    assert learn_half_lives(done[:100], ITEMS) == DEFAULT_HALF_LIVES


def test_the_timeline_shows_an_interest_come_and_go() -> None:
    """At each moment the strength is that of what had been done by then."""
    moments = [NOW - timedelta(days=days) for days in (250, 150, 50)]
    points = timeline([act("b1", "purchase", 200), act("k1", "purchase", 100)], ITEMS, moments)
    told = {(point.at, point.value): point.strength for point in points}
    assert [told[moment, "Boots"] > 0 for moment in moments] == [False, True, True]
    assert told[moments[1], "Boots"] > told[moments[2], "Boots"]
    assert [told[moment, "Kettles"] > 0 for moment in moments] == [False, False, True]
