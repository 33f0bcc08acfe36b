"""How the assistant behaves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuestionSettings:
    """When the assistant asks back. It always shows items at once; a question only ever stands below them."""

    most: int = 2
    """Questions a session; 0 asks none."""
    gain: float = 0.5
    """Least bits that an answer is expected to tell: half of what a question tells that parts the items in two."""
    fitting: int = 10
    """Fewest items that fit the wishes; three slates are looked through sooner than a question is answered."""
    sharpness: float = 2.0
    """How fast relevance falls with the score of a candidate: exp(sharpness * score). Of held-out items of the demo shop 2 gives
    the highest likelihood after one or two soft wishes, 0 after none."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs of a conversation; the defaults are what the shipped shop runs on."""

    limit: int = 3
    """Items a reply offers, 1 to 10. Three can be held in mind and compared."""
    message_limit: int = 2_000
    """Characters of a message that are read; the rest is cut off and the turn says so."""
    read_deadline: float = 8.0
    """Seconds for reading a message; then it is searched as plain text."""
    write_deadline: float = 10.0
    """Seconds for all sentences of a reply together; then the rest is worded from templates."""
    sentence_tokens: int = 48
    """Longest explanation of one item, in tokens."""
    sentence_bend: float = 1.5
    """Nats by which its grammar may bend a word of a sentence before a template takes the sentence's place: 1.5 leaves the model
    a fifth of its belief. Sentences that nobody would follow had words at 2 to 10, plain ones kept below 1.4."""
    policy_confidence: float = 0.5
    """Below it, 0 to 1, a passage is not quoted as the answer to a question; a person takes over. Higher hands over more."""
    questions: QuestionSettings = QuestionSettings()
    """When it asks back."""
