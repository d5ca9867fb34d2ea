"""A disk that fills up at every sort of write in turn: status 1, one line, nothing already written lost."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from support.tiny_recipe import write_recipe

import xling.files

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullDisk:
    """Full from the first write of a sort that was not seen before; with all of them seen it has room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seen: set[str]) -> None:
        self.seen, self.full = seen, False
        self.real_fdopen, self.real_open, self.real_scratch = os.fdopen, Path.open, tempfile.mkstemp
        self.scratch = ""
        monkeypatch.setattr(xling.files.os, "fdopen", self.fdopen)
        monkeypatch.setattr(xling.files.tempfile, "mkstemp", self.mkstemp)
        monkeypatch.setattr(Path, "open", lambda path, *words, **named: self.open(path, *words, **named))

    def check(self, path: str) -> None:
        sort = re.sub(r"[0-9a-f]{16}|[0-9]+|swh|eng", "#", "/".join(Path(path).parts[-4:]))
        self.full = self.full or sort not in self.seen
        self.seen.add(sort)
        if self.full:
            raise FULL

    def mkstemp(self, **named):
        handle, self.scratch = self.real_scratch(**named)
        return handle, self.scratch

    def fdopen(self, handle, mode="r", **more):
        file = self.real_fdopen(handle, mode, **more)
        try:
            self.check(self.scratch.rpartition(".")[0])
        except OSError:
            file.close()
            raise
        return file

    def open(self, path, mode="r", *more, **named):
        if "a" in mode:
            self.check(str(path))
        return self.real_open(path, mode, *more, **named)


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
        kept = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name != "log.jsonl"}
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
