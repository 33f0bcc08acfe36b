"""What shoppers and shelves call the same thing, in English and Chinese."""

from retrieval.thesaurus.thesaurus import Thesaurus, shipped_rows, shipped_thesaurus

__all__ = ["Thesaurus", "shipped_rows", "shipped_thesaurus"]
