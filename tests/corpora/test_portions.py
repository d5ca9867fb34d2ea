"""Splits made of shares of other splits, whole documents at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.corpora.card import DataCard, Portion
from xling.corpora.cards import load_card
from xling.corpora.source import checksum, group_of, load
from xling.data.examples import TaggedSentence
from xling.errors import InputError


def test_a_share_of_the_groups_in_their_order():
    groups = list("bbabca")
    assert Portion(of="x", to=0.667).chosen(groups) == [0, 1, 2, 3, 5]
    assert Portion(of="x", from_=0.667).chosen(groups) == [4]
    assert Portion(of="x").chosen(groups) == list(range(6))
    assert Portion(of="x", to=0.5).chosen([]) == []


@given(groups=st.lists(st.sampled_from("abcdefg")), cut=st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_neighbouring_shares_divide_all_and_no_group(groups, cut):
    first, second = Portion(of="x", to=cut).chosen(groups), Portion(of="x", from_=cut).chosen(groups)
    assert sorted(first + second) == list(range(len(groups)))
    assert not {groups[number] for number in first} & {groups[number] for number in second}


def test_the_group_is_what_stands_before_the_last_slash():
    named = [TaggedSentence((), None, id, "eng") for id in ("a/b/7", "7", "/7")]
    assert [group_of(one) for one in named] == ["a/b", "7", "/7"] and group_of("a/b") == "a/b"


WORD = "1\t{}\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n"
CARD = {
    "name": "mine",
    "title": "Mine",
    "task": "parsing",
    "format": "conllu",
    "source": "the author",
    "citation": "me",
    "licence": {"id": "CC-BY-4.0"},
    "languages": {"eng": "en", "swh": "sw"},
    "splits": ("train", "test"),
    "layout": "{upstream}-{split}.conllu",
    "portions": {
        "train": {"of": "test", "from": 0.0, "to": 0.667, "languages": ("en",)},
        "test": {"of": "test", "from": 0.667, "languages": ("en",)},
    },
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    documents = [("a", 2), ("b", 1), ("c", 3)]
    text = "".join(
        f"# newdoc id = {name}\n" + "".join(WORD.format(f"{name}{number}") for number in range(count))
        for name, count in documents
    )
    for upstream in ("en", "sw"):
        (tmp_path / f"{upstream}-test.conllu").write_text(text)
    return tmp_path


def words(card: DataCard, language: str, split: str, root: Path) -> list[str]:
    return [example.tokens[0] for example in load(card, language, split, data_root=root)]


def test_a_card_makes_splits_of_another_for_the_languages_it_names(root: Path) -> None:
    card = DataCard.model_validate(CARD)
    assert words(card, "eng", "train", root) == ["a0", "a1", "b0"]
    assert words(card, "eng", "test", root) == ["c0", "c1", "c2"]
    assert len(words(card, "swh", "test", root)) == 6
    assert checksum(card, "eng", "train", data_root=root) == checksum(card, "swh", "test", data_root=root)
    with pytest.raises(InputError, match="swh train is not at hand"):
        load(card, "swh", "train", data_root=root)
    everyone = {name: {**own, "languages": ()} for name, own in CARD["portions"].items()}
    assert words(DataCard.model_validate({**CARD, "portions": everyone}), "swh", "train", root) == [
        "a0",
        "a1",
        "b0",
    ]


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("dev: {of: test}", "portions.dev: dev and test must both stand in splits"),
        ("train: {of: dev}", "portions.train: train and dev must both stand in splits"),
        ("train: {of: test, from: 0.5, to: 0.5}", "portions.train: from 0.5 to 0.5 holds nothing"),
        ("train: {of: test, to: 1.5}", "portions.train.to: should be less than or equal to 1"),
        ("train: {of: test, languages: [hau]}", "portions.train: hau must stand in languages"),
        ("train: {of: test, form: 0.1}", "portions.train.form: no such key"),
    ],
)
def test_faults_of_portions(tmp_path: Path, own: str, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "{title: Mine, task: parsing, format: conllu, source: here, citation: me, licence: {id: CC-BY-4.0},"
        f" languages: {{eng: en}}, splits: [train, test], layout: a, portions: {{{own}}}}}"
    )
    with pytest.raises(InputError, match=words):
        load_card(path)
