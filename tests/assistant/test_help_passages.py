"""Which passages speak of a question."""

from __future__ import annotations

import pytest

from assistant.help_passages import HelpPassages, passages_of
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.schema import HelpPage

RETURNS = "# Returning things\n\nYou have 30 days to return an unused item.\n\n## Shoes\n\nShoes must come back in their box."
PAGES = (
    HelpPage("returns", "en", "Returns", RETURNS, "returns", "3"),
    HelpPage("delivery", "en", "Delivery", "A parcel takes 3 days.\n\nIslands take a week.\n\nParcels cost 4.90.", "shipping", "1"),
    HelpPage("delivery", "zh", "配送", "包裹三天送到。", "shipping", "1"),
)


@pytest.fixture(scope="module")
def pages() -> HelpPassages:
    return HelpPassages(PAGES, HashingEmbedder())


def test_passages_carry_their_heading() -> None:
    """A heading belongs to the paragraph under it."""
    assert passages_of(RETURNS) == (
        "Returning things: You have 30 days to return an unused item.", "Shoes: Shoes must come back in their box.",
    )


@pytest.mark.parametrize(("question", "text"), [("do shoes come back in a box", "Shoes"), ("how many days for a parcel", "3 days")])
def test_the_passage_that_says_it_is_nearest(pages: HelpPassages, question: str, text: str) -> None:
    """The one whose words and meaning are the question's comes first, surer than the others."""
    first, *rest = pages.nearest(question, "en", 5)
    assert text in first.text
    assert first.confidence > max(found.confidence for found in rest)


def test_a_topic_weighs_and_shuts_nothing_out(pages: HelpPassages) -> None:
    """It makes its pages likelier; with the wrong one the passage that says it still comes first."""
    (plain,), (on, *_), (off, *_) = (pages.nearest("shoes back in the box", "en", 1, topics) for topics in ((), ("returns",), ("shipping",)))
    assert plain.text == on.text == off.text
    assert on.confidence > plain.confidence == off.confidence


def test_the_next_best_of_the_page_stands_beside(pages: HelpPassages) -> None:
    """Two passages of one page, in its order, the found one among them."""
    (found,) = pages.nearest("islands week parcel cost", "en", 1)
    texts = passages_of(PAGES[1].text)
    assert found.text in found.context and len(found.context) == 2
    assert list(found.context) == sorted(found.context, key=texts.index)


def test_pages_in_another_language_serve_where_there_are_none() -> None:
    """A shop without Chinese pages answers from its English ones, surely only on the topic."""
    english = HelpPassages(PAGES[:2], HashingEmbedder())
    on = english.nearest("运费多少", "zh", 3, ("shipping",))[0]
    assert on.page.id == "delivery" and on.confidence > 0.5 > english.nearest("运费多少", "zh", 3)[0].confidence
    assert HelpPassages((), HashingEmbedder()).nearest("运费多少", "zh", 3) == ()
