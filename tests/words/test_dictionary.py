"""Dictionaries read and induced."""

from __future__ import annotations

import pytest
from support.foreign_text import SPELLED
from support.tiny import TEXTS, WORDS

from xling.errors import InputError
from xling.modules.lexicon import Entry
from xling.words.dictionary import read_dictionary
from xling.words.induced import induced


def test_a_word_list(tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("ߞߊߟߊ߲\tread\r\n\n ߓߏ  ߟߏ \t hand \n", encoding="utf-8")
    assert read_dictionary(path) == [Entry("ߞߊߟߊ߲", "read"), Entry("ߓߏ ߟߏ", "hand")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a\tb\nonly\n", ("words.tsv:2", "1 columns where a word", "TAB")),
        (b"a\tb\t1\td\n", ("words.tsv:1", "4 columns")),
        (b"a\t \n", ("words.tsv:1", "1 columns")),
        (b"\n \n", ("words.tsv", "empty")),
        (b"a\tb\nc\t\xff\n", ("words.tsv:2", "0xff", "UTF-8")),
    ],
)
def test_a_word_list_that_is_none(tmp_path, content, words):
    path = tmp_path / "words.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_dictionary(path)
    assert all(word in str(raised.value) for word in words)


def test_a_missing_word_list(tmp_path):
    with pytest.raises(InputError, match=r"words\.tsv: no such file"):
        read_dictionary(tmp_path / "words.tsv")


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


@pytest.mark.parametrize(
    ("name", "content", "entries"),
    [
        ("a.tsv", "word\ttranslation\tweight\nji\twater\t0.5\n", [Entry("ji", "water", 0.5)]),
        ("a.tsv", "Word\tTranslation\nji\twater\n", [Entry("ji", "water")]),
        ("a.tsv", "ji\twater\t0,5\nso\thouse\t\n", [Entry("ji", "water", 0.5), Entry("so", "house")]),
        ("a.tsv", '"a ""b"""\tx\n"c\ty\n', [Entry('a "b"', "x"), Entry('"c', "y")]),
        ("a.csv", 'ji,"water, rain",2\n', [Entry("ji", "water, rain", 2.0)]),
        ("a.tsv", "\ufeffji\twater\r\nji\train\r\n", [Entry("ji", "water"), Entry("ji", "rain")]),
        ("a.tsv", "ߖߌ\twater\nⵎⴰⵏ\twater\nжи\twater\n", [Entry(w, "water") for w in ("ߖߌ", "ⵎⴰⵏ", "жи")]),
    ],
)
def test_how_people_write_dictionaries(tmp_path, name, content, entries):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert read_dictionary(tmp_path / name) == entries


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ji\twater\tmuch\n", ("a.tsv:1", "the weight much is no positive number")),
        ("ji\twater\t-1\n", ("a.tsv:1", "the weight -1")),
        ("ji\twater\tnan\n", ("a.tsv:1", "the weight nan")),
        ("ji\twater\n=A1&B1\thouse\n", ("a.tsv:2", "=A1&B1 is a formula")),
        ("ji\t#NAME?\n", ("a.tsv:1", "#NAME? is a formula or an error of a spreadsheet")),
        ("ji\twa\x07ter\n", ("a.tsv:1", "cannot be printed", "\\x07")),
        ("word\ttranslation\n", ("a.tsv", "no entry in this file")),
        ("ji,water\n", ("a.tsv:1", "1 columns")),
    ],
)
def test_a_bad_line_is_named(tmp_path, content, words):
    (tmp_path / "a.tsv").write_text(content, encoding="utf-8", newline="")
    with pytest.raises(InputError) as raised:
        read_dictionary(tmp_path / "a.tsv")
    assert all(word in str(raised.value) for word in words), str(raised.value)


def test_another_encoding_is_named(tmp_path):
    (tmp_path / "a.tsv").write_bytes("ji\twater\n".encode("utf-16"))
    with pytest.raises(InputError, match="not UTF-8.*UTF-16.*convert the file"):
        read_dictionary(tmp_path / "a.tsv")
