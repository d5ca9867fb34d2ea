"""Predictions for a user's file, in the format that the output's ending names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.data.conll import write_conll
from xling.data.conllu import fill_conllu
from xling.data.own_files import input_format, read_input
from xling.data.textfile import ending
from xling.errors import InputError
from xling.files import write_atomically, write_lines
from xling.languages import UNKNOWN, parse
from xling.makers.composed_model import Setup
from xling.tasks.inference import Progress, unheard

_TASKS_OF: Mapping[str, tuple[str, ...]] = {
    ".conll": ("tagging", "pos"),
    ".txt": ("tagging", "pos"),
    ".conllu": ("pos", "parsing"),
}


@dataclass(frozen=True, kw_only=True)
class PredictionFiles:
    """What is read and what is written. format: of the input; `auto` tells it by its ending and its lines."""

    input: Path
    output: Path
    format: str = "auto"


def predict_file(
    setup: Setup, files: PredictionFiles, *, language: str = UNKNOWN, progress: Progress = unheard
) -> dict[str, Any]:
    """Read, predict, write; rows keep their order, their `id` and their `language`.

    CoNLL-U is the input file with the predictions filled in.
    """
    tag = language if language == UNKNOWN else parse(language)
    planned, input, output = setup.planned(), files.input, files.output
    format = input_format(input, task=planned.task.name, format=files.format)
    _check_output(planned.task.name, format, files)
    examples = read_input(input, task=planned.task.name, language=tag, format=format)
    model = setup.composed(planned)
    rows = model.predict(examples, precision=setup.precision, progress=progress)
    if ending(output) in (".conll", ".txt"):
        text = write_conll([(row["tokens"], row["tags"]) for row in rows])
        write_atomically(output, text.encode("utf-8"))
    elif ending(output) == ".conllu":
        write_atomically(output, fill_conllu(input, rows))
    else:
        write_lines(output, [json.dumps(row, ensure_ascii=False) for row in rows])
    told = {"plan": str(model.plan), "format": format, "precision": setup.precision}
    return {"output": str(output), "rows": len(rows), **told}


def _check_output(task: str, format: str, files: PredictionFiles) -> None:
    """InputError where rows of the task, or of this input, cannot be written in the output's format."""
    input, output = files.input, files.output
    if output.is_dir():
        raise InputError("this is a folder", where=output, hint="name a file, such as predictions.jsonl")
    if task not in _TASKS_OF.get(ending(output), (task,)):
        called = "CoNLL-U" if ending(output) == ".conllu" else "CoNLL"
        raise InputError(f"{task} cannot be written as {called}", where=output, hint="end it in .jsonl")
    if ending(output) == ".conllu" and format != "conllu":
        raise InputError(
            f"CoNLL-U is written by filling the input in, and {input.name} is none",
            where=output,
            hint="end it in .jsonl, or give CoNLL-U as the input",
        )
