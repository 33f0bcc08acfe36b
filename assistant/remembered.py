"""What is remembered of a shopper's taste and she did not say now: it orders what fits, behind what she says. Pure."""

from __future__ import annotations

from assistant.schema import Profile
from retrieval.schema import Signal

TASTES = frozenset({"use", "feature", "material", "color", "style", "brand"})
"""Facets of which a taste lasts. Whom something is for belongs to one purchase, size and price to one kind of product."""
MOST = 6
WHOLE = 0.9
"""What all of it together weighs at most, of one wish that is said: a stated wish outranks what is inferred."""


def remembered_wishes(profile: Profile) -> tuple[tuple[Signal, float], ...]:
    """The strongest long-term interests with their weights, for `Query.remembered`.

    None when she says whom she shops for: a gift has nothing to do with her own taste. Of a facet that she speaks of, nothing is
    remembered; what she asked to be remembered is a wish of its own and not among these.
    """
    said = {signal.facet for signal in profile.signals}
    if "audience" in said:
        return ()
    held = [
        interest for interest in profile.interests
        if interest.term == "long" and not interest.stated and interest.signal.facet in TASTES - said
    ]
    strongest = sorted(held, key=lambda interest: (-interest.strength, str(interest.signal)))[:MOST]
    total = max(sum(interest.strength for interest in strongest), 1.0)
    return tuple((interest.signal, WHOLE * interest.strength / total) for interest in strongest)
