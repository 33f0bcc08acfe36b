"""The LanguageModel seam and its engines."""

from assistant.language.model import Generation, LanguageModel, generate
from assistant.language.opening import open_model

__all__ = ["Generation", "LanguageModel", "generate", "open_model"]
