"""What words cost: a gloss and a vote beside a plain prediction, and how long a lexicon takes to make.

    python benchmarks/words_cost.py --data-root data

Predictions are taken in turns, each with a composition that has read nothing yet, and compared by their
medians. A dictionary of 300,000 lines and an empty one are read in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from ledger import Row, append, here, in_turns
from make_results import DOCS

import xling
from xling.corpora.cards import load_card
from xling.corpora.source import load, pairs_in
from xling.jobs.train import LexiconFiles, Options
from xling.makers.make import make

QUESTION, LINES = "words-cost", 300_000
_PLANS = {"none": "task", "gloss": "words >> task", "vote": "vote(task, words >> task)"}


def predictions(base: xling.Base, pairs: list[tuple[str, str]], options: argparse.Namespace) -> Row:
    """Return the time of each reading of the first sides of pairs, relative to the task module alone."""
    texts = [own for own, _ in pairs[: options.rows]]
    labelled = [xling.LabelledText(text, "ab"[n % 2], str(n), "lij") for n, text in enumerate(texts[:40])]
    modules = {
        "task": xling.train_task(base, labelled, task="classification", kind="head"),
        "words": xling.make_lexicon(pairs, language="lij"),
    }

    def reading(plan: str) -> Callable[[int], None]:
        def read(number: int) -> None:
            xling.compose(base, plan, modules=modules).predict(texts, language="lij")

        return read

    times = in_turns({name: reading(plan) for name, plan in _PLANS.items()}, options.runs)
    middle = {name: median(own) for name, own in times.items()}
    return {
        "setting": f"{len(texts)} sentences",
        "seconds, task alone": round(middle["none"], 2),
        "ratio, gloss": round(middle["gloss"] / middle["none"], 3),
        "ratio, vote": round(middle["vote"] / middle["none"], 3),
        "rounds": options.runs,
    }


def learning(pairs: list[tuple[str, str]]) -> Row:
    """Return how long a lexicon of pairs takes."""
    started = time.perf_counter()
    found = xling.make_lexicon(pairs, language="lij")
    seconds = round(time.perf_counter() - started, 1)
    return {"setting": f"{len(pairs)} pairs", "seconds": seconds, "entries": found.scores["entries"]}


def reading(path: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory in MB of making a lexicon of a dictionary, in this process."""
    started = time.perf_counter()
    out = path.parent / path.stem / "lang" / "lij"
    stage = LexiconFiles(language="lij", dictionary=path).stage(Options(out=out))
    make(None, stage).save(out)
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def dictionary() -> Row:
    """Return what a long dictionary costs beyond one of a single line, each in a process of its own."""
    draw, found = random.Random(0), []
    with TemporaryDirectory() as folder:
        for lines in (1, LINES):
            path = Path(folder) / f"words{lines}.tsv"
            words = ("".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=8)) for _ in range(2 * lines))
            path.write_text("".join(f"{word}\t{next(words)}\n" for word in words), "utf-8")
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found.append(pool.apply(reading, (path,)))
    (few, less), (many, more) = found
    return {
        "setting": f"dictionary of {LINES} lines",
        "seconds": round(many - few, 1),
        "megabytes beyond an empty one": round(more - less),
    }


def main() -> None:
    """Measure, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=DOCS / "results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    card = load_card("parallel")
    pairs = pairs_in(load(card, "lij", "pairs", data_root=options.data_root))
    long = dictionary()  # first: a new process starts with the peak of the one that starts it
    found = predictions(xling.load_base(options.base), pairs, options), learning(pairs), long
    for row in found:
        append(options.out, [{"question": QUESTION, **row, "base": options.base, **here()}])
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
