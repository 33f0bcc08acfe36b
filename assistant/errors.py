"""What can go wrong while talking.

AssistantError
├── ModelError          a language model can't be used
│   ├── ModelMissing    its files or its package are absent (names the command that cures it)
│   ├── ModelCorrupt    wrong hash, unreadable, NaN, wrong base, not safetensors
│   └── GenerationError it failed or was cut off while writing
│       ├── GrammarError what was wanted is no grammar, or the answer is not in it
│       └── Bent         its grammar took too much from the model's own words
└── MessageError        the shopper's message can't be taken (too long)
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of this package's errors. The text says what was found, what was expected, and the cure."""


class ModelError(AssistantError):
    """A language model can't be used."""


class ModelMissing(ModelError):
    """The model's files, or the package that runs it, are not on this machine."""


class ModelCorrupt(ModelError):
    """The model's or adapter's files are not what they should be."""


class GenerationError(ModelError):
    """The model failed, or was stopped by its deadline, while writing."""


class GrammarError(GenerationError):
    """The answer is outside its grammar, or the grammar can't be followed; the model itself is well."""


class Bent(GenerationError):
    """The grammar left the model only words that it would hardly have chosen: what follows would be no language."""


class MessageError(AssistantError):
    """The message can't be taken as it is."""
