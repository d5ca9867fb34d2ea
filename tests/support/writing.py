"""Small files that users would bring."""

from __future__ import annotations

from pathlib import Path

from support.tiny import WORDS

CONLL = """amina B-PER
anaishi O
nairobi B-LOC

juma B-PER
alisoma O
kitabu O

moshi B-LOC
na O
dodoma B-LOC
"""


def conll(folder: Path, name: str = "train.conll", *, times: int = 6) -> Path:
    """Tagged sentences."""
    path = folder / name
    path.write_text((CONLL + "\n") * times, encoding="utf-8")
    return path


def table(folder: Path, name: str = "train.tsv", *, rows: int = 24) -> Path:
    """Labelled texts: the label is decided by the first word."""
    lines = ["id\ttext\tlabel"]
    for number in range(rows):
        first = WORDS[number % 2]
        lines.append(f"r{number}\t{first} {WORDS[number % len(WORDS)]}\t{('person', 'verb')[number % 2]}")
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
