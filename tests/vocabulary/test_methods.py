"""Extending, replacing and trimming, for every kind of tokenizer."""

from __future__ import annotations

import pytest
from support.tiny import TEXTS
from support.tokenizers_of_kinds import KINDS, with_tokenizer

from xling.bases.tokenizers import tokenizer_from
from xling.errors import InputError
from xling.vocabulary.extending import _names, extend
from xling.vocabulary.learning import smallest_enough
from xling.vocabulary.pieces import split, surface
from xling.vocabulary.replacing import replace, special_pieces
from xling.vocabulary.trimming import trim

EVERY = pytest.mark.parametrize("kind", KINDS)
NKO = "ߊߋߌߍߎߏߓߔߕߖߗߘ"
SYLLABLES = [one + two for one in NKO[6:] for two in NKO[:6]]
FOREIGN = [
    " ".join(SYLLABLES[(3 * line + 5 * step) % 36] + SYLLABLES[(line + step) % 36] for step in range(6))
    for line in range(80)
]
LATIN = [" ".join(("wakati", "wetu", "sisi", "tunaanza")[(line + step) % 4] for step in range(4 + line % 3))
         for line in range(40)]  # fmt: skip

LATIN_WORDS = [one + two for one in ("ta", "me", "ni", "so", "wu", "ki") for two in ("ka", "le", "mo", "ti")]
NAMES = ("Zubeda", "Zakaria", "Zuhura", "Zainabu")


def pieces(base, draft, line):
    return tokenizer_from(draft.tokenizer, base.tokenizer).tokenize(line)


def agrees(base, draft):
    """The draft's list of pieces is that of its tokenizer, special ones in their roles."""
    tokenizer = tokenizer_from(draft.tokenizer, base.tokenizer)
    assert [tokenizer.convert_ids_to_tokens(number) for number in range(len(draft.pieces))] == list(
        draft.pieces
    )
    assert len(tokenizer) == len(draft.pieces)
    assert base.tokenizer.convert_ids_to_tokens(list(draft.kept)) == list(draft.pieces[: len(draft.kept)])
    ids = tokenizer(TEXTS[0])["input_ids"]
    assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    assert draft.pieces[tokenizer.mask_token_id] == base.tokenizer.mask_token


@EVERY
def test_a_replaced_vocabulary_reads_what_the_base_cannot(bert, kind):
    base = with_tokenizer(bert, kind)
    draft = replace(base, FOREIGN, {"Unigram": 45, "WordPiece": 90, "bytes": 340}[kind])
    agrees(base, draft)
    assert draft.kept == tuple(number for _, number in special_pieces(base))
    unknown = draft.opened().token_to_id(base.tokenizer.unk_token)
    assert not any(unknown in row for row in split(draft.opened(), FOREIGN))
    before = sum(map(len, split(base.tokenizer.backend_tokenizer, FOREIGN)))
    assert kind != "bytes" or sum(map(len, split(draft.opened(), FOREIGN))) < before / 2


@EVERY
def test_an_extension_in_another_script_changes_no_old_split(bert, kind):
    base = with_tokenizer(bert, kind)
    draft = extend(base, FOREIGN, {"Unigram": 45, "WordPiece": 90, "bytes": 60}[kind])
    agrees(base, draft)
    assert draft.kept == tuple(range(len(base.tokenizer))) and len(draft.new) > 20
    assert [pieces(base, draft, line) for line in TEXTS] == [base.tokenizer.tokenize(line) for line in TEXTS]
    after = split(draft.opened(), FOREIGN)
    unknown = base.tokenizer.unk_token_id
    assert not any(unknown in row for row in after)
    assert any(number >= len(draft.kept) for row in after for number in row)


@EVERY
def test_a_protected_text_keeps_its_splits(bert, kind):
    base = with_tokenizer(bert, kind)
    size = {"Unigram": 40, "WordPiece": 60, "bytes": 40}[kind]
    free = extend(base, TEXTS[::2] + LATIN, size)
    kept = extend(base, TEXTS[::2] + LATIN, size, protect=TEXTS)
    assert [pieces(base, kept, line) for line in TEXTS] == [base.tokenizer.tokenize(line) for line in TEXTS]
    assert 0 < len(kept.new) <= len(free.new)
    assert sum(map(len, split(kept.opened(), LATIN))) < sum(
        map(len, split(base.tokenizer.backend_tokenizer, LATIN))
    )


@pytest.mark.parametrize("kind", ["Unigram", "bytes"])  # the tiny WordPiece has no capitals
def test_beside_a_protected_text_names_are_left_to_the_base(bert, kind):
    base = with_tokenizer(bert, kind)
    common = [" ".join((LATIN_WORDS[(line + 7 * step) % 24]) for step in range(5)) for line in range(80)]
    lines = [f"{text.capitalize()} {NAMES[line % 4]}" for line, text in enumerate(common)]
    size = {"Unigram": 40, "bytes": 80}[kind]
    free, kept = extend(base, lines, size), extend(base, lines, size, protect=TEXTS)
    texts = [{surface(piece, kind).text for piece in draft.new} for draft in (free, kept)]
    assert any(text in NAMES for text in texts[0]) and "Ta" in texts[1]
    assert not any(name.startswith(text) for text in texts[1] for name in NAMES if len(text) > 1)
    after = [base.tokenizer.unk_token_id in row for row in split(kept.opened(), lines)]
    assert after == [base.tokenizer.unk_token_id in row for row in split(free.opened(), lines)]


def test_a_name_is_one_though_its_letters_end_another_word():
    learned = {piece: surface(piece, "Unigram") for piece in ("▁Oke", "oke", "▁Nke", "▁nke", "▁ndụ", "▁A")}
    assert _names(learned) == {"▁Oke"}


def test_a_word_at_the_start_of_a_line_is_no_name():
    learned = {
        piece: surface(piece, "bytes") for piece in ("Tati", "Ġtati", "Zubeda", "ĠZubeda", "ĠKi", "ki")
    }
    assert _names(learned) == {"Zubeda", "ĠZubeda", "ĠKi"}


@EVERY
def test_trimming_splits_the_text_as_before_into_fewer_pieces(bert, kind):
    base = with_tokenizer(bert, kind)
    some = TEXTS[:10]
    draft = trim(base, some)
    agrees(base, draft)
    assert not draft.new and len(draft.kept) < len(base.tokenizer)
    assert [pieces(base, draft, line) for line in some] == [base.tokenizer.tokenize(line) for line in some]


@EVERY
def test_a_size_that_the_text_cannot_support(bert, kind):
    with pytest.raises(InputError, match="cannot support 50000 pieces") as raised:
        replace(with_tokenizer(bert, kind), FOREIGN, 50000)
    assert "at most" in str(raised.value)


def test_numbers_and_signs_are_left_to_the_base(bert):
    lines = [f"{line} 1234 ..." for line in FOREIGN]
    draft = extend(bert, lines, 50)
    assert draft.new and all(any(letter in NKO for letter in piece) for piece in draft.new)


def test_nothing_to_add(bert):
    with pytest.raises(InputError, match="nothing to add"):
        extend(bert, TEXTS, 30, protect=TEXTS)


def test_the_size_after_which_a_text_hardly_gets_shorter():
    assert smallest_enough({1000: 900, 2000: 700, 4000: 690, 8000: 400}) == 2000
    assert smallest_enough({1000: 900, 2000: 700}) == 2000
    assert smallest_enough({1000: 900}) == 1000
