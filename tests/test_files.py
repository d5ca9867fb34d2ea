"""Files are written whole, in an order that no loss of power breaks, and copies are files of their own."""

from __future__ import annotations

import os
import stat

import pytest

from xling.errors import XlingError
from xling.files import copy, write_atomically
from xling.unfinished import growing


def grown(path, data):
    with growing(path) as own:
        own.begin({})
        own.write(data)
        own.finish()


@pytest.mark.parametrize(("write", "files"), [(write_atomically, 1), (grown, 2)])  # the second has a claim
def test_the_file_is_synced_then_put_in_place_then_its_folder_is_synced(tmp_path, monkeypatch, write, files):
    """Where a step fails as the power does, the old content or the new one is there, whole."""
    done, sync, replace = [], os.fsync, os.replace

    def synced(handle):
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def replaced(source, target):
        done.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    write(tmp_path / "a", b"new")
    assert done == ["file", "replace", "folder"] * files
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("fails", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch, fails, error):
    def failing(*place):
        raise error

    write_atomically(tmp_path / "a", b"old")
    monkeypatch.setattr(os, fails, failing)
    with pytest.raises(XlingError if isinstance(error, OSError) else KeyboardInterrupt):
        write_atomically(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_copy_is_a_file_of_its_own(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    copy(tmp_path / "a", tmp_path / "deep/b")
    with (tmp_path / "deep/b").open("ab") as file:
        file.write(b" and two")
    assert (tmp_path / "a").read_bytes() == b"one"
    copy(tmp_path / "a", tmp_path / "deep/b")
    assert (tmp_path / "deep/b").read_bytes() == b"one"
