"""What every command shares: quiet is quiet, an empty cell is empty, threads are the environment's."""

from __future__ import annotations

import io
import json
import sys

import pytest
import torch
from support.writing import conll

from xling.cli.running import counted, print_result, set_threads


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Makes stderr a terminal, in the test itself (capturing changes it before); what is written there."""

    def made() -> Terminal:
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setenv("TERM", "xterm")
        return sys.stderr

    return made


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_of_predictions_is_shown_unless_quiet(terminal, quiet):
    written = terminal()
    with counted("predict", quiet) as progress:
        progress(3, 7)
    assert ("predict" in written.getvalue()) != quiet


def test_quiet_of_predict_and_evaluate_leaves_stderr_empty(bert, shell, tmp_path, terminal):
    shell("train", "task", "--base", bert.id, "--task", "tagging", "--train", conll(tmp_path), "--set",
          "steps=2", "--source-language", "eng", "--out", tmp_path / "task/ner", "--quiet")  # fmt: skip
    written = terminal()
    shared = ("--base", bert.id, "--plan", "task/ner", "--store", tmp_path, "--quiet")
    predicted = shell("predict", *shared, "--input", conll(tmp_path), "--output", tmp_path / "out.jsonl")
    scored = shell("evaluate", *shared, "--task", "tagging", "--data", conll(tmp_path))
    assert (predicted.status, scored.status, written.getvalue()) == (0, 0, "")


def test_what_there_is_not_leaves_its_cell_empty(capsys):
    print_result([{"language": "eng", "gain": None}, {"language": "swh", "gain": "+1.0"}], as_json=False)
    out = capsys.readouterr().out
    assert "None" not in out and "+1.0" in out


def test_markup_and_signals_to_the_terminal_are_text(capsys):
    print_result([{"language": "[/bold]x \x1b[2J", "licence": "[red]CC0[/red]"}], as_json=False)
    out = capsys.readouterr().out
    assert "[/bold]x \\x1b[2J" in out and "[red]CC0[/red]" in out


def test_a_stream_of_few_letters_gets_escapes(monkeypatch):
    """As under LANG=C: json stays json."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    print_result({"word": "नमस्ते é"}, as_json=True)
    stream.flush()
    assert json.loads(stream.buffer.getvalue().decode("latin-1")) == {"word": "नमस्ते é"}


def test_threads_that_the_environment_says_are_kept(monkeypatch):
    told = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    set_threads(0)
    assert told == []
    set_threads(2)
    monkeypatch.delenv("OMP_NUM_THREADS")
    set_threads(0)
    assert told[0] == 2 and len(told) == 2 and told[1] >= 1


def test_a_recipe_runs_on_the_device_that_is_named(bert, shell, tmp_path, monkeypatch):
    from support.tiny_recipe import write_recipe

    from xling.bases import base as opening
    from xling.pipeline import stages

    opened = []

    def watched(name, *, device):
        opened.append(device)
        return opening.load_base(name, device=device)

    monkeypatch.setattr(stages, "load_base", watched)
    recipe = write_recipe(tmp_path / "recipe", bert.id, steps=1)
    words = (recipe, "--data-root", recipe.parent / "data", "--out", tmp_path / "runs", "--quiet")
    assert shell("run", *words, "--device", "cpu:0").status == 0
    assert shell("ablate", *words, "--device", "cpu:0").status == 0
    assert opened == ["cpu:0", "cpu:0"]
    shell("run", *words, "--fresh", "--device", "cuda:77").refused("--device", "'cuda:77'", "cpu")
