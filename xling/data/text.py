"""Plain text: reading files and folders, removing repeated lines, holding lines out, balancing languages."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from xling.data.examples import sample
from xling.data.line_stream import read_lines, stream_lines
from xling.data.place import Place
from xling.data.rows import Record
from xling.errors import InputError

ALPHA = 0.3  # see `balanced`
_MOST_HELD_OUT = 0.1


def read_text(paths: Iterable[str | Path]) -> list[str]:
    """Read the lines of files, and of `.txt`, `.txt.gz` and plain `.gz` files below folders, in path order.

    White space is collapsed and empty lines are dropped. Raises InputError for a missing or empty file, a
    folder without text, or bytes that are not UTF-8 (the error names file, line and byte).
    """
    lines: list[str] = []
    for path in map(Path, paths):
        for file in text_files(path):
            lines += [" ".join(line.split()) for line in read_lines(file)]
    return [line for line in lines if line]


def line_rows(path: str | Path) -> Iterator[Record]:
    """Yield each non-blank line as a row with one column, `text`, in which white space is collapsed."""
    for number, line in enumerate(stream_lines(path), start=1):
        place = Place(path, number)
        if text := " ".join(line.split()):
            yield Record({"text": text}, place, place)


def deduplicate(lines: Iterable[str]) -> list[str]:
    """Return each distinct line once, in the order of first occurrence."""
    return list(dict.fromkeys(lines))


def hold_out(lines: Sequence[str], count: int, seed: int) -> tuple[list[str], list[str]]:
    """Split lines into (rest, held out): `count` distinct lines, but at most a tenth of them, in their order.

    A line is chosen by a hash of its content and the seed, so the choice changes little when the text grows
    or is reordered. No line that is held out occurs in the rest.
    """
    different = deduplicate(lines)
    count = max(0, min(count, int(len(different) * _MOST_HELD_OUT)))
    chosen = set(sorted(different, key=lambda line: _rank(line, seed))[:count])
    return [line for line in lines if line not in chosen], [line for line in different if line in chosen]


def balanced(texts: Mapping[str, Sequence[str]], alpha: float = ALPHA, *, seed: int = 0) -> list[str]:
    """Resample lines so that each language's share is proportional to its line count to the power alpha.

    The total number of lines stays about the same. An alpha of 1 takes every line once; an alpha near 0
    repeats the lines of small languages until all languages have the same share (Conneau and Lample 2019,
    section 3.1; Downey et al. 2024 adapt a family in this way). Raises InputError for a language without
    lines.
    """
    for language, lines in texts.items():
        if not lines:
            raise InputError(f"no line of {language}", where="--text", hint="give text, or leave it out")
    weights = {language: len(lines) ** alpha for language, lines in texts.items()}
    total = sum(map(len, texts.values()))
    found: list[str] = []
    for language, lines in texts.items():
        count = max(1, round(total * weights[language] / sum(weights.values())))
        whole, rest = divmod(count, len(lines))
        found += list(lines) * whole + (sample(lines, rest, seed) if rest else [])
    return found


def held_apart(
    texts: Mapping[str, Sequence[str]], count: int, seed: int
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the lines of each language without repeats, and the lines held out from all of them.

    count: the number of held-out lines in all; every language gives an equal part, at most a tenth of its
        lines.
    """
    share = max(1, count // len(texts))
    parts = {language: hold_out(deduplicate(lines), share, seed) for language, lines in texts.items()}
    return {language: rest for language, (rest, _) in parts.items()}, [
        line for _, held in parts.values() for line in held
    ]


def text_files(path: Path) -> list[Path]:
    """Return the file, or the files of text below a folder in path order.

    Raises InputError for a folder without text.
    """
    if not os.path.isdir(path):  # Path.is_dir raises for names that are too long
        return [path]
    found = sorted(item for item in path.rglob("*") if _is_text(item) and item.is_file())
    if not found:
        raise InputError(
            "no .txt or .gz file in this folder", where=path, hint="give a folder or files of plain text"
        )
    return found


def _is_text(path: Path) -> bool:
    inner = Path(path.name.removesuffix(".gz"))
    return inner.suffix == ".txt" or (path.suffix == ".gz" and not inner.suffix)


def _rank(line: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{line}".encode("utf-8", "surrogatepass")).digest()
