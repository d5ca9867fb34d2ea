"""Where new pieces' vectors start from: each method by hand on a tiny base."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.foreign_text import SPELLED
from support.tiny import TEXTS, WORDS
from support.tokenizers_of_kinds import KINDS, with_tokenizer

from xling.errors import InputError
from xling.modules.vocabulary import shared_factor
from xling.vocabulary.initialisers.bilingual import procrustes
from xling.vocabulary.initialisers.registry import INITIALISERS
from xling.vocabulary.initialisers.shared import sparsemax
from xling.vocabulary.initialisers.start import Request, Start, served
from xling.vocabulary.pieces import Draft, split
from xling.vocabulary.replacing import replace
from xling.vocabulary.word_list import induced, read_word_list

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


def test_moments_are_those_of_the_table_without_special_pieces(bert):
    draft = Draft(method="replace", tokenizer="", pieces=tuple(map(str, range(20_000))), kept=())
    vectors = INITIALISERS["moments"](Request(base=bert, draft=draft, lines=[])).vectors
    special = set(bert.tokenizer.all_special_ids)
    table = bert.embeddings[[number for number in range(len(bert.tokenizer)) if number not in special]]
    assert torch.allclose(vectors.mean(0), table.mean(0), atol=0.01)
    assert torch.allclose(vectors.std(0), table.std(0, correction=0), atol=0.01)


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


def test_factorised_vectors_lie_where_the_table_varies_most(bert):
    request = request_of(bert, TEXTS, rank=5)
    vectors = INITIALISERS["factorised"](request).vectors
    factor = shared_factor(bert.embeddings, 5)
    assert torch.allclose(factor @ factor.T, torch.eye(5), atol=1e-5)
    assert (vectors - vectors @ factor.T @ factor).abs().max() < 1e-5
    found, reason = vector(request, "factorised", "▁amina")
    assert reason == "copied" and torch.allclose(found, row(bert, "▁amina") @ factor.T @ factor, atol=1e-5)


def test_similar_pieces_are_mixtures_of_copied_ones(bert):
    both = [f"{one} {two}" for one, two in zip(TEXTS, OTHER, strict=True)]
    request = request_of(bert, [*TEXTS, *both], 40)
    start = INITIALISERS["similarity"](request)
    mixed = [place for place, reason in enumerate(start.reasons) if reason == "similar pieces"]
    copied = [place for place, reason in enumerate(start.reasons) if reason.startswith("copied")]
    assert mixed and copied
    low, high = start.vectors[copied].amin(0), start.vectors[copied].amax(0)
    assert ((start.vectors[mixed] >= low - 1e-5) & (start.vectors[mixed] <= high + 1e-5)).all()


@settings(max_examples=30)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=5))
def test_sparsemax_is_the_nearest_point_of_the_simplex(values):
    scores = torch.tensor([values], dtype=torch.float64)
    found = sparsemax(scores)[0]
    assert found.sum().item() == pytest.approx(1) and (found >= 0).all()
    faces = (torch.tensor(kept) for kept in itertools.product([False, True], repeat=len(values)) if any(kept))
    points = (torch.where(kept, scores[0] + (1 - scores[0][kept].sum()) / kept.sum(), 0.0) for kept in faces)
    best = min(((point - scores[0]) ** 2).sum().item() for point in points if (point >= -1e-12).all())
    assert ((found - scores[0]) ** 2).sum().item() == pytest.approx(best, abs=1e-9)


def test_procrustes_finds_the_rotation():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(40, 6, generator=generator)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    assert torch.allclose(procrustes(points, points @ turn), turn, atol=1e-4)


def test_translations_are_nearest(bert):
    request = request_of(bert, OTHER, source_lines=TEXTS, dictionary=DICTIONARY)
    found, reason = vector(request, "bilingual", "▁kitabua")
    assert reason == "nearest translations"
    cosines = torch.nn.functional.cosine_similarity(
        found, torch.stack([row(bert, f"▁{word}") for word in WORDS])
    )
    assert WORDS[int(cosines.argmax())] == "kitabu"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "--source-text: the initialiser bilingual needs"),
        ({"source_lines": TEXTS}, "--dictionary: the initialiser bilingual needs"),
        ({"source_lines": TEXTS, "dictionary": DICTIONARY[:3]}, "3 pairs of the dictionary have both words"),
    ],
)
def test_what_a_dictionary_must_have(bert, more, words):
    with pytest.raises(InputError, match=words):
        INITIALISERS["bilingual"](request_of(bert, OTHER, **more))


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


def test_shares_sum_to_one(bert):
    request = request_of(bert, [*TEXTS, *OTHER], 40)
    start = INITIALISERS["overlap"](request)
    rows = served(request.draft, start, split(request.draft.opened(), request.lines))
    assert sum(row["pieces"] for row in rows) == pytest.approx(1, abs=1e-3)
    assert sum(row["tokens"] for row in rows) == pytest.approx(1, abs=1e-3)
    copied = next(row for row in rows if row["reason"] == "copied")
    assert copied["pieces"] == pytest.approx(start.reasons.count("copied") / len(start.reasons), abs=1e-4)
    numbers = [number for line in split(request.draft.opened(), request.lines) for number in line]
    first = len(request.draft.kept)
    of_copied = sum(start.reasons[number - first] == "copied" for number in numbers if number >= first)
    assert copied["tokens"] == pytest.approx(of_copied / sum(number >= first for number in numbers), abs=1e-4)
    assert served(request.draft, Start(start.vectors, ("x",) * len(start.reasons)), []) == [
        {"reason": "x", "pieces": 1.0, "tokens": 0.0}
    ]


def test_words_of_parallel_sentences_find_each_other():
    assert set(induced(list(zip(OTHER, TEXTS, strict=True)))) <= set(DICTIONARY)
    assert len(induced(list(zip(OTHER, TEXTS, strict=True)))) >= 10
    assert induced([("a b", "x y")] * 2) == []


def test_a_word_list_names_the_line_that_is_no_pair(tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("ߌ\tyou\n\nߊ\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"words.tsv:3: 1 columns where a word and its source word"):
        read_word_list(path)
    path.write_text("ߌ\tyou\n", encoding="utf-8")
    assert read_word_list(path) == [("ߌ", "you")]
