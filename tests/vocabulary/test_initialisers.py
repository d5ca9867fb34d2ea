"""Where new pieces' vectors start from: each method by hand on a tiny base."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from support.foreign_text import SPELLED
from support.tiny import TEXTS, WORDS
from support.tokenizers_of_kinds import KINDS, with_tokenizer

from xling.vocabulary.initialisers.registry import INITIALISERS
from xling.vocabulary.initialisers.start import Request
from xling.vocabulary.replacing import replace

TRANSLATED = {word: f"{word}a" for word in WORDS}  # another language, word by word
OTHER = [" ".join(TRANSLATED[word] for word in line.split()) for line in TEXTS]
PAIRS = list(zip(OTHER, TEXTS, strict=True))
DICTIONARY = [(own, word) for word, own in TRANSLATED.items()]


def request_of(base, lines, size=36, **more):
    return Request(base=base, draft=replace(base, lines, size), lines=lines, **more)


def vector(request, name, piece):
    start = INITIALISERS[name](request)
    place = request.draft.new.index(piece)
    return start.vectors[place], start.reasons[place]


def row(base, piece):
    return base.embeddings[base.tokenizer.convert_tokens_to_ids(piece)]


@pytest.mark.parametrize("name", INITIALISERS)
def test_every_new_piece_gets_a_vector_and_a_reason(bert, name):
    request = request_of(bert, OTHER, source_lines=TEXTS, dictionary=DICTIONARY, pairs=PAIRS, rank=8)
    one, again = INITIALISERS[name](request), INITIALISERS[name](request)
    assert one.vectors.shape == (len(request.draft.new), bert.shape.hidden) and one.vectors.isfinite().all()
    assert len(one.reasons) == len(one.vectors)
    assert torch.equal(one.vectors, again.vectors) and one.reasons == again.reasons
    other = INITIALISERS[name](dataclasses.replace(request, seed=1))
    drawn = torch.tensor([reason == "random" for reason in one.reasons])
    assert name in ("factorised",) or torch.equal(one.vectors[~drawn], other.vectors[~drawn])
    assert not drawn.any() or not torch.equal(one.vectors[drawn], other.vectors[drawn])


def test_shared_pieces_are_copied(bert):
    request = request_of(bert, TEXTS)
    for name in ("overlap", "similarity"):
        found, reason = vector(request, name, "▁amina")
        assert torch.equal(found, row(bert, "▁amina")) and reason == "copied"


def test_sub_words_are_averaged(bert):
    request = request_of(bert, OTHER)
    found, reason = vector(request, "subwords", "▁kitabua")
    assert reason == "sub-words"
    assert torch.allclose(found, (row(bert, "▁kitabu") + row(bert, "a")) / 2)


def test_what_the_base_cannot_read_is_drawn(bert):
    request = request_of(bert, SPELLED, 30)
    reasons = dict(zip(request.draft.new, INITIALISERS["subwords"](request).reasons, strict=True))
    assert {reason for piece, reason in reasons.items() if piece != "▁"} == {"random"}
    spelled = INITIALISERS["romanised"](request)
    assert "romanised" in spelled.reasons


def test_latin_spelling_finds_the_bases_pieces(bert):
    cyrillic = [line.translate(str.maketrans("aminkotu", "аминкоту")) for line in TEXTS]
    request = request_of(bert, cyrillic, 32)
    place = next(at for at, piece in enumerate(request.draft.new) if piece == "▁амина")
    start = INITIALISERS["romanised"](request)
    assert start.reasons[place] == "romanised" and torch.allclose(start.vectors[place], row(bert, "▁amina"))


def test_similar_pieces_are_mixtures_of_copied_ones(bert):
    both = [f"{one} {two}" for one, two in zip(TEXTS, OTHER, strict=True)]
    request = request_of(bert, [*TEXTS, *both], 40)
    start = INITIALISERS["similarity"](request)
    mixed = [place for place, reason in enumerate(start.reasons) if reason == "similar pieces"]
    copied = [place for place, reason in enumerate(start.reasons) if reason.startswith("copied")]
    assert mixed and copied
    low, high = start.vectors[copied].amin(0), start.vectors[copied].amax(0)
    assert ((start.vectors[mixed] >= low - 1e-5) & (start.vectors[mixed] <= high + 1e-5)).all()


def test_translations_are_nearest(bert):
    request = request_of(bert, OTHER, source_lines=TEXTS, dictionary=DICTIONARY)
    found, reason = vector(request, "bilingual", "▁kitabua")
    assert reason == "nearest translations"
    cosines = torch.nn.functional.cosine_similarity(
        found, torch.stack([row(bert, f"▁{word}") for word in WORDS])
    )
    assert WORDS[int(cosines.argmax())] == "kitabu"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tokenizer_is_read(bert, kind):
    base = with_tokenizer(bert, kind)
    base = dataclasses.replace(base, encoder=_with_table(bert.encoder, len(base.tokenizer)))
    request = request_of(base, TEXTS, {"Unigram": 36, "WordPiece": 60, "bytes": 300}[kind])
    reasons = INITIALISERS["subwords"](request).reasons
    assert set(reasons) == {"sub-words"}
    assert "copied" in INITIALISERS["overlap"](request).reasons


def _with_table(encoder, count):
    import copy

    encoder = copy.deepcopy(encoder)
    encoder.resize_token_embeddings(count)
    return encoder
