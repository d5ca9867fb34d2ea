"""Bases of strangers: refused in one line, before anything of a claimed size is built; no code runs.

A new case is one line of a table: what is changed in an honest tiny base, and words of the refusal.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import re
import resource
import shutil
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from support.making import disturbed

from xling.bases.base import load_base
from xling.errors import InputError

CONFIG, WEIGHTS, PICKLE = "config.json", "model.safetensors", "pytorch_model.bin"
TOKENIZER, INDEX = "tokenizer_config.json", "model.safetensors.index.json"
NAME_OF_AN_ERROR = re.compile(r"[a-z](Error|Exception)\b")
DEEP = "[" * 100_000
NO_NUMBER, NO_LIST = "no whole number above 0; take the config.json they came with", "no list of the files"
BILLION = 10**9
OWN_NAMES = {
    ("distilbert", "num_hidden_layers"): "n_layers",
    ("distilbert", "intermediate_size"): "hidden_dim",
}

# (key of config.json, value, words)
NUMBERS = [
    ("num_hidden_layers", BILLION, "num_hidden_layers is 1000000000, and its weights have 2 layers"),
    ("vocab_size", BILLION, "do not have the shape that config.json says for"),
    ("hidden_size", BILLION, "do not have the shape that config.json says for"),
    ("max_position_embeddings", BILLION, "do not have the shape that config.json says for"),
    ("intermediate_size", BILLION, "a model of 66,"),
    ("type_vocab_size", BILLION, "a model of 16,"),
    ("num_attention_heads", 3, "3 attention heads do not divide 16 hidden values"),
    *[("num_hidden_layers", value, NO_NUMBER) for value in (0, -1, "12", 2.5, None, True, [], {})],
    *[(key, value, NO_NUMBER) for key in ("vocab_size", "hidden_size", "num_attention_heads")
      for value in (0, "x")],
    *[("architectures", value, "no list of names") for value in (5, "BertModel", [5])],
    ("hidden_act", "no such", "cannot be used ('no such')"),
    ("hidden_dropout_prob", "x", "cannot open the base"),
    ("quantization_config", {"quant_method": "own"}, "are quantized"),
    ("model_type", "gpt2", "no encoder family serves model_type 'gpt2'"),
    ("model_type", ["bert"], "no encoder family serves model_type ['bert']"),
]  # fmt: skip


def text(name: str, content: str | bytes) -> Callable[[Path], object]:
    """A file replaced by this content."""
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(data)


def instead(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """A file replaced by what a function makes in its place."""
    return lambda folder: ((folder / name).unlink(), make(folder / name))


def parts(index: object) -> Callable[[Path], object]:
    """The weights replaced by a list of files."""
    return lambda folder: ((folder / WEIGHTS).unlink(), (folder / INDEX).write_text(json.dumps(index)))


def pickled(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """The weights replaced by a pickle."""
    return lambda folder: ((folder / WEIGHTS).unlink(), make(folder / PICKLE))


def changed(folder: Path, name: str, **values: object) -> None:
    """Values of a JSON file set."""
    whole = json.loads((folder / name).read_text("utf-8"))
    (folder / name).write_text(json.dumps({**whole, **values}), encoding="utf-8")


def squeezed(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/data.pkl", b"0" * 10**7)


def many_layers(folder: Path) -> None:
    """As many layers as the configuration says, all of them empty."""
    tensors = load_file(folder / WEIGHTS)
    empty = {f"bert.encoder.layer.{number}.x": torch.zeros(0) for number in range(9000)}
    save_file({**tensors, **empty}, folder / WEIGHTS, metadata={"format": "pt"})
    changed(folder, CONFIG, num_hidden_layers=9000)


FILES = [
    *[("no object", text(CONFIG, content), "config.json: ")
      for content in ("[]", "", "5", "{", b"\xff", DEEP)],
    ("no config", lambda folder: (folder / CONFIG).unlink(), "is not there, or names no model_type"),
    ("huge config", text(CONFIG, "{" + " " * 2**24 + "}"), "larger than 16,777,216 bytes"),
    *[("a pipe", instead(name, os.mkfifo), "no regular file")
      for name in (CONFIG, WEIGHTS, "tokenizer.json")],
    ("a device", instead(CONFIG, lambda path: path.symlink_to("/dev/zero")), "no regular file"),
    ("short weights", lambda folder: os.truncate(folder / WEIGHTS, 9000), "damaged or cut short"),
    *[("no weights", text(WEIGHTS, content), "model.safetensors") for content in (b"", b"abc", b"\0" * 100)],
    ("huge head", text(WEIGHTS, struct.pack("<Q", 2**62) + b"{}"), "the head of model.safetensors claims"),
    ("long head", text(WEIGHTS, struct.pack("<Q", 9**7) + b"{" + b" " * 9**7), "2,097,152 are the most"),
    ("many empty layers", many_layers, "num_hidden_layers is 9000"),
    *[("parts", parts(index), NO_LIST) for index in ([], {}, {"weight_map": 5}, {"weight_map": {"a": 5}},
                                                     {"weight_map": {"a": "../other/model.safetensors"}})],
    ("parts that are not there", parts({"weight_map": {"a": "b.safetensors"}}), "cannot open the base"),
    ("a pickle of a path", pickled(lambda path: path.write_bytes(pickle.dumps(Path()))), "is not run"),
    ("a pickle of nothing", pickled(lambda path: path.write_bytes(b"")), "cannot open the base"),
    ("a compressed pickle", pickled(squeezed), "is compressed, as no weights are"),
    ("a pickled list", pickled(lambda path: torch.save([1], path)), "cannot open the base"),
    *[("tokenizer", text("tokenizer.json", content), "the tokenizer: ")
      for content in ("{}", "[]", "", DEEP)],
    *[("tokenizer config", text(TOKENIZER, content), "the tokenizer: ") for content in ("[]", "5", DEEP)],
    *[("a role", partial(changed, name=TOKENIZER, **{f"{role}_token": 5}), "the tokenizer: ")
      for role in ("cls", "sep", "pad", "unk", "mask")],
]  # fmt: skip


@pytest.fixture
def folder(bert, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert.folder, tmp_path / "base"))


@pytest.fixture(autouse=True)
def _little_memory():
    """A tiny base costs no gigabytes: what would take them ends here, and not the machine."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def refused(folder: Path, words: str) -> None:
    """One line with these words, and no name of an error of Python."""
    with pytest.raises(InputError) as caught:
        load_base(folder)
    told = str(caught.value)
    assert words in told and len(told.splitlines()) == 1
    assert not NAME_OF_AN_ERROR.search(told)


@pytest.mark.parametrize(("key", "value", "words"), NUMBERS)
def test_a_value_of_a_configuration(folder, key, value, words):
    changed(folder, CONFIG, **{key: value})
    refused(folder, words)


@pytest.mark.parametrize(("change", "words"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_a_file_of_a_base(folder, change, words):
    change(folder)
    refused(folder, words)


@pytest.mark.parametrize(
    "key", ["num_hidden_layers", "vocab_size", "max_position_embeddings", "intermediate_size"]
)
def test_sizes_in_every_family(base, tmp_path, key):
    """By the family's own names; ModernBERT has no table of positions, and they cost nothing."""
    family = base.family.name
    own = OWN_NAMES.get((family, key), key)
    folder = Path(shutil.copytree(base.folder, tmp_path / "base"))
    changed(folder, CONFIG, **{str(own): BILLION})
    if (family, key) == ("modernbert", "max_position_embeddings"):
        assert load_base(folder).max_length == 512
    else:
        refused(folder, "take the config.json they came with")


OWN = {name: f"own.{name}" for name in ("AutoConfig", "AutoModel", "AutoModelForMaskedLM")}
CODE = {  # what may lead to code: (file, its values)
    "a model of its own": (CONFIG, {"model_type": "strange", "auto_map": OWN}),
    "a model that is known": (CONFIG, {"auto_map": OWN, "trust_remote_code": True}),
    "no model type": (CONFIG, {"model_type": None, "auto_map": OWN}),
    "a tokenizer": (TOKENIZER, {"auto_map": {"AutoTokenizer": ["own.Own", None]}, "tokenizer_class": "Own"}),
    "a kernel": (CONFIG, {"attn_implementation": "own/kernel", "_attn_implementation": "own/kernel"}),
    "an adapter": ("adapter_config.json", {"base_model_name_or_path": "own", "auto_mapping": OWN}),
}  # fmt: skip


@pytest.mark.parametrize(("name", "values"), CODE.values(), ids=CODE)
def test_no_code_of_a_base_runs_or_is_asked_about(folder, tmp_path, monkeypatch, name, values):
    (folder / name).touch()
    (folder / name).write_text((folder / name).read_text() or "{}")
    changed(folder, name, **values)
    (folder / "own.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda *words: pytest.fail(f"asked {words}"))
    if values.get("model_type", "bert") == "bert":
        with suppress(InputError):  # older transformers refuse a tokenizer's class that they do not know
            assert load_base(folder).family.name == "bert"
    else:
        refused(folder, "")
    assert not (tmp_path / "ran").exists()


def test_a_module_that_names_a_base_leads_to_no_code(shell, bert, folder, tmp_path, monkeypatch):
    """`module export` opens the base that a module names."""
    module = disturbed(bert, "bottleneck", std=0.01, seed=1).with_facts(base=str(folder))
    module.save(tmp_path / "modules/lang/swh")
    changed(folder, CONFIG, model_type="strange", auto_map=OWN)
    (folder / "own.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    importlib.import_module("xling.cli.app")  # Typer keeps the function that it finds
    monkeypatch.setattr("builtins.input", lambda *words: pytest.fail(f"asked {words}"))
    ended = shell("module", "export", "lang/swh", "--store", tmp_path / "modules", "--format", "adapterhub",
                  "--out", tmp_path / "out")  # fmt: skip
    assert ended.status == 2 and not (tmp_path / "ran").exists(), ended.err


plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_of_a_configuration_is_taken_or_refused(bert, folder, data):
    shutil.copy(bert.folder / CONFIG, folder / CONFIG)
    keys = sorted(json.loads((folder / CONFIG).read_text("utf-8")))
    changed(
        folder, CONFIG, **data.draw(st.dictionaries(st.sampled_from(keys), plain, min_size=1, max_size=2))
    )
    try:
        load_base(folder)
    except InputError as error:
        assert len(str(error).splitlines()) == 1 and not NAME_OF_AN_ERROR.search(str(error))
