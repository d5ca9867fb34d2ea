"""kill -9 in stages of every sort, also inside a checkpoint write: the same bytes in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.tiny_recipe import write_recipe

STEPS, FEW = 24, 20
# how the process ends itself: before the n-th checkpoint of a stage gets its name, or after it
ASSASSIN = """
import os, signal, sys
import xling.files
replace, moment, stage, number = os.replace, {moment!r}, {stage!r}, {number}
seen = 0
def deadly(source, target):
    global seen
    hit = "step-" in str(target) and stage in str(target)
    seen += hit
    if hit and seen == number and moment == "inside":
        with open(source, "r+b") as file:
            file.truncate(1000)
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
    if hit and seen == number:
        os.kill(os.getpid(), signal.SIGKILL)
xling.files.os.replace = deadly
sys.argv = ["xling", *{words!r}]
from xling.cli import main
main()
"""


def xling(words: list[str], moment: str = "", stage: str = "-", number: int = 0) -> int:
    code = ASSASSIN.format(moment=moment, stage=stage, number=number, words=words)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode


@pytest.mark.skipif(os.name != "posix", reason="signals")
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
    assert xling([*words, str(undisturbed)]) == 0
    for moment, stage, number in (
        ("after", "lang-eng-", 2),
        ("inside", "lang-swh-", 3),
        ("after", "task-ner-alone-", 4),
        ("inside", "task-ner-", 1),
        ("inside", "hyper-hyper-x-", 3),
    ):
        assert xling([*words, str(disturbed)], moment, stage, number) == -signal.SIGKILL
    assert xling([*words, str(disturbed)]) == 0
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
