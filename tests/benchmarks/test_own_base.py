"""A base that is made by MLM alone: what it learns from, and that every command can open it."""

from __future__ import annotations

import json

import own_base
import pytest
from ledger import read_ledger
from support.tiny import TEXTS

from xling.bases.base import load_base

LINES = {tag: [f"{text} {number}" for number in range(60) for text in TEXTS] for tag in ("eng", "swh", "kin")}


def made(monkeypatch, folder, base: str, *more: str) -> dict:
    """The last row of the ledger after a base was made."""
    words = ["--base", base, "--out", str(folder / "base"), "--results", str(folder / "results.jsonl"), *more]
    monkeypatch.setattr("sys.argv", ["own_base.py", "--leave-out", "kin", "--batch-tokens", "64", *words])
    monkeypatch.setattr(own_base, "texts_of", lambda options: LINES)
    own_base.main()
    return read_ledger(folder / "results.jsonl")[-1]


@pytest.mark.parametrize(
    ("sizes", "layers", "encoder"),
    [
        (["--layers", "1", "--width", "64", "--size", "45"], 1, "1 x 64, new"),
        (["--keep", "1"], 1, "the base's lowest 1, trained on"),
        ([], 2, "the base's, trained on"),
    ],
)
def test_a_base_with_an_mlm_head_of_its_own_is_made(sizes, layers, encoder, bert, tmp_path, monkeypatch):
    row = made(monkeypatch, tmp_path, bert.id, *sizes, "--steps", "3")
    base = load_base(str(tmp_path / "base"))
    assert base.mlm_head is not None
    assert base.encoder.config.num_hidden_layers == layers and row["encoder"] == encoder
    assert set(row["bits a character"]) == set(LINES) and min(row["bits a character"].values()) > 0


def test_what_was_learned_before_is_gone_on_with(bert, tmp_path, monkeypatch):
    once = made(monkeypatch, tmp_path, bert.id, "--steps", "3")
    log = (tmp_path / "base" / "log.jsonl").read_text()
    assert [json.loads(line)["step"] for line in log.splitlines()] == [1, 2, 3]
    again = made(monkeypatch, tmp_path, bert.id, "--steps", "3")
    assert again["bits a character"] == once["bits a character"]


def test_english_has_the_share_that_is_asked_for():
    texts = {"eng": ["a", "b", "c"], "swh": [str(number) for number in range(70)], "kin": ["x"] * 70}
    lines = own_base.mixed(texts, 0.3, 0.3, seed=0)
    english = [line for line in lines if line in texts["eng"]]
    assert len(english) == pytest.approx(0.3 * len(lines), abs=1)
    assert max(map(english.count, "abc")) - min(map(english.count, "abc")) <= 1
