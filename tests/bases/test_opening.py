"""Bases that are not whole, or not what they say: one line, and nothing of them runs."""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.tiny import WORDS, tiny_base
from support.writing import conll

from xling.bases.base import load_base
from xling.bases.tied_head import fit_tied_head
from xling.data import cldr
from xling.errors import InputError
from xling.makers import mlm_head as mlm_heads
from xling.tasks.word_rows import word_rows

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


# Weights that are not all there


def test_missing_tensors_are_named(base, folder):
    change_weights(folder, without=[QUERY[base.family.name]])
    refused(folder, f"lack {QUERY[base.family.name]}; get its files again")


def test_a_head_that_is_promised_must_be_there(base, folder):
    change_weights(folder, without=[HEAD[base.family.name]])
    refused(folder, f"lack {HEAD[base.family.name]}; ")


def test_many_missing_tensors_are_counted(bert_folder):
    save_file({"x": torch.zeros(2)}, bert_folder / WEIGHTS, metadata={"format": "pt"})
    refused(bert_folder, r"lack .*, .*, .* and \d+ more; ")


def test_a_headless_base_needs_its_encoder_alone(tmp_path):
    base = tiny_base("bert", tmp_path / "whole", head=False)
    assert base.mlm_head is None
    change_weights(tmp_path / "whole", without=["encoder.layer.1.output.dense.bias"])
    refused(tmp_path / "whole", r"lack encoder\.layer\.1\.output\.dense\.bias; ")


def test_tied_tensors_and_other_libraries_heads_may_be_missing(base, folder):
    assert (
        not {"cls.predictions.decoder.weight", "lm_head.decoder.weight"} & load_file(folder / WEIGHTS).keys()
    )
    change_weights(folder, **{"classifier.weight": torch.zeros(2, 2), "pooler.dense.bias": torch.zeros(2)})
    assert load_base(folder).fingerprint == base.fingerprint


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite(base, folder, value):
    tensor = load_file(folder / WEIGHTS)[QUERY[base.family.name]].clone()
    tensor[1, 2] = value
    change_weights(folder, **{QUERY[base.family.name]: tensor})
    refused(folder, f"have values that are not finite in {QUERY[base.family.name]}; ")


def test_a_head_s_values_must_be_finite_too(base, folder):
    tensor = load_file(folder / WEIGHTS)[HEAD[base.family.name]].clone()
    tensor[0, 0] = float("nan")
    change_weights(folder, **{HEAD[base.family.name]: tensor})
    refused(folder, f"not finite in {HEAD[base.family.name]}; ")


def test_sizes_that_are_not_the_weights(bert_folder):
    change_json(bert_folder, CONFIG, vocab_size=500)
    refused(
        bert_folder, "do not have the shape that config.json says for .*word_embeddings.weight.*; take the"
    )


def test_files_that_cannot_be_read(bert, bert_folder):
    whole = (bert_folder / WEIGHTS).read_bytes()
    (bert_folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    refused(bert_folder, "cannot open the base .*base': the model: model.safetensors is damaged or cut short")
    (bert_folder / WEIGHTS).unlink()
    refused(bert_folder, "cannot open the base .*base': the model: there is no file named model.safetensors")
    torch.save(load_file(bert.folder / WEIGHTS), bert_folder / "pytorch_model.bin")
    assert load_base(bert_folder).fingerprint == bert.fingerprint


class _Runs:
    """What a pickle may do when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_is_not_run(bert_folder, tmp_path):
    (bert_folder / WEIGHTS).unlink()
    (bert_folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Runs(tmp_path / "ran"), protocol=4))
    refused(bert_folder, "cannot open the base .*base': the model: its weights are a pickle with more in it")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "hidden_size",
            "many",
            "in config.json of the base .*, hidden_size is many, no whole number above 0",
        ),
        ("num_attention_heads", 0, "num_attention_heads is 0, no whole number above 0; take the config.json"),
        ("architectures", 5, "architectures is 5, no list of names"),
        ("hidden_act", "no such", r"cannot open the base .*: config.json: a value in it .*\('no such'\)"),
    ],
)
def test_a_configuration_of_nonsense(bert_folder, key, value, said):
    change_json(bert_folder, CONFIG, **{key: value})
    refused(bert_folder, said)


# Tokenizers


@pytest.mark.parametrize("role", ["cls", "sep", "pad"])
def test_roles_that_rows_need(bert_folder, role):
    change_json(bert_folder, TOKENIZER, **{f"{role}_token": None})
    refused(bert_folder, f"names no {role}_token; write its piece into tokenizer_config.json")


def test_more_pieces_than_rows(bert_folder):
    change_json(bert_folder, CONFIG, vocab_size=40)
    small = {
        name: value[:40]
        for name, value in load_file(bert_folder / WEIGHTS).items()
        if "word_embeddings" in name or name.startswith("cls.predictions") and name.endswith("s.bias")
    }
    change_weights(bert_folder, **small)
    refused(bert_folder, "numbers its pieces up to 46, but its table has 40 rows; take the tokenizer")


def test_a_mask_is_needed_for_masked_language_modelling_alone(shell, bert_folder, text_file, tmp_path):
    change_json(bert_folder, TOKENIZER, mask_token=None)
    ended = shell(
        *(
            "train",
            "task",
            "--base",
            bert_folder,
            "--task",
            "tagging",
            "--train",
            conll(tmp_path),
            "--kind",
            "lora",
        ),
        *("--source-language", "swh", "--set", "steps=1", "--out", tmp_path / "task", "--quiet"),
    )
    assert ended.status == 0, ended.err
    out = tmp_path / "language"
    ended = shell(
        *("train", "language", "--base", bert_folder, "--language", "swh", "--text", text_file),
        *("--kind", "madx", "--out", out, "--quiet"),
    )
    ended.refused("names no mask_token, which masked language modelling needs")
    assert not out.exists()


def test_a_word_of_no_piece_without_an_unknown_one(bert_folder):
    change_json(bert_folder, TOKENIZER, unk_token=None)
    tokenizer = load_base(bert_folder).tokenizer
    (row,) = word_rows([[WORDS[0], "\u0000", WORDS[1]]], [[0, 0, 0]], tokenizer, 64)
    assert len(row.at) == 3
    assert None not in row.ids


# Positions


def test_positions_that_are_counted_from_the_padding(bases, tmp_path):
    folder = copied(bases["roberta"], tmp_path)
    change_json(folder, CONFIG, max_position_embeddings=4)
    change_weights(folder, **{"roberta.embeddings.position_embeddings.weight": torch.zeros(4, 16)})
    refused(folder, "has positions for 2 pieces in a row")
    assert bases["roberta"].max_length == 64


def test_a_head_is_fitted_to_a_base_with_short_rows(tmp_path, monkeypatch):
    base = tiny_base("bert", tmp_path, head=False)
    monkeypatch.setattr(mlm_heads, "fit_tied_head", partial(fit_tied_head, steps=2))
    monkeypatch.setattr(cldr, "languages", lambda: ["swh"])
    monkeypatch.setattr(cldr, "text", lambda language, split, count, seed: [" ".join(WORDS * 9)] * 20)
    assert base.max_length == 64 < 96
    assert mlm_heads.mlm_head(base).bias.shape == (len(base.embeddings),)


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
