"""What a run tells while it runs: a line per step in `log.jsonl`, a progress bar on a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from xling.errors import XlingError
from xling.files import write_lines


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One optimizer step: its loss, its rate, the pieces it read, the held-out score if one was taken."""

    step: int
    steps: int
    loss: float
    learning_rate: float
    tokens: int
    score: float | None


@runtime_checkable
class Reporter(Protocol):
    """Hears of a run's start, of each step and of its end."""

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        """The run, or a phase of it, starts (or goes on) after `step` of `steps`."""
        ...

    def tick(self, tick: Tick) -> None:
        """A step is done."""
        ...

    def end(self) -> None:
        """The run, or the phase, is over, be it by an error."""
        ...


class Silent:
    """Tells nobody."""

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        """Nothing."""

    def tick(self, tick: Tick) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class Several:
    """Tells each of several reporters."""

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self.reporters = tuple(reporters)

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        for reporter in self.reporters:
            reporter.begin(step, steps, phase)

    def tick(self, tick: Tick) -> None:
        for reporter in self.reporters:
            reporter.tick(tick)

    def end(self) -> None:
        for reporter in self.reporters:
            reporter.end()


class Log:
    """Appends rows to a `log.jsonl`; rows of steps that a resumed run repeats are dropped first."""

    def __init__(self, path: Path, stage: str) -> None:
        self.path, self.title, self.stage = path, stage, stage
        self.last = time.perf_counter()

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        self.last = time.perf_counter()
        self.stage = f"{self.title} ({phase})" if phase else self.title
        if self.path.exists():
            lines = self.path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line, self.stage) <= step]
            if len(kept) < len(lines):
                write_lines(self.path, kept)

    def tick(self, tick: Tick) -> None:
        now = time.perf_counter()
        row = {
            "stage": self.stage,
            "step": tick.step,
            "steps": tick.steps,
            "loss": round(tick.loss, 6),
            "tokens": tick.tokens,
            "tokens_per_second": round(tick.tokens / max(now - self.last, 1e-9), 1),
            "learning_rate": tick.learning_rate,
        }
        self.last = now
        if tick.score is not None:
            row["dev"] = round(tick.score, 6)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, allow_nan=False) + "\n")
        except OSError as error:
            raise XlingError(
                f"cannot write {self.path}: {error.strerror or error}; free some space and run again"
            ) from error

    def end(self) -> None:
        """Nothing: a row is written when it is told."""


def _step_of(line: str, stage: str) -> int:
    """The step of a row of this stage, 0 for another stage's, endless for a broken row."""
    try:
        row = json.loads(line)
        return int(row["step"]) if row["stage"] == stage else 0
    except (ValueError, KeyError, TypeError):
        return sys.maxsize


class Bar:
    """A rich progress bar on stderr: steps, loss, pieces per second, time left."""

    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}  {task.fields[speed]} tokens/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self.title = title
        self.started, self.tokens = time.perf_counter(), 0

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        self.started, self.tokens = time.perf_counter(), 0
        self.bar.start()
        title = f"{self.title} ({phase})" if phase else self.title
        self.task = self.bar.add_task(title, total=steps, completed=step, loss="-", speed="-")

    def tick(self, tick: Tick) -> None:
        self.tokens += tick.tokens
        speed = self.tokens / max(time.perf_counter() - self.started, 1e-9)
        self.bar.update(self.task, completed=tick.step, loss=f"{tick.loss:.3f}", speed=f"{speed:.0f}")

    def end(self) -> None:
        self.bar.stop()  # a terminal shows its cursor again
