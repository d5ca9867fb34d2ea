"""Strings that a tokenizer of a language's own reads as others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tokenizers_of_kinds import KINDS, with_tokenizer

from xling import build_vocabulary
from xling.bases.tokenizers import tokenizer_from
from xling.composition.composed import Composition
from xling.errors import InputError
from xling.modules.module import Module
from xling.training.specs import LexiconBuild, VocabularyBuild, specified
from xling.vocabulary.pieces import describe
from xling.vocabulary.replacing import replace, respelling

SPELLINGS = {"<": "ⴰ", "ⴻ": "ⴰ", "ⴷⴷ": "ⴷ"}
WORDS = ("ⴷⴰⵗ", "ⵜⴰⵏ", "ⴰⴾⴰⵍ", "ⵎⴰⵏ", "ⴷⴰ")
LINES = [" ".join(WORDS[(line // 5**step) % 5] for step in range(6)) for line in range(0, 4000, 97)]


def written(text: str, choices: list[int]) -> str:
    """The text with some letters as another orthography has them."""
    others = {"ⴰ": "<ⴻⴰ", "ⴷ": ("ⴷⴷ", "ⴷ", "ⴷ")}
    return "".join(
        others[letter][choice % 3] if letter in others else letter
        for letter, choice in zip(text, choices * len(text), strict=False)
    )


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request, bases):
    base = with_tokenizer(bases["bert"], request.param)
    normalizer = respelling(describe(base.tokenizer).get("normalizer"), SPELLINGS)
    draft = replace(
        base, LINES, {"Unigram": 15, "WordPiece": 20, "bytes": 272}[request.param], normalizer=normalizer
    )
    return tokenizer_from(draft.tokenizer, base.tokenizer)


@settings(max_examples=30)
@given(text=st.sampled_from(LINES), choices=st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_every_spelling_is_split_as_the_one_that_stands_for_it(tokenizer, text, choices):
    assert tokenizer(written(text, choices))["input_ids"] == tokenizer(text)["input_ids"]
    assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"][1:-1]


def test_they_are_kept_with_the_vocabulary(bert, tmp_path):
    told = {"size": 15, "init": "moments", "spellings": SPELLINGS, "mixed": True}
    module = build_vocabulary(bert, LINES, language="taq_Tfng", **told)
    module.save(tmp_path / "taq")
    own = Composition(bert, [Module.load(tmp_path / "taq")]).tokenizer()
    assert own.tokenize("ⴷⴷ<ⵗ") == own.tokenize("ⴷⴰⵗ")


@pytest.mark.parametrize("kind", [VocabularyBuild, LexiconBuild])
@pytest.mark.parametrize("spellings", [{"": "ⴰ"}, {"ⴰ": "ⴰ"}])
def test_a_spelling_that_changes_nothing_is_refused(kind, spellings):
    with pytest.raises(InputError, match="spellings: .* changes nothing; give a string and another"):
        specified(kind, {"spellings": spellings}, where="--set")


def test_only_a_tokenizer_of_its_own_has_spellings(bert):
    with pytest.raises(InputError, match="spellings: extend keeps the base's own tokenizer"):
        build_vocabulary(
            bert, LINES, language="taq_Tfng", method="extend", init="moments", spellings=SPELLINGS
        )
