"""What the buttons of the memory panel do."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from assistant.erasure import Erasure, ErasureProof
from assistant.memory import Memory
from assistant.memory_card import entries
from assistant.safety import clean
from assistant.schema import Profile
from assistant.shoppers import edited, same
from assistant.story import month_ends, story
from retrieval.schema import Language, Signal
from retrieval.shop import Shop
from ui.memory_panel import panel_html
from ui.memory_timeline import MONTHS
from ui.memory_words import words

LONGEST = 80
"""Characters of a corrected value."""
_log = logging.getLogger("daogou")


@dataclass(frozen=True, slots=True)
class Action:
    """What was pressed, as the page sends it."""

    language: Language
    act: str
    signal: Signal | None = None
    value: str = ""


@dataclass(frozen=True, slots=True)
class MemoryPanel:
    """The memory panels of a shop's page."""

    shop: Shop
    memory: Memory
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def act(self, given: str, conversation: str, shopper_id: str) -> tuple[str, bool]:
        """The panel after what was pressed, and whether the conversation is gone with it. Raises StoreError."""
        action = read_action(given)
        if action is None:
            return self.shown(conversation, shopper_id, "en", notice=words("failed", "en")), False
        if action.act == "erase":
            return self._erase(conversation, shopper_id, action.language), True
        notice = "" if self._change(action, conversation, shopper_id) else words("failed", action.language)
        return self.shown(conversation, shopper_id, action.language, notice=notice), False

    def shown(
        self, conversation: str, shopper_id: str, language: Language, *, notice: str = "", proof: ErasureProof | None = None
    ) -> str:
        """The panel as it is."""
        profile = self.memory.begin(self.memory.turns(conversation), shopper_id)
        known = self.memory.shoppers.get(shopper_id)
        shopper = known if known and known.memory else None
        held = entries(profile, language, self.now(), self.shop.currency)
        moved = story(self.memory, shopper_id, month_ends(self.now(), MONTHS)) if shopper else ()
        return panel_html(held, shopper, language, notice=notice, proof=proof, moved=moved)

    def _change(self, action: Action, conversation: str, shopper_id: str) -> bool:
        """True when it was done."""
        shoppers, shopper = self.memory.shoppers, self.memory.shoppers.get(shopper_id)
        match action.act:
            case "show":
                return True
            case "merge":
                return self.memory.merge(conversation, shopper_id)
            case "pause" | "resume":
                return shoppers.pause(shopper_id, action.act == "pause") is not None
            case "train_on" | "train_off" if shopper and shopper.memory:
                return shoppers.consent(shopper_id, memory=True, training=action.act == "train_on") is not None
            case "pin" if action.signal:
                held = next((i for i in shoppers.interests(shopper_id) if same(i.signal, action.signal)), None)
                return held is not None and shoppers.pin(shopper_id, action.signal, not held.pinned)
            case "forget" if action.signal:
                return self._forget(action.signal, conversation, shopper_id)
            case "edit" if action.signal:
                return self._edit(action.signal, action.value, conversation, shopper_id)
        return False

    def _forget(self, signal: Signal, conversation: str, shopper_id: str) -> bool:
        history = self.memory.turns(conversation)
        profile = history[-1].profile if history else Profile()
        stays = tuple(i for i in profile.interests if (i.signal.facet, i.signal.value) != (signal.facet, signal.value))
        aside = tuple(i for i in profile.set_aside if (i.signal.facet, i.signal.value) != (signal.facet, signal.value))
        gone = self.memory.shoppers.forget(shopper_id, [signal]) > 0
        changed = (stays, aside) != (profile.interests, profile.set_aside)
        return (changed and self.memory.amend(conversation, replace(profile, interests=stays, set_aside=aside))) or gone

    def _edit(self, signal: Signal, value: str, conversation: str, shopper_id: str) -> bool:
        """False for a value that says nothing, or names no number where one is needed."""
        value = clean(value, LONGEST).text
        if not value:
            return False
        new = replace(signal, value=value)
        if signal.number is not None and signal.op in ("<=", ">=") and new.number is None:
            return False
        history = self.memory.turns(conversation)
        profile = history[-1].profile if history else Profile()
        at = self.now()
        changed = tuple(edited(i, new, at) if same(i.signal, signal) else i for i in profile.interests)
        lasting = self.memory.shoppers.edit(shopper_id, signal, new)
        amended = changed != profile.interests and self.memory.amend(conversation, replace(profile, interests=changed))
        return lasting or amended

    def _erase(self, conversation: str, shopper_id: str, language: Language) -> str:
        proof = Erasure(self.shop.directory, self.shop.engine, self.memory.identity, self.now).erase(shopper_id)
        self.memory.erase(conversation)
        return panel_html((), None, language, proof=proof, notice="" if proof else words("erased", language))


def broken_panel(given: str) -> str:
    """The panel when the shop's tables can't be used."""
    action = read_action(given)
    language: Language = action.language if action else "en"
    return panel_html((), None, language, notice=words("failed", language))


def read_action(given: str) -> Action | None:
    """What the page sent; None when it is nothing that a panel sends."""
    try:
        match json.loads(given):
            case ["en" | "zh" as language, str(act), str(signal), str(value), *_]:
                return Action(language, act, Signal.parse(signal) if signal else None, value)
    except ValueError:
        _log.warning("an action of the memory panel can't be read: %.80r", given)
    return None
