"""Plain text: files and folders to lines, without repeats, a slice held out, languages balanced."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from xling.data.examples import sample
from xling.data.place import Place
from xling.data.rows import Record
from xling.data.textfile import read_lines
from xling.errors import InputError

ALPHA = 0.3  # see `balanced`
_MOST_HELD_OUT = 0.1


def read_text(paths: Iterable[str | Path]) -> list[str]:
    """Lines of files, and of every `.txt`, `.txt.gz` and plain `.gz` below folders, in path order.

    White space is collapsed and empty lines are dropped. Raises InputError for a missing or empty
    file, a folder without text, or bytes that are not UTF-8 (file, line and byte are named).
    """
    lines: list[str] = []
    for path in map(Path, paths):
        for file in _files(path):
            lines += [" ".join(line.split()) for line in read_lines(file)]
    return [line for line in lines if line]


def line_rows(path: str | Path) -> Iterator[Record]:
    """Each line that is not blank as a row of one column, `text`, its white space collapsed."""
    for number, line in enumerate(read_lines(path), start=1):
        place = Place(path, number)
        if text := " ".join(line.split()):
            yield Record({"text": text}, place, place)


def deduplicate(lines: Iterable[str]) -> list[str]:
    """Each line once, where it first stood."""
    return list(dict.fromkeys(lines))


def hold_out(lines: Sequence[str], count: int, seed: int) -> tuple[list[str], list[str]]:
    """(rest, held out): `count` different lines, but a tenth of all at most, in their order.

    A line is chosen by a hash of its content and the seed, so it mostly stays chosen when the text
    grows or is put in another order; no line held out occurs in the rest.
    """
    different = deduplicate(lines)
    count = max(0, min(count, int(len(different) * _MOST_HELD_OUT)))
    chosen = set(sorted(different, key=lambda line: _rank(line, seed))[:count])
    return [line for line in lines if line not in chosen], [line for line in different if line in chosen]


def balanced(texts: Mapping[str, Sequence[str]], alpha: float = ALPHA, *, seed: int = 0) -> list[str]:
    """As many lines as there are in all, those of a language in proportion to its count to the power alpha.

    alpha: 1 takes every line once; towards 0 small languages are repeated until all weigh alike (Conneau and
    Lample 2019, section 3.1; Downey et al. 2024 adapt a family so). Raises InputError for a language without
    a line.
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
    """The lines of each language without repeats, and a slice of them all held out."""
    share = max(1, count // len(texts))
    parts = {language: hold_out(deduplicate(lines), share, seed) for language, lines in texts.items()}
    return {language: rest for language, (rest, _) in parts.items()}, [
        line for _, held in parts.values() for line in held
    ]


def _files(path: Path) -> list[Path]:
    if not os.path.isdir(path):  # Path.is_dir fails on names that are too long
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
