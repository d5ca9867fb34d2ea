"""What routing a mixed batch costs: rows of eight languages, each through its own module, then one task.

    python benchmarks/route_cost.py

`route(8 languages, bottleneck + invertible block each) >> task` beside the plain base on the same rows,
best of five, in one process, measured in both orders; and how far each row's states are from the row run
alone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from ledger import Row, append, here

from xling.bases.base import Base, load_base, run_encoder
from xling.composition.composed import Composition
from xling.composition.fitting import base_facts
from xling.composition.forms.route import Route
from xling.composition.forms.single import Loaded
from xling.composition.forms.stack import Stack
from xling.modules.module import Module
from xling.modules.registry import preset

QUESTION = "route-cost"
TAGS = ("swh", "hau", "ibo", "yor", "fao", "isl", "mlt", "kat")


def module(base: Base, kind: str, seed: int, **facts: str) -> Module:
    """A module of a preset with weights that matter."""
    made = Module.fresh(preset(kind), base.shape, base_facts(base, **facts))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for network in made.networks:
            for value in network.parameters():
                value.normal_(0.0, 0.02, generator=generator)
            network.requires_grad_(False)
    return made


def best_of(runs: int, work: Callable[[], object]) -> float:
    """The shortest time in seconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


@torch.inference_mode()
def measure(base: Base, options: argparse.Namespace) -> Row:
    """Ratio in both orders, and the largest distance of a row from the row run alone."""
    languages = {tag: module(base, "madx", number, language=tag) for number, tag in enumerate(TAGS)}
    task = module(base, "bottleneck", 99, task="tagging")
    plan = Stack((Route(tuple((tag, Loaded(own)) for tag, own in languages.items())), Loaded(task)))
    mixed, plain = Composition(base, plan), Composition(base)
    ids = torch.randint(4, 20_000, (options.rows, options.length), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    tags = [TAGS[row % len(TAGS)] for row in range(options.rows)]
    found = mixed(ids, mask, tags)
    distance = 0.0
    for row, tag in enumerate(tags):
        plain.activate([languages[tag], task])
        alone = plain(ids[row : row + 1], mask[row : row + 1])
        distance = max(distance, float((found[row] - alone[0]).abs().max()))

    def routed() -> None:
        mixed(ids, mask, tags)

    def bare() -> None:
        run_encoder(base.encoder, base.family, ids, mask)

    ratios = []
    for order in ((routed, bare), (bare, routed)):
        bare()
        times = {work: best_of(options.runs, work) for work in order}
        ratios.append(times[routed] / times[bare])
    return {
        "question": QUESTION,
        "setting": f"route of {len(TAGS)} languages >> task",
        "ratio, routed first": round(ratios[0], 3),
        "ratio, base first": round(ratios[1], 3),
        "base seconds": round(times[bare], 3),
        "distance from rows alone": float(f"{distance:.2g}"),
        "batch": f"{options.rows} x {options.length}",
        "best of": options.runs,
        "base": options.base,
        **here(),
    }


def main() -> None:
    """Measure, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--length", type=int, default=32)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    row = measure(load_base(options.base), options)
    append(options.out, [row])
    print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
