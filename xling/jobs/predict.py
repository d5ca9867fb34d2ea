"""Predictions for a user's file, in the format that the output's ending names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xling.bases.opening import load_base
from xling.data.anyfile import ending, read_input
from xling.data.conll import write_conll
from xling.errors import InputError
from xling.files import write_atomically, write_lines
from xling.jobs.compose import compose
from xling.languages import parse
from xling.store.store import Store


def predict_file(
    base: str,
    plan: str,
    store: Path,
    *,
    input: Path,
    output: Path,
    language: str = "und",
    device: str = "cpu",
) -> dict[str, Any]:
    """Read, predict, write; rows keep their order, their `id` and their `language`."""
    tag = language if language == "und" else parse(language)
    model = compose(load_base(base, device=device), plan, store=Store(store))
    examples = read_input(input, task=model.task.name, language=tag)
    if ending(output) in (".conll", ".txt") and model.task.name != "tagging":
        raise InputError(
            f"{model.task.name} cannot be written as CoNLL", where=output, hint="end it in .jsonl"
        )
    rows = model.predict(examples)
    if ending(output) in (".conll", ".txt"):
        text = write_conll([(row["tokens"], row["tags"]) for row in rows])
        write_atomically(output, text.encode("utf-8"))
    else:
        write_lines(output, [json.dumps(row, ensure_ascii=False) for row in rows])
    return {"output": str(output), "rows": len(rows), "plan": str(model.plan)}
