"""The LanguageModel seam and its engines."""

from assistant.language.model import Generation, LanguageModel, generate

__all__ = ["Generation", "LanguageModel", "generate"]
