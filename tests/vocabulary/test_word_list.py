"""Dictionaries read and induced."""

from __future__ import annotations

import pytest
from support.foreign_text import SPELLED
from support.tiny import TEXTS, WORDS

from xling.errors import InputError
from xling.vocabulary.word_list import induced, read_word_list


def test_a_word_list(tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("ߞߊߟߊ߲\tread\r\n\n ߓߏ  ߟߏ \t hand \n", encoding="utf-8")
    assert read_word_list(path) == [("ߞߊߟߊ߲", "read"), ("ߓߏ ߟߏ", "hand")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a\tb\nonly\n", ("words.tsv:2", "1 columns where a word", "TAB")),
        (b"a\tb\tc\n", ("words.tsv:1", "3 columns")),
        (b"a\t \n", ("words.tsv:1", "1 columns")),
        (b"\n \n", ("words.tsv", "empty")),
        (b"a\tb\nc\t\xff\n", ("words.tsv:2", "0xff", "UTF-8")),
    ],
)
def test_a_word_list_that_is_none(tmp_path, content, words):
    path = tmp_path / "words.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_word_list(path)
    assert all(word in str(raised.value) for word in words)


def test_a_missing_word_list(tmp_path):
    with pytest.raises(InputError, match=r"words\.tsv: no such file"):
        read_word_list(tmp_path / "words.tsv")


def test_a_dictionary_of_the_same_text_in_other_letters():
    found = induced(list(zip(SPELLED, TEXTS, strict=True)))
    spelled = {
        own: word
        for one, two in zip(SPELLED, TEXTS, strict=True)
        for own, word in zip(one.split(), two.split(), strict=True)
    }
    assert dict(found) == spelled and len(found) == len(WORDS)


def test_best_is_mutual_and_often_enough():
    pairs = [
        ("ka", "red car"),
        ("KA ro", "Red, house"),
        ("ka so", "red sun"),
        ("so", "sun"),
        ("so mi", "sun x"),
    ]
    assert induced(pairs) == [("ka", "red"), ("so", "sun")]
    assert induced(pairs[1:4]) == [] and induced([]) == []


def test_a_word_with_two_equally_good_translations_has_none():
    assert induced([("ka", "red car")] * 3) == []
    assert induced([("ka", "red car")] * 3 + [("mo", "car")]) == [("ka", "red")]
