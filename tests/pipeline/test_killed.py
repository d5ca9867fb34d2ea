"""kill -9 in stages of every sort, also inside a checkpoint write: the same bytes in the end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from support.tiny_recipe import write_recipe

import xling.files
from xling.cli import main

STEPS, FEW = 24, 20


def run(words: Sequence[str], moment: str = "", stage: str = "-", number: int = 0) -> int | None:
    """Be the command line in a forked process; returns its exit status, or minus the signal that ended it."""
    process = multiprocessing.get_context("fork").Process(target=be, args=(words, moment, stage, number))
    process.start()
    process.join()
    return process.exitcode


def be(words: Sequence[str], moment: str, stage: str, number: int) -> None:
    """Run, and end before the n-th checkpoint of a stage gets its name (`inside`), or after it."""
    replace, seen = os.replace, 0

    def deadly(source: str | Path, target: str | Path) -> None:
        nonlocal seen
        hit = "step-" in str(target) and stage in str(target)
        seen += hit
        if hit and seen == number and moment == "inside":
            os.truncate(source, 1000)
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if hit and seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    xling.files.os.replace = deadly
    sys.argv = ["xling", *words]
    main()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_killed_five_times_and_still_the_same_bytes(bert, tmp_path: Path):
    recipe = write_recipe(tmp_path / "recipe", bert.id, steps=STEPS, checkpoint_every=5)
    small = {"size": 4, "source": 4, "reduction_factor": 4}
    own = {
        "hyper-x": {"options": small, "training": {"steps": FEW, "checkpoint_every": 5, "batch_tokens": 64}}
    }
    recipe.write_text(yaml.safe_dump({**yaml.safe_load(recipe.read_text()), "hypernetworks": own}))
    words = [
        "run",
        str(recipe),
        "--data-root",
        str(recipe.parent / "data"),
        "--quiet",
        "--threads",
        "1",
        "--out",
    ]
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    assert run([*words, str(undisturbed)]) == 0
    for moment, stage, number in (
        ("after", "lang-eng-", 2),
        ("inside", "lang-swh-", 3),
        ("after", "task-ner-alone-", 4),
        ("inside", "task-ner-", 1),
        ("inside", "hyper-hyper-x-", 3),
    ):
        assert run([*words, str(disturbed)], moment, stage, number) == -signal.SIGKILL
    assert run([*words, str(disturbed)]) == 0
    found = sorted(
        path.relative_to(undisturbed) for path in undisturbed.glob("tiny/modules/*/*/weights.safetensors")
    )
    assert len(found) == 5
    for path in found:
        assert (disturbed / path).read_bytes() == (undisturbed / path).read_bytes(), path
    logs = [(out / "tiny/log.jsonl").read_text().splitlines() for out in (undisturbed, disturbed)]
    assert len(logs[0]) == len(logs[1]) == 4 * STEPS + FEW
    assert not list(disturbed.rglob(".step-*"))
    assert not list(disturbed.rglob("step-*"))
