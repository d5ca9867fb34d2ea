"""Words are read as behind a space, however they are given."""

from __future__ import annotations

import hashlib

import pytest
from support.byte_level import FAMILY_OF, byte_level, marked
from support.making import fresh
from support.tiny import TEXTS
from tokenizers import pre_tokenizers
from transformers import AutoTokenizer

from xling.bases.base import load_base
from xling.bases.fingerprints import of_tokenizer
from xling.bases.plain import save_plain
from xling.bases.tokenizers import tokenizer_from
from xling.bases.word_starts import space_before_words
from xling.composition.composed import Composition
from xling.errors import MismatchError
from xling.tasks.word_rows import word_rows
from xling.training.mlm import encode_lines
from xling.vocabulary.extending import extend
from xling.vocabulary.pieces import describe, split
from xling.vocabulary.replacing import replace as replaced
from xling.vocabulary.trimming import trim

WORDS = ["anaishi", "nairobi", "juma"]
OPENERS = pytest.mark.parametrize("opener", FAMILY_OF)
# what tagging always was for these: recorded before words had a space of their own
RECORDED = "sha256:c6ff68f8dd81e9a7d45e167dcb96b4d4dd9ede7b5280048204ef2824cd566af1"
_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False)


def words_alone(tokenizer):
    ids = tokenizer([WORDS], is_split_into_words=True, add_special_tokens=False)["input_ids"][0]
    return tokenizer.convert_ids_to_tokens(ids)


@OPENERS
def test_words_alone_are_the_pieces_of_a_running_text(tmp_path, opener):
    tokenizer = load_base(byte_level(tmp_path, opener)).tokenizer
    assert words_alone(tokenizer) == ["Ġanaishi", "Ġnairobi", "Ġjuma"]
    assert tokenizer.tokenize(" ".join(WORDS)) == ["Ġanaishi", "Ġnairobi", "Ġjuma"]
    assert tokenizer.tokenize(" " + " ".join(WORDS)) == ["Ġanaishi", "Ġnairobi", "Ġjuma"]


@pytest.mark.parametrize(
    "splitter",
    [
        pre_tokenizers.Sequence([_BYTES]),
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), _BYTES]),
        pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), _BYTES]),
    ],
    ids=["alone", "behind digits", "behind punctuation"],
)
def test_a_byte_level_step_among_others(tmp_path, splitter):
    folder = byte_level(tmp_path, "PreTrainedTokenizerFast", splitter)
    before, tokenizer = AutoTokenizer.from_pretrained(folder), load_base(folder).tokenizer
    assert words_alone(tokenizer) == ["Ġanaishi", "Ġnairobi", "Ġjuma"]
    text = " juma, 1,234.5 (nairobi) na 2024"
    assert tokenizer.tokenize(text) == before.tokenize(text)


def test_a_tokenizer_that_writes_spaces_as_letters(tmp_path):
    tokenizer = load_base(marked(tmp_path)).tokenizer
    assert words_alone(tokenizer) == ["▁anaishi", "▁nairobi", "▁juma"]
    assert tokenizer.tokenize("anaishi nairobi") == ["▁anaishi", "▁nairobi"]


@OPENERS
def test_tasks_and_language_modules_see_the_same_pieces(tmp_path, opener):
    base = load_base(byte_level(tmp_path, opener))
    (row,) = word_rows([WORDS], [[0, 1, 2]], base.tokenizer, base.max_length)
    assert [list(row.ids)] == encode_lines(base.tokenizer, [" ".join(WORDS)], base.max_length)
    assert row.at == (1, 2, 3)


@OPENERS
def test_offsets_are_those_of_the_text_itself(tmp_path, opener):
    tokenizer = load_base(byte_level(tmp_path, opener)).tokenizer
    text = " ".join(WORDS)
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert [text[start:end].strip() for start, end in offsets] == WORDS
    assert offsets[0] == (0, len(WORDS[0]))


@OPENERS
@pytest.mark.parametrize(
    "make",
    [
        lambda base: extend(base, [f"{line} wakati wetu tunaanza" for line in TEXTS], 60),
        lambda base: replaced(base, TEXTS, 290),
        lambda base: trim(base, TEXTS),
    ],
    ids=["extend", "replace", "trim"],
)
def test_vocabularies_of_such_a_base_read_alike(tmp_path, opener, make):
    base = load_base(byte_level(tmp_path, opener))
    draft = make(base)
    tokenizer = tokenizer_from(draft.tokenizer, base.tokenizer)
    alone = tokenizer([WORDS], is_split_into_words=True, add_special_tokens=False)["input_ids"][0]
    assert alone == split(draft.opened(), [" " + " ".join(WORDS)])[0]
    assert alone == split(draft.opened(), [" ".join(WORDS)])[0]


def test_a_module_s_own_tokenizer_gets_the_space_too(tmp_path):
    folder = byte_level(tmp_path)
    bare = AutoTokenizer.from_pretrained(folder).backend_tokenizer.to_str()
    assert words_alone(tokenizer_from(bare, load_base(folder).tokenizer)) == ["Ġanaishi", "Ġnairobi", "Ġjuma"]


@OPENERS
def test_a_folder_written_for_others_reads_alike(tmp_path, opener):
    base = load_base(byte_level(tmp_path / "base", opener))
    trimmed = tokenizer_from(trim(base, TEXTS).tokenizer, base.tokenizer)
    for number, tokenizer in enumerate((base.tokenizer, trimmed)):
        folder = tmp_path / f"merged{number}"
        save_plain(base.encoder, tokenizer, base.max_length, str(folder))
        assert words_alone(AutoTokenizer.from_pretrained(folder)) == ["Ġanaishi", "Ġnairobi", "Ġjuma"]


@OPENERS
def test_modules_made_without_the_space_are_refused(tmp_path, opener):
    base = load_base(byte_level(tmp_path, opener))
    old = of_tokenizer(AutoTokenizer.from_pretrained(tmp_path))
    assert base.tokenizer_fingerprint != old
    module = fresh(base, "bottleneck")
    Composition(base, [module])
    with pytest.raises(MismatchError, match="words read without the space before them.*; train it again"):
        Composition(base, [module.with_facts(tokenizer_fingerprint=old)])
    other = module.with_facts(tokenizer_fingerprint="sha256:" + hashlib.sha256(b"other").hexdigest())
    with pytest.raises(MismatchError, match="was made for tokenizer"):
        Composition(base, [other])


def test_other_tokenizers_stay_as_they_are(base):
    assert base.tokenizer_fingerprint == RECORDED
    assert base.tokenizer_fingerprint_as_written == RECORDED
    written = AutoTokenizer.from_pretrained(base.folder)
    before = describe(written)
    space_before_words(written)
    assert describe(written) == before
