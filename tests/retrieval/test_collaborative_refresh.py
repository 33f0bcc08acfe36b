"""The model follows the shop without a restart, and never keeps a request waiting for it twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest

from retrieval.collaborative_refresh import FreshCollaborative
from retrieval.errors import StoreError
from retrieval.schema import Interaction

AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Log:
    """A shop's interactions in memory."""

    events: list[Interaction] = field(default_factory=list)
    broken: bool = False

    def interactions(self) -> Iterator[Interaction]:
        if self.broken:
            raise StoreError("the tables can't be read")
        return iter(self.events)

    def interaction_count(self) -> int:
        return len(self.events)


def fresh(log: Log) -> FreshCollaborative:
    """Every look at the clock is a minute later."""
    minutes = count(start=60, step=60)
    return FreshCollaborative(log, clock=lambda: float(next(minutes)))


def after(holder: FreshCollaborative, ids: tuple[str, ...]) -> int:
    """Events of the model that is given out once nothing is being fitted."""
    holder.current(ids)
    holder.close()
    return holder.current(ids).events


def test_the_same_model_is_given_out_while_nothing_happens() -> None:
    """A request does not pay for a fit that changes nothing."""
    holder = fresh(Log([Interaction("x", "a", "purchase", AT)]))
    assert holder.current(("a", "b")) is holder.current(("a", "b"))


def test_new_interactions_are_learnt_beside() -> None:
    """The call that notices them still gets the old model, a later one the new."""
    log = Log([Interaction("x", "a", "purchase", AT)])
    holder = fresh(log)
    first = holder.current(("a", "b"))
    log.events.append(Interaction("x", "b", "purchase", AT))
    assert holder.current(("a", "b")) is first
    holder.close()
    assert holder.current(("a", "b")).events == 2


def test_erased_interactions_are_forgotten() -> None:
    """Fewer interactions are a reason for a new model, too."""
    log = Log([Interaction("x", "a", "purchase", AT), Interaction("y", "b", "purchase", AT)])
    holder = fresh(log)
    holder.current(("a", "b"))
    del log.events[1]
    assert after(holder, ("a", "b")) == 1


def test_other_ids_are_fitted_at_once() -> None:
    """After an import rows mean other items, so that the old model must not answer."""
    holder = fresh(Log([Interaction("x", "a", "purchase", AT)]))
    holder.current(("a", "b"))
    assert holder.current(("a", "b", "c")).ids == ("a", "b", "c")


def test_a_fit_that_failed_beside_is_told_and_tried_again() -> None:
    """The fault reaches a caller, and the next change begins anew."""
    log = Log([Interaction("x", "a", "purchase", AT)])
    holder = fresh(log)
    holder.current(("a",))
    log.events.append(Interaction("y", "a", "purchase", AT))
    log.broken = True
    holder.current(("a",))
    holder.close()
    with pytest.raises(StoreError):
        holder.current(("a",))
