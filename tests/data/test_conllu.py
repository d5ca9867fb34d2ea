"""CoNLL-U: words and trees are read, faults are named by line, anything else never; and filling files in."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.generated import GENERATED

from xling.data.conllu import fill_conllu, read_conllu
from xling.data.examples import ParsedSentence, TaggedSentence
from xling.data.trees import tree_fault
from xling.errors import InputError
from xling.tasks.reading import read_input, read_labelled

FIXTURES = Path(__file__).parents[1] / "tasks" / "fixtures"


def line(number: object, form: str = "x", upos: str = "X", head: object = 0, relation: str = "root") -> str:
    return f"{number}\t{form}\t_\t{upos}\t_\t_\t{head}\t{relation}\t_\t_"


def written(folder: Path, *lines: str, name: str = "a.conllu") -> Path:
    path = folder / name
    path.write_bytes("\n".join([*lines, "", ""]).encode())
    return path


def test_words_tags_trees_and_ids(tmp_path: Path) -> None:
    sentences = read_conllu(FIXTURES / "ud_gold.conllu", language="swh")
    first, gap, _, _, long, last = sentences
    assert first == ParsedSentence(
        ("Amina", "bought", "leo", "'s", "fish", "."),
        ("PROPN", "VERB", "PROPN", "PART", "NOUN", "PUNCT"),
        (2, 0, 5, 3, 2, 2),
        ("nsubj", "root", "nmod:poss", "case", "obj", "punct"),
        "market/m1",
        "swh",
    )
    assert gap.tokens == ("Juma", "sold", "and", "Neema", ",", "mangoes", ".") and gap.heads is not None
    assert long.tokens[0] == "10 000" and long.tokens[8:11] == ("do", "n't", "know")
    assert [sentence.id for sentence in (gap, long, last)] == ["market/m2", "school/s2", "school/s3"]
    plain = written(tmp_path, "# sent_id = a/b", line(1), "", "# sent_id =", line(1))
    assert [sentence.id for sentence in read_conllu(plain, language="swh")] == ["a/b", "1"]
    documents = written(
        tmp_path, "# newdoc", "# sent_id = a/b", line(1), "", line(1), "", "# newdoc", line(1)
    )
    assert [sentence.id for sentence in read_conllu(documents, language="swh")] == ["1/a_b", "1/1", "2/2"]


def test_only_what_is_asked_for_must_be_there(tmp_path: Path) -> None:
    path = written(tmp_path, line(1, "Habari", "_", "_", "_"), line(2, "gani", "_", "_", "_"))
    (sentence,) = read_conllu(path, language="swh", gold=())
    assert sentence == ParsedSentence(("Habari", "gani"), None, None, None, "0", "swh")
    with pytest.raises(InputError, match=r"a.conllu:1: the word Habari has no part of speech in column 4"):
        read_conllu(path, language="swh", gold=("tags",))
    with pytest.raises(InputError, match=r"a.conllu:1: _ is no head of the word Habari; give the head's"):
        read_conllu(path, language="swh", gold=("tree",))
    tagged = written(tmp_path, line(1, "Habari", "NOUN", "_", "_"))
    assert read_conllu(tagged, language="swh", gold=("tags",), labels={"NOUN": "N"})[0].tags == ("N",)


def test_the_files_of_a_user(tmp_path: Path) -> None:
    path = written(tmp_path, line(1, "Habari", "NOUN"))
    packed = tmp_path / "b.conllu.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, packed):
        tree = ParsedSentence(("Habari",), None, (0,), ("root",), "0", "swh")
        assert read_labelled(file, task="parsing", language="swh") == [tree]
        assert read_labelled(file, task="pos", language="swh") == [
            TaggedSentence(("Habari",), ("NOUN",), "0", "swh")
        ]
        assert read_input(file, task="parsing", language="swh") == [
            ParsedSentence(("Habari",), None, None, None, "0", "swh")
        ]
        assert read_input(file, task="pos", language="swh") == [TaggedSentence(("Habari",), None, "0", "swh")]
    columns, rows, text = tmp_path / "c.conll", tmp_path / "d.jsonl", tmp_path / "e.txt"
    columns.write_text("Habari NOUN\n")
    rows.write_text('{"tokens": ["Habari"], "tags": ["NOUN"]}\n')
    text.write_text("Habari gani\n")
    for file in (columns, rows):
        assert read_labelled(file, task="pos", language="swh")[0].tags == ("NOUN",)
        assert read_input(file, task="parsing", language="swh")[0].tokens == ("Habari",)
    assert read_input(text, task="parsing", language="swh")[0].tokens == ("Habari", "gani")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["1\tHabari\t_"], r":1: 3 columns \(1\) where CoNLL-U has 10; separate the columns by tabs"),
        ([line(1), line(2, head=1) + "\t_"], r":2: 11 columns \(2\) where"),
        ([line(1), line(2, head=1)[:-3]], r":2: 9 columns \(2\) where"),
        (["Habari"], r":1: 1 column \(Habari\) where"),
        ([line(1), line(1, head=1)], r":2: the word number 1 stands where 2 is due; number the words"),
        ([line(2)], r":1: the word number 2 stands where 1 is due"),
        ([line(0)], r":1: the word number 0 stands where 1 is due"),
        ([line("a")], r":1: a is no word number; choose from 1, 1-2, 1.1"),
        ([line("_")], r":1: _ is no word number"),
        ([line("9" * 5000)], r":1: 9+... is no word number"),
        ([line("2-1")], r":1: 2-1 is no word number"),
        ([line("2-3"), line(1)], r":1: the word number 2-3 stands where 1 is due"),
        ([line("1-2"), line(1)], r":1: the range goes to word 2, and the sentence has 1; is the file whole"),
        ([line(1), line("2.1")], r":2: the word number 2.1 stands where 1 is due"),
        ([line(1, head=3)], r":1: the head 3 is outside the sentence of 1 words"),
        ([line(1, head=-1)], r":1: the head -1 is outside the sentence"),
        ([line(1, head="1.1")], r":1: 1.1 is no head of the word x; give the head's word number, or 0"),
        ([line(1, head=2), line(2, head=1)], r":1: the sentence has no root"),
        ([line(1), line(2)], r":2: the sentence has 2 roots: the words 1, 2"),
        ([line(1), line(2, head=3), line(3, head=2)], r":2: the heads run in a cycle: 2 > 3 > 2"),
        ([line(1, head=1)], r":1: the sentence has no root"),
        ([line(1, relation="_")], r":1: the word x has no relation in column 8"),
        ([line(1, form="")], r":1: the word is empty"),
        ([line(1), "", "# sent_id = 2"], r":3: a sentence without words; give it words or drop its comments"),
        ([line("0.1")], r":1: a sentence without words"),
        ([""], r"a.conllu: the file is empty"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path: Path, lines: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        read_conllu(written(tmp_path, *lines), language="swh")
    assert "\n" not in str(error.value)


def test_filling_in_changes_nothing_else(tmp_path: Path) -> None:
    gold, damaged = FIXTURES / "ud_gold.conllu", FIXTURES / "ud_damaged.conllu"
    found = read_conllu(damaged, language="und")
    rows = [{"tokens": s.tokens, "tags": s.tags, "heads": s.heads, "relations": s.relations} for s in found]
    assert b"".join(fill_conllu(gold, rows)) == damaged.read_bytes() != gold.read_bytes()
    tags = [{"tokens": row["tokens"], "tags": row["tags"]} for row in rows]
    lines = gold.read_text().split("\n"), b"".join(fill_conllu(gold, tags)).decode().split("\n")
    changed = [pair for pair in zip(*lines, strict=True) if pair[0] != pair[1]]
    assert changed
    for before, after in changed:
        cells = before.split("\t"), after.split("\t")
        assert [place for place in range(10) if cells[0][place] != cells[1][place]] == [3]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_stay(tmp_path: Path, end: str, mark: str) -> None:
    path = tmp_path / "a.conllu"
    empty, full = (mark + end.join([word, line("1.1", head="_", relation="_"), "", ""])
                   for word in (line(1, head="_", relation="_"), line(1)))  # fmt: skip
    path.write_bytes(empty.encode())
    filled = b"".join(fill_conllu(path, [{"tokens": ["x"], "heads": [0], "relations": ["root"]}]))
    assert filled.decode() == full
    with pytest.raises(InputError, match="not of this file: they differ from sentence 1 on"):
        list(fill_conllu(path, [{"tokens": ["y"], "heads": [0]}]))


ODD = ["", "é x", "9" * 30, "\u00a0", "1 ", "\u0661", "\0", "\r"]
CELLS = st.sampled_from("_ 1 2 3 0 -1 1-2 2-3 1.1 0.1 01 x root VERB #".split() + ODD)
BROKEN = st.one_of(
    st.lists(CELLS, min_size=1, max_size=12).map("\t".join),
    st.sampled_from(
        ["", " ", "#", "# newdoc", "# newdoc id = a/b", "# sent_id = ", "# sent_id=x=y", "\t", "\ufeff"]
    ),
)
WHOLE = st.tuples(st.integers(1, 4), st.integers(0, 4), CELLS).map(
    lambda word: line(word[0], word[2] or "x", "X", word[1], "dep")
)
GOLD = st.sets(st.sampled_from(["tags", "tree"]))


@GENERATED
@given(
    lines=st.lists(st.one_of(BROKEN, WHOLE), max_size=8),
    gold=GOLD,
    bad=st.binary(max_size=3),
    cut=st.integers(0, 60),
)
@example(lines=[line(1), line(2, head=1)], gold={"tags", "tree"}, bad=b"", cut=0)
def test_any_file_is_sentences_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], gold: set, bad: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.conllu"
    data = "\n".join(lines).encode()
    path.write_bytes(data[: len(data) - cut] + bad if cut else data)
    try:
        sentences = read_conllu(path, language="swh", gold=gold)
    except InputError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        return
    for sentence in sentences:
        assert sentence.tokens and all(sentence.tokens)
        assert (sentence.tags is not None) == ("tags" in gold)
        assert (sentence.heads is not None) == ("tree" in gold)
        assert sentence.heads is None or tree_fault(sentence.heads) is None
    rows = [{"tokens": sentence.tokens, "tags": ["X"] * len(sentence.tokens)} for sentence in sentences]
    path.write_bytes(b"".join(fill_conllu(path, rows)))
    again = read_conllu(path, language="swh", gold={*gold, "tags"})
    assert [(s.tokens, s.heads) for s in again] == [(s.tokens, s.heads) for s in sentences]
