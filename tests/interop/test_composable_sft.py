"""composable-sft: its own files in, and files of strangers refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from support.foreign_cases import BASES, LABELS, TOLERANCE, computed, furthest, recorded_bases, unpacked

from xling.errors import InputError
from xling.modules.module import Module
from xling.store.formats.composable_sft import FILE, column_major, read, row_major
from xling.store.formats.format import ImportRequest

JOBS = {"language": None, "tagging": "tagging", "classification": "classification"}
FIRST = "bert.encoder.layer.0.output.dense.weight"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Base, batch and what composable-sft computed, by the base's name."""
    return recorded_bases("composable_sft", tmp_path_factory)


def command(base, source, out, *, task=None, labels=LABELS):
    said = ("--language", "swh") if task is None else ("--task", task, "--source-language", "eng")
    said += ("--labels", ",".join(labels)) if task and labels else ()
    return (
        "module",
        "import",
        source,
        "--format",
        "composable-sft",
        "--base",
        base.folder,
        "--out",
        out,
        *said,
    )


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("name", BASES)
def test_its_files_compute_here_what_they_compute_there(recorded, shell, tmp_path, name, job):
    base, batch, tensors = recorded[name]
    (tmp_path / FILE).write_bytes(unpacked(tensors[f"in/{job}/file"]))
    ended = shell(*command(base, tmp_path, tmp_path / "made", task=JOBS[job]))
    assert ended.status == 0, ended.err
    module = Module.load(tmp_path / "made")
    assert module.facts.labels == (() if job == "language" else LABELS)
    assert "import: composable-sft" in module.facts.recipe
    found = computed(base, module, batch, module.facts.task)
    assert furthest(found, tensors[f"in/{job}/output"]) < TOLERANCE
    plain = computed(base, Module((), module.facts), batch, None)
    assert job != "language" or furthest(plain, tensors[f"in/{job}/output"]) > 0.01


def test_linear_indices_run_the_other_way():
    """The example of the format: rows [0,1,0,0], [0,0,0,3], [2,0,0,0] have the indices 2, 3 and 10."""
    theirs = torch.tensor([2, 3, 10])
    assert row_major(theirs, (3, 4)).tolist() == [8, 1, 7]
    for shape in ((5,), (3, 4), (2, 3, 4)):
        every = torch.arange(int(np.prod(shape)))
        value = every.view(shape)
        assert torch.equal(value.permute(*reversed(range(value.ndim))).reshape(-1), row_major(every, shape))
        assert torch.equal(column_major(row_major(every, shape), shape), every)


def saved(folder, diffs, dense=None):
    torch.save({"diffs": diffs, "abs": dense or {}}, folder / FILE)
    return folder


def entry(steps, values, size=(16, 32)):
    return {"size": torch.Size(size), "index_steps": steps, "values": torch.as_tensor(values)}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (entry([0, 512], [1.0, 2.0]), "index 512 of .* is out of range: it has 512 entries"),
        (entry([500, 20], [1.0, 2.0]), "index 520 of .* is out of range"),
        (entry([2**70], [1.0]), "not ascending whole numbers below 512"),
        (entry([-1], [1.0]), "not ascending whole numbers"),
        (entry([3, 0], [1.0, 2.0]), "not ascending whole numbers"),
        (entry(["a"], [1.0]), "not ascending whole numbers"),
        (entry([0], [float("nan")]), "has values that are not finite"),
        (entry([0, 1], [1.0]), r"has 2 indices and values of \[1\]"),
        (entry([0], [1]), "is of the type torch.int64, not of floats"),
        (entry([0], [1.0], (16, 16)), r"is \[16, 16\], and here it must be \[16, 32\]"),
        ({**entry([0], [1.0]), "size": 7}, "is 7, and here it must be"),
        ({"values": 1}, "is not made of index_steps, size, values"),
        (7, "is not made of"),
    ],
)
def test_a_damaged_entry_is_refused(recorded, tmp_path, broken, words):
    with pytest.raises(InputError, match=words) as refused:
        read(saved(tmp_path, {FIRST: broken}), ImportRequest(recorded["bert"][0]))
    assert "\n" not in str(refused.value) and FILE in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "has neither 'diffs' nor 'abs'"),
        ([1], "has neither 'diffs' nor 'abs'"),
        ({"diffs": [1]}, "must go by parameter names"),
        ({"diffs": {}}, "changes no parameter of the encoder"),
        ({"diffs": {"bert.nowhere.weight": entry([0], [1.0])}}, "changes bert.nowhere.weight, which"),
        ({"diffs": {FIRST: entry([0], [1.0])}, "abs": {"lm_head.bias": torch.zeros(2)}},
         "has a head .lm_head.bias., and a language module has none; --without-head leaves it out"),
    ],
)  # fmt: skip
def test_what_is_no_language_module_is_refused(recorded, tmp_path, content, words):
    torch.save(content, tmp_path / FILE)
    with pytest.raises(InputError, match=words):
        read(tmp_path, ImportRequest(recorded["bert"][0]))


def test_a_head_is_left_out_when_that_is_said(recorded, tmp_path):
    saved(tmp_path, {FIRST: entry([np.int64(3), 1], [1.0, 2.0])}, {"lm_head.bias": torch.zeros(2)})
    found = read(tmp_path, ImportRequest(recorded["bert"][0], without_head=True))
    assert [part.config.kind for part in found.parts] == ["sparse"]


class Hostile:
    """What a pickle would run if anyone let it."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("layout", ["torch", "bare", "newer"])
def test_a_hostile_pickle_runs_nothing(recorded, shell, tmp_path, layout):
    base, trace = recorded["bert"][0], tmp_path / "trace"
    folder = tmp_path / "hostile"
    folder.mkdir()
    content = {"diffs": {FIRST: entry([0], [1.0])}, "abs": {"x": Hostile(trace)}}
    if layout == "torch":
        torch.save(content, folder / FILE)
    else:
        protocol = 2 if layout == "bare" else 4
        (folder / FILE).write_bytes(pickle.dumps({"diffs": Hostile(trace)}, protocol))
    shell(*command(base, folder, tmp_path / "made")).refused(
        FILE, "tensors alone", "damaged" if layout == "newer" else "it names io.open"
    )
    assert not trace.exists() and not (tmp_path / "made").exists()


@pytest.mark.parametrize("data", [b"", b"PK\3\4 no archive", b"\x80\x02", bytes(64)])
def test_a_damaged_file_is_refused(recorded, tmp_path, data):
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(InputError, match="not a file of tensors alone"):
        read(tmp_path, ImportRequest(recorded["bert"][0]))


def test_what_the_file_does_not_say_is_asked_for(recorded, shell, tmp_path):
    base, _, tensors = recorded["bert"]
    (tmp_path / FILE).write_bytes(unpacked(tensors["in/tagging/file"]))
    out = tmp_path / "made"
    start = ("module", "import", tmp_path, "--format", "composable-sft", "--out", out)
    shell(*start, "--language", "swh").refused("--base", "a foreign file does not fix its base")
    known = (*start, "--base", base.folder)
    shell(*known).refused("--language TAG, or --task NAME with --source-language TAG")
    shell(*known, "--task", "tagging").refused("--source-language", "which language")
    shell(*known, "--task", "parsing", "--source-language", "eng").refused(
        "--task", "no head for parsing", "choose from tagging, pos"
    )
    shell(*known, "--language", "xq").refused("no language has the tag 'xq'")
    task = (*known, "--task", "tagging", "--source-language", "eng")
    shell(*task).refused("--labels", "do not name the 3 labels of the head")
    shell(*task, "--labels", "O,X").refused("--labels", "2 labels (O, X) for a head of 3 outputs")
    shell(*task, "--labels", "O,X,X").refused("--labels", "for a head of 3 outputs")
    shell(*known, "--language", "swh").refused("classifier.bias", "--without-head")
    shell(*known[:3], "--format", "onnx", *known[5:], "--language", "swh").refused(
        "--format", "composable-sft"
    )
    shell(*known[:2], tmp_path / "nowhere", *known[3:], "--language", "swh").refused("no such folder")
    assert not out.exists()
