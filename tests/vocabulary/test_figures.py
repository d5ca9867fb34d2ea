"""Figures against values worked out by hand, and what holds for any text."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from support.tiny import LETTERS
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from xling.vocabulary.diagnosis.counting import kind_of
from xling.vocabulary.diagnosis.measures import Coverage, SplitWord, divergence, figures
from xling.vocabulary.letters import is_letter
from xling.vocabulary.pieces import algorithm, describe

NKO = "ߒߞߏ"


def fast(model: object, splitter: object, *, unknown: str | None = "<unk>") -> PreTrainedTokenizerFast:
    inner = Tokenizer(model)
    inner.pre_tokenizer = splitter
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token=unknown)


def unigram(*, byte_fallback: bool = False, extra: tuple[str, ...] = ()) -> PreTrainedTokenizerFast:
    pieces = [("<unk>", 0.0), ("▁", -6.0), ("▁amina", -2.0), ("▁juma", -2.1), ("i\u0301", -5.0)]
    pieces += [(letter, -8.0) for letter in LETTERS] + [(piece, -20.0) for piece in extra]
    return fast(models.Unigram(pieces, unk_id=0, byte_fallback=byte_fallback), pre_tokenizers.Metaspace())


def over_bytes() -> PreTrainedTokenizerFast:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ã", "±"), ("a", "b")]  # ñ is whole, ŋ is two bytes
    pieces = [*letters, *(first + second for first, second in merges)]
    model = models.BPE(vocab={piece: number for number, piece in enumerate(pieces)}, merges=merges)
    return fast(model, pre_tokenizers.ByteLevel(add_prefix_space=False), unknown=None)


def wordpiece() -> PreTrainedTokenizerFast:
    pieces = ["<unk>", *LETTERS, *(f"##{letter}" for letter in LETTERS), "amina"]
    model = models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="<unk>")
    return fast(model, pre_tokenizers.Whitespace())


TOKENIZERS = {"unigram": unigram(), "bytes": over_bytes(), "wordpiece": wordpiece()}


@pytest.mark.parametrize(
    ("name", "kind"), [("unigram", "Unigram"), ("bytes", "bytes"), ("wordpiece", "WordPiece")]
)
def test_the_kind_is_that_of_the_whole_description(name, kind):
    assert kind_of(TOKENIZERS[name]) == algorithm(describe(TOKENIZERS[name])) == kind


def test_every_figure_of_two_lines():
    """▁amina ▁juma / ▁amina ▁ <unk> ▁ a b"""
    found = figures(TOKENIZERS["unigram"], ["amina juma", f"amina {NKO} ab"], 8)
    assert (found.lines, found.words, found.characters, found.pieces, found.distinct) == (2, 5, 24, 8, 6)
    assert found.fertility == 8 / 5
    assert found.continued_words == 2 / 5
    assert found.unknown_pieces == 1 / 8
    assert found.unknown_characters == 3 / 19
    assert found.characters_per_piece == 3.0
    assert found.average_rank == (0 * 2 + 1 * 2 + 2 + 3 + 4 + 5) / 8
    assert found.whole_lines == 1.0
    assert found.blocks == (Coverage("Basic Latin", 16, 0), Coverage("NKo", 3, 3))
    assert found.scripts == (Coverage("Latn", 16, 0), Coverage("Nkoo", 3, 3))
    assert found.unreadable == 3 / 19
    assert sorted(found.unread) == [(letter, 1) for letter in sorted(NKO)]
    assert found.split == ((1, 3), (2, 1), (3, 1))
    assert found.costliest == (SplitWord("ab", ("▁", "a", "b"), 2), SplitWord(NKO, ("▁", "<unk>"), 1))
    assert [often for _, often in found.counts] == [2, 2, 1, 1, 1, 1]


@pytest.mark.parametrize(("family", "longest"), [("bert", 4), ("roberta", 4)])
def test_special_pieces_count_towards_the_longest_row(bases, family, longest):
    lines = ["amina juma", "amina juma amina"]
    assert figures(bases[family].tokenizer, lines, longest).whole_lines == 0.5
    assert figures(bases[family].tokenizer, lines, longest + 1).whole_lines == 1.0


def test_digits_and_signs_are_no_letters_and_shared_marks_are_in_blocks_alone():
    found = figures(TOKENIZERS["unigram"], ["i\u0301 7 ! ☺"], 64)
    assert found.blocks == (Coverage("Basic Latin", 1, 0), Coverage("Combining Diacritical Marks", 1, 0))
    assert found.scripts == (Coverage("Latn", 1, 0),)
    assert found.unknown_characters == 3 / 5


def test_a_letter_broken_into_bytes_is_unreadable_but_not_unknown():
    found = figures(TOKENIZERS["bytes"], ["ab ñ ŋŋ"], 64)
    assert found.unknown_pieces == found.unknown_characters == 0.0
    assert {group.name: group.unreadable for group in found.blocks} == {
        "Basic Latin": 0, "Latin-1 Supplement": 0, "Latin Extended-A": 2,
    }  # fmt: skip
    assert found.costliest == (SplitWord("ŋŋ", ("▁", *"\ufffd" * 4), 4), SplitWord("ñ", ("▁", "ñ"), 1))


def test_byte_fallback_is_unreadable_too():
    pieces = tuple(f"<0x{byte:02X}>" for byte in range(256))
    found = figures(unigram(byte_fallback=True, extra=pieces), ["amina ߒ"], 64)
    assert found.unknown_pieces == 0.0 and found.pieces == 4
    assert found.blocks == (Coverage("Basic Latin", 5, 0), Coverage("NKo", 1, 1))


def test_one_strange_letter_costs_wordpiece_the_whole_word():
    found = figures(TOKENIZERS["wordpiece"], ["aŋa aba"], 64)
    assert found.unknown_characters == 0.5 and found.unreadable == 0.5


def test_a_tokenizer_saved_with_truncation_and_padding_is_not_cut_off():
    tokenizer = unigram()
    tokenizer.backend_tokenizer.enable_truncation(2)
    tokenizer.backend_tokenizer.enable_padding(pad_id=0, length=9)
    lines = ["amina juma amina juma"]
    assert figures(tokenizer, lines, 64) == figures(unigram(), lines, 64)


def test_a_text_of_nothing_has_figures():
    tokenizer = unigram()
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("\u200d", "")
    found = figures(tokenizer, ["\u200d"], 64)
    assert found.words == 1 and found.fertility == found.pieces == 0 and found.blocks == ()


TEXT = st.text(st.sampled_from("aminjubñŋߒ\u0301中☺7.  "), max_size=30)


@pytest.mark.parametrize("name", TOKENIZERS)
@given(lines=st.lists(TEXT, max_size=5))
def test_sums_agree_on_any_text(name, lines):
    lines = [" ".join(line.split()) for line in lines]
    found = figures(TOKENIZERS[name], lines, 10)
    letters = Counter(filter(is_letter, "".join(lines)))
    assert sum(words for _, words in found.split) == found.words == sum(len(line.split()) for line in lines)
    assert sum(pieces * words for pieces, words in found.split) == found.pieces
    assert found.letters == letters.total()
    assert all(0 <= group.unreadable <= group.letters for group in (*found.blocks, *found.scripts))
    assert 0 <= found.unknown_characters <= 1 and 0 <= found.whole_lines <= 1


LINES = st.lists(st.sampled_from(["amina", "juma", "amina juma", "ab", NKO]), min_size=1, max_size=6)


@given(LINES, LINES)
def test_divergence_is_that_of_scipy(first, second):
    one, two = (figures(TOKENIZERS["unigram"], lines, 64) for lines in (first, second))
    found = divergence(one, two)
    pieces = sorted({*dict(one.counts), *dict(two.counts)})
    p, q = ([dict(side.counts).get(piece, 0) for piece in pieces] for side in (one, two))
    assert math.isclose(found, jensenshannon(p, q, 2) ** 2, abs_tol=1e-9)
    assert found == pytest.approx(divergence(two, one)) and -1e-9 <= found <= 1 + 1e-9


def test_divergence_by_hand():
    """Of (1, 0) and (1/2, 1/2): the mean of log2(4/3) and log2(2/3)/2 + log2(2)/2."""
    one, two = (figures(TOKENIZERS["unigram"], [line], 64) for line in ("amina", "amina juma"))
    assert divergence(one, two) == pytest.approx((math.log2(4 / 3) + math.log2(2 / 3) / 2 + 0.5) / 2)
    assert divergence(one, figures(TOKENIZERS["unigram"], ["juma"], 64)) == 1.0
