"""docs/results.md and docs/results/*.md from docs/results.jsonl and the hand-written docs/notes/*.md.

    python benchmarks/make_results.py            # write the page and the files behind it
    python benchmarks/make_results.py --check    # say whether they are up to date (exit status 1 when not)

The page has a short section for each question; `notes.py` says how a note is written. Lines with a `question`
are benchmark rows with columns of their own; all others are scores that `ledger.append_results` wrote.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import results_pages
from ledger import Row, read_ledger
from notes import read_notes

from xling.errors import InputError
from xling.files import write_atomically

DOCS = Path(__file__).resolve().parents[1] / "docs"
_OF_A_SCORE = frozenset({"recipe", "note", "base", "language", "condition", "value"})


def pages(docs: Path) -> dict[str, str]:
    """What the ledger and notes of a docs folder give, by path in it; InputError when one is damaged."""
    return results_pages.pages(_rows(docs / "results.jsonl"), read_notes(docs / "notes"))


def faults(docs: Path, made: dict[str, str]) -> list[str]:
    """What is wrong with the files that lie there: those that are old, missing, or of nothing any more."""
    wrong = [path for path, text in made.items() if _text(docs / path) != text]
    told = [f"{docs / path} is not what the ledger and notes give" for path in wrong]
    return told + [f"{path} belongs to nothing in the ledger" for path in _left(docs, made)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and its files, or check them; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of results.jsonl and notes/")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a file is old")
    options = parser.parse_args(arguments)
    try:
        made = pages(options.docs)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    if options.check:
        wrong = faults(options.docs, made)
        for fault in wrong:
            print(f"{fault}: run `make results`", file=sys.stderr)
        return 1 if wrong else 0
    for path, text in made.items():
        write_atomically(options.docs / path, text.encode("utf-8"))
    for path in _left(options.docs, made):
        path.unlink()
    return 0


def _rows(ledger: Path) -> list[Row]:
    rows = read_ledger(ledger)
    for number, row in enumerate(rows, start=1):
        if "question" not in row and (missing := _OF_A_SCORE - set(row)):
            problem = f"neither a benchmark's `question` nor a score's {', '.join(sorted(missing))}"
            raise InputError(problem, where=ledger, line=number, hint="mend the line")
    return rows


def _left(docs: Path, made: dict[str, str]) -> list[Path]:
    """The files in the folder of results that nothing makes any more."""
    return [
        path
        for path in sorted((docs / results_pages.FOLDER).glob("*.md"))
        if path.relative_to(docs).as_posix() not in made
    ]


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
