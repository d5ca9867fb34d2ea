"""Put the scores of finished runs into docs/results.jsonl, and make docs/results.md again.

python benchmarks/record_run.py runs/quickstart --note "100 steps a language"
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import make_results
from ledger import append_results, this_machine

from xling.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Append and render; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("runs", type=Path, nargs="+", help="folders that `xling run` filled")
    parser.add_argument("--note", default="", help="what sets these runs apart from others of their recipe")
    parser.add_argument("--machine", default=this_machine(), help="where they ran, when not here")
    parser.add_argument("--docs", type=Path, default=make_results.DOCS)
    options = parser.parse_args(arguments)
    ledger = options.docs / "results.jsonl"
    try:
        for run in options.runs:
            added = append_results(run / "results.json", ledger, machine=options.machine, note=options.note)
            print(f"{run}: {added} scores added to {ledger}", file=sys.stderr)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return make_results.main(["--docs", str(options.docs)])


if __name__ == "__main__":
    sys.exit(main())
