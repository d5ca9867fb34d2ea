"""xSID's columns: utterances with an intent and slots, faults by line, anything else never."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import GENERATED

from xling.data.bio import is_bio
from xling.data.examples import Utterance
from xling.data.xsid import read_xsid
from xling.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all generated files: each is written over the one before."""
    return tmp_path_factory.mktemp("any")


FILE = """# id = 7
# text = weck mi um fünfe
# intent = alarm/set_alarm
# dialect = B
1\tweck\talarm/set_alarm\tO
2\tmi\talarm/set_alarm\tO
3\tum\talarm/set_alarm\tB-datetime
4\tfünfe\talarm/set_alarm\tI-datetime

# id = 8
# intent: weather/find
1\tRegen\tweather/find\tB-weather/attribute
2\t\tweather/find\tO
"""


def read(tmp_path: Path, text: str, **options) -> list[Utterance]:
    file = tmp_path / "de-st.valid.conll"
    file.write_bytes(text.encode())
    return read_xsid(file, language="bar", **options)


def test_utterances_have_tokens_slots_intent_and_the_ids_of_the_comments(tmp_path: Path) -> None:
    found = read(tmp_path, FILE)
    assert found == [
        Utterance(
            ("weck", "mi", "um", "fünfe"),
            ("O", "O", "B-datetime", "I-datetime"),
            "alarm/set_alarm",
            "7",
            "bar",
        ),
        Utterance(("Regen", "_"), ("B-weather/attribute", "O"), "weather/find", "8", "bar"),
    ]
    (tmp_path / "a.conll.gz").write_bytes(gzip.compress(FILE.replace("\n", "\r\n").encode()))
    assert read_xsid(tmp_path / "a.conll", language="bar") == found


def test_training_files_have_no_comments_and_slots_may_begin_with_a_stray(tmp_path: Path) -> None:
    text = "1\tplay\tPlayMusic\tO\n2\tabba\tPlayMusic\tI-artist\n\n\n1\tstop\tPlayMusic\tO\n"
    first, second = read(tmp_path, text)
    assert first.tags == ("O", "B-artist") and (first.id, second.id) == ("0", "1")


def test_slots_and_intents_are_renamed(tmp_path: Path) -> None:
    names = {"weather/find": "weather", "weather/attribute": "attribute", "datetime": "O"}
    first, second = read(tmp_path, FILE, labels=names)
    assert first.tags == ("O",) * 4 and first.intent == "alarm/set_alarm"
    assert second.tags == ("B-attribute", "O") and second.intent == "weather"


def test_without_gold_only_tokens_are_read(tmp_path: Path) -> None:
    text = "# id = a\n# intent =\n1\tweck\t_\t_\n2\tmi\n\n# id = b\n1\tjo\n"
    assert read(tmp_path, text, labelled=False) == [
        Utterance(("weck", "mi"), None, None, "a", "bar"),
        Utterance(("jo",), None, None, "b", "bar"),
    ]


def test_ids_that_repeat_or_lack_are_numbers(tmp_path: Path) -> None:
    row = "1\tjo\tPlayMusic\tO\n\n"
    assert [item.id for item in read(tmp_path, f"# id = 3\n{row}# id = 3\n{row}")] == ["0", "1"]
    assert [item.id for item in read(tmp_path, f"# id = 3\n{row}{row}")] == ["0", "1"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\tjo\tX\n", r":1: 3 columns \(.*\) where index, token, intent and slot are needed; separate"),
        ("1 jo X O\n", r":1: 1 column \(1 jo X O\) where"),
        ("1\tjo\tX\tO\textra\n", r":1: 5 columns"),
        ("a\tjo\tX\tO\n", r":1: 'a' is no index of a token; count the tokens"),
        ("1\tjo\tX\tO\n2\tno\tY\tO\n", r":2: a second intent of one utterance, 'Y' after 'X'; give all"),
        ("# intent = Y\n1\tjo\tX\tO\n", r":1: the comment tells the intent 'Y', the rows 'X'; make them one"),
        ("1\tjo\tX\tB-\n", r":1: 'B-' is no slot; choose from O, B-SLOT, I-SLOT"),
        ("1\tjo\t\tO\n", r":1: the intent is empty"),
        ("# text = jo\n\n", r"conll: no utterance in this file"),
        ("", r"conll: the file is empty"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, text)


ROW = st.tuples(
    st.sampled_from(["1", "2", "x", ""]),
    st.sampled_from(["jo", "#", "", "\u00a0", "é"]),
    st.sampled_from(["X", "Y", ""]),
    st.sampled_from(["O", "B-a", "I-a", "I-", "B-b", "_"]),
).map("\t".join)
COMMENT = st.sampled_from(["# intent = X", "# intent: Y", "#", "# id = 3", "# id =", "#\tX\tX\tO"])
SCRAP = st.text(st.sampled_from(list("12#\t OBI-Xé\0\r\ufeff")), max_size=12)


def mangled(lines: list[str], cut: int, byte: int | None) -> bytes:
    """A file of these lines, cut short, with one byte that is no UTF-8 where `byte` says."""
    data = "\n".join(lines).encode()
    data = data[: len(data) - cut] if cut < len(data) else data
    return data if byte is None else data[:byte] + b"\xff" + data[byte:]


@GENERATED
@given(
    st.lists(ROW | COMMENT | SCRAP | st.just(""), max_size=8),
    st.integers(0, 6),
    st.none() | st.integers(0, 20),
    st.booleans(),
)
def test_any_file_is_utterances_or_an_input_error(
    folder: Path, lines: list[str], cut: int, byte: int | None, labelled: bool
) -> None:
    file = folder / "x.conll"
    file.write_bytes(mangled(lines, cut, byte))
    try:
        found = read_xsid(file, language="bar", labelled=labelled)
    except InputError as error:
        assert str(file) in str(error) and "\n" not in str(error)
        return
    assert found and len({item.id for item in found}) == len(found)
    for item in found:
        assert item.tokens and all(item.tokens) and (item.tags is None) == (item.intent is None) != labelled
        assert item.tags is None or (len(item.tags) == len(item.tokens) and all(map(is_bio, item.tags)))
