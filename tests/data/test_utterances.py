"""Utterances in JSON rows, with spans of characters, and with brackets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import GENERATED
from support.task_files import of_hub, read_as

from xling.data.bio import is_bio
from xling.data.examples import Utterance
from xling.data.place import Place
from xling.data.tokenise import annotated, spoken, tags_of_spans
from xling.errors import InputError
from xling.tasks.reading import read_input, read_labelled


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all generated files: each is written over the one before."""
    return tmp_path_factory.mktemp("any")


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_json_rows_with_tokens(tmp_path: Path) -> None:
    row = {"tokens": ["amka", "saa", "tatu"], "tags": ["O", "I-TIME", "I-TIME"], "intent": " alarm ", "id": 5}
    file = write(tmp_path / "a.jsonl", row, {**row, "language": "swh", "id": None})
    first, second = read_as("intent-slots", file, language="und", labels={"TIME": "time"})
    assert first == Utterance(("amka", "saa", "tatu"), ("O", "B-time", "I-time"), "alarm", "5", "und")
    assert (second.id, second.language) == ("1", "swh")
    assert read_labelled(file, task="intent-slots", language="und")[0].intent == "alarm"
    assert read_input(file, task="intent-slots", language="und")[0].tags is None


def test_spans_are_of_characters_and_grow_to_words(tmp_path: Path) -> None:
    # the first letter is a prefix outside the span, and each of its letters is three bytes
    text = "\u120810:00 \u1230\u12a0\u1275 na M-pesa?"
    spans = [
        {"start_byte": 1, "limit_byte": 10, "label": "TIME"},
        {"start_byte": 14, "limit_byte": 20, "label": "PAYMENT"},
    ]
    (found,) = read_as(
        "intent-slots",
        write(tmp_path / "a.jsonl", {"text": text, "spans": spans, "intent": "alarm", "example_id": "7"}),
        language="amh",
    )
    assert found.tokens == ("\u120810:00", "\u1230\u12a0\u1275", "na", "M-pesa", "?")
    assert found.tags == ("B-TIME", "I-TIME", "O", "B-PAYMENT", "O")


def test_plain_text_is_an_utterance_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Weck mi, bitte!\n\n jo\n")
    found = read_input(tmp_path / "a.txt", task="intent-slots", language="bar")
    assert found == [
        Utterance(("Weck", "mi", ",", "bitte", "!"), None, None, "0", "bar"),
        Utterance(("jo",), None, None, "1", "bar"),
    ]
    (tmp_path / "b.txt").write_text("1\tWeck\n2\tmi\n")
    assert read_input(tmp_path / "b.txt", task="intent-slots", language="bar")[0].tokens == ("Weck", "mi")


def test_brackets_mark_slots() -> None:
    text = "wake me up at [time : five am] [date : this week]"
    plain, spans = annotated(text, Place("x", 1))
    assert plain == "wake me up at five am this week"
    assert [(plain[start:end], slot) for start, end, slot in spans] == [
        ("five am", "time"),
        ("this week", "date"),
    ]
    row = {"text": text, "label": "alarm_set"}
    (found,) = of_hub("intent-slots", [row], language="eng", labels={"date": "O", "alarm_set": "set"})
    assert found.tags == ("O",) * 4 + ("B-time", "I-time", "O", "O")
    assert (found.intent, found.id) == ("set", "0")
    with pytest.raises(InputError, match=r"x:3: '?\[time five\]'? has brackets that are no \[slot : words\]"):
        annotated("[time five]", Place("x", 3))
    with pytest.raises(InputError, match="hub: row 0: the utterance is empty"):
        of_hub("intent-slots", [{"text": " ", "label": "x"}])


def test_chinese_and_japanese_are_split_into_characters() -> None:
    row = {"text": "[date : 明日] の天気 wifi", "label": "weather"}
    (found,) = of_hub("intent-slots", [row], language="jpn")
    assert found.tokens == ("明", "日", "の", "天", "気", "wifi")
    assert found.tags == ("B-date", "I-date", "O", "O", "O", "O")
    assert spoken("明日 wifi", "cmn_Hant") == ["明", "日", "wifi"]
    assert spoken("ny ora", "plt") == ["ny", "ora"]


def test_neighbouring_spans_of_one_slot_stay_apart() -> None:
    assert tags_of_spans("a b c", ["a", "b", "c"], [(2, 3, "x"), (0, 1, "x")]) == ["B-x", "B-x", "O"]
    assert tags_of_spans("a a", ["a", "a"], [(2, 3, "x")]) == ["O", "B-x"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"tokens": ["a"], "tags": ["O"]}, "a.jsonl:1: not a row with tokens, tags and intent, nor one with"),
        ({"tokens": ["a"], "tags": ["O", "O"], "intent": "x"}, "a.jsonl:1: 1 tokens but 2 tags"),
        ({"tokens": ["a"], "tags": ["X"], "intent": "x"}, "a.jsonl:1: 'X' is no slot; choose from O, B-SLOT"),
        ({"text": "a", "intent": "x"}, "a.jsonl:1: None is no span of a text of 1 characters; write .spans"),
        (
            {"text": "ab", "spans": [{"start_byte": 1, "limit_byte": 3, "label": "T"}], "intent": "x"},
            "is no span of a text of 2 characters",
        ),
        ({"text": "ab", "spans": [["T"]], "intent": "x"}, "is no span of a text of 2 characters"),
        ({"text": "ab", "spans": []}, "not a row with tokens"),
        ([1], "no JSON object"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path: Path, row: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_as("intent-slots", write(tmp_path / "a.jsonl", row), language="swh")


VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.text(max_size=5)
    | st.sampled_from(["O", "B-x", "I-x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["start_byte", "limit_byte", "label"]), inner, max_size=3)
    ),
    max_leaves=6,
)
SPANS = st.lists(
    st.fixed_dictionaries(
        {"start_byte": st.integers(0, 4), "limit_byte": st.integers(0, 6), "label": st.just("T")}
    ),
    max_size=2,
)
KEYS = st.sampled_from(["tokens", "tags", "intent", "text", "spans", "id", "language"])
ROW = st.dictionaries(KEYS, VALUE, max_size=6) | st.fixed_dictionaries(
    {"text": st.text(max_size=6), "spans": SPANS | VALUE, "intent": st.just("x")}
)


@GENERATED
@given(st.lists(ROW.map(json.dumps) | st.text(max_size=8), max_size=4), st.booleans())
def test_any_rows_are_utterances_or_an_input_error(folder: Path, lines: list[str], labelled: bool) -> None:
    file = folder / "x.jsonl"
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        found = read_as("intent-slots", file, language="swh", gold=labelled)
    except InputError as error:
        assert str(file) in str(error) and "\n" not in str(error)
        return
    assert found
    for item in found:
        assert item.tokens and (item.tags is None) == (item.intent is None) != labelled
        assert item.tags is None or (len(item.tags) == len(item.tokens) and all(map(is_bio, item.tags)))


@given(st.text(st.sampled_from(list("ab [:]")), max_size=16))
def test_any_text_has_spans_in_its_plain_text_or_an_input_error(text: str) -> None:
    try:
        plain, spans = annotated(text, Place("x", 1))
    except InputError:
        assert "[" in text or "]" in text
        return
    assert not set("[]") & set(plain)
    assert all(0 <= start < end <= len(plain) and slot for start, end, slot in spans)
    tokens = plain.split()
    assert len(tags_of_spans(plain, tokens, spans)) == len(tokens)
