"""Ctrl-C: status 1, one line, and the same command goes on."""

from __future__ import annotations

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


@pytest.mark.parametrize("fails", [False, True])
def test_the_bar_is_taken_off_the_terminal(fails):
    from xling.training.reporting import Bar, Tick

    bar = Bar("lang/swh")
    bar.begin(0, 3)
    assert bar.bar.live.is_started
    bar.tick(Tick(step=1 if fails else 3, steps=3, loss=0.5, learning_rate=1e-3, tokens=12, score=None))
    bar.end()
    assert not bar.bar.live.is_started
