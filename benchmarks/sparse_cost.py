"""What a sparse mask costs: choosing k entries, a training step, the file, putting it on.

    python benchmarks/sparse_cost.py

The choice is timed against the way of composable-sft (a Python list with every entry's difference, then
numpy's partition), written anew from its description, in fresh processes one after the other. A step of
the sparse phase is timed against one of full fine-tuning, in turns within one process. Rows are appended
to the results file.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from ledger import Row, append, here, in_turns
from torch import Tensor

from xling.bases.base import Base, load_base
from xling.composition.composed import Composition
from xling.composition.fitting import base_facts
from xling.modules.entries import top_k
from xling.modules.full import Full, FullConfig
from xling.modules.module import Module, Part
from xling.modules.sparse import Sparse, SparseConfig
from xling.training.phases import trainable

QUESTION = "sparse-cost"
Pairs = dict[str, tuple[Tensor, Tensor]]


def moved(base: Base, seed: int) -> Pairs:
    """The encoder's parameters as if fine-tuned, beside what they were; norms left out."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: (value + 1e-3 * torch.randn(value.shape, generator=generator), value)
        for name, value in base.shape.parameters.items()
        if name not in base.shape.norms
    }


def own_way(pairs: Pairs, k: int) -> int:
    """How many entries our selection keeps."""
    return sum(map(len, top_k(pairs, k).values()))


def peer_way(pairs: Pairs, k: int) -> int:
    """How many entries a threshold from a Python list of all differences keeps."""
    differences: list[float] = []
    for a, b in pairs.values():
        differences.extend((a - b).abs().view(-1).tolist())
    threshold = np.partition(differences, len(differences) - k)[len(differences) - k]
    return sum(int(((a - b).abs() >= threshold).sum()) for a, b in pairs.values())


WAYS: dict[str, Callable[[Pairs, int], int]] = {"own": own_way, "composable-sft": peer_way}


def selection(way: str, options: argparse.Namespace, answers: multiprocessing.Queue) -> None:
    """Time one way in a process of its own; memory is what it took above the two copies of the weights."""
    torch.set_num_threads(options.threads)
    pairs = moved(load_base(options.base), options.seed)
    with peak_memory() as taken:
        started = time.perf_counter()
        kept = WAYS[way](pairs, options.k)
        seconds = time.perf_counter() - started
    entries = sum(value.numel() for value, _ in pairs.values())
    answers.put({"way": way, "seconds": seconds, "mb": taken(), "kept": kept, "entries": entries})


@contextmanager
def peak_memory() -> Iterator[Callable[[], float]]:
    """How much the resident set rose above what it was at the start, in MB (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    yield lambda: (_status("VmHWM") - before) / 1024


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def selections(options: argparse.Namespace) -> Iterator[Row]:
    """A row for each way: the best of its runs, the ways in turns."""
    context = multiprocessing.get_context("spawn")
    found: dict[str, list[Row]] = {way: [] for way in WAYS}
    for number in range(options.runs):
        for way in WAYS:
            if way != "own" and number:
                continue  # half a minute and gigabytes: once is enough
            answers = context.Queue()
            process = context.Process(target=selection, args=(way, options, answers))
            process.start()
            found[way].append(answers.get())
            process.join()
    for way, rows in found.items():
        best = min(rows, key=lambda row: row["seconds"])
        yield {
            "question": QUESTION,
            "setting": f"selection, {way}",
            "seconds": round(best["seconds"], 3),
            "mb above two copies": round(best["mb"]),
            "kept": best["kept"],
            "entries": best["entries"],
            "k": options.k,
            "runs": len(rows),
        }


def steps(base: Base, options: argparse.Namespace) -> Row:
    """Seconds of an optimizer step on one batch: full fine-tuning and the sparse phase, in turns."""
    facts = base_facts(base, language="swh")
    modules = {
        "full": Module.fresh([FullConfig(freeze_norms=True)], base.shape, facts),
        "sparse": sparse_module(base, options),
    }
    ids = torch.randint(4, 20_000, (options.rows, options.length), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    running = {name: _stepper(base, module, ids, mask) for name, module in modules.items()}
    times = in_turns(running, options.steps)
    full, own = (statistics.median(times[name]) for name in ("full", "sparse"))
    return {
        "question": QUESTION,
        "setting": "a training step",
        "full seconds": round(full, 3),
        "sparse seconds": round(own, 3),
        "ratio": round(own / full, 3),
        "k": options.k,
        "batch": f"{options.rows} x {options.length}",
        "steps": options.steps,
    }


def sparse_module(base: Base, options: argparse.Namespace) -> Module:
    """A sparse module of k entries with values of zero."""
    tuned = Full(FullConfig(), {name: value for name, (value, _) in moved(base, options.seed).items()})
    config = SparseConfig(k=options.k)
    part = Part(config, "sparse", Sparse.selected(config, tuned, base.shape))
    return Module((part,), base_facts(base, language="swh"))


def _stepper(base: Base, module: Module, ids: Tensor, mask: Tensor) -> Callable[[int], None]:
    composition = Composition(base, [module])
    optimizer = torch.optim.AdamW(trainable(module).values(), lr=1e-5)

    def step(number: int) -> None:
        composition(ids, mask).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def on_disk(base: Base, options: argparse.Namespace) -> Row:
    """Bytes an entry with float16 values, seconds to load and apply, whether the base stayed."""
    module = sparse_module(base, options)
    with torch.no_grad():
        for value in module.networks[0].parameters():
            value.normal_(0.0, 1e-3)
    before = {name: value.clone() for name, value in base.shape.parameters.items()}
    times = []
    ids, mask = torch.full((1, 4), 5), torch.ones(1, 4, dtype=torch.long)
    base.fingerprint, base.tokenizer_fingerprint  # noqa: B018 (kept with the base, paid once)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        size = (module.save(folder, float16=True) / "weights.safetensors").stat().st_size
        composition = Composition(base)
        for _ in range(options.runs):
            started = time.perf_counter()
            composition.activate([Module.load(folder)])
            composition(ids, mask)
            times.append(time.perf_counter() - started)
    same = all(torch.equal(value, base.shape.parameters[name]) for name, value in before.items())
    return {
        "question": QUESTION,
        "setting": "the file",
        "bytes an entry": round(size / options.k, 3),
        "load and apply seconds": round(min(times), 3),
        "base unchanged": same,
        "k": options.k,
    }


def main() -> None:
    """Measure, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument(
        "--k", type=int, default=7_667_712, help="the default is composable-sft's for languages"
    )
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    base = load_base(options.base)
    place = {"base": options.base, **here()}
    rows = [*selections(options), steps(base, options), on_disk(base, options)]
    rows = [{**row, **place} for row in rows]
    append(options.out, rows)
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
