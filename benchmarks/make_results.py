"""docs/results.md from docs/results.jsonl and the hand-written docs/notes/*.md, and from nothing else.

    python benchmarks/make_results.py            # write the page
    python benchmarks/make_results.py --check    # say whether it is up to date (exit status 1 when not)

A note called `NUMBER-NAME.md` stands under the heading of the recipe or question NAME, the others above all
tables, in the order of their file names. Lines with a `question` are benchmark rows with columns of their
own; all others are scores that `ledger.append_results` wrote.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import kinds_tables
from ledger import read_ledger
from tables import folded, over_seeds, table, text

from xling.errors import InputError
from xling.evaluation.report_page import gains, matrix
from xling.evaluation.report_page.wording import DASH, duration, memory, metric_name, score
from xling.evaluation.results import BaseRow, CellRow, Gain, Results
from xling.files import write_atomically
from xling.languages import name

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = """# Results

<!-- Made by benchmarks/make_results.py from results.jsonl and notes/: edit those and run `make results`. -->

Scores are in percent with their 95% bootstrap intervals; of several seeds, the mean ± the standard
deviation, and the span of all their intervals. *none* is the control: the task module trained and used
without a language module. *source* keeps the source language's module under the task module, *target* puts
the language's own there. *gain* is the own module minus none on the same examples: it helps or harms only
where its interval leaves out zero. What did not work stands here too.
"""
Row = Mapping[str, Any]


def render(rows: Sequence[Row], notes: Mapping[str, str]) -> str:
    """The page. notes: text by file name."""
    sections: dict[str, list[Row]] = {}
    for row in rows:
        sections.setdefault(str(row.get("question") or row.get("recipe")), []).append(row)
    side_by_side = [*kinds_tables.by_task(rows)]
    headings = [kinds_tables.SECTION, *sections] if side_by_side else [*sections]
    placed = {file: _section_of(file, headings) for file in sorted(notes)}
    parts = [HEAD, *(notes[file] for file, section in placed.items() if section is None)]
    if not rows:
        parts.append("Nothing has been recorded yet.\n")
    for section in headings:
        parts.append(f"## {text(section)}\n")
        parts += [notes[file] for file, place in placed.items() if place == section]
        parts += side_by_side if section == kinds_tables.SECTION else _tables(sections[section])
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _tables(rows: Sequence[Row]) -> Iterator[str]:
    return benchmark(rows) if "question" in rows[0] else scores(rows)


def scores(rows: Sequence[Row]) -> Iterator[str]:
    """One table per experiment: the runs of a recipe that share base and note."""
    experiments: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        experiments.setdefault((row["note"], row["base"], row.get("base_revision")), []).append(row)
    for (note, base, revision), found in experiments.items():
        title = f"{note}: {base}" if note else str(base)
        latest = {(row["language"], row["condition"], row.get("seed")): row for row in found}
        yield f"### {text(title)}{f' at {text(revision)}' if revision else ''}\n"
        yield from _experiment([*latest.values()])


def benchmark(rows: Sequence[Row]) -> Iterator[str]:
    """Tables of benchmark rows with the same columns; the rows of single pairs are folded away."""
    tables: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        tables.setdefault(tuple(key for key in row if key != "question"), []).append(row)
    for columns, found in sorted(tables.items(), key=lambda item: "pair" in item[0]):
        shown = free_table(columns, found)
        yield folded("Every pair", shown) if "pair" in columns else shown


def free_table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A table of what was measured or differs between the rows, then a line of what is the same in all."""
    settled = (key for key in columns if not isinstance(rows[0][key], float))
    same = [key for key in settled if len(rows) > 1 and all(row[key] == rows[0][key] for row in rows)]
    free = [key for key in columns if key not in same]
    shown = table(
        [key.replace("_", " ") for key in free], [[plain(row[key]) for key in free] for row in rows]
    )
    facts = "; ".join(f"{key.replace('_', ' ')}: {plain(rows[0][key])}" for key in same)
    return f"{shown}\nThe same in all rows: {facts}.\n" if facts else shown


def plain(value: object) -> str:
    """A value of a benchmark row as a reader likes it."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, int | float):
        return f"{value:,}"
    return str(value)


def _experiment(rows: Sequence[Row]) -> Iterator[str]:
    """The table of one experiment and what it was made with."""
    cells = tuple(CellRow.model_validate({**row, "name": name(row["language"])}) for row in rows)
    source = str(rows[0].get("source") or "")
    base = BaseRow(id=rows[0]["base"])
    results = Results(recipe=rows[0]["recipe"], base=base, source=source, cells=cells, gains=_gains(rows))
    found = matrix.build(results)
    bars = gains.build(found, results.gains)
    yield table(*_score_table(found, {bar.language.tag: bar for bar in bars.bars} if bars else {}))
    yield _facts(rows, found.metric)


def _score_table(
    found: matrix.Matrix, bars: Mapping[str, gains.GainBar]
) -> tuple[list[str], list[list[str]]]:
    head = ["language", *found.conditions, *(["gain"] if bars else [])]
    body = []
    for language in found.languages:
        mark = ", source" if language.source else ""
        line = [f"{language.name} ({language.tag}{mark})"]
        line += [_score(language.scores.get(condition)) for condition in found.conditions]
        body.append([*line, *([_gain(bars.get(language.tag))] if bars else [])])
    if len(found.targets) > 1:
        means = [found.mean(condition) for condition in found.conditions]
        control, own = found.mean(matrix.NONE), found.mean(matrix.TARGET)
        gain = DASH if control is None or own is None else gains.gained(own - control)
        shown = [DASH if mean is None else score(mean) for mean in means]
        body.append(["mean of the targets", *shown, *([gain] if bars else [])])
    return head, body


def _score(found: matrix.Score | None) -> str:
    return DASH if found is None else over_seeds(found.seeds, found.low, found.high)


def _gain(bar: gains.GainBar | None) -> str:
    if bar is None:
        return DASH
    between = f" ({bar.between})" if bar.between else ""
    return f"{bar.shown}{between} {bar.verdict}{f', {bar.reason}' if bar.reason else ''}"


def _gains(rows: Sequence[Row]) -> tuple[Gain, ...]:
    """The paired gains of the runs; where runs of several seeds each have their own, there is none of all."""
    known: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    for row in rows:
        gain = tuple(row.get(key) for key in ("gain", "gain_low", "gain_high"))
        known.setdefault((row["language"], row["condition"]), set()).add(gain)
    return tuple(
        Gain(language=language, condition=condition, value=value, low=low, high=high)
        for (language, condition), found in known.items()
        for value, low, high in (found if len(found) == 1 else ())
        if value is not None
    )


def _facts(rows: Sequence[Row], metric: str) -> str:
    """What the numbers were made with, one fact a line."""

    def distinct(key: str) -> list[Any]:
        return list(dict.fromkeys(plain(row[key]) for row in rows if row.get(key) not in (None, "")))

    examples = sorted({row["examples"] for row in rows if row.get("examples") is not None})
    spans = [f"{number:,}" for number in dict.fromkeys([*examples[:1], *examples[-1:]])]
    seeds = distinct("seed")
    longest = max((row.get("run_seconds") or 0 for row in rows), default=0)
    most = max((row.get("run_peak_rss_mb") or 0 for row in rows), default=0)
    facts = [
        f"{metric_name(metric)} on {' and '.join(distinct('split')) or 'the examples'}",
        f"{DASH.join(spans)} examples a language" if spans else "",
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}" if seeds else "",
        f"{duration(float(longest))} and {memory(float(most))} a run" if longest and most else "",
        *distinct("machine"),
        *distinct("versions"),
        *distinct("date"),
    ]
    commands = "".join(f"`{' '.join(str(command).split())}`\n" for command in distinct("command"))
    return f"{text('; '.join(fact for fact in facts if fact))}.\n\n{commands}"


def _section_of(file: str, sections: Iterable[str]) -> str | None:
    """The section that a note belongs to: the one its name ends in, after the number."""
    named = Path(file).stem.partition("-")[2]
    return next((section for section in sections if section == named), None)


def page(docs: Path) -> str:
    """The page of a docs folder; InputError when its ledger is damaged."""
    notes = {path.name: path.read_text(encoding="utf-8") for path in sorted(docs.glob("notes/*.md"))}
    rows = read_ledger(docs / "results.jsonl")
    for number, row in enumerate(rows, start=1):
        missing = {"recipe", "note", "base", "language", "condition", "value"} - set(row)
        if "question" not in row and missing:
            problem = f"neither a benchmark's `question` nor a score's {', '.join(sorted(missing))}"
            raise InputError(problem, where=docs / "results.jsonl", line=number, hint="mend the line")
    return render(rows, notes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of results.jsonl and notes/")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when the page is old")
    options = parser.parse_args(arguments)
    target = options.docs / "results.md"
    try:
        made = page(options.docs)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    if not options.check:
        write_atomically(target, made.encode("utf-8"))
        return 0
    current = target.exists() and target.read_text(encoding="utf-8") == made
    if not current:
        print(f"{target} is not what its ledger and notes give: run `make results`", file=sys.stderr)
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
