"""Several processes at once: one result, whole, and each process succeeds or says why not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hardness.commands import COMMANDS
from hardness.kills import Victim
from hardness.races import rivals, same

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


@pytest.mark.parametrize("name", ["run", "train task", "module export", "recipe new", "predict"])
def test_one_command_three_times_at_once(files: Path, tmp_path: Path, name: str):
    assert same(Victim(name, COMMANDS[name], files, tmp_path), 3) == []


def test_two_languages_that_want_one_folder(files: Path, tmp_path: Path):
    assert rivals(files, tmp_path) == []
