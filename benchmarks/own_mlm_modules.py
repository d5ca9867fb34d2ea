"""Our side of the MLM speed comparison: a `madx` language module, in a process of its own.

    python benchmarks/own_mlm_modules.py --base BASE --batches FILE.npz          # the peer's batches
    python benchmarks/own_mlm_modules.py --base BASE --text FILE --language ibo  # our own defaults

With `--batches` the very batches and masks of `peer_mlm_adapters.py` are learned in float32 against the
whole table of pieces; only the logits at masked positions are computed, as always. With `--text`,
`train_language` runs as it does for a user: batches filled by pieces from rows of like length, the corpus's
own pieces and a sample of the others as candidates, bfloat16 where the processor is good at it. Prints one
line of JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xling import train_language
from xling.bases.base import Base, load_base
from xling.bases.precision import fast_bfloat16
from xling.composition.composed import Composition
from xling.composition.fitting import base_facts
from xling.data.text import read_text
from xling.machine import peak_rss_mb, versions
from xling.makers.mlm_head import mlm_head
from xling.makers.stage import Session
from xling.modules.module import Module
from xling.modules.registry import preset
from xling.training.checkpoints import Checkpoints
from xling.training.loop import fit
from xling.training.mlm import MaskedLanguageModelling
from xling.training.phases import trainable
from xling.training.reporting import Silent, Tick
from xling.training.specs import LanguageTraining, TrainingSettings

KIND = "madx"
UNPREDICTED = -100


class Clock(Silent):
    """A reporter that notes wall and processor time after every step."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []
        self.ticks: list[Tick] = []

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        self.times = [_now()]

    def tick(self, tick: Tick) -> None:
        self.times.append(_now())
        self.ticks.append(tick)

    def after(self, warmup: int) -> dict[str, Any]:
        """Speed of the steps after the first `warmup`; tokens are those of attention masks."""
        tokens = sum(tick.tokens for tick in self.ticks[warmup:])
        seconds, cpu_seconds = (
            end - start for start, end in zip(self.times[warmup], self.times[-1], strict=True)
        )
        return {
            "tokens": tokens,
            "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu_seconds, 3),
            "tokens_per_second": round(tokens / seconds, 1),
            "steps": len(self.ticks) - warmup,
            "loss_first": round(self.ticks[0].loss, 4),
            "loss_last": round(self.ticks[-1].loss, 4),
        }


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


@dataclass
class GivenBatches:
    """An objective over batches that were masked beforehand; they go round when they run out."""

    modelling: MaskedLanguageModelling
    batches: list[tuple[Tensor, Tensor, Tensor]]
    higher_is_better: bool = False

    def passes_per_epoch(self) -> int:
        return len(self.batches)

    def loss(self, number: int) -> tuple[Tensor, int]:
        ids, mask, labels = self.batches[number % len(self.batches)]
        targets = labels != UNPREDICTED
        return self.modelling.masked_loss(ids, mask, targets, labels[targets]), int(mask.sum())

    def evaluate(self) -> None:
        return None


def read_batches(path: str) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Masked ids, attention mask and labels of each batch."""
    with np.load(path) as file:
        count = sum(name.startswith("ids/") for name in file.files)
        return [
            (
                torch.from_numpy(file[f"ids/{number}"]).long(),
                torch.from_numpy(file[f"mask/{number}"]).long(),
                torch.from_numpy(file[f"labels/{number}"]).long(),
            )
            for number in range(count)
        ]


def on_given_batches(base: Base, path: str, clock: Clock, steps: int) -> None:
    """The peer's batches in float32, against the full table."""
    batches = read_batches(path)
    settings = TrainingSettings(steps=steps, learning_rate=1e-4, checkpoint_every=0, precision="float32")
    module = Module.fresh(preset(KIND), base.shape, base_facts(base, language="ibo"))
    rows = [row.tolist() for row in batches[0][0]]
    composition = Composition(base, [module])
    spec = LanguageTraining(training=settings, candidates=False)
    modelling = MaskedLanguageModelling(composition, mlm_head(base), rows, spec, seed=0)
    fit(
        GivenBatches(modelling, batches),
        trainable(module),
        settings,
        seed=0,
        checkpoints=Checkpoints(None),
        reporter=clock,
    )


def on_text(base: Base, options: argparse.Namespace, clock: Clock, steps: int) -> None:
    """What a user gets without any option; nothing is held out, since only training is timed."""
    settings = LanguageTraining().training.model_copy(
        update={"steps": steps, "epochs": None, "minutes": None}
    )
    train_language(
        base,
        read_text([options.text]),
        language=options.language,
        kind=KIND,
        held_out=[],
        settings=settings,
        session=Session(reporter=clock),
    )


def main() -> None:
    """Train, print the speed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--batches", help="the .npz file of batches")
    parser.add_argument("--text", help="plain text, when no batches are given")
    parser.add_argument("--language", default="ibo", help="the language of the text")
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    parser.add_argument("--warmup", type=int, default=2, help="steps that are not timed")
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed")
    options = parser.parse_args()
    if bool(options.batches) == bool(options.text):
        parser.error("give one of --batches and --text")
    if options.threads:
        torch.set_num_threads(options.threads)
    base, clock, steps = load_base(options.base), Clock(), options.warmup + options.steps
    if options.batches:
        on_given_batches(base, options.batches, clock, steps)
    else:
        on_text(base, options, clock, steps)
    found = clock.after(options.warmup)
    found["threads"] = torch.get_num_threads()
    found["peak_rss_mb"] = round(peak_rss_mb())
    found["bfloat16"] = bool(options.text) and fast_bfloat16("cpu")
    found["versions"] = versions()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
