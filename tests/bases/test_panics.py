"""A tokenizer of a stranger that makes its library panic is refused in one line, before it is used."""

from __future__ import annotations

import json
import shutil

import pytest
from support.making import own_vocabulary
from tokenizers import Tokenizer

from xling.bases.base import load_base
from xling.bases.panics import panics_as_errors
from xling.bases.tokenizers import read_tokenizer_json
from xling.errors import InputError
from xling.jobs.verifying import verify_module
from xling.modules.vocabulary import pack
from xling.store.store import Store

WITHOUT_MAP = {"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""}}
UNKNOWN_PIECE = {
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[X]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {},
    }
}
HOSTILE = pytest.mark.parametrize("change", [WITHOUT_MAP, UNKNOWN_PIECE], ids=["when read", "when it reads"])


def hostile(described: str, change: dict) -> str:
    return json.dumps({**json.loads(described), **change})


@HOSTILE
def test_it_is_refused_and_nothing_else_is_written(bert, change, capfd):
    described = hostile(bert.tokenizer.backend_tokenizer.to_str(), change)
    with pytest.raises(InputError, match=r"a\.json: the vocabulary's tokenizer cannot be used: ") as told:
        read_tokenizer_json(described, where="a.json")
    assert str(told.value).count("\n") == 0
    assert capfd.readouterr().err == ""


@HOSTILE
def test_a_base_with_it_cannot_be_opened(bert, change, tmp_path, capfd):
    shutil.copytree(bert.id, tmp_path / "base")
    path = tmp_path / "base/tokenizer.json"
    path.write_text(hostile(path.read_text("utf-8"), change), "utf-8")
    with pytest.raises(InputError, match="cannot open the base .*: the tokenizer: "):
        load_base(str(tmp_path / "base"))
    assert "panicked" not in capfd.readouterr().err


@HOSTILE
def test_a_module_with_it_does_not_verify(bert, change, tmp_path):
    store, module = Store(tmp_path), own_vocabulary(bert, seed=0)
    (part,) = (part for part in module.parts if part.config.kind == "vocabulary")
    store.add("lang/nqo", module)
    assert verify_module(tmp_path, "lang/nqo", None)["state"] == "ok"
    part.network.tokenizer = pack(hostile(part.network.tokenizer_json(), change))
    store.add("lang/other", module)
    with pytest.raises(InputError, match="tokenizer cannot be used"):
        verify_module(tmp_path, "lang/other", None)


def test_other_errors_pass_and_stderr_is_open_again(bert, capfd):
    with pytest.raises(KeyError), panics_as_errors():
        raise KeyError("x")
    with pytest.raises(RuntimeError, match="charsmap"), panics_as_errors():
        Tokenizer.from_str(hostile(bert.tokenizer.backend_tokenizer.to_str(), WITHOUT_MAP))
    print("open", file=open(2, "w", closefd=False))
    assert capfd.readouterr().err == "open\n"
