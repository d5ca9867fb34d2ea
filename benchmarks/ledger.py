"""Rows of benchmarks: where they were measured, and the file that they are appended to."""

from __future__ import annotations

import datetime
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

Row = dict[str, Any]


def processor() -> str:
    """The processor's own name, or the machine's kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def here() -> Row:
    """What every row says of the place and the day."""
    return {
        "threads": torch.get_num_threads(),
        "processor": processor(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "date": datetime.date.today().isoformat(),
    }


def append(path: Path, rows: Sequence[Row]) -> None:
    """Add rows to a results file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def in_turns(running: Mapping[str, Callable[[int], None]], steps: int) -> dict[str, list[float]]:
    """Seconds of the steps of several ways, in turns; a first round of all does not count."""
    times: dict[str, list[float]] = {name: [] for name in running}
    for number in range(steps + 1):
        for name, step in running.items():
            started = time.perf_counter()
            step(number)
            if number:
                times[name].append(time.perf_counter() - started)
    return times
