"""Centres are made from text of the language and of the source, from files or in memory."""

from __future__ import annotations

import json

import pytest
import torch
from support.tiny import TEXTS

import xling
from xling.composition.composed import Composition
from xling.errors import InputError
from xling.modules.module import Module
from xling.sites import NO_ROWS
from xling.training.alignment import sentence_vectors

OWN, SOURCE = TEXTS[:4], TEXTS[3:9]


def vectors(base, lines):
    return sentence_vectors(Composition(base), base.tokenizer(list(lines))["input_ids"])


def test_the_pooled_states_get_the_mean_and_the_deviation_of_the_source(base):
    module = xling.centre_language(base, OWN, SOURCE, language="swh")
    own, source = vectors(base, OWN), vectors(base, SOURCE)
    moved = module.networks[0].pooled(own, NO_ROWS)
    assert torch.allclose(moved.mean(0), source.mean(0), atol=1e-4)
    assert torch.allclose(moved.std(0), source.std(0), atol=1e-4)
    assert module.scores["lines"] == len(OWN) and module.scores["distance"] > 0
    assert (module.facts.language, module.facts.precision) == ("swh", None)


def test_the_centre_of_the_source_is_the_identity_bit_for_bit(bert):
    module = xling.centre_language(bert, SOURCE, SOURCE, language="eng")
    states = vectors(bert, OWN)
    assert torch.equal(module.networks[0].pooled(states, NO_ROWS), states)
    assert module.scores["distance"] == 0


def test_a_centre_of_the_same_source_gives_its_statistics(bert):
    english = xling.centre_language(bert, SOURCE, SOURCE, language="eng")
    one = xling.centre_language(bert, OWN, SOURCE, language="swh")
    two = xling.centre_language(bert, OWN, language="swh", init=english)
    assert all(torch.equal(value, two.tensors()[name]) for name, value in one.tensors().items())


def test_repeated_lines_count_once(bert):
    one, two = (xling.centre_language(bert, texts, SOURCE, language="swh") for texts in (OWN, OWN * 3))
    assert all(torch.equal(value, two.tensors()[name]) for name, value in one.tensors().items())


def test_too_little_text_is_refused(bert):
    with pytest.raises(InputError, match=r"--text: 1 different lines have no deviation"):
        xling.centre_language(bert, [OWN[0]] * 3, SOURCE, language="swh")
    with pytest.raises(InputError, match=r"--source-text: 0 different lines"):
        xling.centre_language(bert, OWN, language="swh")
    madx = xling.train_language(
        bert, TEXTS, language="swh", kind="lora", settings=xling.TrainingSettings(steps=1)
    )
    with pytest.raises(InputError, match="--init: this module is no centre"):
        xling.centre_language(bert, OWN, language="swh", init=madx)


def test_from_files_and_again_is_kept(shell, bases, tmp_path):
    files = {"own": OWN, "source": SOURCE}
    for name, lines in files.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = str(bases["bert"].folder)
    told = ["train", "language", "--base", folder, "--language", "swh", "--kind", "centre", "--json"]
    told += ["--text", str(tmp_path / "own.txt"), "--out", str(tmp_path / "centre/swh")]
    source = ["--source-text", str(tmp_path / "source.txt")]
    made = json.loads(shell(*told, *source).out)
    assert made["lines"] == len(OWN)
    one = Module.load(tmp_path / "centre/swh").tensors()
    two = xling.centre_language(bases["bert"], OWN, SOURCE, language="swh").tensors()
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    shell(*told, *source, "--set", "max_length=64").refused("max_length was 128, now 64")


def test_what_trains_refuses_a_centre_and_what_reads_no_source_its_text(bert, shell, text_file, tmp_path):
    with pytest.raises(InputError, match="centre is computed from text, so this training cannot change it"):
        xling.train_language(bert, TEXTS, language="swh", kind="centre")
    rows = [xling.LabelledText(text=text, label="a", id="1", language="eng") for text in OWN]
    with pytest.raises(InputError, match="centre is computed from text"):
        xling.train_task(bert, rows, task="classification", kind="centre")
    told = ["train", "language", "--base", str(bert.folder), "--language", "swh", "--text", str(text_file)]
    ended = shell(*told, "--source-text", text_file, "--out", tmp_path / "m")
    ended.refused("--source-text: madx reads no text of the source")
