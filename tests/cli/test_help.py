"""Help is quick because it imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.making import COMBINERS, NAMES, SHARED

from xling.modules.names import MADE

COMMANDS = (
    [], ["run"], ["train"], ["train", "language"], ["train", "task"], ["predict"], ["evaluate"], ["module"],
    ["module", "list"], ["module", "show"], ["module", "verify"], ["module", "merge"], ["module", "onnx"],
    ["train", "hypernetwork"], ["module", "generate"],
    ["module", "weigh"], ["module", "cluster"], ["module", "find"],
    ["module", "import"], ["module", "export"], ["data"], ["data", "list"],
    ["data", "show"], ["data", "check"], ["vocabulary"], ["vocabulary", "diagnose"],
    ["vocabulary", "build"], ["report"], ["info"], ["retrieve"], ["ablate"], ["advise"], ["submit"],
    ["data", "rank"], ["recipe"], ["recipe", "new"],
)  # fmt: skip
PROBE = """
import sys
from xling.cli.app import app
from xling.cli.running import run_app
sys.argv = ["xling", *{words!r}, "--help"]
status = run_app(app)
heavy = sorted({{"torch", "transformers", "numpy", "datasets"}} & set(sys.modules))
sys.exit(f"{{status}} {{heavy}}" if status or heavy else 0)
"""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_imports_neither_torch_nor_transformers(words):
    ended = subprocess.run([sys.executable, "-c", PROBE.format(words=words)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "Usage: xling" in ended.stdout


@pytest.mark.parametrize(
    ("what", "others"),
    [
        ("language", {"head", "flare", *COMBINERS, *SHARED}),
        ("task", {"centre", "lexicon", *SHARED}),
        ("hypernetwork", {*NAMES, *MADE, *COMBINERS, "head", "centre"}),
    ],
)
def test_help_names_every_kind(shell, what, others):
    from xling.modules.registry import PRESETS

    text = " ".join(shell("train", what, "--help").out.replace("│", " ").split())
    assert all(name in text for name in {*PRESETS, *MADE} - others)


def test_help_names_every_task(shell):
    from xling.tasks.registry import TASKS

    text = " ".join(shell("train", "task", "--help").out.replace("│", " ").split())
    assert all(name in text for name in TASKS)


TOLD_AT_THE_DOOR = {
    "train task --task taging": "status 2",
    "evaluate --task taging": "status 2",
    "data show wikigold": "status 0",
}
ENDING = "\nimport sys\nprint('status', status, 'torch' in sys.modules)\n"


@pytest.mark.parametrize("words", TOLD_AT_THE_DOOR)
def test_names_of_tasks_are_known_without_torch(words):
    code = PROBE.format(words=words.split()).replace(', "--help"', "").split("heavy =")[0] + ENDING
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"{TOLD_AT_THE_DOOR[words]} False" in ended.stdout, ended
    assert ("'taging'; choose from tagging, pos" in ended.stderr) == ("taging" in words)
