"""Stages, checkpoints and heads that were damaged: one line with the next step, or made again.

A new case is one line of a table: what stands in the file instead.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from support.tiny import tiny_base
from support.tiny_recipe import write_recipe

from xling.files import cache_dir
from xling.makers import mlm_head as heads
from xling.training.reporting import Log

DEEP = "[" * 100_000
COSTS = {"seconds": 1.0, "tokens": 1, "peak_rss_mb": 1.0}
RECORDS = ["[]", "5", "null", "{}", "", "\xff", DEEP, *(json.dumps({**COSTS, **odd}) for odd in (
    {"seconds": "x"}, {"tokens": []}, {"tokens": -1}, {"peak_rss_mb": None}, {"seconds": float("inf")},
))]  # fmt: skip


@pytest.fixture(scope="module")
def finished(bases, tmp_path_factory) -> Path:
    """A folder with a recipe; its runs are made by the first test."""
    root = tmp_path_factory.mktemp("finished")
    write_recipe(root / "exp", str(bases["bert"].folder), steps=2)
    return root


@pytest.fixture
def run(shell, finished, tmp_path):
    """Run the recipe again on a copy of what is finished, with one stage's file changed."""
    words = ("run", finished / "exp/tiny.yaml", "--data-root", finished / "exp/data", "--quiet", "--out")
    if not (finished / "runs").exists():
        assert shell(*words, finished / "runs").status == 0
    shutil.copytree(finished / "runs", tmp_path / "runs")

    def again(stage: str, name: str, content: bytes | None):
        folder = min((tmp_path / "runs/stages").glob(f"{stage}-*"))
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
        return folder, shell(*words, tmp_path / "runs")

    return again


@pytest.mark.parametrize("stage", ["lang-swh", "predict"])
@pytest.mark.parametrize("record", RECORDS, ids=lambda text: text[:30])
def test_a_record_of_other_values(run, stage, record):
    folder, ended = run(stage, "stage.json", record.encode("latin-1"))
    ended.refused("this stage's record is damaged", f"delete the folder {folder}")


ROWS = [b"", b"[5]\n", b"{}\n", b"\xff\n", b'{"id": "0", "ta', DEEP.encode()]


@pytest.mark.parametrize("content", ROWS, ids=lambda data: str(data[:20]))
def test_predictions_that_were_cut_short(run, content):
    folder, ended = run("predict", "predictions.jsonl", content)
    ended.refused("this stage's file is damaged", f"delete the folder {folder}")


@pytest.mark.parametrize("tags", [None, 5, [5, {}], [], "O"], ids=str)
def test_predictions_of_other_values(run, finished, tags):
    path = min((finished / "runs/stages").glob("predict-*")) / "predictions.jsonl"
    rows = [{"id": json.loads(line)["id"], "tags": tags} for line in path.read_text("utf-8").splitlines()]
    _, ended = run("predict", "predictions.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    ended.refused("predictions.jsonl: this stage's file is damaged")


LOGS = [b"5\n", b"\xff\n", b"[]\n", DEEP.encode() + b"\n", b'{"stage": "lang/swh", "step": 1e400}\n',
        b'{"stage": "lang/swh", "step": 1, "loss": 1, "tokens": "x"}\n']  # fmt: skip


@pytest.mark.parametrize("content", LOGS, ids=lambda data: str(data[:40]))
def test_a_log_of_other_values_is_passed_over(run, content):
    folder, ended = run("lang-swh", "log.jsonl", content)
    assert ended.status == 0, ended.err
    (folder / "weights.safetensors").unlink()
    _, ended = run("lang-swh", "log.jsonl", content)
    assert ended.status == 0, ended.err


@pytest.mark.parametrize("content", [b"", b"abc", b"\0" * 2000])
def test_a_module_that_was_cut_short(run, content):
    folder, ended = run("lang-swh", "weights.safetensors", content)
    ended.refused("this stage's module is damaged", f"delete the folder {folder}")


@pytest.mark.parametrize(
    ("stage", "name"), [("predict", "predictions.jsonl"), ("lang-swh", "weights.safetensors")]
)
def test_what_is_gone_is_made_again(run, stage, name):
    folder, ended = run(stage, name, None)
    assert ended.status == 0 and (folder / name).is_file(), ended.err


def facts(**odd: object):
    """A checkpoint's JSON with other values."""
    return lambda told, tensors: ({"progress": json.dumps({**json.loads(told["progress"]), **odd})}, tensors)


CHECKPOINTS = {
    **{str(odd)[:30]: facts(**odd) for odd in (
        {"step": "x"}, {"step": -5}, {"step": 10**9}, {"steps": None}, {"best_score": {}}, {"best_step": []},
        {"whose": []}, {"whose": 5},
    )},
    **{text[:5]: lambda told, tensors, text=text: ({"progress": text}, tensors)
       for text in ("[]", "5", "x", DEEP)},
    "no progress": lambda told, tensors: ({"a": "b"}, tensors),
}  # fmt: skip
OTHERS = {
    "other shapes": lambda told, tensors: (told, {name: torch.zeros(3) for name in tensors}),
    "whole numbers": lambda told, tensors: (told, {name: value.int() for name, value in tensors.items()}),
    "other names": lambda told, tensors: (told, {"x": torch.zeros(1)}),
}


@pytest.fixture
def go_on(shell, bert, text_file, tmp_path, monkeypatch):
    """Interrupt a training, change its checkpoints, and go on."""

    def interrupted(log, tick):
        if tick.step == 3:
            raise KeyboardInterrupt
        tick_as_before(log, tick)

    tick_as_before = Log.tick

    def again(change):
        words = ("train", "language", "--base", bert.folder, "--language", "swh", "--text", text_file,
                 "--quiet", "--set", "steps=4", "--set", "checkpoint_every=1",
                 "--out", tmp_path / "out")  # fmt: skip
        monkeypatch.setattr(Log, "tick", interrupted)
        shell(*words)
        monkeypatch.setattr(Log, "tick", tick_as_before)
        kept = list((tmp_path / "out/checkpoints").glob("step-*"))
        for path in kept:
            with safe_open(path, "pt") as file:
                told, tensors = change(dict(file.metadata()), load_file(path))
            save_file(tensors, path, metadata=told)
        assert kept
        return shell(*words)

    return again


@pytest.mark.parametrize("change", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_a_checkpoint_of_other_values_is_passed_over(go_on, change):
    ended = go_on(change)
    assert ended.status == 0, ended.err


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_a_checkpoint_of_another_module_is_refused(go_on, change):
    go_on(change).refused("this checkpoint is of another run; start over with --fresh")


def test_a_kept_head_that_is_damaged_is_made_again(tmp_path, monkeypatch):
    base = tiny_base("bert", tmp_path / "headless", head=False, seed=5)
    monkeypatch.setattr(heads.cldr, "languages", lambda: ["swh"])
    fitted = heads.mlm_head(base)
    (kept,) = cache_dir("heads", base.fingerprint.removeprefix("sha256:")[:16]).iterdir()
    whole = kept.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"abc"):
        kept.write_bytes(content)
        said: list[str] = []
        assert torch.equal(heads.mlm_head(base, said.append).bias, fitted.bias)
        assert said[0] == f"{kept} is damaged, and made again" and kept.read_bytes() == whole
