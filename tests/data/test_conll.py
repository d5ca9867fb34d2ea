"""CoNLL: real files' oddities are read, faults are named by line, anything else never."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import GENERATED

from xling.data.bio import is_bio, rename_types, repaired, spans
from xling.data.conll import TAGGED, UNLABELLED, ConllLayout, read_conll, write_conll
from xling.data.examples import TaggedSentence
from xling.errors import InputError


def read(tmp_path: Path, text: str, layout: ConllLayout = TAGGED, **options) -> list[TaggedSentence]:
    file = tmp_path / "file.txt"
    file.write_bytes(text.encode())
    return read_conll(file, language="swh", layout=layout, **options)


def test_sentences_have_tokens_tags_ids_and_a_language(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- O O\n\nAmina B-PER\nanaishi O\n\n\nNairobi\tB-LOC\r\n"
    assert read(tmp_path, text) == [
        TaggedSentence(("Amina", "anaishi"), ("B-PER", "O"), "0", "swh"),
        TaggedSentence(("Nairobi",), ("B-LOC",), "1", "swh"),
    ]
    packed = tmp_path / "packed.txt.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_conll(tmp_path / "packed.txt", language="swh") == read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("# a comment\nHabari O\n", ("Habari",)),
        ("# id = 7\n# text = kundi O\nkundi O\n", ("kundi",)),
        ("# O\n1 O\n", ("#", "1")),
        ("Nambari O\n# O\n1 O\n", ("Nambari", "#", "1")),
        ("#\nHabari O\n", ("Habari",)),
        ("#habari O\n", ("#habari",)),
        ("\u00a0 O\nx O\n", ("\u00a0", "x")),
        ("a b\tO\n", ("a b",)),
        ("\ufeffHabari O\n", ("Habari",)),
        ("e\u0301 O\n", ("e\u0301",)),
        ("a\0b O\n", ("a\0b",)),
    ],
)
def test_comments_and_odd_tokens(tmp_path: Path, text: str, tokens: tuple[str, ...]) -> None:
    assert [sentence.tokens for sentence in read(tmp_path, text)] == [tokens]


def test_four_columns_with_a_hash_as_token(tmp_path: Path) -> None:
    text = "# text = # 1\n# # NN O\n1 1 CD B-X\n"
    (sentence,) = read(tmp_path, text)
    assert sentence.tokens == ("#", "1") and sentence.tags == ("O", "B-X")


def test_conllu_words_without_ranges_and_empty_nodes(tmp_path: Path) -> None:
    text = "# newpar\n1-2\tdella\t_\t_\n1\tdi\tdi\tADP\n2\tla\til\tDET\n2.1\tx\tx\tX\n"
    (sentence,) = read(tmp_path, text, ConllLayout(token=1, tag=3, scheme="plain"), labels={"DET": "D"})
    assert sentence.tokens == ("di", "la") and sentence.tags == ("ADP", "D")


def test_iob1_and_stray_openings_become_iob2(tmp_path: Path) -> None:
    file = tmp_path / "iob1.txt"
    file.write_text("a I-PER\nb I-PER\nc B-PER\nd O\ne I-LOC\nf I-ORG\n")
    (sentence,) = read_conll(file, language="eng")
    assert sentence.tags == ("B-PER", "I-PER", "B-PER", "O", "B-LOC", "B-ORG")


def test_types_are_renamed_or_dropped_without_moving_spans(tmp_path: Path) -> None:
    text = "a B-DATE\nb I-DATE\nc B-GPE\nd I-LOC\n"
    (sentence,) = read(tmp_path, text, labels={"DATE": "O", "GPE": "LOC"})
    assert sentence.tags == ("O", "O", "B-LOC", "B-LOC")


def test_unlabelled_tokens(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, "# note\nHabari\n#\n", UNLABELLED)
    assert sentence.tokens == ("Habari", "#") and sentence.tags is None
    (sentence,) = read(tmp_path, "# a note\nHabari O\n# O\n", UNLABELLED)
    assert sentence.tokens == ("Habari", "#")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Amina B-PER\nanaishi\n", r":2: 1 column \('anaishi'\) where 2 are needed; separate the columns"),
        ("Amina X-PER\n", r":1: 'X-PER' is no tag; choose from O, B-TYPE, I-TYPE"),
        ("Amina B-\n", r":1: 'B-' is no tag"),
        ("a O\n\tO\n", r":2: the token is empty; give a token"),
        ("a O\nb\t\n", r":2: '' is no tag"),
        ("-DOCSTART- O\n\n", r"file.txt: no sentence in this file"),
        ("", r"file.txt: the file is empty"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, text)


def test_an_empty_token_can_be_given_a_stand_in(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, "1\t\tO\n2\tb\tO\n", ConllLayout(token=1, empty="_"))
    assert sentence.tokens == ("_", "b")


TOKENS = st.text(
    st.characters(codec="utf-8", exclude_characters=" \t\r\n", exclude_categories=("Cs",)),
    min_size=1,
    max_size=5,
)
TAGS = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])


@given(st.lists(TAGS, max_size=12))
def test_iob2_is_valid_and_stays(tags: list[str]) -> None:
    fixed = repaired(tags)
    assert repaired(fixed) == fixed and spans(fixed) == spans(tags)
    assert [tag[2:] for tag in fixed] == [tag[2:] for tag in tags]
    assert all(map(is_bio, fixed)) and rename_types(fixed, {}) == fixed


@given(st.lists(st.lists(st.tuples(TOKENS, TAGS), min_size=1, max_size=4), min_size=1, max_size=3))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[tuple[str, str]]]
) -> None:
    rows = [
        [
            (token, tag)
            for token, tag in row
            if token.strip() and token not in ("-DOCSTART-",) and "\ufeff" not in token
        ]
        for row in rows
    ]
    rows = [row for row in rows if row] or [[("x", "O")]]
    pairs = [([token for token, _ in row], repaired([tag for _, tag in row])) for row in rows]
    file = tmp_path_factory.mktemp("rows") / "x.conll"
    file.write_bytes(write_conll(pairs).encode())
    again = read_conll(file, language="swh")
    assert [(list(s.tokens), list(s.tags or ())) for s in again] == pairs


def test_a_token_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(InputError, match="the token 'a b' of sentence 1 cannot stand in CoNLL columns"):
        write_conll([(["x"], ["O"]), (["a b"], ["O"])])
    assert write_conll([(["Habari", "#"], None)]) == "Habari\n#\n\n"


LINE = st.text(st.sampled_from(list("# \tOBI-PERxé\u00a0\0\r\ufeff.1")), max_size=12)
LAYOUTS = st.builds(
    ConllLayout,
    token=st.integers(-3, 3),
    tag=st.none() | st.integers(-3, 3),
    scheme=st.sampled_from(["bio", "plain"]),
)


@GENERATED
@given(st.lists(LINE, max_size=8), LAYOUTS)
def test_any_file_is_sentences_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], layout: ConllLayout
) -> None:
    file = tmp_path_factory.mktemp("any") / "x.txt"
    file.write_bytes("\n".join(lines).encode())
    try:
        sentences = read_conll(file, language="swh", layout=layout)
    except InputError as error:
        assert str(file) in str(error) and "\n" not in str(error)
        return
    for sentence in sentences:
        assert sentence.tokens and all(sentence.tokens)
        assert (sentence.tags is None) == (layout.tag is None)
        assert sentence.tags is None or len(sentence.tags) == len(sentence.tokens)
