"""Predictions for a user's file, in the format that the output's ending names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xling.bases.opening import load_base
from xling.data.anyfile import ending, read_input
from xling.data.conll import write_conll
from xling.data.conllu import fill_conllu
from xling.errors import InputError
from xling.files import write_atomically, write_lines
from xling.jobs.compose import compose
from xling.languages import parse
from xling.store.store import Store

_TASKS_OF: Mapping[str, tuple[str, ...]] = {
    ".conll": ("tagging", "pos"),
    ".txt": ("tagging", "pos"),
    ".conllu": ("pos", "parsing"),
}


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
    """Read, predict, write; rows keep their order, their `id` and their `language`.

    CoNLL-U is the input file with the predictions filled in.
    """
    tag = language if language == "und" else parse(language)
    model = compose(load_base(base, device=device), plan, store=Store(store))
    examples = read_input(input, task=model.task.name, language=tag)
    _check_output(model.task.name, input, output)
    rows = model.predict(examples)
    if ending(output) in (".conll", ".txt"):
        text = write_conll([(row["tokens"], row["tags"]) for row in rows])
        write_atomically(output, text.encode("utf-8"))
    elif ending(output) == ".conllu":
        write_atomically(output, fill_conllu(input, rows))
    else:
        write_lines(output, [json.dumps(row, ensure_ascii=False) for row in rows])
    return {"output": str(output), "rows": len(rows), "plan": str(model.plan)}


def _check_output(task: str, input: Path, output: Path) -> None:
    """InputError where rows of the task, or of this input, cannot be written in the output's format."""
    if task not in _TASKS_OF.get(ending(output), (task,)):
        format = "CoNLL-U" if ending(output) == ".conllu" else "CoNLL"
        raise InputError(f"{task} cannot be written as {format}", where=output, hint="end it in .jsonl")
    if ending(output) == ".conllu" and ending(input) != ".conllu":
        raise InputError(
            f"CoNLL-U is written by filling the input in, and {input.name} is none",
            where=output,
            hint="end it in .jsonl, or give CoNLL-U as the input",
        )
