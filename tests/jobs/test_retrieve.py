"""`xling retrieve`: translations found by a base, alone and under plans; what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from support.making import disturbed
from support.tiny import TEXTS

from xling.composition.composed import Composition
from xling.store.store import Store
from xling.tasks.retrieval import ranks
from xling.training.alignment import sentence_vectors

LINES = list(dict.fromkeys(TEXTS))[:12]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Each line beside itself without its last word; one pair stands there twice."""
    rows = [f"{line}\t{line.rpartition(' ')[0]}" for line in [*LINES, LINES[0]]]
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join(["swh\teng", *rows]) + "\n")
    return path


@pytest.fixture
def store(bert, tmp_path: Path) -> Path:
    Store(tmp_path / "store").add("lang/swh", disturbed(bert, "bottleneck", std=0.5, seed=1))
    return tmp_path / "store"


@pytest.fixture
def retrieve(bert, shell, pairs):
    def go(*options: object, refused: tuple[str, ...] = ()) -> dict:
        named = ("--base", bert.id, "--language", "sw", "--other-language", "eng", "--json", "--threads", 1)
        ended = shell("retrieve", *named, *options)
        if refused:
            ended.refused(*refused)
            return {}
        assert ended.status == 0, ended.err
        return json.loads(ended.out)

    return go


def values(result: dict) -> list[float]:
    return [row["value"] for row in result["results"]]


def rows_of(bert, lines):
    return bert.tokenizer(list(lines))["input_ids"]


def test_the_base_alone(retrieve, bert, pairs, tmp_path: Path):
    found = retrieve("--pairs", pairs, "--out", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == found
    assert found["queries"] == len(LINES) and found["plan"] == "none"
    assert [(row["direction"], row["metric"]) for row in found["results"]] == [
        ("swh to eng", "accuracy@1"),
        ("swh to eng", "mrr"),
        ("eng to swh", "accuracy@1"),
        ("eng to swh", "mrr"),
    ]
    assert all(row["low"] <= row["value"] <= row["high"] for row in found["results"])
    own, other = (
        sentence_vectors(Composition(bert), rows_of(bert, lines))
        for lines in (LINES, [line.rpartition(" ")[0] for line in LINES])
    )
    right = (ranks(own, other) == 1).float().mean().item()
    assert values(found)[0] == pytest.approx(100 * right, abs=0.01)


def test_a_plan_without_routes_reads_one_side(retrieve, bert, pairs, store):
    plain = retrieve("--pairs", pairs)
    alone = retrieve("--pairs", pairs, "--plan", "lang/swh", "--store", store)
    routed = retrieve("--pairs", pairs, "--plan", "route(swh: lang/swh, *: none)", "--store", store)
    assert values(alone) == values(routed) != values(plain)
    both = retrieve("--pairs", pairs, "--plan", "route(*: lang/swh)", "--store", store)
    assert both["plan"] == "route(*: lang/swh)" and values(both) != values(alone)


def test_the_states_of_routed_rows_are_those_of_their_language(bert, store):
    composition = Composition(bert, [Store(store).get("lang/swh")])
    rows = rows_of(bert, LINES[:3])
    found = sentence_vectors(composition, rows, language="swh")
    assert torch.allclose(found, sentence_vectors(composition, rows))


def test_candidates_are_ranked(retrieve, tmp_path: Path):
    rows = [{"query": line, "candidates": [LINES[0], "q q q", line], "right": 2} for line in LINES[1:4]]
    rows.append({"query": LINES[5], "candidates": [LINES[5], LINES[6]], "right": 1})
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = retrieve("--candidates", tmp_path / "c.jsonl")
    assert found["queries"] == 4
    assert values(found) == [75, 87.5]  # the last one's right candidate comes second


def test_what_is_refused(retrieve, pairs, store, tmp_path: Path):
    retrieve(refused=("give either --pairs or --candidates",))
    retrieve("--pairs", pairs, "--plan", "lang/swh", refused=("--store", "folder of its modules"))
    retrieve("--pairs", pairs, "--margin", "cos", refused=("--margin", "'cos'", "cosine, csls, ratio"))
    retrieve("--pairs", pairs, "--plan", "lang/swa", "--store", store, refused=("lang/swa", "lang/swh"))
    route = "route(swh: lang/swh)"
    retrieve("--pairs", pairs, "--plan", route, "--store", store, refused=("of the language eng",))
    (tmp_path / "other.tsv").write_text("swh\tfra\nx\ty\n")
    retrieve("--pairs", tmp_path / "other.tsv", refused=("other.tsv:1", "of which one is eng"))
    (tmp_path / "one.tsv").write_text("swh\teng\nx\ty\nx\ty\n")
    retrieve("--pairs", tmp_path / "one.tsv", refused=("1 different pairs leave nothing to tell apart",))
