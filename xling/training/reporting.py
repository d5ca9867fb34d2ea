"""What a run reports while it trains: one line per step in `log.jsonl`, and a progress bar on a terminal."""

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
    """The report of one optimizer step.

    tokens: the number of pieces that the step read.
    score: the score on held-out data, or None if the step was not evaluated.
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    tokens: int
    score: float | None


@runtime_checkable
class Reporter(Protocol):
    """A receiver of reports: it is called at the start of a run, after each step, and at the end.

    A class that derives from it does nothing where it says nothing.
    """

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        """Report that the run, or one phase of it, starts or resumes after `step` of `steps`."""

    def tick(self, tick: Tick) -> None:
        """Report that a step is done."""

    def end(self) -> None:
        """Report that the run, or the phase, has ended, whether normally or by an error."""


class Silent(Reporter):
    """A reporter that reports nothing."""


class Several:
    """A reporter that passes every report on to several reporters."""

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


class Log(Reporter):
    """A reporter that appends rows to `log.jsonl`.

    A resumed run first removes the rows of the steps that it will repeat.
    """

    def __init__(self, path: Path, stage: str) -> None:
        self.path, self.title, self.stage = path, stage, stage
        self.last = time.perf_counter()

    def begin(self, step: int, steps: int, phase: str = "") -> None:
        """Remove the rows of this stage that come after `step`, because they will be written again."""
        self.last = time.perf_counter()
        self.stage = f"{self.title} ({phase})" if phase else self.title
        if self.path.is_file():
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
            kept = [line for line in lines if _step_of(line, self.stage) <= step]
            if len(kept) < len(lines):
                write_lines(self.path, kept)

    def tick(self, tick: Tick) -> None:
        """Append one row. Raises XlingError when the file cannot be written."""
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


def _step_of(line: str, stage: str) -> int:
    """Return the step of a row, which is 0 for a row of another stage and huge for a broken row."""
    try:
        row = json.loads(line)
        return int(row["step"]) if row["stage"] == stage else 0
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return sys.maxsize


class Bar:
    """A progress bar on stderr that shows the steps, the loss, the pieces per second and the time left."""

    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            TextColumn("{task.description}", markup=False),  # the name of a stage may come from a stranger
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
