"""Where new pieces' vectors start when each is seen alone, against values worked out by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.drafting import EVERYTHING, MIXED, asked, of_kind, row, with_table
from support.tiny import TEXTS, WORDS

from xling.modules.vocabulary import shared_factor
from xling.vocabulary.initialisers.registry import INITIALISERS
from xling.vocabulary.initialisers.shared import factorised, overlap
from xling.vocabulary.initialisers.start import Start, moments, served
from xling.vocabulary.initialisers.subwords import romanised, subwords
from xling.vocabulary.pieces import split


@pytest.mark.parametrize("name", INITIALISERS)
def test_the_same_seed_gives_the_same_bytes(base, name):
    one, two = (INITIALISERS[name](asked(base, **EVERYTHING)) for _ in range(2))
    assert one.vectors.shape == (len(MIXED), 16) and one.vectors.dtype == torch.float32
    assert one.vectors.isfinite().all() and not one.vectors.requires_grad
    assert one.vectors.numpy().tobytes() == two.vectors.numpy().tobytes()
    assert one.reasons == two.reasons and len(one.reasons) == len(MIXED)
    other = INITIALISERS[name](asked(base, seed=1, **EVERYTHING))
    drawn = torch.tensor([reason == "random" for reason in one.reasons])
    assert other.reasons == one.reasons
    assert ((one.vectors == other.vectors).all(1) == ~drawn).all()


@pytest.mark.parametrize("name", [name for name in INITIALISERS if name != "factorised"])
def test_what_is_not_served_is_drawn_as_by_moments(bert, name):
    new, plain = INITIALISERS[name](asked(bert, **EVERYTHING)), moments(asked(bert))
    drawn = [reason == "random" for reason in new.reasons]
    assert torch.equal(new.vectors[drawn], plain.vectors[drawn])


@pytest.mark.parametrize("name", INITIALISERS)
def test_nothing_new(bert, name):
    assert INITIALISERS[name](asked(bert, [], **EVERYTHING)).vectors.shape == (0, 16)


def test_moments_are_those_of_the_table_but_special_pieces(bert):
    vectors = bert.embeddings.detach().clone()
    vectors[bert.tokenizer.all_special_ids] = 1000.0
    base = with_table(bert, vectors)
    plain = vectors[
        [number for number in range(len(vectors)) if number not in bert.tokenizer.all_special_ids]
    ]
    found = moments(asked(base, [f"▁{number}" for number in range(5000)], ()))
    deviation = plain.std(0)
    assert ((found.vectors.mean(0) - plain.mean(0)).abs() < 5 * deviation / 5000**0.5).all()
    assert ((found.vectors.std(0) / deviation - 1).abs() < 0.06).all()
    assert set(found.reasons) == {"random"}


def test_subwords_are_read_in_their_place(base):
    new = ["▁aminileo", "amina", "▁amina", "▁kx", "▁ߞ", "aߞ", "▁"]
    found = subwords(asked(base, new))
    expected = [[*"▁amini", *"leo"], list("amina"), ["▁amina"], [*"▁kx"], [], [], ["▁"]]
    for vector, reason, pieces in zip(found.vectors, found.reasons, expected, strict=True):
        assert reason == ("sub-words" if pieces else "random")
        assert not pieces or torch.allclose(vector, row(base, *pieces))


def test_subwords_of_wordpiece(bert):
    base = of_kind(bert, "WordPiece")
    known = base.tokenizer.get_vocab()
    found = subwords(asked(base, ["dk", "##dk", "##DK", "##ߞ"]))
    assert {"d", "##d", "##k"} <= set(known)
    assert torch.allclose(found.vectors[0], row(base, "d", "##k"))
    assert torch.allclose(found.vectors[1:3], row(base, "##d", "##k"))
    assert found.reasons == ("sub-words", "sub-words", "sub-words", "random")


def test_subwords_of_bytes(bert):
    base = of_kind(bert, "bytes")
    found = subwords(asked(base, ["Ġxq", "xq", "ßį", "ß"]))  # the third is one letter of N'Ko, ߍ
    expected = [["Ġ", "x", "q"], ["x", "q"], ["ß", "į"], ["ß"]]
    assert torch.allclose(found.vectors, torch.stack([row(base, *pieces) for pieces in expected]))
    assert set(found.reasons) == {"sub-words"}


def test_overlap_copies_the_nearest(base):
    new = ["▁amina", "amina", "▁AMINA", "Moshi", "a", "A", "▁b", "▁", "▁ߞ", "ab"]
    found = overlap(asked(base, new))
    copied = ["▁amina", "▁amina", "▁amina", "▁moshi", "a", "a", "b", "▁", None, None]
    for vector, reason, piece, source in zip(found.vectors, found.reasons, new, copied, strict=True):
        assert reason == (
            "random" if source is None else "copied" if piece == source else "copied from a variant"
        )
        assert source is None or torch.equal(vector, row(base, source))


def test_halves_of_letters_are_copied_as_they_are(bert):
    base = of_kind(bert, "bytes")
    found = overlap(asked(base, ["ß", "Ġß", "Ġ"]))
    assert found.reasons == ("copied", "random", "copied")
    assert torch.equal(found.vectors[0], row(base, "ß"))


def test_factorised_vectors_lie_in_the_span(base):
    factor = shared_factor(base.embeddings, 5)
    found = factorised(asked(base, rank=5))
    assert torch.allclose(found.vectors @ factor.T @ factor, found.vectors, atol=1e-5)
    assert torch.allclose(found.vectors[0], row(base, "▁amina") @ factor.T @ factor, atol=1e-5)
    assert found.reasons[:3] == ("copied", "copied from a variant", "copied from a variant")
    assert set(found.reasons[3:]) == {"random"} and found.vectors[3:].std() > 0
    whole = factorised(asked(base, rank=100))
    assert torch.allclose(whole.vectors[0], row(base, "▁amina"), atol=1e-5)


def test_romanised_pieces_start_from_their_latin_letters(base):
    found = romanised(asked(base, ["▁амина", "амина", "▁мосши", "λ", "▁", "ﾠ"]))
    expected = [["▁amina"], list("amina"), [*"▁mosshi"], ["l"], ["▁"], []]
    for vector, reason, pieces in zip(found.vectors, found.reasons, expected, strict=True):
        assert reason == ("romanised" if pieces else "random")
        assert not pieces or torch.allclose(vector, row(base, *pieces))


def test_shares_of_what_was_served(bert):
    new = ["▁amina", "▁juma", "▁leo", "▁kesho"]
    request = asked(bert, new)
    start = Start(torch.zeros(4, 16), ("copied", "random", "copied", "similar"))
    rows = served(
        request.draft, start, split(request.draft.opened(), ["amina amina juma", "amina kitabu amina"])
    )
    assert rows == [
        {"reason": "copied", "pieces": 0.5, "tokens": 0.8},
        {"reason": "random", "pieces": 0.25, "tokens": 0.2},
        {"reason": "similar", "pieces": 0.25, "tokens": 0.0},
    ]
    assert [row["tokens"] for row in served(request.draft, start, [])] == [0, 0, 0]


@given(
    st.lists(st.sampled_from(["copied", "random", "similar"]), min_size=5, max_size=5),
    st.lists(st.sampled_from(TEXTS)),
)
def test_shares_sum_to_one(bases, reasons, lines):
    request = asked(bases["bert"], [f"▁{word}" for word in WORDS[:5]])
    rows = served(
        request.draft,
        Start(torch.zeros(5, 16), tuple(reasons)),
        split(request.draft.opened(), [*lines, "amina"]),
    )
    assert len(rows) == len(set(reasons))
    for column in ("pieces", "tokens"):
        assert sum(row[column] for row in rows) == pytest.approx(1)
