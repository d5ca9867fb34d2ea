"""The shared tasks by name, and the names of their submission files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from xling.errors import InputError
from xling.languages import parse
from xling.registry import Registry
from xling.submission import afrisenti, americasnli, masakhaner, xsid
from xling.submission.submission import Predictions, SharedTask, quoted

TASKS: Registry[SharedTask] = Registry(
    "shared task",
    (
        ("afrisenti", afrisenti.TASK),
        ("americasnli", americasnli.TASK),
        ("masakhaner", masakhaner.TASK),
        ("norsid", xsid.TASK),
        ("sid4lr", xsid.TASK),
    ),
)


def task_named(name: str) -> SharedTask:
    """Return the shared task with this name.

    Raises InputError, which lists the names, when there is none.
    """
    return TASKS.named(name, where="SHARED_TASK")


def check_codes(task: SharedTask, codes: Sequence[str], files: int) -> None:
    """Raise InputError when the given codes are unknown, not one per file, or not used by the task.

    codes: the language codes that the user gives, or nothing.
    files: the number of prediction files.
    """
    if not codes:
        return
    if task.pattern is None:
        raise InputError("the files of this task keep the test file's name", where="--code", hint="drop it")
    if len(codes) != files:
        problem = f"{len(codes)} codes for {files} files"
        raise InputError(problem, where="--code", hint="give it once for each --predictions, in their order")
    for code in codes:
        if code not in task.codes:
            raise InputError(f"{quoted(code)} is no code of this task", where="--code", choices=task.codes)


def code_of(task: SharedTask, test: Path, predictions: Predictions) -> str:
    """Return the language code of a submission file.

    It is the code in the test file's name, else the code stated inside it, else that of the rows' language.
    It is empty for a task whose files keep the test file's name.

    Raises InputError, which lists the codes, when none of these gives one.
    """
    if task.pattern is None:
        return ""
    named = {part for part in re.split(r"[^a-z0-9]+", test.name.lower()) if part in task.codes}
    if len(named) == 1:
        return named.pop()
    stated = task.stated(test) if task.stated else None
    spoken = {task.languages.get(_plain(tag)) for tag in predictions.languages()}
    found = stated or (spoken.pop() if len(spoken) == 1 else None)
    if found is None:
        raise InputError(
            "neither the file's name nor the rows' language gives the language code of the submission file",
            where=test,
            choices=task.codes,
            hint="put the code in the file's name, or give --code once for each file",
        )
    return found


def file_name(task: SharedTask, test: Path, code: str) -> str:
    """Return the name of the submission file inside the zip."""
    return test.name.removesuffix(".gz") if task.pattern is None else task.pattern.format(code=code)


def _plain(tag: str) -> str:
    """Return the canonical language without its script, or the text itself if it is not a language tag."""
    with suppress(InputError):
        return parse(tag).partition("_")[0]
    return tag
