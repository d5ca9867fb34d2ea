"""A disk that fills up at every sort of write in turn: status 1, one line, nothing already written lost."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

import pytest
from support.tiny_recipe import write_recipe

import xling.files
from xling.places import LOCK

GROW = ("log.jsonl", "stage.json")  # their content changes when a stage goes on
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullDisk:
    """Full from the first write of a sort that was not seen before; with all of them seen it has room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seen: set[str]) -> None:
        self.seen, self.full, self.real_open = seen, False, Path.open
        monkeypatch.setattr(Path, "open", lambda path, *words, **named: self.open(path, *words, **named))

    def open(self, path: Path, mode: str = "r", *more, **named):
        if set(mode) & set("awx"):
            self.check(path)
        return self.real_open(path, mode, *more, **named)

    def check(self, path: Path) -> None:
        whose = path.name.removeprefix(".").removesuffix(".unfinished")
        sort = re.sub(r"[0-9a-f]{8,}|[0-9]+|swh|eng", "#", "/".join((*path.parts[-4:-1], whose)))
        self.full = self.full or sort not in self.seen
        self.seen.add(sort)
        if self.full:
            raise FULL


def go(shell, recipe: Path, out: Path):
    return shell("run", recipe, "--data-root", recipe.parent / "data", "--out", out, "--quiet", "--json")


@pytest.fixture
def recipe(bert, tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "recipe", bert.id, steps=4, checkpoint_every=2)


def test_every_sort_of_write(shell, recipe, tmp_path, monkeypatch):
    assert go(shell, recipe, tmp_path / "whole").status == 0
    expected = json.loads((tmp_path / "whole/tiny/results.json").read_text())["cells"]
    out, seen = tmp_path / "runs", set()
    while True:
        kept = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name not in GROW}
        with monkeypatch.context() as patch:
            disk = FullDisk(patch, seen)
            ended = go(shell, recipe, out)
        for path, content in kept.items():
            assert "checkpoints" in path.parts or path.read_bytes() == content, path
        if not disk.full:
            break
        assert ended.status == 1
        assert len(ended.err.strip().splitlines()) == 1
        assert "cannot write" in ended.err and "No space left" in ended.err and "Traceback" not in ended.err
    assert ended.status == 0
    assert len(seen) > 20
    assert json.loads((out / "tiny/results.json").read_text())["cells"] == expected
    assert {path.name for path in out.rglob(".*")} == {LOCK}


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "kept.json"
    xling.files.write_json(path, {"old": True})

    def half(file, mode):
        assert file.name.startswith(".kept.json.") and mode == "xb"
        file.touch()
        raise FULL

    told = r"cannot write .*kept.json: No space left.*untouched"
    with monkeypatch.context() as patch, pytest.raises(xling.errors.XlingError, match=told):
        patch.setattr(Path, "open", half)
        xling.files.write_json(path, {"new": True})
    assert json.loads(path.read_text()) == {"old": True}
    assert list(tmp_path.iterdir()) == [path]
