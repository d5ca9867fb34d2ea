"""From card to examples: the data root, packed or not, the Hub's layout, CLDR; and checking files."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from xling.corpora.card import DataCard, Hub
from xling.corpora.cards import load_card
from xling.corpora.checks import check
from xling.corpora.source import checksum, load, read_hub
from xling.data.examples import LabelledText, MultiLabelledText, ParsedSentence, TaggedSentence, Utterance
from xling.errors import InputError

CONLL = "Amina B-PER\nleo B-DATE\n\nNairobi I-LOC\n"
CARD = DataCard.model_validate(
    {
        "name": "mine",
        "title": "Mine",
        "task": "tagging",
        "format": "conll",
        "source": "the author",
        "citation": "me",
        "licence": {"id": "CC-BY-4.0"},
        "languages": {"swh": "swa", "hau": "hau"},
        "splits": ("train", "dev"),
        "layout": "mine/{upstream}/{split}.txt",
        "labels": {"DATE": "O"},
        "label_set": ("PER", "ORG", "LOC"),
        "checksums": {"mine/swa/train.txt": hashlib.sha256(CONLL.encode()).hexdigest()},
        "counts": {"mine/swa/train.txt": 2},
    }
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "mine" / "swa"
    folder.mkdir(parents=True)
    (folder / "train.txt").write_text(CONLL)
    return tmp_path / "data"


def test_examples_come_from_the_data_root_or_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = load(CARD, "sw", "train", data_root=root)
    assert rows[0] == TaggedSentence(("Amina", "leo"), ("B-PER", "O"), "0", "swh")
    assert rows[1].tags == ("B-LOC",)
    monkeypatch.setenv("XLING_DATA", str(root))
    assert load(CARD, "swa", "train") == rows


def test_a_packed_file_is_the_same_data(root: Path) -> None:
    rows, sha256 = load(CARD, "swh", "train", data_root=root), checksum(CARD, "swh", "train", data_root=root)
    file = root / "mine" / "swa" / "train.txt"
    file.with_name("train.txt.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    assert load(CARD, "swh", "train", data_root=root) == rows
    assert checksum(CARD, "swh", "train", data_root=root) == sha256 == CARD.checksums["mine/swa/train.txt"]
    assert [row.state for row in check(CARD, root)] == ["ok"]


def test_data_that_is_nowhere_is_an_error_that_says_where_it_was_sought(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(CARD, "hau", "dev", data_root=root)
    for words in (
        "data card mine: hau dev is not at hand",
        str(root / "mine/hau/dev.txt"),
        "XLING_DATA",
        "the author",
    ):
        assert words in str(caught.value)
    with pytest.raises(InputError, match="no data root is given, and the Hub does not have it"):
        load(CARD, "hau", "dev")
    with pytest.raises(InputError, match="nothing: no such folder; give the data's folder by --data-root"):
        load(CARD, "hau", "dev", data_root=tmp_path / "nothing")
    with pytest.raises(InputError, match="only files at hand have a checksum"):
        checksum(CARD, "hau", "dev", data_root=root)


def test_check_tells_missing_changed_and_strange(root: Path) -> None:
    (row,) = check(CARD, root)
    assert (row.state, row.expected_count, row.found_count, row.strange_labels) == ("ok", 2, 2, ())
    file = root / "mine" / "swa" / "train.txt"
    file.write_text("a B-EVENT\nb I-EVENT\nc B-PER\n")
    (row,) = check(CARD, root)
    assert (row.state, row.found_count, row.strange_labels) == ("changed", 1, (("EVENT", 2),))
    file.write_text("a\n")
    (row,) = check(CARD, root)
    assert row.state == "changed" and row.problem and "train.txt:1" in row.problem
    file.unlink()
    (row,) = check(CARD, root)
    assert row.state == "missing" and row.found is None and row.problem == "no such file"


def test_check_tells_strange_labels_of_tables(tmp_path: Path) -> None:
    text = "text\tlabel\nx\tnews\ny\tnewz\n"
    (tmp_path / "swa.tsv").write_text(text)
    facts = {"task": "classification", "format": "table", "layout": "{upstream}.tsv", "label_set": ("news",)}
    sums = {"swa.tsv": hashlib.sha256(text.encode()).hexdigest()}
    card = DataCard.model_validate(
        {**CARD.model_dump(), **facts, "labels": {}, "checksums": sums, "counts": {}}
    )
    (row,) = check(card, tmp_path)
    assert (row.state, row.strange_labels) == ("ok", (("newz", 1),))


def test_check_tells_strange_labels_of_utterances_and_of_several_labels(tmp_path: Path) -> None:
    files = {
        "swa.conll": "1\tamka\talarm\tO\n2\tsaa\talarm\tB-clock\n",
        "swa.tsv": "text\tlabel\nx\tnews|newz\ny\t\n",
    }
    sums = {}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        sums[name] = hashlib.sha256(text.encode()).hexdigest()
    spoken = {"task": "intent-slots", "format": "xsid", "layout": "{upstream}.conll", "label_set": ("time",)}
    several = {"task": "multi-label", "format": "table", "layout": "{upstream}.tsv", "label_set": ("news",)}
    for facts, strange in ((spoken, (("clock", 1), ("alarm", 1))), (several, (("newz", 1),))):
        own = {"checksums": {name: sums[name] for name in sums if name[3:] == str(facts["layout"])[10:]}}
        card = DataCard.model_validate({**CARD.model_dump(), **facts, "labels": {}, "counts": {}, **own})
        (row,) = check(card, tmp_path)
        assert (row.state, row.strange_labels) == ("ok", strange)


def test_cldr_is_a_source_like_another() -> None:
    card, text = load_card("cldr"), load_card("cldr_text")
    rows = load(card, "sw", "dev")
    assert len(rows) > 500 and {row.language for row in rows} == {"swh"}
    assert len(load(text, "swh", "train")) > 300
    assert checksum(card, "swh", "dev") != checksum(card, "swh", "test")
    with pytest.raises(InputError, match="no split 'tset'; choose from train, dev, test"):
        load(card, "swh", "tset")


def hub_card(folder: Path, **facts: object) -> tuple[DataCard, Hub]:
    hub = Hub.model_validate({"id": str(folder), "splits": {"dev": "validation"}, **facts.pop("hub", {})})  # type: ignore[dict-item]
    return CARD.model_copy(update={"hub": hub, **facts}), hub


def test_tags_stored_as_numbers_get_their_names(offline: None, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    names = datasets.ClassLabel(names=["O", "B-PER", "I-PER", "B-DATE"])
    features = datasets.Features(
        {"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": datasets.Sequence(names)}
    )
    rows = {"tokens": [["Amina", "Yusuf", "leo"]], "ner_tags": [[2, 2, 3]]}
    folder = tmp_path / "repo"
    (folder / "swa" / "validation").mkdir(parents=True)
    datasets.Dataset.from_dict(rows, features=features).to_parquet(
        folder / "swa" / "validation" / "0000.parquet"
    )
    card, hub = hub_card(folder, hub={"files": "{upstream}/{split}/*.parquet"})
    assert read_hub(card, hub, language="swh", split="dev") == [
        TaggedSentence(("Amina", "Yusuf", "leo"), ("B-PER", "I-PER", "O"), "0", "swh")
    ]
    assert load(card, "swh", "dev") == read_hub(card, hub, language="swh", split="dev")
    with pytest.raises(
        InputError, match="hau dev is not at hand: no data root is given, and .*cannot be read"
    ):
        load(card, "hau", "dev")


def test_texts_with_labels_by_name_or_number(offline: None, tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "train.jsonl").write_text(json.dumps({"body": "Habari", "topic": 3, "key": 9}) + "\n")
    columns = {"text": "body", "label": "topic", "id": "key"}
    card, hub = hub_card(folder, task="classification", labels={"3": "news"}, hub={"columns": columns})
    assert read_hub(card, hub, language="swh", split="train") == [LabelledText("Habari", "news", "9", "swh")]
    card, hub = hub_card(folder, task="classification", hub={})
    with pytest.raises(InputError, match="no column 'text'; choose from body, topic, key"):
        read_hub(card, hub, language="swh", split="train")


def test_trees_of_the_hub_are_of_words_alone(offline: None, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    tags = datasets.ClassLabel(names=["NOUN", "ADP", "DET", "_"])
    features = datasets.Features(
        {column: datasets.Sequence(datasets.Value("string")) for column in ("tokens", "head", "deprel")}
        | {"upos": datasets.Sequence(tags)}
    )
    rows = {
        "tokens": [["della", "di", "la", "casa"], ["casa"]],
        "head": [["None", "3", "3", "0"], ["1"]],
        "deprel": [["_", "case", "det:x", "root"], ["dep"]],
        "upos": [[3, 1, 2, 0], [0]],
    }
    folder = tmp_path / "repo"
    (folder / "swa" / "train").mkdir(parents=True)
    datasets.Dataset.from_dict(rows, features=features).to_parquet(str(folder / "swa/train/0.parquet"))
    places = {"files": "{upstream}/{split}/*.parquet", "tags": "upos"}
    card, hub = hub_card(folder, task="parsing", labels={"det:x": "det"}, hub=places)
    with pytest.raises(InputError, match="row 1: the sentence has no root"):
        read_hub(card, hub, language="swh", split="train")
    whole = {column: values[:1] for column, values in rows.items()}
    datasets.Dataset.from_dict(whole, features=features).to_parquet(str(folder / "swa/train/0.parquet"))
    assert read_hub(card, hub, language="swh", split="train") == [
        ParsedSentence(
            ("di", "la", "casa"), ("ADP", "DET", "NOUN"), (3, 3, 0), ("case", "det", "root"), "0", "swh"
        )
    ]


def test_ranges_of_words_have_no_part_of_speech_on_the_hub(offline: None, tmp_path: Path) -> None:
    rows = {"tokens": ["della", "di", "la"], "upos": ["_", "ADP", "DET"]}
    (tmp_path / "train.jsonl").write_text(json.dumps(rows) + "\n")
    card = CARD.model_copy(update={"task": "pos", "labels": {"DET": "D"}})
    hub = Hub(id=str(tmp_path), tags="upos")
    assert read_hub(card, hub, language="swh", split="train") == [
        TaggedSentence(("di", "la"), ("ADP", "D"), "0", "swh")
    ]


def test_utterances_of_the_hub_with_brackets_or_with_tags(offline: None, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    text = datasets.Value("string")
    features = datasets.Features({"annot_utt": text, "intent": datasets.ClassLabel(names=["play", "alarm"])})
    rows = {"annot_utt": ["niamshe [time : saa tatu] kesho"], "intent": [1]}
    folder = tmp_path / "massive"
    (folder / "swa" / "validation").mkdir(parents=True)
    datasets.Dataset.from_dict(rows, features=features).to_parquet(
        str(folder / "swa/validation/0000.parquet")
    )
    columns = {"text": "annot_utt", "label": "intent"}
    places = {"files": "{upstream}/{split}/*.parquet", "columns": columns}
    names = {"task": "intent-slots", "format": "xsid", "labels": {"time": "TIME", "alarm": "wake"}}
    card, hub = hub_card(folder, **names, hub=places)
    assert load(card, "swh", "dev") == read_hub(card, hub, language="swh", split="dev")
    assert read_hub(card, hub, language="swh", split="dev") == [
        Utterance(("niamshe", "saa", "tatu", "kesho"), ("O", "B-TIME", "I-TIME", "O"), "wake", "0", "swh")
    ]
    folder = tmp_path / "tags"
    folder.mkdir()
    row = {"tokens": ["saa", "tatu"], "slots": ["I-time", "I-time"], "intent": "alarm"}
    (folder / "train.jsonl").write_text(json.dumps(row) + "\n")
    card, hub = hub_card(folder, **names, hub={"tags": "slots", "columns": columns})
    assert read_hub(card, hub, language="swh", split="train") == [
        Utterance(("saa", "tatu"), ("B-TIME", "I-TIME"), "wake", "0", "swh")
    ]
    card, hub = hub_card(folder, **names, hub={"tags": "slots", "columns": {"label": "purpose"}})
    with pytest.raises(InputError, match="no column 'purpose'; choose from tokens, slots, intent"):
        read_hub(card, hub, language="swh", split="train")


def test_several_labels_of_the_hub_by_list_number_or_column(offline: None, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    names = datasets.Sequence(datasets.ClassLabel(names=["anger", "joy"]))
    features = datasets.Features({"text": datasets.Value("string"), "emotions": names})
    rows = {"text": ["x", "y"], "emotions": [[1, 0], []]}
    (tmp_path / "lists" / "train").mkdir(parents=True)
    made = datasets.Dataset.from_dict(rows, features=features)
    made.to_parquet(str(tmp_path / "lists/train/0000.parquet"))
    facts = {"task": "multi-label", "format": "table", "labels": {"joy": "happy"}}
    places = {"files": "{split}/*.parquet", "columns": {"label": "emotions"}}
    card, hub = hub_card(tmp_path / "lists", **facts, hub=places)
    assert read_hub(card, hub, language="swh", split="train") == [
        MultiLabelledText("x", ("happy", "anger"), "0", "swh"),
        MultiLabelledText("y", (), "1", "swh"),
    ]
    (tmp_path / "flags").mkdir()
    (tmp_path / "flags" / "train.csv").write_text("id,text,anger,joy\n7,x,0,1\n8,y,0,0\n")
    columns = {"id": "id", "labels": ("anger", "joy")}
    card, hub = hub_card(tmp_path / "flags", **facts, hub={"columns": columns})
    assert [row.labels for row in read_hub(card, hub, language="swh", split="train")] == [("happy",), ()]
