"""What a small run leaves on disk, for the report and the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONDITIONS = ("none", "source", "target")


def cell(language: str, condition: str, value: float, **more: Any) -> dict[str, Any]:
    """A score of 300 examples with an interval of six points."""
    return {
        "language": language,
        "name": {"eng": "English", "fao": "Faroese", "tha": "Thai", "pes": "فارسی"}[language],
        "script": {"tha": "Thai", "pes": "Arab"}.get(language, "Latn"),
        "condition": condition,
        "plan": "task/spans" if condition == "none" else f"lang/{language} >> task/spans",
        "task": "tagging",
        "metric": "f1",
        "value": value,
        "low": value - 3,
        "high": value + 3,
        "examples": 300,
        "split": "test",
        "data_sha256": "ab" * 32,
        **more,
    }


def results(**more: Any) -> dict[str, Any]:
    """Faroese is helped, Thai harmed, Persian neither."""
    values = {"fao": (40.0, 38.0, 50.0), "tha": (55.0, 53.0, 45.0), "pes": (30.0, 29.0, 31.0)}
    cells = [cell("eng", "none", 80.0), cell("eng", "source", 80.5)]
    for language, scores in values.items():
        cells += [cell(language, *pair) for pair in zip(CONDITIONS, scores, strict=True)]
    gains = [
        {"language": language, "condition": "target", "value": value, "low": value - 2, "high": value + 2}
        for language, value in (("fao", 10.0), ("tha", -10.0), ("pes", 1.0))
    ]
    return {
        "recipe": "quickstart",
        "command": "xling run recipes/quickstart.yaml --out runs",
        "base": {"id": "embedded:multilingual-e5-small", "revision": "0.3.0", "fingerprint": "9f" * 32},
        "source": "eng",
        "seed": 0,
        "task": "tagging",
        "cells": cells,
        "gains": gains,
        "modules": [
            {
                "name": "lang/fao",
                "language": "fao",
                "kind": "bottleneck",
                "steps": 100,
                "tokens": 25600,
                "pseudo_perplexity_before": 200.0,
                "pseudo_perplexity_after": 50.0,
            },
            {
                "name": "task/spans",
                "language": "eng",
                "kind": "bottleneck + head",
                "steps": 50,
                "tokens": None,
            },
        ],
        "stages": [
            {
                "name": "lang/fao",
                "key": "k1",
                "seconds": 30.0,
                "tokens_per_second": 800.0,
                "peak_rss_mb": 1500.0,
            },
            {
                "name": "predict/fao/none/0",
                "key": "k2",
                "seconds": 2.0,
                "tokens_per_second": None,
                "cached": True,
            },
            {"name": "predict/fao/target/0", "key": "k3", "seconds": 3.0, "tokens_per_second": None},
        ],
        "cards": [
            {
                "name": "cldr",
                "title": "CLDR spans",
                "licence": "Unicode-3.0",
                "citation": "Unicode CLDR",
                "known_faults": ["Names in lists, not running text."],
            }
        ],
        "versions": {"xling": "0.1.0", "torch": "2.13.0"},
        **more,
    }


def log_rows(stage: str = "lang/fao", *, steps: int = 40) -> list[dict[str, Any]]:
    """A loss that falls, with a dev score every tenth step."""
    rows: list[dict[str, Any]] = []
    for step in range(1, steps + 1):
        row = {"stage": stage, "step": step, "steps": steps, "loss": 8 / step, "learning_rate": 1e-3}
        rows.append(row | ({"dev": float(step)} if step % 10 == 0 else {}))
    return rows


def write_run(folder: Path, content: dict[str, Any], log: list[dict[str, Any]] | None = None) -> Path:
    """The files of a run, as the runner writes them; no log when there are no rows for one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    if log is not None:
        text = "".join(json.dumps(row) + "\n" for row in log)
        (folder / "log.jsonl").write_text(text, encoding="utf-8")
    return folder


def write_answers(
    folder: Path, language: str, condition: str, rows: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """The gold and predicted rows of a language, for the seed 0."""
    for name, side in ((f"gold/{language}", 0), (f"predictions/{language}-{condition}-0", 1)):
        path = folder / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(pair[side], ensure_ascii=False) + "\n" for pair in rows)
        path.write_text(text, encoding="utf-8")
