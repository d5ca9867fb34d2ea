"""What the length of a file costs `xling predict`: the peak memory and the time of short and long inputs.

    python benchmarks/streaming_predict.py

A random base of two layers, so that nearly all memory beyond that of a short file is the file's. Every
prediction runs in a process of its own.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from ledger import Row, append, here
from make_results import DOCS

from xling.jobs.predict import PredictionFiles, predict_file
from xling.machine import peak_rss_mb
from xling.makers.composed_model import Setup
from xling.store.store import Store

QUESTION = "streaming-predict"
_LINES = (2_000, 200_000)
_TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
_WORDS = "Amina anaishi Nairobi na Juma alisoma kitabu katika shule ya Dodoma , leo asubuhi .".split()

Content = Callable[[list[str]], str]  # the lines of a sentence
CONTENTS: Mapping[str, Content] = {
    "txt": lambda words: " ".join(words),
    "conll": lambda words: "".join(f"{word} O\n" for word in words),
    "jsonl": lambda words: json.dumps({"text": " ".join(words)}),
    "conllu": lambda words: "".join(
        f"{n}\t{word}\t_\t_\t_\t_\t_\t_\t_\t_\n" for n, word in enumerate(words, start=1)
    ),
    "tsv": lambda words: " ".join(words),
}
TASKS = {"txt": "tagging", "conll": "tagging", "jsonl": "tagging", "conllu": "pos", "tsv": "classification"}
_OUTPUTS = {"conll": "conll", "conllu": "conllu"}


def write_input(path: Path, lines: int) -> None:
    """Write a file of sentences of four to fifteen words, one a line or one a block of lines."""
    content = CONTENTS[path.suffix.removeprefix(".")]
    with path.open("w", encoding="utf-8") as file:
        if path.suffix == ".tsv":
            file.write("text\n")
        for number in range(lines):
            length = 4 + number % 12
            file.write(content([_WORDS[(number * 7 + n) % len(_WORDS)] for n in range(length)]) + "\n")


def make_base(folder: Path) -> None:
    """Make a base of random weights and a random head for each task."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    making, tiny = (importlib.import_module(f"support.{name}") for name in ("making", "tiny"))
    base = tiny.tiny_base("bert", folder / "base")
    for task in sorted(set(TASKS.values())):
        labels = _TAGS if task == "tagging" else ("NOUN", "VERB", "X")
        Store(folder).add(f"task/{task}", making.task_module(base, task, 0, labels))


def predicted(folder: Path, input: Path) -> dict[str, Any]:
    """Return the processor time and the peak memory in MB of predicting a file, in this process."""
    torch.set_num_threads(1)
    ending = input.suffix.removeprefix(".")
    output = input.with_suffix(f".out.{_OUTPUTS.get(ending, 'jsonl')}")
    setup = Setup(base=str(folder / "base"), plan=f"task/{TASKS[ending]}", store=folder)
    started = time.process_time()
    predict_file(setup, PredictionFiles(input=input, output=output))
    spent = time.process_time() - started
    return {"processor seconds": round(spent, 1), "megabytes": round(peak_rss_mb())}


def apart(call: Callable[..., Any], *given: Any) -> Any:
    """Call a function in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(call, given)


def main() -> None:
    """Measure, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--formats", nargs="+", default=["txt", "conll"], choices=list(CONTENTS))
    parser.add_argument("--lines", nargs="+", type=int, default=_LINES)
    parser.add_argument("--out", type=Path, default=DOCS / "results.jsonl")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        apart(make_base, folder)
        for ending in options.formats:
            for lines in options.lines:
                input = folder / f"input{lines}.{ending}"
                write_input(input, lines)
                found: Row = {"setting": f"{ending}, {lines} lines", **apart(predicted, folder, input)}
                append(options.out, [{"question": QUESTION, **found, **here()}])
                print(json.dumps(found))


if __name__ == "__main__":
    main()
