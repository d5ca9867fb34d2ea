"""The ledger of results: a JSON line for each score or benchmark row, with all that it depends on."""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from xling.errors import InputError
from xling.evaluation.report_page import costs
from xling.evaluation.results import CellRow, Gain, Results, read_results
from xling.files import write_atomically

_GIGABYTE = 1024**3
_FOLDERS = re.compile(
    r"(?<![^\s='\"])/(?:[^\s/]+/)*(?=[^\s/])"
)  # what stands before an absolute path's last name
Row = dict[str, Any]


def append_results(results_json: Path, ledger: Path, *, machine: str, note: str) -> int:
    """Append a run's scores to the ledger, one line each; returns how many.

    machine: where it ran, as `this_machine` says it. note: what sets this run apart from others of its
    recipe, in a few words; runs of one recipe, base and note are read as one experiment, in which a later
    line of the same seed, language and condition replaces an earlier one.
    Raises InputError when the results are missing or damaged, or a line of the ledger is.
    """
    rows = list(_rows(read_results(results_json), machine, note))
    if ledger.exists():
        read_ledger(ledger)
    append(ledger, rows)
    return len(rows)


def append(ledger: Path, rows: Sequence[Row]) -> None:
    """Add rows to a ledger, of which no byte changes; one that is not there is begun.

    Commands keep no path of the machine: of an absolute one, its last name.
    """
    rows = [{**row, "command": _FOLDERS.sub("", row["command"])} if "command" in row else row for row in rows]
    before = ledger.read_text(encoding="utf-8").removesuffix("\n") if ledger.exists() else ""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = "\n".join([before, *lines] if before else lines) + "\n"
    write_atomically(ledger, text.encode("utf-8"))


def read_ledger(ledger: Path) -> list[Row]:
    """The lines of a ledger, benchmark rows among them; InputError names the line that is no JSON object."""
    try:
        text = ledger.read_text(encoding="utf-8")
    except OSError as error:
        hint = "give the path of docs/results.jsonl"
        raise InputError(f"no ledger here ({error.strerror or error})", where=ledger, hint=hint) from error
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            row = error
        if not isinstance(row, dict):
            hint = "mend or delete the line"
            raise InputError("this line is no JSON object", where=ledger, line=number, hint=hint)
        rows.append(row)
    return rows


def processor() -> str:
    """The processor's own name, or the machine's kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def this_machine() -> str:
    """Cores, processor, memory and GPUs of the machine at hand, in a few words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parts = [f"{cores} core" if cores == 1 else f"{cores} cores", processor()]
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        parts.append(f"{size / _GIGABYTE:.0f} GB")
    parts += [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return ", ".join(part for part in parts if part)


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


def _rows(results: Results, machine: str, note: str) -> Iterator[Row]:
    gains = {(gain.language, gain.condition): gain for gain in results.gains}
    spent = costs.build(results.stages)
    for cell in results.cells:
        yield {
            "recipe": results.recipe,
            "note": note,
            "command": results.command,
            "base": results.base.id,
            "base_revision": results.base.revision,
            "base_fingerprint": results.base.fingerprint,
            "source": results.source,
            "task": cell.task or results.task,
            **_cell(cell, results.seed),
            **_gain(gains.get((cell.language, cell.condition))),
            "run_seconds": round(spent.seconds, 1),
            "run_peak_rss_mb": spent.memory,
            "machine": machine,
            "versions": results.versions,
            "date": (results.created or datetime.datetime.now(datetime.UTC).isoformat())[:10],
        }


def _cell(cell: CellRow, seed: int | None) -> Row:
    return {
        "seed": seed if cell.seed is None else cell.seed,
        "language": cell.language,
        "condition": cell.condition,
        "plan": cell.plan,
        "metric": cell.metric,
        "value": cell.value,
        "low": cell.low,
        "high": cell.high,
        "examples": cell.examples,
        "split": cell.split,
        "all": cell.all,
        "data_sha256": cell.data_sha256,
    }


def _gain(gain: Gain | None) -> Row:
    """The gain over the control is of all seeds of the run together."""
    if gain is None:
        return {}
    return {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high}
