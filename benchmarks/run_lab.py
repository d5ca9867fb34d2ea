"""Run methods of zero-shot transfer on the lab's suites, and append their scores to docs/results.jsonl.

    python benchmarks/run_lab.py --suites ner-pairs --methods none two-seeds --languages chosen --work lab

A language that methods are chosen on is scored on its dev split, one that they are reported on on test; with
--tested, all are scored on test. The modules and predictions stay in the work folder, so that a run that was
cut off goes on where it was.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import make_results
from lab.advice import ADVISED, chosen
from lab.ground import Ground
from lab.method import CONTROL
from lab.methods import METHODS, SEEDS
from lab.rows import Asked, Row, row
from lab.runs import Scored, scored
from lab.suites import SPLITS, SUITES, Purpose
from ledger import append, here, read_ledger, this_machine

from xling.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out, append and render; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    facts = {
        "command": shlex.join(["python", "benchmarks/run_lab.py", *_told(given)]),
        "machine": this_machine(),
        **here(),
    }
    try:
        for name in options.suites:
            ground = Ground(
                replace(SUITES[name], tested=options.tested),
                options.work,
                options.data_root,
                base=options.base,
                device=options.device,
                say=_say,
            )
            for found in rows(ground, options):
                _add(options.docs / "results.jsonl", found, facts)
                _say(f"{name} {found['method']} {found['languages']}: {found['mean']}")
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return make_results.main(["--docs", str(options.docs)])


def rows(ground: Ground, options: argparse.Namespace) -> Iterator[Row]:
    """Yield a line of the ledger for each method and purpose, as soon as it is scored."""

    @cache
    def of(name: str, purpose: Purpose) -> list[Scored]:
        tags = ground.suite.languages(purpose)
        methods = {tag: chosen(ground, tag) if name == ADVISED else METHODS[name] for tag in tags}
        suiting = [(tag, method) for tag, method in methods.items() if method.suits(ground, tag)]
        return [scored(ground, method, tag, seed) for seed in options.seeds for tag, method in suiting]

    for purpose in options.languages:
        for name in options.methods:
            found, control = of(name, purpose), of(options.over or _control(name), purpose)
            if any(part.language not in ground.suite.apart for part in found):
                asked = Asked(method=name, purpose=purpose, seeds=options.seeds, over=options.over)
                yield row(ground, asked, found, control)


def _control(name: str) -> str:
    return METHODS[name].control if name in METHODS else CONTROL


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _add(ledger: Path, found: Row, facts: Row) -> None:
    """Append a line, unless a run that was cut off has added it."""
    known = read_ledger(ledger) if ledger.exists() else []
    if not any(all(line.get(key) == value for key, value in found.items()) for line in known):
        append(ledger, [{**found, **facts}])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--suites", nargs="+", choices=SUITES, default=[*SUITES])
    parser.add_argument("--methods", nargs="+", choices=[*METHODS, ADVISED], default=[*METHODS, ADVISED])
    parser.add_argument("--languages", nargs="+", choices=SPLITS, default=[*SPLITS])
    parser.add_argument(
        "--over", choices=METHODS, help="what gains are over, in place of each method's control"
    )
    parser.add_argument("--tested", action="store_true", help="score the chosen languages on test too")
    parser.add_argument("--base", help="in the place of the recipes' base, such as a folder")
    parser.add_argument("--device", default="cpu", help="where torch computes, such as cuda:0")
    parser.add_argument("--seeds", nargs="+", type=int, default=[*SEEDS], help="seeds of the task module")
    parser.add_argument("--work", type=Path, required=True, help="the folder of modules and predictions")
    parser.add_argument("--data-root", type=Path, help="the folder of the data sets; or set XLING_DATA")
    parser.add_argument("--docs", type=Path, default=make_results.DOCS)
    return parser


def _told(arguments: Sequence[str]) -> list[str]:
    """The arguments that a reader needs to run it again: none that is a folder of this machine."""
    told = list(arguments)
    for option in ("--work", "--data-root", "--docs"):
        if option in told:
            place = told.index(option)
            told[place : place + 2] = [] if option != "--work" else ["--work", "WORK"]
    return told


if __name__ == "__main__":
    sys.exit(main())
