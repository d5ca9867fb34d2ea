"""Every command that writes, killed at some of its changes to the file system: the same in the end."""

from __future__ import annotations

import os
import random
import signal

import pytest

from hardness.commands import COMMANDS
from hardness.forked import Started
from hardness.kills import Victim

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
LONG = {"run lt-sft", "ablate", "train language, no head", "retrieve, embedded base"}  # `make hard` has them


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - LONG))
def test_the_same_command_puts_all_right(files, tmp_path, name):
    victim = Victim(name, COMMANDS[name], files, tmp_path)
    trial = victim.killed_at([random.Random(name).randint(1, victim.points)])
    assert trial.kills == 1 and not trial.faults, trial


def test_a_kill_that_is_not_put_right_is_seen(files, tmp_path):
    victim = Victim("predict", COMMANDS["predict"], files, tmp_path)
    victim.wanted["out/more.jsonl"] = []
    assert victim.killed_at([1]).faults == ("out/more.jsonl is missing",)


def test_sigterm_is_as_ctrl_c(files, tmp_path):
    words = [*COMMANDS["train language"].told(files), "--set", "steps=100000"]
    process = Started(words, tmp_path)
    while not list(tmp_path.glob("out/lang/swh/checkpoints/step-*")):
        assert os.waitpid(process.process, os.WNOHANG) == (0, 0)
    process.kill(signal.SIGTERM)
    ended = process.ended()
    assert (ended.status, ended.err) == (1, "xling: interrupted; the same command goes on where it stopped\n")
