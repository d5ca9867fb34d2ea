"""Ranking sources: tiny texts where the answer is clear, figures by hand, ties and disagreements."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import TEXTS, WORDS

from xling.bases.base import Base
from xling.errors import InputError
from xling.evaluation import lexical
from xling.evaluation.lexical import SurfaceCounts, equal_parts, surface
from xling.evaluation.source_components import centroid_cosine, drawn_vectors, nearest_cosine
from xling.evaluation.source_ranking import Ranking, Text, rank_sources
from xling.vocabulary.diagnosis.measures import divergence, figures

XHOSA = ("abantu bonke bazalwa bekhululekile", "belingana ngesidima nangokweemfanelo")
ZULU = ("bonke abantu bazalwa bekhululekile", "belingana ngesithunzi nangamalungelo")
ENGLISH = ("all human beings are born free", "and equal in dignity and rights")
HAUSA = ("su dai yan adam ana haifuwarsu ne duka", "yantattu kuma kowannensu na da mutunci")
COUNTS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 9), min_size=1)


def ranked(target: str, lines: tuple[str, ...], **candidates: tuple[str, ...]) -> Ranking:
    texts = [Text(tag, tag, theirs) for tag, theirs in candidates.items()]
    return rank_sources(Text("target", target, lines), texts)


def test_the_nearest_language_comes_first() -> None:
    ranking = ranked("xho", XHOSA, eng=ENGLISH, hau=HAUSA, zul=ZULU)
    first = ranking.standings[0]
    assert (first.name, first.place, first.mean_rank) == ("zul", 1, 1.0)
    assert [component.key for component in ranking.components] == ["words", "trigrams", "typology"]
    assert first.reason == (
        "first by shared words, trigrams and typology; shares Niger-Congo>…>Nguni, the same script"
    )
    assert ranking.related is not None and ranking.related.language == "zul"
    assert ranking.characters == min(sum(map(len, lines)) for lines in (ENGLISH, HAUSA, ZULU))


def test_ties_share_a_rank_and_a_place() -> None:
    ranking = ranked("swh", XHOSA, zul=ENGLISH, xho=ENGLISH, eng=ENGLISH)
    by_name = {standing.name: standing for standing in ranking.standings}
    assert by_name["zul"].ranks["words"] == by_name["eng"].ranks["words"] == 2.0
    assert by_name["eng"].reason.startswith("last by typology; no family in common")
    assert ranked("swh", XHOSA, bos=ENGLISH, abk=ENGLISH).standings[0].values["typology"] is not None
    same = rank_sources(Text("target", "xho", XHOSA), [Text("one", "zul", ZULU), Text("two", "zul", ZULU)])
    assert [(one.place, one.mean_rank) for one in same.standings] == [(1, 1.5), (1, 1.5)]
    assert same.standings[0].reason.startswith("neither first nor last by any component")


def test_components_that_disagree_are_named() -> None:
    ranking = ranked("xho", XHOSA, zul=ENGLISH, eng=XHOSA)
    assert [(each.first, each.second, each.tau) for each in ranking.disagreements] == [
        ("words", "typology", -1.0), ("trigrams", "typology", -1.0),
    ]  # fmt: skip
    assert ranking.disagreements[0].sentence == (
        "shared words and typology disagree (Kendall's tau -1.00): shared words put eng first, typology zul"
    )
    assert not ranked("xho", XHOSA, zul=ZULU, eng=ENGLISH).disagreements


def test_a_candidate_without_facts_stands_in_the_middle_by_typology() -> None:
    ranking = ranked("xho", XHOSA, zul=ZULU, rmy=ENGLISH, eng=ENGLISH)
    found = {standing.name: standing for standing in ranking.standings}
    assert found["rmy"].values["typology"] is None
    assert [found[tag].ranks["typology"] for tag in ("zul", "rmy", "eng")] == [1.5, 2.0, 2.5]
    assert "no facts of rmy at hand, the same script" in found["rmy"].reason
    # nothing is known of the target: every candidate is told by its script
    alone = ranked("rmy", XHOSA, zul=ZULU, kaz=ENGLISH)
    assert [standing.values["typology"] for standing in alone.standings] == [0.0, 1.0]


def test_the_target_s_own_language_may_be_a_candidate_data_set() -> None:
    ranking = ranked("xho", XHOSA, xho=ZULU, eng=ENGLISH)
    assert ranking.standings[0].reason.endswith("the same language, the same script")
    texts = [Text(name, "xho", ZULU) for name in ("one", "two")]
    assert rank_sources(Text("target", "xho", XHOSA), texts).related is None


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ((), "--candidate: 0 to choose from; give two candidates or more"),
        ((("a", ZULU),), "--candidate: 1 to choose from"),
        ((("a", ZULU), ("a", XHOSA)), "--candidate: 'a' is given twice"),
        ((("a", ZULU), ("b", ("1 2 3", "..."))), "b: the text has no letter"),
        ((("a", ZULU), ("b", ())), "b: the text has no letter"),
    ],
)
def test_what_cannot_be_ranked(texts: tuple[tuple[str, tuple[str, ...]], ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        rank_sources(Text("target", "xho", XHOSA), [Text(name, "zul", lines) for name, lines in texts])


def test_words_and_trigrams_by_hand() -> None:
    one, other = surface(["Ab, ab 12!", "cd"]), surface(["AB ef?"])
    assert one.words == {"ab": 2, "cd": 1}
    assert one.trigrams == {" ab": 2, "ab ": 2, " cd": 1, "cd ": 1}
    assert lexical.word_overlap(one, other) == pytest.approx(1 / 3)
    # p = (1/3, 1/3, 1/6, 1/6, 0, 0), q = (1/4, 1/4, 0, 0, 1/4, 1/4)
    p_part = 2 / 3 * math.log2((1 / 3) / (7 / 24)) + 1 / 3
    q_part = 1 / 2 * math.log2((1 / 4) / (7 / 24)) + 1 / 2
    assert lexical.trigram_similarity(one, other) == pytest.approx(1 - (p_part + q_part) / 2)


def test_words_are_composed_before_they_are_compared() -> None:
    assert surface(["e\u0301 TOI"]).words == surface(["é toi"]).words == {"é": 1, "toi": 1}


@given(COUNTS, COUNTS)
def test_likeness_is_the_same_both_ways(first: dict[str, int], second: dict[str, int]) -> None:
    one, other = (SurfaceCounts(Counter(counts), Counter(counts)) for counts in (first, second))
    for measure in (lexical.word_overlap, lexical.trigram_similarity):
        assert 0 <= measure(one, other) <= 1
        assert measure(one, other) == pytest.approx(measure(other, one))
        assert measure(one, one) == pytest.approx(1)


def test_nothing_to_compare_is_nothing_in_common() -> None:
    assert lexical.word_overlap(surface([]), surface([])) == 0
    assert lexical.trigram_similarity(surface([]), surface(["ab"])) == 0


def test_texts_are_cut_to_the_shortest() -> None:
    texts = (["abc", "de", "fgh"], ["ab", "cd"], ["x" * 50])
    parts = equal_parts(texts, seed=0)
    assert [sum(map(len, part)) for part in parts] == [4, 4, 4]
    assert parts == equal_parts(texts, seed=0)
    assert [sum(map(len, part)) for part in equal_parts(texts, seed=0, most=3)] == [3, 3, 3]
    assert {tuple(equal_parts(texts, seed=seed)[0]) for seed in range(9)} > {tuple(parts[0])}


def test_pieces_are_compared_as_the_diagnosis_does(bert: Base) -> None:
    halves = TEXTS[:20], ["moshi na dodoma", "xyz"]
    one, other = (surface(half, tokenizer=bert.tokenizer, max_length=bert.max_length) for half in halves)
    told = divergence(*(figures(bert.tokenizer, half, bert.max_length) for half in halves))
    assert lexical.piece_similarity(one, other) == pytest.approx(1 - told)
    assert lexical.piece_similarity(one, one) == pytest.approx(1)


def test_sentence_cosines_by_hand() -> None:
    target = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    other = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert nearest_cosine(target, other) == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert centroid_cosine(target, other) == pytest.approx(1.75 / math.sqrt(3.25 * 1.25))


def test_at_most_200_sentences_are_drawn_by_the_seed(bert: Base) -> None:
    lines = [f"{WORDS[number % 15]} {WORDS[number % 14]} {'na ' * (number % 7)}" for number in range(205)]
    vectors = drawn_vectors(bert, [*lines, "juma " * 200], seed=1)
    assert vectors.shape == (200, bert.shape.hidden)
    assert torch.equal(vectors, drawn_vectors(bert, [*lines, "juma " * 200], seed=1))
    assert not torch.equal(vectors, drawn_vectors(bert, [*lines, "juma " * 200], seed=2))


def test_with_a_base_its_pieces_and_sentences_count_too(bert: Base) -> None:
    candidates = [Text("lug", "lug", TEXTS[60:]), Text("eng", "eng", ["xq zzv", "wq xxj yyb", "qqz"])]
    ranking = rank_sources(Text("target", "swh", TEXTS[:60]), candidates, base=bert)
    first = ranking.standings[0]
    assert [component.key for component in ranking.components] == [
        "words", "trigrams", "pieces", "centroid", "nearest", "typology",
    ]  # fmt: skip
    assert first.name == "lug" and first.mean_rank == 1.0
    assert all(first.ranks[component.key] == 1.0 for component in ranking.components)
