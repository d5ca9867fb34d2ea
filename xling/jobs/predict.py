"""Predict the examples of a file, and write them in the format of the output file's extension.

The input is read twice: once to check it, before a model is opened, and once to predict it window by window,
so that memory does not grow with the file. The output grows beside its place (see `xling.unfinished`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from xling.data.checksums import stored_checksum
from xling.data.examples import Example
from xling.data.pipes import lasting
from xling.data.textfile import ending, find
from xling.errors import InputError
from xling.languages import UNKNOWN, parse
from xling.machine import versions
from xling.makers.composed_model import ComposedModel, Setup
from xling.makers.stage import Say
from xling.places import check_output
from xling.store.lineage import computed_with
from xling.tasks.inference import Progress, unheard
from xling.tasks.reading import Reading, input_format, stream_file
from xling.tasks.task import PieceByPiece, Pieces, Prediction, Task
from xling.unfinished import Growing, growing

_COLUMNS = (".conll", ".txt", ".conllu")
WINDOW = 1000  # examples that are predicted together and then kept


@dataclass(frozen=True, kw_only=True)
class PredictionFiles:
    """The input file, its format, and the output file.

    format: the format of the input; `auto` detects it from the file extension and the lines.
    """

    input: Path
    output: Path
    format: str = "auto"


@dataclass(frozen=True, kw_only=True)
class _Input:
    """An input file and how it is read.

    total: the number of its examples, all of which were checked. checksum: the SHA-256 of what was checked.
    """

    task: Task
    how: Reading
    total: int
    checksum: str

    @property
    def path(self) -> Path:
        return Path(self.how.where)

    def examples(self) -> Iterator[Example]:
        return stream_file(self.task, self.how)


def predict_file(
    setup: Setup,
    files: PredictionFiles,
    *,
    language: str = UNKNOWN,
    progress: Progress = unheard,
    say: Say = lambda text: None,
) -> dict[str, Any]:
    """Read a file, predict its examples and write them, in the same order and with their `id` and `language`.

    CoNLL-U output is the input file with the predictions filled in. What an interrupted call has written is
    kept, and the same call goes on from there.
    progress: a function that is called with the numbers of examples done and of all examples.
    say: a function that is called with each message to the user.
    """
    tag = language if language == UNKNOWN else parse(language)
    planned = setup.planned()
    check_output(files.output, *setup.inputs(), where="--output")
    with growing(files.output, say) as output, lasting(files.input, output.folder) as path:
        check_output(files.output, find(path), where="--output")
        format = input_format(path, task=planned.task.name, format=files.format)
        _check_format(planned.task, format, files)
        input = _checked(planned.task, Reading(where=path, language=tag, format=format, gold=False))
        model = setup.composed(planned)
        _grow(output, model, input, setup, progress)
    told = {"plan": str(model.plan), "format": format, "precision": setup.precision}
    return {"output": str(files.output), "rows": input.total, **told}


def _checked(task: Task, how: Reading) -> _Input:
    """Read a file to its end; raises InputError that names its first bad line."""
    checksum = stored_checksum(find(Path(how.where)))
    total = sum(1 for _ in stream_file(task, how))
    return _Input(task=task, how=how, total=total, checksum=checksum)


def _grow(output: Growing, model: ComposedModel, input: _Input, setup: Setup, progress: Progress) -> None:
    """Write the predictions that are not there yet."""
    first = output.begin(_key(model, input, setup, ending(output.output)))
    rows = _predicted(model, input, first, setup, progress)
    pieces = _pieces(model.task, ending(output.output))
    try:
        for number, data in enumerate(pieces(rows, input.path, first), start=first + 1):
            output.write(data)
            if number % WINDOW == 0 and number <= input.total:
                output.keep(number)
    except InputError:  # the file was good before: it changed, or the plan does not fit a row
        output.drop()
        raise
    output.finish()


def _predicted(
    model: ComposedModel, input: _Input, first: int, setup: Setup, progress: Progress
) -> Iterator[Prediction]:
    """Yield the predictions from an example on. Rows of similar length share batches within a window."""
    examples, done = islice(input.examples(), first, None), first
    progress(done, input.total)
    while window := list(islice(examples, WINDOW)):
        told = partial(_tell, progress, done, len(window), input.total)
        yield from model.predict(window, precision=setup.precision, progress=told)
        done += len(window)
    if stored_checksum(find(input.path)) != input.checksum:
        raise InputError("the file changed while it was predicted", where=input.path, hint="start again")


def _tell(progress: Progress, before: int, window: int, total: int, done: int, of: int) -> None:
    """Tell the number of examples, as though the rows of a window were spread evenly over them."""
    progress(before + window * done // of, total)


def _key(model: ComposedModel, input: _Input, setup: Setup, written_as: str) -> dict[str, Any]:
    """Return all that the bytes of the output depend on."""
    return {
        "input": input.checksum,
        "format": input.how.format,
        "language": input.how.language,
        "task": input.task.name,
        "plan": str(model.plan),
        "modules": dict(computed_with(model.composition.node)),
        "base": [model.base.fingerprint, model.base.tokenizer_fingerprint],
        "computing": [setup.precision, setup.device],
        "output": written_as,
        "versions": versions(),
    }


def _pieces(task: Task, written_as: str) -> Pieces:
    """Return how predictions are written to a file with an ending."""
    writer = task.outputs.get(written_as)
    if writer is None:
        return _json_lines
    if isinstance(writer, PieceByPiece):
        return writer.pieces
    return lambda rows, input, first: iter([writer(list(rows), input)])


def _json_lines(rows: Iterable[Prediction], input: Path, first: int) -> Iterator[bytes]:
    return (f"{json.dumps(row, ensure_ascii=False)}\n".encode() for row in rows)


def _check_format(task: Task, format: str, files: PredictionFiles) -> None:
    """Raise InputError when the output format does not fit the task or the input."""
    input, output = files.input, files.output
    if ending(output) in _COLUMNS and ending(output) not in task.outputs:
        called = "CoNLL-U" if ending(output) == ".conllu" else "CoNLL"
        raise InputError(f"{task.name} cannot be written as {called}", where=output, hint="end it in .jsonl")
    if ending(output) == ".conllu" and format != "conllu":
        raise InputError(
            f"CoNLL-U is written by filling the input in, and {input.name} is none",
            where=output,
            hint="end it in .jsonl, or give CoNLL-U as the input",
        )
