"""A trained router: read from its folder as it was written, or not at all; what it is unsure of it leaves alone."""

import json
from hashlib import sha256

import numpy as np
import pytest
from safetensors.numpy import save_file

from assistant.errors import ModelCorrupt
from assistant.help_passages import HelpPassages
from assistant.service_router import CARD, SCORES, WEIGHTS, Destination, nearness, open_router
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.schema import HelpPage

TAUGHT = {"returns": "send back my shoes", "shipping": "when does the parcel come"}


@pytest.fixture
def folder(tmp_path):
    """A router that knows one question of each of two intents."""
    vectors = HashingEmbedder().embed(list(TAUGHT.values()), query=True)
    save_file({
        "0.middle": np.zeros(vectors.shape[1], np.float32), "0.weights": 9 * vectors, "0.bias": np.zeros(2, np.float32),
        "0.learnt": vectors.astype(np.float16),
    }, tmp_path / WEIGHTS)
    card = {
        "intents": list(TAUGHT), "embedders": [["hashing", HashingEmbedder().name]], "temperature": 1.0, "score": "nearest", "threshold": 0.5,
        "sha256": {WEIGHTS: sha256((tmp_path / WEIGHTS).read_bytes()).hexdigest()},
    }
    (tmp_path / CARD).write_text(json.dumps(card))
    return tmp_path


def test_a_known_question_goes_where_it_was_taught_to_go(folder):
    """With a probability; one like none that was learnt goes nowhere."""
    router = open_router(folder, folder)
    found = router.route(TAUGHT["shipping"])
    assert found is not None and found.intent == "shipping" and 0.5 < found.confidence <= 1
    assert router.route("sing me a song about whales") is None
    assert router.judge(list(TAUGHT.values())).shares.sum(axis=1) == pytest.approx([1, 1])


def test_another_version_of_an_embedder_is_refused(folder):
    """Its vectors are not those that the weights were learnt for."""
    (folder / CARD).write_text((folder / CARD).read_text().replace(HashingEmbedder().name, "hashing-12"))
    with pytest.raises(ModelCorrupt, match="hashing-12"):
        open_router(folder, folder)


def test_an_open_embedder_of_that_name_is_shared(folder):
    """Nothing is loaded twice."""
    shared = HashingEmbedder()
    assert open_router(folder, folder, shared).parts[0].embedder is shared


@pytest.mark.parametrize("harm", ["weights", "card", "absent", "score"])
def test_what_is_not_as_it_was_written_is_refused(folder, harm):
    """Changed weights, half a card, no card, an unknown score: one error with its cure."""
    if harm == "weights":
        (folder / WEIGHTS).write_bytes(b"\0" * 64)
    elif harm == "card":
        (folder / CARD).write_text("{")
    elif harm == "absent":
        (folder / CARD).unlink()
    else:
        (folder / CARD).write_text((folder / CARD).read_text().replace('"nearest"', '"mood"'))
    with pytest.raises(ModelCorrupt, match="Train a router"):
        open_router(folder, folder)


@pytest.mark.parametrize("name", list(SCORES))
def test_every_score_is_higher_for_the_surer_question(name):
    """One intent far ahead and a near neighbour, against no intent ahead and none near."""
    sure, unsure = SCORES[name](np.array([[9.0, 0.0], [0.1, 0.0]]), np.array([0.9, 0.1]))
    assert sure > unsure


def test_without_learnt_questions_none_is_near():
    """0, not an error."""
    assert nearness(np.ones((2, 3), np.float32), np.zeros((0, 3), np.float32)).tolist() == [0, 0]


def test_a_question_that_was_sent_to_a_page_is_answered_from_it():
    """Whatever its words; an intent that no page is for changes nothing."""
    pages = [HelpPage("returns", "en", "Returns", "Thirty days.", "returns"), HelpPage("post", "en", "Post", "The parcel comes soon.", "shipping")]
    passages = HelpPassages(pages, HashingEmbedder())
    asked = ("when does the parcel come", "en", 2)
    assert [found.page.id for found in passages.nearest(*asked, sent=Destination("returns", 0.9))] == ["returns"]
    assert passages.nearest(*asked, sent=Destination("returns", 0.9))[0].confidence == 0.9
    assert passages.nearest(*asked, sent=Destination("gifts", 0.9)) == passages.nearest(*asked)
