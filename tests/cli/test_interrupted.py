"""Ctrl-C: status 1, one line, and the same command goes on."""

from __future__ import annotations

import os
import signal

import pytest

from xling.training import loop


def test_an_interrupted_command_says_so_and_goes_on(shell, bert, text_file, tmp_path, monkeypatch):
    words = ("train", "language", "--base", bert.id, "--language", "swh", "--text", text_file, "--quiet",
             "--out", tmp_path / "out", "--set", "steps=6", "--set", "checkpoint_every=2")  # fmt: skip
    update, seen = loop._update, []

    def stopped(*place, step, **named):
        if step == 3:
            raise KeyboardInterrupt
        return update(*place, step=step, **named)

    def counted(*place, step, **named):
        seen.append(step)
        return update(*place, step=step, **named)

    monkeypatch.setattr(loop, "_update", stopped)
    ended = shell(*words)
    assert ended.status == 1
    assert ended.err == "xling: interrupted; the same command goes on where it stopped\n"
    monkeypatch.setattr(loop, "_update", counted)
    assert shell(*words).status == 0
    assert seen == [2, 3, 4, 5]


@pytest.fixture
def usual_handlers():
    """Handlers as in a shell, which a job in the background does not have."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield usual
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_a_signal_waits_for_the_end_of_a_step_which_is_kept(
    shell, bert, text_file, tmp_path, monkeypatch, signal_name, usual_handlers
):
    words = ("train", "language", "--base", bert.id, "--language", "swh", "--text", text_file, "--quiet",
             "--out", tmp_path / "out", "--set", "steps=6", "--set", "checkpoint_every=50")  # fmt: skip
    update, seen = loop._update, []

    def ended(*place, step, **named):
        seen.append(step)
        if len(seen) == 3:
            os.kill(os.getpid(), getattr(signal, signal_name))
        return update(*place, step=step, **named)

    monkeypatch.setattr(loop, "_update", ended)
    assert shell(*words).status == 1
    assert {number: signal.getsignal(number) for number in usual_handlers} == usual_handlers
    assert shell(*words).status == 0
    assert seen == [0, 1, 2, 3, 4, 5]


def test_a_command_that_keeps_nothing_does_not_say_that_it_goes_on(shell, monkeypatch):
    def stopped(base):
        raise KeyboardInterrupt

    monkeypatch.setattr("xling.jobs.inspecting.information", stopped)
    ended = shell("info")
    assert (ended.status, ended.err) == (1, "xling: interrupted\n")


@pytest.mark.parametrize("fails", [False, True])
def test_the_bar_is_taken_off_the_terminal(fails):
    from xling.training.reporting import Bar, Tick

    bar = Bar("lang/[/bold]swh")  # a name is no markup
    bar.begin(0, 3)
    assert bar.bar.live.is_started
    bar.tick(Tick(step=1 if fails else 3, steps=3, loss=0.5, learning_rate=1e-3, tokens=12, score=None))
    bar.end()
    assert not bar.bar.live.is_started
