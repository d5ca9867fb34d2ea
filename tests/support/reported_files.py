"""Files that people reported to other projects, read here: what comes out, or the line that refuses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from xling.errors import InputError
from xling.tasks.reading import read_input, read_labelled

Right = list[Any] | str


def cases(found: Mapping[str, tuple[Any, ...]], names: str) -> pytest.MarkDecorator:
    """A test for each case; its source is the test's name."""
    return pytest.mark.parametrize(names, list(found.values()), ids=list(found))


def check_read(
    file: Path, task: str, right: Right, facts: Callable[[Any], Any], *, gold: bool = True
) -> None:
    """`right`: the facts of each example in turn, or what the one line says that refuses the file."""
    try:
        found = (read_labelled if gold else read_input)(file, task=task, language="swh")
    except InputError as error:
        assert isinstance(right, str), str(error)
        assert file.name in str(error) and right in str(error) and "\n" not in str(error)
        return
    assert [facts(example) for example in found] == right, found


def written(folder: Path, name: str, text: str) -> Path:
    """A file of these very characters, whatever the machine's line ends are."""
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path
