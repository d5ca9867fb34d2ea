"""Questions and choices of the Hub, from local folders in its layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xling.corpora.cards import load_card
from xling.corpora.source import load, read_hub
from xling.data.examples import Choice, Question
from xling.errors import InputError

CONTEXT = "Amina anaishi Nairobi."
BELEBELE = {"link": "x", "question_number": 1, "flores_passage": CONTEXT, "question": "Wapi?"}
BELEBELE |= {f"mc_answer{number}": f"jibu {number}" for number in range(1, 5)}
BELEBELE |= {"correct_answer_num": "2", "dialect": "swh_Latn", "ds": "2023-05-03"}
COPA = {"premise": "a", "choice1": "b", "choice2": "c", "question": "cause", "label": 1, "idx": 0}


pytestmark = pytest.mark.usefixtures("offline")


def repository(folder: Path, config: str, split: str, file: str) -> Path:
    """A repository with one configuration; its readme says which file holds what, as on the Hub."""
    (folder / file).parent.mkdir(parents=True)
    files = f"  - split: {split}\n    path: {file}\n"
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: {config}\n  data_files:\n{files}---\n")
    return folder


def of_card(name: str, folder: Path) -> tuple[Any, Any]:
    """A card that comes with xling, its data in a local folder."""
    card = load_card(name)
    assert card.hub is not None
    hub = card.hub.model_copy(update={"id": str(folder)})
    return card.model_copy(
        update={"hub": hub, "layout": "", "checksums": {}, "counts": {}, "portions": {}}
    ), hub


def xquad(folder: Path, rows: dict[str, Any]) -> tuple[Any, Any]:
    """The card of XQuAD, and rows of Romanian where the Hub has them."""
    datasets = pytest.importorskip("datasets")
    repository(folder, "xquad.ro", "validation", "xquad.ro/validation-00000.parquet")
    datasets.Dataset.from_dict(rows).to_parquet(str(folder / "xquad.ro" / "validation-00000.parquet"))
    return of_card("xquad", folder)


def test_questions_of_xquad_have_answers_as_two_lists(tmp_path: Path) -> None:
    answers = [{"text": ["Nairobi"], "answer_start": [14]}, {"text": ["Amina"], "answer_start": [0]}]
    rows = {"id": ["a", "b"], "context": [CONTEXT] * 2, "question": ["Wapi?", "Nani?"], "answers": answers}
    card, hub = xquad(tmp_path / "repo", rows)
    found = load(card, "ron", "test")
    assert found == read_hub(card, hub, language="ron", split="test")
    assert found == [
        Question(CONTEXT, "Wapi?", ((14, "Nairobi"),), "0/a", "ron"),
        Question(CONTEXT, "Nani?", ((0, "Amina"),), "0/b", "ron"),
    ]
    with pytest.raises(InputError, match="eng test is not at hand: .*xquad.en validation cannot be read"):
        load(card, "eng", "test")
    card, hub = xquad(tmp_path / "twice", {**rows, "id": ["a", "a"]})
    with pytest.raises(InputError, match="row 1: the id a stands at row 0 already"):
        read_hub(card, hub, language="ron", split="test")
    card, hub = xquad(tmp_path / "bare", {key: value for key, value in rows.items() if key != "answers"})
    with pytest.raises(InputError, match="no column 'answers'; choose from id, context, question"):
        read_hub(card, hub, language="ron", split="test")


def belebele(folder: Path, row: dict[str, Any]) -> tuple[Any, Any]:
    """The card of Belebele, and a row of Swahili where the Hub has it."""
    repository(folder, "swh_Latn", "test", "swh_Latn.jsonl")
    (folder / "swh_Latn.jsonl").write_text(json.dumps(row) + "\n")
    return of_card("belebele", folder)


def test_choices_of_xcopa_and_belebele(tmp_path: Path) -> None:
    folder = repository(tmp_path / "xcopa", "sw", "validation", "sw.jsonl")
    (folder / "sw.jsonl").write_text(json.dumps(COPA) + "\n")
    card, _ = of_card("xcopa", folder)
    assert load(card, "swh", "val") == [Choice("a", "cause", ("b", "c"), 1, "0", "swh")]
    card, _ = belebele(tmp_path / "belebele", BELEBELE)
    assert load(card, "swh", "test") == [
        Choice(CONTEXT, "Wapi?", ("jibu 1", "jibu 2", "jibu 3", "jibu 4"), 1, "0/0", "swh")
    ]
    card, hub = belebele(tmp_path / "outside", {**BELEBELE, "correct_answer_num": "5"})
    with pytest.raises(InputError, match="correct_answer_num is 5, outside the choices; choose from 1, 2, 3"):
        read_hub(card, hub, language="swh", split="test")
