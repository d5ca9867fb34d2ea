"""Bases that are not whole, or not what they say: one line, and nothing of them runs."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from xling.bases.opening import load_base
from xling.errors import InputError

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer_config.json"
QUERY = {
    "bert": "bert.encoder.layer.0.attention.self.query.weight",
    "roberta": "roberta.encoder.layer.0.attention.self.query.weight",
    "distilbert": "distilbert.transformer.layer.0.attention.q_lin.weight",
    "modernbert": "model.layers.0.attn.Wqkv.weight",
}
HEAD = {
    "bert": "cls.predictions.transform.dense.weight",
    "roberta": "lm_head.dense.weight",
    "distilbert": "vocab_transform.weight",
    "modernbert": "head.dense.weight",
}


@pytest.fixture
def folder(base, tmp_path) -> Path:
    """A folder of each family that may be changed."""
    return copied(base, tmp_path)


@pytest.fixture
def bert_folder(bert, tmp_path) -> Path:
    return copied(bert, tmp_path)


def copied(base, tmp_path) -> Path:
    return Path(shutil.copytree(base.folder, tmp_path / "base"))


def change_json(folder: Path, name: str, **values) -> None:
    """Some keys of a JSON file set; taken out where the value is None."""
    found = {**json.loads((folder / name).read_text("utf-8")), **values}
    kept = {key: value for key, value in found.items() if value is not None}
    (folder / name).write_text(json.dumps(kept), encoding="utf-8")


def change_weights(folder: Path, *, without=(), **values) -> None:
    """Some tensors left out or set."""
    tensors = {name: value for name, value in load_file(folder / WEIGHTS).items() if name not in without}
    save_file({**tensors, **values}, folder / WEIGHTS, metadata={"format": "pt"})


def refused(folder: Path, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        load_base(folder)
    assert len(str(caught.value).splitlines()) == 1
    assert "--base" in str(caught.value)


# Code of strangers

CODE = "import pathlib\npathlib.Path({path!r}).touch()\n"


@pytest.mark.parametrize("model_type", ["strange", "bert"])
def test_code_is_neither_run_nor_asked_about(bert_folder, tmp_path, monkeypatch, model_type):
    own = {"AutoConfig": "own.Own", "AutoModel": "own.Model", "AutoModelForMaskedLM": "own.Model"}
    change_json(bert_folder, CONFIG, model_type=model_type, auto_map=own)
    (bert_folder / "own.py").write_text(CODE.format(path=str(tmp_path / "ran")), encoding="utf-8")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda *words: pytest.fail(f"asked {words}"))
    if model_type == "strange":
        refused(bert_folder, "no encoder family serves model_type 'strange'; choose from bert, .*xlm-roberta")
    else:
        assert load_base(bert_folder).family.name == "bert"
    assert not (tmp_path / "ran").exists()


def test_an_unknown_architecture_is_told_before_its_weights_are_missed(bert_folder):
    (bert_folder / WEIGHTS).unlink()
    change_json(bert_folder, CONFIG, model_type="gpt2")
    refused(bert_folder, "no encoder family serves model_type 'gpt2'")


def test_a_tokenizer_file_of_nonsense(bert_folder):
    (bert_folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    refused(bert_folder, "cannot open the base .*base': the tokenizer: ")
