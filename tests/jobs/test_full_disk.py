"""A disk that fills up at every write point in turn: status 1, one line, nothing already written lost."""

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path

import pytest
from tiny_recipe import write_recipe

import xling.files

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullDisk:
    """Counts writes and fails from the n-th on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, from_write: int | None) -> None:
        self.writes, self.from_write = 0, from_write
        self.real_fdopen, self.real_open = os.fdopen, Path.open
        monkeypatch.setattr(xling.files.os, "fdopen", self.fdopen)
        monkeypatch.setattr(Path, "open", lambda path, *words, **named: self.open(path, *words, **named))

    def check(self) -> None:
        self.writes += 1
        if self.from_write is not None and self.writes >= self.from_write:
            raise FULL

    def fdopen(self, handle, mode="r", **more):
        file = self.real_fdopen(handle, mode, **more)
        try:
            self.check()
        except OSError:
            file.close()
            raise
        return file

    def open(self, path, mode="r", *more, **named):
        if "a" in mode:
            self.check()
        return self.real_open(path, mode, *more, **named)


def go(shell, recipe: Path, out: Path):
    return shell("run", recipe, "--data-root", recipe.parent / "data", "--out", out, "--quiet", "--json")


@pytest.fixture
def recipe(bert, tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "recipe", bert.id, steps=4, checkpoint_every=2)


def test_every_write_point(shell, recipe, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        disk = FullDisk(patch, None)
        assert go(shell, recipe, tmp_path / "whole").status == 0
        points = disk.writes
    expected = json.loads((tmp_path / "whole/tiny/results.json").read_text())["cells"]
    out = tmp_path / "runs"
    seen, number = 0, 1
    while True:
        before = {
            path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != "log.jsonl"
        }
        with monkeypatch.context() as patch:
            disk = FullDisk(patch, number)
            ended = go(shell, recipe, out)
        if ended.status == 0:
            break
        seen += 1
        assert ended.status == 1
        assert len(ended.err.strip().splitlines()) == 1
        assert "cannot write" in ended.err and "No space left" in ended.err and "Traceback" not in ended.err
        for path, content in before.items():
            assert not path.exists() or path.read_bytes() == content, path
        number += 7
    assert points > 30
    assert seen >= 3
    assert json.loads((out / "tiny/results.json").read_text())["cells"] == expected
    assert not [path for path in out.rglob(".*") if path.is_file()]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "kept.json"
    xling.files.write_json(path, {"old": True})

    class Half(io.BytesIO):
        def write(self, data):
            raise FULL

    monkeypatch.setattr(xling.files.os, "fdopen", lambda handle, mode: os.close(handle) or Half())
    with pytest.raises(xling.errors.XlingError, match=r"cannot write .*kept.json: No space left.*untouched"):
        xling.files.write_json(path, {"new": True})
    assert json.loads(path.read_text()) == {"old": True}
    assert list(tmp_path.iterdir()) == [path]
