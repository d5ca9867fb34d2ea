"""What a vocabulary keeps of a text, and how many numbers it stores."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
from support.foreign_text import SPELLED
from support.tiny import TEXTS
from tokenizers import normalizers

from xling import build_vocabulary
from xling.makers.stage import Session
from xling.modules.module import Module

MARKED = [line.replace("a", "a\u0301") for line in TEXTS]  # á, which the normaliser below makes a


def stripping(base):
    """A base whose normaliser strips accents, as uncased mBERT's does."""
    tokenizer = copy.deepcopy(base.tokenizer)
    tokenizer.backend_tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.StripAccents()]
    )
    return dataclasses.replace(base, tokenizer=tokenizer)


@pytest.mark.parametrize(
    ("method", "words", "keeps"), [("replace", "keeps them", True), ("trim", "would keep them", False)]
)
def test_letters_that_the_normaliser_loses(bert, method, words, keeps):
    said: list[str] = []
    module = build_vocabulary(
        stripping(bert),
        MARKED + TEXTS,
        language="swh",
        session=Session(say=said.append),
        method=method,
        size=40,
        init="overlap",
    )
    (line,) = said
    assert "U+0301 COMBINING ACUTE ACCENT" in line or "U+00E1" in line
    assert line.startswith("warning:") and words in line
    pieces = [piece for piece, _ in json.loads(module.networks[0].tokenizer_json())["model"]["vocab"]]
    assert any("á" in piece for piece in pieces) == keeps


def test_a_normaliser_that_loses_nothing_is_kept(bert):
    said: list[str] = []
    module = build_vocabulary(
        bert,
        SPELLED,
        language="nqo",
        session=Session(say=said.append),
        size=30,
        init="moments",
    )
    assert not said and '"NFKC"' in module.networks[0].tokenizer_json()


def test_factorised_rows_store_few_numbers(bert, tmp_path):
    module = build_vocabulary(bert, SPELLED, language="nqo", size=30, init="factorised", rank=4)
    new, hidden = module.scores["new_pieces"], bert.shape.hidden
    module.save(tmp_path)
    network = Module.load(tmp_path).networks[0]
    assert network.rows.numel() + network.factor.numel() + network.bias.numel() == new * 4 + 4 * hidden + new
