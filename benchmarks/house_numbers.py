"""The house numbers of `xling/`: how long files and functions are, and what a reader has to carry.

    python benchmarks/house_numbers.py
    python benchmarks/house_numbers.py --against c4fc76e
    python benchmarks/house_numbers.py --list anonymous-tuples

Files are counted without `__init__.py`, functions with methods and inner functions and without their
docstrings; neither `self` nor `cls` is a parameter. Another revision is read through git; nothing is checked
out.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from house_counts import (
    Found,
    Source,
    Sources,
    anonymous_tuples,
    arguments,
    files,
    functions,
    many_parameters,
    positional_calls,
    shared_class_names,
    statements,
    unlike_tuples,
)
from tables import table

from xling.errors import InputError

ROOT = Path(__file__).parents[1]
PACKAGE = "xling"


@dataclass(frozen=True)
class Number:
    """A row of the table: what is looked for, and what the places it is found in are told as.

    behind: the places to list, where they are others than those that the number is taken of.
    """

    title: str
    find: Callable[[Sources], Found]
    told: Callable[[Found], str]
    behind: Callable[[Sources], Found] | None = None


def sized(
    find: Callable[[Sources], Found], *, under: float = math.inf, over: float = -math.inf
) -> Callable[[Sources], Found]:
    """Of what is found, the places whose size lies between two limits."""
    return lambda sources: [place for place in find(sources) if over < place.size < under]


def count(found: Found) -> str:
    """How many there are."""
    return f"{len(found):,}"


def total(found: Found) -> str:
    """What the sizes add up to."""
    return f"{sum(place.size for place in found):,}"


def middle(found: Found) -> str:
    """The median size."""
    return f"{median(place.size for place in found):g}" if found else "-"


def ninth_tenth(found: Found) -> str:
    """The size that nine in ten stay below."""
    sizes = sorted(place.size for place in found)
    return f"{quantiles(sizes, n=10)[-1]:.0f}" if len(sizes) > 1 else middle(found)


def largest(found: Found) -> str:
    """The largest size."""
    return str(max((place.size for place in found), default="-"))


def names(found: Found) -> str:
    """How many different names they have."""
    return str(len({place.what for place in found}))


def percent(found: Found) -> str:
    """How many in a hundred have a size."""
    return f"{100 * sum(place.size for place in found) / len(found):.1f}" if found else "-"


NUMBERS: Mapping[str, Number] = {
    "files": Number("files", files, count),
    "files-median": Number("lines of a file, median", files, middle),
    "files-p90": Number("lines of a file, p90", files, ninth_tenth),
    "files-max": Number("lines of a file, most", files, largest),
    "files-under-40": Number("files under 40 lines", sized(files, under=40), count),
    "files-under-60": Number("files under 60 lines", sized(files, under=60), count),
    "functions": Number("functions", functions, count),
    "functions-median": Number("lines of a function, median", functions, middle),
    "functions-p90": Number("lines of a function, p90", functions, ninth_tenth),
    "functions-over-60": Number("functions over 60 lines", sized(functions, over=60), count),
    "many-parameters": Number("functions of more than 6 parameters", many_parameters, count),
    "anonymous-tuples": Number("parameters that are an anonymous tuple", anonymous_tuples, count),
    "unlike-tuples": Number("of these, tuples of unlike things", unlike_tuples, count),
    "positional-calls": Number(
        "calls of classes with 5 or more arguments by position", positional_calls, count
    ),
    "class-names": Number("class names that stand for several things", shared_class_names, names),
    "statements": Number("statements", statements, total),
    "typed-arguments": Number(
        "typed arguments, percent", arguments, percent, behind=sized(arguments, under=1)
    ),
}


def here() -> list[Source]:
    """The package as it lies in the working tree."""
    paths = sorted((ROOT / PACKAGE).rglob("*.py"))
    return [Source.of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def at(revision: str) -> list[Source]:
    """The package as a revision has it; InputError when git knows no such revision."""
    try:
        commit = _git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()
    except subprocess.CalledProcessError as error:
        said = f"git knows no revision {revision!r}"
        raise InputError(said, where="--against", hint="give a commit, a branch or a tag") from error
    held = _git("ls-tree", "-r", "--name-only", commit, f"{PACKAGE}/").splitlines()
    paths = [path for path in held if path.endswith(".py")]
    return [Source.of(path, _git("show", f"{commit}:{path}")) for path in paths]


def numbers_table(columns: Mapping[str, Sources]) -> str:
    """A row for each number, a column for each state of the package."""
    body = [
        [number.title, name, *(number.told(number.find(sources)) for sources in columns.values())]
        for name, number in NUMBERS.items()
    ]
    return table(["number", "--list", *columns], body)


def listed(number: Number, sources: Sources) -> Iterator[str]:
    """A line for each place behind a number, the largest first."""
    for place in sorted((number.behind or number.find)(sources), key=lambda place: -place.size):
        yield f"{place.path}:{place.line}: {place.what} ({place.size})"


def _git(*words: str) -> str:
    ended = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=True)
    return ended.stdout.decode("utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or the places behind a number; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--list", choices=NUMBERS, help="print the places behind this number instead")
    parser.add_argument("--against", metavar="REVISION", help="a git revision to count beside this one")
    options = parser.parse_args(arguments)
    try:
        columns = {"here": here()} | ({options.against: at(options.against)} if options.against else {})
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    if options.list is None:
        print(numbers_table(columns), end="")
        return 0
    for name, sources in columns.items():
        print(f"# {name}", *listed(NUMBERS[options.list], sources), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
