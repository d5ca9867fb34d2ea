"""Data cards and plans of strangers: each is refused in one line.

A new case is one line of a table: what the card says instead, and words of the refusal.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_recipe import write_recipe

from xling.composition.grammar import parse
from xling.corpora.cards import load_card
from xling.corpora.source import load
from xling.errors import InputError, PlanError

NO_PATH, OUTSIDE = "is no template with", "does not lie below the data root"
# (key, value, words)
VALUES = [
    *[("layout", value, NO_PATH)
      for value in ("{", "}", "{}", "{upstream!x}", "{upstream:>9999999999}", "{a.b}")],
    *[("layout", value, "may hold {upstream} and {split} only") for value in ("{0}", "{x}")],
    *[("layout", value, OUTSIDE) for value in ("../../etc/{split}", "/etc/passwd", "a/../../b", "..")],
    ("languages", {"eng": "../.."}, OUTSIDE),
    ("layout", 5, "layout: should be text"),
    ("columns", {"text": 5}, "columns.text: should be text"),
    ("columns", 5, "columns: should be a mapping"),
    ("files", 5, "files: should be a mapping"),
    ("checksums", {"a": "x"}, "checksums.a:"),
    ("counts", {"a": -1}, "counts.a: should be"),
    ("languages", {}, "languages: name at least one"),
    ("name", "a\ud800", "has no place in it"),
    ("title", "a\0", "has no place in it"),
]  # fmt: skip
# values that show only when the data is read
READ = [
    ("layout", "a" * 5000, "is missing"),
    ("layout", "{upstream}", "is missing"),
    ("files", {"eng/train": "/dev/zero"}, "is missing"),
    ("files", {"eng/train": "pipe"}, "is missing"),
    ("files", {"eng/train": "a\ud83d"}, "has no place in it"),
    *[("conll", {"token": number}, "") for number in (10**9, -5)],
    *[("columns", {"text": text}, "no column") for text in ("{", "{0}", "{x}", "", "a" * 5000)],
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_recipe(tmp_path / "exp", "nowhere")
    os.mkfifo(tmp_path / "exp/pipe")
    return tmp_path / "exp"


def changed(place: Path, key: str, value: object) -> Path:
    """The card of spans with one other value; columns are those of a table."""
    table = {"format": "table", "task": "classification"} if key == "columns" else {}
    card = {**yaml.safe_load((place / "spans.yaml").read_text()), **table, key: value}
    (place / "case.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")
    return place / "case.yaml"


@pytest.mark.parametrize(("key", "value", "words"), VALUES)
def test_a_value_of_a_card(place, key, value, words):
    with pytest.raises(InputError) as caught:
        load_card(changed(place, key, value))
    assert words in str(caught.value) and "case.yaml" in str(caught.value)


@pytest.mark.parametrize(("key", "value", "words"), READ)
def test_a_value_that_does_not_fit_the_data(place, key, value, words):
    with pytest.raises(InputError) as caught:
        load(load_card(changed(place, key, value)), "eng", "train", data_root=place / "data")
    assert words in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_no_card_is_not_shown(place):
    (place / "case.yaml").write_text("password: hunter2\nkeys: [a]\nhosts: {b: c}\n")
    with pytest.raises(InputError, match="no data card: most of its keys") as caught:
        load_card(place / "case.yaml")
    assert "hunter2" not in str(caught.value) and "password" not in str(caught.value)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
trees = st.recursive(
    plain, lambda below: st.lists(below) | st.dictionaries(st.text(max_size=5), below), max_leaves=6
)
KEYS = "layout languages splits columns conll hub portions parts files labels licence checksums task".split()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KEYS), trees)
def test_any_value_is_taken_or_refused(place, key, value):
    try:
        load_card(changed(place, key, value))
    except InputError as error:
        assert len(str(error).splitlines()) == 1


PLANS = {
    "parentheses": "(" * 200 + "task/ner" + ")" * 200,
    "many parentheses": "(" * 5000 + "task/ner" + ")" * 5000,
    "means": "mean(" * 300 + "lang/swh" + ")" * 300,
    "open votes": "vote(" * 400,
    "a long name": "a" * 100_000,
    "NUL": "a\0b",
}


@pytest.mark.parametrize("text", PLANS.values(), ids=PLANS)
def test_a_plan(text):
    with pytest.raises(PlanError) as caught:
        parse(text)
    assert len(str(caught.value)) < 1300 and len(str(caught.value).splitlines()) == 1
