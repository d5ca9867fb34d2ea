"""Who writes where: one process at a time, never over somebody else's files, and nothing left by the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from xling.errors import InputError
from xling.files import whole_folder, write_atomically
from xling.places import LOCK, check_empty, check_output, claimed

HOLDER = """
import os, signal, sys
from pathlib import Path
from xling.places import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


def test_the_second_waits_and_says_so_until_the_first_ends(tmp_path):
    waits, order, said = threading.Event(), [], []

    def second():
        with claimed(tmp_path / "out", lambda text: (said.append(text), waits.set())):
            order.append("second")

    with claimed(tmp_path / "out"):
        other = threading.Thread(target=second)
        other.start()
        assert waits.wait(60)
        order.append("first")
    other.join(60)
    assert order == ["first", "second"]
    assert said == [f"{tmp_path / 'out'}: another process works here; waiting until it ends"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_lock_of_a_killed_process_is_free(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    said: list[str] = []
    with claimed(tmp_path, said.append):
        assert said == []


def test_somebody_elses_files_are_named_and_hidden_ones_do_not_count(tmp_path):
    check_empty(tmp_path / "new")
    (tmp_path / LOCK).touch()
    check_empty(tmp_path)
    for name in "abcde":
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"files that xling did not write there: a, b, c and 2 more; name a"):
        check_empty(tmp_path)
    with pytest.raises(InputError, match="is a file"):
        check_empty(tmp_path / "a")


def test_an_output_is_no_input_under_any_name(tmp_path):
    (tmp_path / "in").touch()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    check_output(tmp_path / "out", tmp_path / "in", None)
    for name in ("in", "link", "x/../in"):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(InputError, match="is an input of this command"):
            check_output(tmp_path / name, tmp_path / "in")
    with pytest.raises(InputError, match="is a folder"):
        check_output(tmp_path / "x")


def test_two_whole_folders_at_once_leave_one_of_them_whole(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="is there already"), whole_folder(out) as second:
        with whole_folder(out) as first:
            assert first != second
            for name in "ab":
                (first / name).write_text("first")
        (second / "a").write_text("second")
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a": "first", "b": "first"}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.skipif(os.name != "posix", reason="process numbers")
def test_what_a_dead_process_left_is_deleted_and_what_a_living_one_writes_is_not(tmp_path):
    with whole_folder(tmp_path / "out") as folder:
        named = folder.name
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    of_dead = named.replace(f".{os.getpid()}.", f".{dead.pid}.")
    of_living = named.replace(f".{os.getpid()}.", f".{os.getppid()}.")
    elsewhere = of_dead.replace(".out.", ".other.")
    for name in (of_dead, of_living, elsewhere):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("x")
    write_atomically(tmp_path / "out.txt", b"")
    assert (tmp_path / of_dead).exists()
    with whole_folder(tmp_path / "out2"):
        pass
    with pytest.raises(InputError), whole_folder(tmp_path / "out") as again:
        (again / "x").touch()
        assert not (tmp_path / of_dead).exists()
        (tmp_path / "out/y").touch()
    assert (tmp_path / of_living).exists() and (tmp_path / elsewhere).exists()
