"""`xling predict` in windows: it goes on after a kill, writes all or nothing, and finds faults first."""

from __future__ import annotations

import errno
import gzip
import json
import os
import threading
from pathlib import Path

import pytest
from support.making import task_module
from support.tiny import TEXTS

import xling
from xling.jobs import predict as job
from xling.makers.composed_model import ComposedModel
from xling.store.store import Store
from xling.tasks.reading import read_input

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
ROWS = 11


def lines(texts: list[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def columns(texts: list[str]) -> str:
    return "".join("".join(f"{word} O\n" for word in text.split()) + "\n" for text in texts)


def trees(texts: list[str]) -> str:
    words = (enumerate(text.split(), start=1) for text in texts)
    blocks = ("".join(f"{n}\t{word}{8 * chr(9) + '_'}\n" for n, word in own) for own in words)
    return "".join(f"# text\n{block}\n" for block in blocks)


def objects(texts: list[str]) -> str:
    return "".join(json.dumps({"text": text}) + "\n" for text in texts)


WRITTEN = {"a.txt": lines, "a.conll": columns, "a.conllu": trees, "a.jsonl": objects}
CASES = [("a.txt", "jsonl"), ("a.conll", "conll"), ("a.conllu", "conllu"), ("a.jsonl", "jsonl")]


class Bench:
    """The command on files of one folder, in windows of four examples."""

    def __init__(self, shell, base, folder: Path) -> None:
        self.shell, self.folder = shell, folder
        self.words = ("predict", "--base", base.id, "--store", folder / "modules", "--quiet")
        for task, labels in (("tagging", TAGS), ("pos", TAGS)):
            Store(folder / "modules").add(f"task/{task}", task_module(base, task, 0, labels))

    def write(self, name: str, texts: list[str] = TEXTS[:ROWS]) -> Path:
        path = self.folder / name
        path.write_text(WRITTEN[name](texts), encoding="utf-8")
        return path

    def __call__(self, source: Path, output: Path, *more: object):
        plan = "task/pos" if output.suffix == ".conllu" else "task/tagging"
        given = ("--input", source, "--output", output, *more)
        return self.shell(*self.words, "--plan", plan, *given)


@pytest.fixture
def bench(shell, bert, tmp_path, monkeypatch) -> Bench:
    monkeypatch.setattr(job, "WINDOW", 4)
    return Bench(shell, bert, tmp_path)


@pytest.fixture
def windows(monkeypatch) -> list[list[str]]:
    """The ids of each window that is predicted."""
    seen: list[list[str]] = []
    predict = ComposedModel.predict

    def watched(model, inputs, **named):
        seen.append([own.id for own in inputs])
        return predict(model, inputs, **named)

    monkeypatch.setattr(ComposedModel, "predict", watched)
    return seen


def interrupt(monkeypatch, bench, *words) -> None:
    """Run the command up to the third window."""
    predict, calls = ComposedModel.predict, []

    def stopped(model, inputs, **named):
        calls.append(inputs)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return predict(model, inputs, **named)

    with monkeypatch.context() as patch:
        patch.setattr(ComposedModel, "predict", stopped)
        ended = bench(*words)
    assert ended.status == 1
    assert ended.err == "xling: interrupted; the same command goes on where it stopped\n"


def unfinished(output: Path) -> Path:
    return output.with_name(f".{output.name}.unfinished")


def test_windows_give_the_predictions_of_the_whole(bench, bert):
    source, output = bench.write("a.txt"), bench.folder / "new/out.jsonl"
    assert bench(source, output).status == 0
    model = xling.compose(bert, "task/tagging", store=Store(bench.folder / "modules"))
    expected = model.predict(read_input(source, task="tagging", language="und"))
    assert [json.loads(line) for line in output.read_text().splitlines()] == expected
    assert os.listdir(output.parent) == ["out.jsonl"]


@pytest.mark.parametrize(("name", "ending"), CASES)
def test_the_same_command_goes_on_and_gives_the_same_bytes(bench, windows, monkeypatch, name, ending):
    source, output = bench.write(name), bench.folder / f"out.{ending}"
    assert bench(source, bench.folder / f"whole.{ending}").status == 0
    output.write_text("of before")
    interrupt(monkeypatch, bench, source, output)
    assert output.read_text() == "of before"
    with (unfinished(output) / "content").open("ab") as file:
        file.write(b"written, but not kept, before a kill")
    windows.clear()
    assert bench(source, output).status == 0
    assert windows == [["8", "9", "10"]]
    assert output.read_bytes() == (bench.folder / f"whole.{ending}").read_bytes()
    assert not unfinished(output).exists()


@pytest.mark.parametrize("change", ["content", "language", "module", "format", "nothing"])
def test_another_command_begins_anew(bench, bert, windows, monkeypatch, change):
    source, output = bench.write("a.jsonl"), bench.folder / "out.jsonl"
    interrupt(monkeypatch, bench, source, output)
    more = []
    if change == "content":
        bench.write("a.jsonl", TEXTS[1 : ROWS + 1])
    elif change == "language":
        more = ["--language", "swh"]
    elif change == "module":
        Store(bench.folder / "modules").add("task/tagging", task_module(bert, "tagging", 1, TAGS))
    elif change == "format":
        more = ["--format", "text"]
    windows.clear()
    assert bench(source, output, *more).status == 0
    assert [len(own) for own in windows] == ([3] if change == "nothing" else [4, 4, 3])
    assert len(output.read_text().splitlines()) == ROWS


def test_what_is_not_ours_is_left(bench):
    source, output = bench.write("a.txt"), bench.folder / "out.jsonl"
    unfinished(output).write_text("mine")
    bench(source, output).refused("out.jsonl", "no unfinished file of xling", "move it away")
    assert unfinished(output).read_text() == "mine"
    unfinished(output).unlink()
    unfinished(output).mkdir()
    (unfinished(output) / "content").write_text("mine")
    bench(source, output).refused("no unfinished file of xling")
    assert (unfinished(output) / "content").read_text() == "mine"


CLAIMS = ["[" * 100_000, "[]", '{"key": {}, "pieces": Infinity, "bytes": 0}',
          '{"key": {}, "pieces": -5, "bytes": -5}', '{"key": {}, "pieces": "1", "bytes": 1}',
          '{"key": 5, "pieces": 1, "bytes": 1}', '{"key": {}}']  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda text: text[:40])
def test_a_claim_of_other_values_is_of_no_work_of_ours(bench, claim):
    source, output = bench.write("a.txt"), bench.folder / "out.jsonl"
    unfinished(output).mkdir()
    (unfinished(output) / "claim.json").write_text(claim)
    bench(source, output).refused("no unfinished file of xling")
    assert (unfinished(output) / "claim.json").read_text() == claim


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_unfinished_content_is_a_file_of_its_folder_and_a_pipe_is_not_waited_for(bench):
    source, output = bench.write("a.txt"), bench.folder / "out.jsonl"
    claim, content = (unfinished(output) / name for name in ("claim.json", "content"))
    unfinished(output).mkdir()
    claim.write_text('{"key": null, "pieces": 0, "bytes": 0}')
    (bench.folder / "mine").write_text("mine")
    content.symlink_to(bench.folder / "mine")
    bench(source, output).refused("no unfinished file of xling")
    assert (bench.folder / "mine").read_text() == "mine"
    for path in (claim, content):
        path.unlink()
    os.mkfifo(claim)
    bench(source, output).refused("no unfinished file of xling")


@pytest.fixture
def no_base(monkeypatch):
    def opened(*given, **named):
        raise AssertionError("a base was opened")

    monkeypatch.setattr("xling.makers.composed_model.load_base", opened)


@pytest.mark.skipif(os.name != "posix", reason="pipes and links")
@pytest.mark.parametrize(("place", "words"), [
    ("folder", "is a folder"), ("a.txt", "is an input"), ("symbolic", "is an input"),
    ("hard", "is an input"), ("a.txt/out.jsonl", "cannot be written"), ("pipe", "no file that can"),
])  # fmt: skip
def test_outputs_that_cannot_be_written_are_found_first(bench, no_base, place, words):
    source = bench.write("a.txt")
    (bench.folder / "folder").mkdir()
    (bench.folder / "symbolic").symlink_to(source)
    (bench.folder / "hard").hardlink_to(source)
    os.mkfifo(bench.folder / "pipe")
    bench(source, bench.folder / place).refused(Path(place).name, words)
    assert source.read_text() == lines(TEXTS[:ROWS])


def test_a_packed_input_is_not_overwritten(bench, no_base):
    packed = bench.folder / "a.txt.gz"
    packed.write_bytes(gzip.compress(b"amina\n"))
    bench(bench.folder / "a.txt", packed).refused("a.txt.gz", "is an input of this command")


@pytest.mark.parametrize("name", ["a.jsonl", "a.conll"])
def test_a_bad_line_is_found_before_a_base_is_opened(bench, no_base, name):
    source = bench.write(name)
    with source.open("a") as file:
        file.write("{\n" if name == "a.jsonl" else "\t O\n")
    line = len(source.read_text().splitlines())
    bench(source, bench.folder / "out.jsonl").refused(f"{name}:{line}")
    assert not unfinished(bench.folder / "out.jsonl").exists()


@pytest.mark.parametrize("moment", [6, 7])  # in the second window: its content, its claim
def test_a_full_disk_keeps_what_is_written(bench, windows, monkeypatch, moment):
    source, output = bench.write("a.txt"), bench.folder / "out.jsonl"
    assert bench(source, bench.folder / "whole.jsonl").status == 0
    sync, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) == moment:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr("xling.unfinished.os.fsync", full)
        ended = bench(source, output)
    assert ended.status == 1 and len(ended.err.strip().splitlines()) == 1
    assert "cannot write" in ended.err and "No space left" in ended.err and "same command" in ended.err
    windows.clear()
    assert bench(source, output).status == 0
    assert len(windows) == 2
    assert output.read_bytes() == (bench.folder / "whole.jsonl").read_bytes()


def piped(path: Path, content: bytes) -> None:
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(content,), daemon=True).start()


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_pipe_is_predicted(bench):
    source, output = bench.write("a.conll"), bench.folder / "out.conll"
    assert bench(source, bench.folder / "whole.conll").status == 0
    piped(bench.folder / "pipe.conll", source.read_bytes())
    assert bench(bench.folder / "pipe.conll", output).status == 0
    assert output.read_bytes() == (bench.folder / "whole.conll").read_bytes()
    assert not unfinished(output).exists()
    piped(bench.folder / "bad.jsonl", b'{"text": "amina"}\n{\n')
    ended = bench(bench.folder / "bad.jsonl", bench.folder / "out.jsonl")
    ended.refused(f"{bench.folder}/bad.jsonl:2: broken JSON")


def test_progress_counts_examples(bench, bert):
    told = []
    setup = job.Setup(base=bert.id, plan="task/tagging", store=bench.folder / "modules")
    files = job.PredictionFiles(input=bench.write("a.txt"), output=bench.folder / "out.jsonl")
    job.predict_file(setup, files, progress=lambda done, of: told.append((done, of)))
    assert told == sorted(told)
    assert told[-1] == (ROWS, ROWS) and {4, 8} <= {done for done, _ in told}


@pytest.mark.parametrize("changed", [TEXTS[:3], TEXTS[1 : ROWS + 1]])
def test_an_input_that_changes_meanwhile_is_refused(bench, monkeypatch, changed):
    source, output = bench.write("a.txt"), bench.folder / "out.jsonl"
    key = job._key
    monkeypatch.setattr(job, "_key", lambda *given: (bench.write("a.txt", changed), key(*given))[1])
    bench(source, output).refused("a.txt", "changed while it was predicted")
    assert not output.exists() and not unfinished(output).exists()
