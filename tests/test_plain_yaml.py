"""Recipes, data cards and both `--set` read YAML through one door, which bears what strangers write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.corpora.cards import load_card
from xling.errors import InputError
from xling.pipeline.loading import load_recipe
from xling.plain_yaml import DEEPEST, LARGEST, MOST, assignment, put, read_mapping, written

LAUGHS = "a0: &a0 [" + "lol," * 9 + "]\n" + "".join(
    f"a{n}: &a{n} [" + f"*a{n - 1}," * 9 + "]\n" for n in range(1, 10)
)  # fmt: skip
FAULTS = {
    "a list that is left open": ("a: [1, 2\n", ":2: .*expected ',' or ']'"),
    "a key that stands twice": ("a: 1\nb: 2\na: 3\n", ":3: .*the key 'a' stands here a second time"),
    "a key that stands twice below": ("a:\n  {b: 1, b: 2}\n", ":2: .*the key 'b' stands here a second time"),
    "aliases of aliases": (LAUGHS, f"more than {MOST:,} values, aliases counted each time"),
    "an alias in itself": ("a: &a [*a]\n", r":1: .*\*a stands for nothing before it"),
    "deep nesting": ("a: " + "[" * 5000, f"nested more than {DEEPEST} levels deep"),
    "a list as a key": ("[1, 2]: a\n", ":1: .*a key must be plain text"),
    "an object of Python": (
        "a: !!python/object/apply:os.getcwd []\n",
        ":1: .*python/object/apply:os.getcwd are",
    ),
    "a tag of its own": ("a: !mine 5\n", ":1: .*values with the tag !mine are not read"),
    "a number without end": (f"a: 1{'0' * 5000}\n", ":1: .*cannot be read as a number"),
    "a number past all numbers": ("a: 1e999\n", ":1: '?.*'1e999' cannot be read as a number"),
    "a character of no text": ("a: 1\nb: \x00\n", ":2: .*U\\+0000 has no place in it"),
    "two documents": ("a: 1\n---\nb: 2\n", ":2: .*a second document begins here"),
    "a list": ("- a\n", "a thing is a mapping of keys to values; write key: value"),
    "nothing": ("", "a thing is a mapping of keys to values"),
    "too much": ("a: " + "x" * LARGEST, "larger than 1,048,576 bytes, which no thing is"),
}


def read(folder: Path, text: str) -> dict:
    path = folder / "thing.yaml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path, "thing")


@pytest.mark.parametrize(("text", "words"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, text, words):
    with pytest.raises(InputError, match=f"thing.yaml.*{words}"):
        read(tmp_path, text)


def test_what_is_no_file_of_text_is_refused(tmp_path):
    with pytest.raises(InputError, match="a thing is a file, and here is none; check the path"):
        read_mapping(tmp_path, "thing")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(InputError, match="latin.yaml:2: not UTF-8: byte 0xe9"):
        read_mapping(tmp_path / "latin.yaml", "thing")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("y", "y"), ("true", True), ("False", False),
        ("3e-4", 3e-4), ("1E5", 1e5), ("3.0e-4", 3e-4), (".5", 0.5), ("-7", -7), ("1:30", "1:30"),
        ("2020-01-31", "2020-01-31"), ("2020-99-99", "2020-99-99"), ("null", None), ("~", None), ("", None),
        (".inf", ".inf"), ("nan", "nan"), ("'3e-4'", "3e-4"), ('"no"', "no"), ("[1, no]", (1, "no")),
        ("{no: nor, 0: zero, null: x}", {"no": "nor", "0": "zero", "null": "x"}), ("!!str 5", "5"),
    ],
)  # fmt: skip
def test_words_are_what_they_look_like_and_keys_are_text(tmp_path, text, value):
    assert read(tmp_path, f"a: {text}\n") == {"a": value}
    assert assignment(f"a.b={text}", "a=1") == (("a", "b"), value)


def test_aliases_and_merged_mappings_stand_for_what_they_name(tmp_path):
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n"
    found = read(tmp_path, text)
    assert found == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}
    put(found, ("c", "x"), 5)
    assert (found["a"]["x"], found["c"]["x"]) == (1, 5)


plain = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=8)
looks_like = st.sampled_from(
    ["1e5", "no", "true", "null", "3", "1.5", "2020-01-01", "~", "<<", "", "1_0", ".5e3"]
)


@given(
    st.dictionaries(
        texts | looks_like, plain | texts | looks_like | st.lists(plain | looks_like).map(tuple), max_size=5
    )
)
def test_what_is_written_is_read_again(tmp_path_factory, values):
    assert read(tmp_path_factory.mktemp("written"), written(values)) == values


def test_a_recipe_for_norwegian_and_a_card_with_norwegian_labels(tmp_path):
    recipe = Path(__file__).parents[1] / "recipes/quickstart.yaml"
    assert load_recipe(recipe, ["targets=[no, sw]"]).targets == ("nob", "swh")
    card = tmp_path / "mine.yaml"
    card.write_text(
        "title: Mine\ntask: tagging\nformat: conll\nsource: here\ncitation: me\nlicence: {id: CC0-1.0}\n"
        "languages: {no: nb}\nsplits: [on]\nlayout: x\nlabels: {off: O, 1: yes}\nlabel_set: [yes, no]\n"
    )
    read = load_card(card)
    assert read.languages == {"nob": "nb"} and read.splits == ("on",)
    assert read.labels == {"off": "O", "1": "yes"} and read.label_set == ("yes", "no")


def test_recipe_and_card_are_refused_with_the_same_words(tmp_path):
    (tmp_path / "x.yaml").write_text("name: x\nname: y\n")
    for load in (load_recipe, load_card):
        with pytest.raises(InputError, match="x.yaml:2: .*the key 'name' stands here a second time"):
            load(tmp_path / "x.yaml")


@pytest.mark.parametrize("include", ["", "5", "../secrets", "[a.yaml, [b.yaml]]"])
def test_a_recipe_includes_recipes_only(tmp_path, include):
    (tmp_path / "r.yaml").write_text(f"include: {include}\n")
    with pytest.raises(InputError, match="r.yaml: include: .* is no recipe; write include: other.yaml"):
        load_recipe(tmp_path / "r.yaml")


def test_a_recipe_that_is_included_often_is_read_once(tmp_path):
    for number in range(18):
        (tmp_path / f"r{number}.yaml").write_text(
            f"include: [r{number + 1}.yaml{f', r{number + 1}.yaml' * 2}]\n"
        )
    (tmp_path / "r18.yaml").write_text("abuot: x\n")
    with pytest.raises(InputError, match="r0.yaml: abuot: no such key, did you mean about"):
        load_recipe(tmp_path / "r0.yaml")


TRAIN = ("train", "language", "--base", "x", "--language", "swh", "--text", "x", "--out", "modules/lang/x")
RUN = ("run", Path(__file__).parents[1] / "recipes/quickstart.yaml")


@pytest.mark.parametrize("command", [TRAIN, RUN], ids=["train", "run"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("a=[1", ("the value of 'a=[1' is not YAML", "write --set")),
        ("a={b: 1, b: 2}", ("the key 'b' stands here a second time",)),
        ("a=&a [*a]", ("*a stands for nothing",)),
        ("a=!!python/name:os.getcwd x", ("with the tag",)),
        ("a", ("'a' is not key=value", "write --set")),
        ("=5", ("'=5' is not key=value",)),
        ("a..b=5", ("'a..b=5' is not key=value",)),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_in_one_line(
    shell, tmp_path, monkeypatch, command, change, words
):
    monkeypatch.chdir(tmp_path)
    shell(*command, "--set", change).refused("--set: ", *words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("learning_rate=fast", "learning_rate: should be a number, not 'fast'"),
        ("base_dropout=yes", "base_dropout: should be true or false, not 'yes'"),
        ("steps=3.5", "steps: should be a whole number, not 3.5"),
        ("steeps=3", "steeps: no such key, did you mean steps?"),
        ("steps.more=3", "'steps' of 'steps.more' holds no keys"),
        ("parts=3", "3 is no part; write --set parts.reduction_factor=4"),
    ],
)
def test_a_setting_of_the_wrong_form_is_told_what_is_right(shell, tmp_path, monkeypatch, change, words):
    monkeypatch.chdir(tmp_path)
    shell(*TRAIN, "--set", change).refused(f"--set: {words}")


@pytest.mark.parametrize("rate", ["3e-4", "3.0e-4", "0.0003"])
def test_train_takes_a_number_however_it_is_written(shell, bert, text_file, tmp_path, rate):
    ended = shell("train", "language", "--base", bert.id, "--language", "swh", "--text", text_file, "--out",
                  tmp_path / "out", "--quiet", "--set", "steps=1", "--set", f"learning_rate={rate}",
                  "--set", "parts.reduction_factor=4")  # fmt: skip
    assert ended.status == 0, ended.err
