"""The long run of what must hold under kills, races and strangers' files; `make hard` calls it.

    python benchmarks/long_run.py --seed 0 --kills 1000 --races 100 --eights 20 --cases 200000 --soak 60

Appends a line of figures for each kind of trial to docs/results.jsonl, and puts them into docs/promises.md.
Faults are printed, one a line, and the status is then 1.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")  # many processes share the cores
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import torch  # noqa: E402
from hardness.claims import claims, judged  # noqa: E402
from hardness.commands import COMMANDS, inputs  # noqa: E402
from hardness.forked import warm  # noqa: E402
from hardness.fuzzing import can_be_guided, fuzz  # noqa: E402
from hardness.kills import Trial, Victim, drawn  # noqa: E402
from hardness.races import rivals, same, soak  # noqa: E402
from hardness.targets import targets  # noqa: E402
from ledger import append, here, read_ledger, this_machine  # noqa: E402
from make_results import DOCS  # noqa: E402

QUESTION, PAGE = "hardness", "promises.md"
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->"
_RACED = ("run", "run", "run", "train language", "train task", "predict", "module export", "module merge",
          "module import", "recipe new", "vocabulary build", "train lexicon")  # fmt: skip


@dataclass
class Figures:
    """What one kind of trial came to. kills: how many processes were killed."""

    what: str
    tried: int = 0
    kills: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, faults: Sequence[str], *, kills: int = 0) -> None:
        self.tried, self.kills = self.tried + 1, self.kills + kills
        for fault in faults:
            print(f"{self.what}: {fault}", file=sys.stderr, flush=True)
        self.faults += faults


def killed_at_points(victims: Sequence[Victim], count: int, rng: random.Random) -> Iterator[Figures]:
    """Kill every command at its changes to the file system: at each, or at as many as there is time for."""
    share = count // len(victims) + 1
    for victim in victims:
        own = Figures(f"killed at a change of files: {victim.name}")
        points = range(1, victim.points + 1)
        for point in points if len(points) <= share else rng.sample(points, share):
            _told(own, victim.killed_at([point]))
        yield own


def killed_in_time(victims: Sequence[Victim], count: int, rng: random.Random) -> Figures:
    """Kill commands after random times, one to four times in a row."""
    own = Figures("killed at random times, one to four times in a row")
    while own.kills < count:
        for trial in drawn(rng.choice(victims), 1, rng):
            _told(own, trial)
    return own


def raced(
    victims: dict[str, Victim], files: Path, count: int, eights: int, rng: random.Random
) -> Iterator[Figures]:
    """Give commands several times at once. eights: how often one recipe is given to eight processes."""
    own, eight = (
        Figures("the same command, 3 to 6 processes at once"),
        Figures("the same recipe, 8 processes"),
    )
    other = Figures("trainings of two languages that want one folder, 4 processes")
    for number in range(count):
        own.add(same(victims[_RACED[number % len(_RACED)]], rng.randint(3, 6)))
    for _ in range(eights):
        eight.add(same(victims["run"], 8))
        other.add(rivals(files, victims["train language"].folder))
    yield from (found for found in (own, eight, other) if found.tried)


def _told(own: Figures, trial: Trial) -> None:
    own.add([f"{trial.command} at {trial.where}: {fault}" for fault in trial.faults], kills=trial.kills)


def figures(options: argparse.Namespace, folder: Path) -> Iterator[Figures]:
    """Yield the figures of each kind of trial."""
    rng = random.Random(options.seed)
    if options.cases:
        warm()
        how = "guided by coverage" if can_be_guided() else "by chance"
        found = targets(folder / "targets")
        own = Figures(f"files of {len(found)} kinds, mutated {how}")
        each = -(-options.cases // len(found))
        for number, (name, target) in enumerate(found.items()):
            place = folder / f"fuzz-{number}"
            place.mkdir()
            own.add([f"{name}: {fault}" for fault in fuzz(name, target, each, options.seed, place)])
        own.tried *= each
        yield own
        own = Figures("small files that claim to be huge: over 2 s, or 100 MB beyond an honest one")
        for name, claim in claims(folder / "claims").items():
            own.add([f"{name}: {fault}" for fault in judged(claim)])
        yield own
    if not (options.kills or options.races or options.eights or options.soak):
        return
    files = inputs(folder / "files")
    names = [name for name in COMMANDS if name not in options.without]
    victims = {
        name: Victim(name, COMMANDS[name], files, folder / f"of-{name}".replace(" ", "-")) for name in names
    }
    if options.kills:
        yield from killed_at_points([*victims.values()], options.kills, rng)
        yield killed_in_time([*victims.values()], options.kills // 10, rng)
    yield from raced(victims, files, options.races, options.eights, rng)
    if options.soak:
        own = Figures(f"8 processes for {options.soak:g} s: run, list, verify, predict in one store")
        own.add(soak(victims["run"], files, processes=8, seconds=options.soak, rng=rng))
        yield own


def page(rows: Sequence[dict]) -> str:
    """Return the figures of each kind as a table: the sums of its runs since the last one that had faults."""
    found: dict[str, list[dict]] = {}
    for row in rows:
        own = found.setdefault(row["what"], [])
        if own and own[-1]["faults"]:
            own.clear()
        own.append(row)
    sums = [
        {name: sum(row[name] for row in own) for name in ("tried", "kills", "faults")}
        for own in found.values()
    ]
    seeds = [", ".join(dict.fromkeys(str(row["seed"]) for row in own)) for own in found.values()]
    lines = [
        f"| {what} | {own['tried']:,} | {own['kills'] or ''} | {own['faults']} | {seed} |"
        for what, own, seed in zip(found, sums, seeds, strict=True)
    ]
    kills, faults = (sum(own[name] for own in sums) for name in ("kills", "faults"))
    lines.append(f"| **together** | | {kills:,} | {faults} | |")
    return "| what | tried | kills | faults | seeds |\n|---|---|---|---|---|\n" + "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the trials; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    torch.set_num_threads(1)
    facts = {
        "command": shlex.join(["python", "benchmarks/long_run.py", *given]),
        "machine": this_machine(),
        **here(),
    }
    ledger, failed = options.docs / "results.jsonl", False
    with TemporaryDirectory() as folder:
        for own in figures(options, Path(folder)):
            failed = failed or bool(own.faults)
            row = {"question": QUESTION, "what": own.what, "tried": own.tried, "kills": own.kills}
            append(ledger, [{**row, "faults": len(own.faults), "seed": options.seed, **facts}])
            print(f"{own.what}: {own.tried} tried, {len(own.faults)} faults", flush=True)
    put(options.docs / PAGE, page([row for row in read_ledger(ledger) if row.get("question") == QUESTION]))
    return int(failed)


def put(path: Path, table: str) -> None:
    """Put a table between the page's marks."""
    before, _, rest = path.read_text("utf-8").partition(_BEGIN)
    path.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    for name, usual, what in (
        ("--seed", 0, "seed of all that is drawn"),
        ("--kills", 1000, "about how many processes to kill"),
        ("--races", 100, "how often a command is given several times at once"),
        (
            "--eights",
            20,
            "how often 8 processes are given one recipe, and 4 want one folder",
        ),
        ("--cases", 200_000, "how many mutated files to read"),
        ("--soak", 60, "seconds in which processes share one store"),
    ):
        parser.add_argument(name, type=int, default=usual, help=what)
    parser.add_argument("--without", nargs="+", default=[], choices=COMMANDS, help="commands to leave out")
    parser.add_argument("--docs", type=Path, default=DOCS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
