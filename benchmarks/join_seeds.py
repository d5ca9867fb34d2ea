"""Join rows of the lab that were made in several sittings, one seed in each, into rows of all their seeds.

    python benchmarks/join_seeds.py --questions lab-ner-between

The interval of the joined gain is over languages and seeds as in a run of all seeds; what the choice of rows
adds is taken from the standard errors that each row keeps. A row that is joined already is not added again.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import make_results
import numpy as np
from lab.gains import joined
from lab.methods import NONE
from ledger import Row, append, here, read_ledger, this_machine

_SAME = ("question", "method", "languages", "split", "base", "metric", "rows")


def main(arguments: Sequence[str] | None = None) -> int:
    """Append the joined rows and render; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--questions", nargs="+", required=True)
    parser.add_argument("--methods", nargs="+", help="those that had the same settings in every sitting")
    parser.add_argument("--docs", type=Path, default=make_results.DOCS)
    options = parser.parse_args(arguments)
    ledger = options.docs / "results.jsonl"
    known = [row for row in read_ledger(ledger) if row.get("question") in options.questions]
    known = [row for row in known if not options.methods or row["method"] in options.methods]
    given = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "benchmarks/join_seeds.py", *given])
    append(ledger, [{**row, "command": command, "machine": this_machine(), **here()} for row in rows(known)])
    return make_results.main(["--docs", str(options.docs)])


def rows(known: Sequence[Row]) -> Iterator[Row]:
    """Yield a joined row for each method and purpose of which there are disjoint seeds, the last of each."""
    groups: dict[tuple, list[Row]] = {}
    for row in known:
        groups.setdefault(tuple(row[key] for key in _SAME), []).append(row)
    for own in groups.values():
        single = {seed: row for row in own if len(row["seeds"]) == 1 for seed in row["seeds"]}
        most = max(len(row["seeds"]) for row in own)
        if len(single) > most and all("errors" in row for row in single.values()):
            yield join([single[seed] for seed in sorted(single)])


def join(own: Sequence[Row]) -> Row:
    """Return one row of several that differ in their seed."""
    first = own[0]
    counted = [tag for tag in first["scores"] if tag not in first["apart"]]
    gain: Row = dict.fromkeys(("gain", "gain_low", "gain_high"))
    errors = {}
    if first["method"] != NONE.name:
        gains, errors_of = (
            np.array([[value(row, tag) for row in own] for tag in counted])
            for value in (lambda row, tag: row["gains"][tag], lambda row, tag: row["errors"][tag][0])
        )
        found = joined(gains, errors_of).row()
        gain = {"gain": found["value"], "gain_low": found["low"], "gain_high": found["high"]}
        errors = dict(zip(counted, errors_of.tolist(), strict=True))
    kept = {key: first[key] for key in (*_SAME, "plan", "apart")}
    return {
        **kept,
        "seeds": [seed for row in own for seed in row["seeds"]],
        "mean": round(float(np.mean([row["mean"] for row in own])), 2),
        **gain,
        "gains": {
            tag: round(float(np.mean([row["gains"][tag] for row in own])), 2) for tag in first["gains"]
        },
        "scores": {tag: [score for row in own for score in row["scores"][tag]] for tag in first["scores"]},
        "errors": errors,
        "numbers": round(float(np.mean([row["numbers"] for row in own]))),
        "seconds": round(sum(row["seconds"] for row in own), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
