"""New pieces as mixtures of others, by text and by dictionary."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.drafting import EVERYTHING, asked, drafted, with_table
from support.tiny import TEXTS, WORDS

from xling.bases.tokenizers import tokenizer_from
from xling.errors import InputError
from xling.vocabulary.initialisers.bilingual import Side, bilingual, mixtures, procrustes
from xling.vocabulary.initialisers.shared import similarity, sparsemax
from xling.vocabulary.pieces import Draft, describe


def projected(scores):
    """The nearest point of the simplex by bisection on the threshold."""
    low, high = min(scores) - 1.0, max(scores)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(max(0.0, s - middle) for s in scores) > 1 else (low, middle)
    return [max(0.0, score - low) for score in scores]


@given(
    st.integers(1, 7).flatmap(
        lambda n: st.lists(st.lists(st.floats(-3, 3), min_size=n, max_size=n), min_size=1, max_size=4)
    )
)
def test_sparsemax_is_the_projection_onto_the_simplex(scores):
    found = sparsemax(torch.tensor(scores, dtype=torch.float64))
    assert torch.allclose(found, torch.tensor([projected(line) for line in scores], dtype=torch.float64))
    assert torch.allclose(found.sum(1), torch.ones(len(scores), dtype=torch.float64))


def test_sparsemax_is_sparse():
    assert sparsemax(torch.tensor([[3.0, 0.0, 2.5], [0.0, 0.0, 0.0]])).tolist() == [
        [0.75, 0.0, 0.25],
        [pytest.approx(1 / 3)] * 3,
    ]


def test_similar_pieces_lie_between_those_that_are_copied(bert):
    shared = [f"▁{word}" for word in WORDS[:8]]
    request = asked(
        bert, [*shared, "▁ߞ", "▁ߊ"], [line.replace("leo", "ߞ").replace("kesho", "ߊ") for line in TEXTS]
    )
    found = similarity(request)
    assert found.reasons == ("copied",) * 8 + ("similar pieces", "similar pieces")
    anchors = bert.embeddings[bert.tokenizer.convert_tokens_to_ids(shared)]
    assert torch.equal(found.vectors[:8], anchors)
    system = torch.cat([anchors.T, torch.ones(1, 8)]).double()
    wanted = torch.cat([found.vectors[8:].T, torch.ones(1, 2)]).double()
    weights = torch.linalg.lstsq(system, wanted).solution
    assert torch.allclose(system @ weights, wanted, atol=1e-5) and (weights > -1e-5).all()
    assert (weights < 1e-5).any() and not torch.equal(found.vectors[8], found.vectors[9])


def test_pieces_that_an_extension_keeps_are_mixed_too(bert):
    lines = [line.replace("leo", "ߞ") for line in TEXTS]
    request = asked(bert, ["▁ߞ"], lines)
    kept = tuple(range(len(bert.tokenizer)))
    described = describe(bert.tokenizer)
    described["model"]["vocab"].append(["▁ߞ", -2.0])
    pieces = (*bert.tokenizer.convert_ids_to_tokens(list(kept)), "▁ߞ")
    extended = replace(
        request, draft=Draft(method="extend", tokenizer=json.dumps(described), pieces=pieces, kept=kept)
    )
    assert similarity(request).reasons == ("random",)
    assert similarity(extended).reasons == ("similar pieces",)


def test_procrustes_finds_a_rotation():
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    own = torch.randn(40, 6, generator=generator)
    assert torch.allclose(procrustes(own, own @ turn), turn, atol=1e-5)


def toy_languages():
    """Words that stand near their neighbours in a ring, in two sets of letters."""
    source = [f"{one}{two}o" for one in "bcdfghjklm" for two in "aeiouy"]
    own = [word.translate(str.maketrans("abcdefghijklmouy", "ߊߋߌߍߎߏߓߔߕߖߗߘߙߚߛߜ")) for word in source]
    generator = torch.Generator().manual_seed(0)
    steps = (3 * torch.randn(1000, 8, generator=generator)).long()
    numbers = ((torch.randint(0, 60, (1000, 1), generator=generator) + steps) % 60).tolist()
    return own, source, [[" ".join(words[at] for at in line) for line in numbers] for words in (own, source)]


def test_bilingual_finds_the_words_of_the_same_language_in_other_letters(bert):
    own, source, (target_lines, source_lines) = toy_languages()
    of_source = drafted(bert, [f"▁{word}" for word in source])
    base = replace(bert, tokenizer=tokenizer_from(of_source.tokenizer, bert.tokenizer))
    base = with_table(base, torch.eye(len(of_source.pieces)))
    pairs = list(zip(own, source, strict=True))[::2]
    new = [f"▁{word}" for word in own]
    found = bilingual(asked(base, new, target_lines, source_lines=source_lines, dictionary=pairs))
    weights = found.vectors[:, len(of_source.kept) :]
    assert set(found.reasons) == {"nearest translations"}
    assert torch.equal(weights.argmax(1), torch.arange(60))
    assert ((weights > 0).sum(1) == 10).all() and torch.allclose(weights.sum(1), torch.ones(60))


def test_the_nearer_a_source_piece_the_more_of_it():
    """Cosines of 1 and 0 over a temperature of 0.1: weights of e^10 to 1; equal ones share."""
    own, known = torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    found = mixtures(own, known, torch.eye(2))
    far = 1 / (1 + math.exp(10))
    assert torch.allclose(found, torch.tensor([[1 - far, far], [0.5, 0.5]]))


def test_a_piece_is_the_mean_of_its_words_by_their_frequency(bert):
    """ba stands three times, bc once; b is in both."""
    side = Side(["ba bc", "ba x", "ba y x"])
    draft = drafted(bert, ["▁b", "a", "c", "▁x", "▁y"])
    numbers, vectors = side.pieces(draft.opened(), 3)
    of = {draft.pieces[number]: vector for number, vector in zip(numbers, vectors, strict=True)}
    ba, bc = side.directions(["ba", "bc"], 3)
    assert torch.allclose(of["▁b"], 0.75 * ba + 0.25 * bc) and torch.allclose(of["a"], ba)
    assert set(of) == {"▁b", "a", "c", "▁x", "▁y"}


@pytest.mark.parametrize(
    ("without", "option"), [("source_lines", "--source-text"), ("dictionary", "--dictionary")]
)
def test_what_bilingual_needs(bert, without, option):
    with pytest.raises(InputError, match=f"^{option}: the initialiser bilingual needs"):
        bilingual(asked(bert, **(EVERYTHING | {without: ()})))


def test_too_few_pairs(bert):
    pairs = [*EVERYTHING["dictionary"][:9], *EVERYTHING["dictionary"][:9], ("ߞ", "nowhere")]
    with pytest.raises(InputError, match="--dictionary: 9 pairs of the dictionary have both words"):
        bilingual(asked(bert, **(EVERYTHING | {"dictionary": pairs})))
