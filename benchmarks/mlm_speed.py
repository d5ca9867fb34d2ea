"""How fast are MLM language modules trained, beside the library `adapters`?

    python benchmarks/mlm_speed.py --peer-python peer/bin/python --text FILE... --language ibo

`peer_mlm_adapters.py` says how the peer's environment is made. Each pair runs three fresh processes one
after the other, on the same text and the same number of threads:

1. the peer on its own batches: by default lines run together and cut into full rows, as its documented
   command does, so that no piece of them is padding (`--layout lines` pads single lines instead);
2. ours on those very batches and masks, float32, the full table of pieces (`same-batches`);
3. ours with our defaults on the same text (`defaults`).

The medians over pairs, their ratio and its range over pairs are appended to the results file, one row a
setting, after one row for every pair. Tokens are those of attention masks: padding never counts.

Measure on a quiet machine. Where other work holds a core, several threads wait for one another at every
operation, which costs the side with the smaller operations (ours) most: then give `--threads 1`. Each pair's
row has the load average before it, so that a busy machine can be told afterwards.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ledger import Row, append, processor
from torch import Tensor

from xling.bases.base import load_base
from xling.bases.batches import pad_rows
from xling.data.text import deduplicate, read_text
from xling.training.mlm import encode_lines, mask_pieces

HERE = Path(__file__).parent
QUESTION = "mlm-speed"
SETTINGS = ("same-batches", "defaults")
UNPREDICTED = -100
PROBABILITY = 0.15


def rows_of(encoded: Sequence[Sequence[int]], options: argparse.Namespace) -> list[list[int]]:
    """Rows for the peer, shuffled: full ones cut from the running text, or one a line."""
    order = np.random.default_rng(options.seed).permutation(len(encoded))
    if options.layout == "lines":
        return [list(encoded[number]) for number in order]
    running = [piece for number in order for piece in encoded[number]]
    ends = range(options.length, len(running) + 1, options.length)
    return [running[end - options.length : end] for end in ends]


def masked(
    tokenizer: Any, rows: Sequence[Sequence[int]], generator: np.random.Generator
) -> dict[str, Tensor]:
    """One batch as the peer's collator would make it: masked ids, attention mask, labels."""
    ids, mask = pad_rows(rows, tokenizer.pad_token_id)
    special = torch.as_tensor(sorted(tokenizer.all_special_ids))
    hidden, targets = mask_pieces(
        ids,
        mask.bool() & ~torch.isin(ids, special),
        torch.arange(len(tokenizer)),
        mask_id=tokenizer.mask_token_id,
        probability=PROBABILITY,
        generator=generator,
    )
    return {"ids": hidden, "mask": mask, "labels": torch.where(targets, ids, UNPREDICTED)}


def write_batches(tokenizer: Any, lines: Sequence[str], path: Path, options: argparse.Namespace) -> int:
    """Write as many batches as the peer has steps, or as the text gives; returns their number."""
    rows = rows_of(encode_lines(tokenizer, lines, options.length), options)
    wanted = min(options.steps + options.warmup, len(rows) // options.rows)
    if not wanted:
        raise SystemExit(
            f"--text has {len(rows)} rows of {options.length} pieces, fewer than --rows {options.rows}"
        )
    arrays = {}
    for number in range(wanted):
        chosen = rows[number * options.rows : (number + 1) * options.rows]
        batch = masked(tokenizer, chosen, np.random.default_rng([options.seed, number]))
        arrays |= {f"{name}/{number}": value.numpy().astype(np.int32) for name, value in batch.items()}
    np.savez(path, **arrays)
    return wanted


def measured(command: Sequence[str | Path]) -> Row:
    """The JSON line that a worker prints; its standard error when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def commands(
    options: argparse.Namespace, folder: str, batches: Path, text: Path
) -> dict[str, list[str | Path]]:
    """The three processes of a pair, in the order they run."""
    threads = ["--threads", str(options.threads), "--warmup", str(options.warmup)]
    steps, own_steps = ["--steps", str(options.steps)], ["--steps", str(options.own_steps)]
    own: list[str | Path] = [sys.executable, HERE / "own_mlm_modules.py", "--base", options.base, *threads]
    peer: list[str | Path] = [options.peer_python, HERE / "peer_mlm_adapters.py", "--model", folder, *threads]
    return {
        "peer": [*peer, "--batches", batches, *steps],
        "same-batches": [*own, "--batches", batches, *steps],
        "defaults": [*own, "--text", text, "--language", options.language, *own_steps],
    }


def run_pairs(options: argparse.Namespace, work: Path) -> list[dict[str, Row]]:
    """All measurements, pair by pair."""
    lines = deduplicate(read_text(options.text))
    text, batches = work / "text.txt", work / "batches.npz"
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    base = load_base(options.base)
    folder = str(base.folder or base.id)
    count = write_batches(base.tokenizer, lines, batches, options)
    del base
    say(f"{len(lines)} lines, {count} batches of {options.rows} rows ({options.layout})")
    pairs = []
    for number in range(1, options.pairs + 1):
        pair: dict[str, Row] = {"machine": {"load": round(os.getloadavg()[0], 2)}}
        for name, command in commands(options, folder, batches, text).items():
            pair[name] = measured(command)
            say(f"pair {number}: {name} {pair[name]['tokens_per_second']} tokens/s")
        pairs.append(pair)
    return pairs


def pair_row(setting: str, number: int, pair: dict[str, Row]) -> Row:
    """One pair under one setting."""
    row: Row = {"question": QUESTION, "setting": setting, "pair": number, **pair["machine"]}
    for side, found in (("peer", pair["peer"]), ("own", pair[setting])):
        for name in ("tokens_per_second", "tokens", "seconds", "cpu_seconds", "peak_rss_mb"):
            row[f"{side}_{name}"] = found[name]
    row["ratio"] = round(row["own_tokens_per_second"] / row["peer_tokens_per_second"], 3)
    return row


def summary_row(rows: Sequence[Row], pair: dict[str, Row], options: argparse.Namespace) -> Row:
    """Medians of one setting over its pairs, and everything that the figures depend on."""
    peer, own = (
        statistics.median(row[f"{side}_tokens_per_second"] for row in rows) for side in ("peer", "own")
    )
    ratios = [row["ratio"] for row in rows]
    found = pair[rows[0]["setting"]]
    return {
        "question": QUESTION,
        "setting": rows[0]["setting"],
        "pairs": len(rows),
        "peer_tokens_per_second": round(peer, 1),
        "own_tokens_per_second": round(own, 1),
        "ratio": round(own / peer, 3),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "peer_peak_rss_mb": max(row["peer_peak_rss_mb"] for row in rows),
        "own_peak_rss_mb": max(row["own_peak_rss_mb"] for row in rows),
        "base": options.base,
        "language": options.language,
        "layout": f"{options.layout}, {options.rows} x {options.length}",
        "threads": found["threads"],
        "bfloat16": found["bfloat16"],
        "processor": processor(),
        "peer_versions": pair["peer"]["versions"],
        "own_versions": found["versions"],
        "date": datetime.date.today().isoformat(),
    }


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer-python", required=True, help="the peer environment's interpreter")
    parser.add_argument("--text", required=True, nargs="+", help="plain text to train on")
    parser.add_argument("--language", default="ibo", help="the language of the text")
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=2, help="steps that are not timed, on each side")
    parser.add_argument("--steps", type=int, default=10, help="timed steps on the peer's batches")
    parser.add_argument("--own-steps", type=int, default=40, help="timed steps with our defaults")
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    parser.add_argument("--layout", choices=("chunks", "lines"), default="chunks")
    parser.add_argument("--rows", type=int, default=16, help="rows of the peer's batches")
    parser.add_argument("--length", type=int, default=128, help="pieces in a row, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "results.jsonl")
    options = parser.parse_args()
    if shutil.which(options.peer_python) is None:
        parser.error(
            f"--peer-python: no interpreter {options.peer_python!r}; peer_mlm_adapters.py says how to make it"
        )
    return options


def main() -> None:
    """Measure all pairs, append their rows, print the summaries."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        pairs = run_pairs(options, Path(folder))
    for setting in SETTINGS:
        rows = [pair_row(setting, number, pair) for number, pair in enumerate(pairs, start=1)]
        summary = summary_row(rows, pairs[-1], options)
        append(options.out, [*rows, summary])
        print(json.dumps(summary, ensure_ascii=False))


if __name__ == "__main__":
    main()
