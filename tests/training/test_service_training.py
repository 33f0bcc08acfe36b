"""`daogou train service`: an encoder is tuned, what follows is chosen on questions held back, and the folder tells it all."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peft import PeftModel
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

from assistant.service_router import CARD, TUNED, WEIGHTS, shares_of
from retrieval.embedding.hashing_embedder import HashingEmbedder
from training.intent_encoder import EncoderRecipe, pooled
from training.intent_router import held_back
from training.service_training import Kept, Second, choose, train_service
from training.text_tables import OUTSIDE, Asked, TooFewRows

WORDS = "where is my parcel refund money back cancel order stop it now please sing a song".split()
ASKED = [
    *(Asked(n, text, "track") for n, text in enumerate(["where is my parcel", "is my parcel now where", "parcel where please"] * 4)),
    *(Asked(n, text, "refund") for n, text in enumerate(["money back please", "refund my money", "refund it now"] * 4)),
    *(Asked(n, text, OUTSIDE) for n, text in enumerate(["sing a song", "a song please", "sing now"])),
]


class Tuned:
    """A tuned encoder over the base in a folder, as an embedder."""

    name, dimension = "tuned", 32

    def __init__(self, base, adapter):
        self._tokenizer = AutoTokenizer.from_pretrained(base)
        self._model = PeftModel.from_pretrained(AutoModel.from_pretrained(base), str(adapter)).eval()

    def embed(self, texts, *, query=False):
        """Unit vectors. Shape: (n, 32)."""
        rows = self._tokenizer(list(texts), padding=True, return_tensors="pt")
        return pooled(self._model, rows["input_ids"], rows["attention_mask"]).detach().numpy()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A BERT of one layer over a dozen words."""
    folder = tmp_path_factory.mktemp("bert")
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *dict.fromkeys(WORDS)])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(folder)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), **size)).save_pretrained(folder)
    return folder


def test_a_router_is_written_with_its_hashes(base, tmp_path):
    """The intents, what was chosen, two parts; nothing of the run is left but what is needed."""
    recipe = EncoderRecipe(rank=4, epochs=2, batch=8)
    chosen = train_service(ASKED, base, tmp_path, lambda adapter: Tuned(base, adapter), Second("hashing", HashingEmbedder()), recipe)
    card = json.loads((tmp_path / CARD).read_text())
    assert card["intents"] == ["refund", "track"]
    assert (card["questions"], card["out_of_scope"], card["held_back"]) == (24, 3, 3)
    assert set(card["sha256"]) == {WEIGHTS, f"{TUNED}/adapter_model.safetensors", f"{TUNED}/adapter_config.json"}
    assert chosen.held_accuracy >= 0.6 and set(chosen.held_aurocs) == {"probability", "energy", "score", "nearest"}
    assert {path.name for path in tmp_path.iterdir()} == {CARD, WEIGHTS, TUNED}


def test_one_intent_is_nothing_to_learn(base, tmp_path):
    """Out-of-scope questions are no second one."""
    with pytest.raises(TooFewRows, match="found 1 intents"):
        train_service([*ASKED[:12], *ASKED[24:]], base, tmp_path, lambda adapter: Tuned(base, adapter))


def test_the_part_that_helps_is_weighed_in():
    """A second part that knows better than the first counts; one that knows nothing does not."""
    gold = np.array([0, 1] * 20)
    unsure, knowing = np.zeros((40, 2)), 3.0 * np.eye(2)[gold]
    noise = np.random.default_rng(0).normal(size=(40, 2))
    assert choose(Kept(unsure + 0.1 * noise, knowing, np.zeros(40), gold)).share > 0
    assert choose(Kept(knowing + 0.1 * noise, 9 * noise, np.zeros(40), gold)).share == 0


def test_what_tells_the_foreign_best_is_chosen():
    """Here nearness does, and scores say nothing; without foreign questions the probability decides."""
    gold = np.array([0, 1] * 10 + [-1] * 10)
    scores = np.vstack([4.0 * np.eye(2)[gold[:20]], np.tile([4.0, 0.0], (10, 1))])
    chosen = choose(Kept(scores, None, np.array([0.9] * 20 + [0.2] * 10), gold))
    assert (chosen.score, chosen.held_aurocs["nearest"]) == ("nearest", 1.0)
    assert 0.2 < chosen.threshold <= 0.9
    assert choose(Kept(scores[:20], None, np.zeros(20), gold[:20])).score == "probability"


@given(st.lists(st.integers(0, 4), min_size=2, max_size=40).map(np.array), st.integers(0, 9))
def test_every_intent_is_learnt_and_no_question_is_both(places, seed):
    """Those held back are of intents that are known."""
    learnt, held = held_back(places, seed)
    assert set(places[held]) <= set(places[learnt]) == set(places)
    assert sorted([*learnt, *held]) == list(range(len(places)))


def test_three_right_answers_are_no_certainty():
    """However far ahead the scores are, the next question is believed to be answered rightly four times in five."""
    gold = np.array([0, 1, 0])
    chosen = choose(Kept(3.0 * np.eye(2)[gold], None, np.zeros(3), gold))
    assert shares_of(np.array([[3.0, 0.0]]) / chosen.temperature).max() == pytest.approx(0.8, abs=0.03)
