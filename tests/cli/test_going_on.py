"""`--init`: a module goes on as what it is, and options that would say otherwise are refused."""

from __future__ import annotations

import pytest
from support.writing import table

from xling.modules.module import Module

LANGUAGE = ("language", "--language", "swh", "--text")
TASK = ("task", "--task", "classification", "--source-language", "eng", "--train")


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (TASK, ("--kind", "lora"), "--kind lora"),
        (TASK, ("--layers", "fim:1"), "--layers fim:1"),
        (TASK, ("--set", "parts.leave_out=[0]"), "--set parts.leave_out=[0]"),
        (TASK, ("--set", "parts={rank: 2}"), "--set parts={rank: 2}"),
        (LANGUAGE, ("--kind", "bottleneck"), "--kind bottleneck"),
        (LANGUAGE, ("--set", "steps=1", "--set", "parts.rank=2"), "--set parts.rank=2"),
    ],
)
def test_what_a_module_is_cannot_be_said_anew(shell, text_file, tmp_path, words, more, said):
    data = table(tmp_path) if words is TASK else text_file
    ended = shell(
        "train", *words, data, "--base", "nowhere", "--init", "nowhere", "--out", tmp_path / "out", *more
    )
    ended.refused(
        "--init", "the kind and in the layers that it has", f"{said} says nothing", f"leave out {said}"
    )
    assert not (tmp_path / "out").exists()


def test_a_task_module_goes_on_as_the_kind_and_in_the_layers_that_it_has(shell, bert, tmp_path):
    told = ("train", *TASK, table(tmp_path), "--base", bert.id, "--set", "steps=2", "--quiet")
    first, then = tmp_path / "task/a", tmp_path / "task/b"
    assert shell(*told, "--kind", "lora", "--layers", "fim:1", "--out", first).status == 0
    assert shell(*told, "--init", first, "--out", then).status == 0
    before, after = Module.load(first), Module.load(then)
    assert [part.config for part in after.parts] == [part.config for part in before.parts]
    assert len(before.parts[0].config.leave_out) == bert.shape.layers - 1


def test_a_fusion_goes_on_without_its_kind(shell, bert, tmp_path):
    told = ("train", *TASK, table(tmp_path), "--base", bert.id, "--set", "steps=2", "--quiet")
    for name in "ab":
        assert shell(*told, "--out", tmp_path / "task" / name).status == 0
    told = (*told, "--plan", "fuse(task/a, task/b; new)", "--store", tmp_path)
    assert shell(*told, "--kind", "fusion", "--out", tmp_path / "fusion/a").status == 0
    assert shell(*told, "--init", tmp_path / "fusion/a", "--out", tmp_path / "fusion/b").status == 0
    assert Module.load(tmp_path / "fusion/b").parts[0].config.kind == "fusion"
