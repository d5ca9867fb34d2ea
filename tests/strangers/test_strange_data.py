"""Data files of strangers: each is read, or refused in one line with little memory.

A new case is one line of a table: the task that reads it (`text` for plain text), the file's name, its
content, and words of the refusal.
"""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xling.data import unpacking
from xling.data.examples import text_of
from xling.data.line_stream import read_lines
from xling.data.text import read_text
from xling.data.textfile import LONGEST
from xling.errors import InputError
from xling.tasks.reading import read_labelled

DEEP, BIG = "[" * 100_000, "amina " * (LONGEST // 6 + 1)
WORD = BIG.replace(" ", "x")
LONG, NO_JSON = "a line or cell has more than 1,048,576 characters", "broken JSON"


def nested(depth: int) -> str:
    """As deep as the JSON reader takes, or nearly so: showing it may be too deep."""
    return "[" * depth + "]" * depth


# (task, file, content, words of the refusal)
FILES = [
    ("text", "a.txt", BIG, f"a.txt:1: {LONG}"),
    ("text", "a.txt", f"amina\n{BIG}\n", "a.txt:2: "),
    ("tagging", "a.conll", f"{WORD} O\n", LONG),
    ("parsing", "a.conllu", f"1\t{WORD}\t_\tX\t_\t_\t0\troot\t_\t_\n\n", LONG),
    ("classification", "a.tsv", f"text\tlabel\n{BIG}\ta\n", LONG),
    ("classification", "a.csv", f'text,label\n"{BIG}",a\n', LONG),
    ("classification", "a.csv", 'text,label\n"' + BIG.replace(" ", "\n") + '",a\n', "unexpected end of data"),
    ("classification", "a.jsonl", f'{{"text": "{BIG}", "label": "a"}}\n', LONG),
    ("classification", "a.jsonl", f'{{"text": {DEEP}', NO_JSON),
    ("classification", "a.jsonl", f'{{"text": {"9" * 5000}, "label": "a"}}', NO_JSON),
    *[("classification", "a.jsonl", f'{{"text": {nested(depth)}, "label": "a"}}', "a.jsonl:1: ")
      for depth in range(900, 1000, 7)],
    *[("tagging", "a.jsonl", f'{{"tokens": {nested(depth)}, "tags": ["O"]}}', "a.jsonl:1: ")
      for depth in range(900, 1000, 7)],
    ("classification", "a.jsonl", '{"text": "\\ud800", "label": "a"}', "no text"),
    ("question-answering", "a.json", DEEP, NO_JSON),
    ("question-answering", "a.json", '{"data": ' * 100_000, NO_JSON),
    *[("question-answering", "a.json", f'{{"data": {nested(depth)}}}', "a.json")
      for depth in range(900, 1000, 7)],
]  # fmt: skip


@pytest.mark.parametrize(("task", "name", "content", "words"), FILES, ids=lambda value: str(value)[:20])
def test_a_file_of_data(tmp_path, task, name, content, words):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_text([path]) if task == "text" else read_labelled(path, task=task, language="swh")
    assert words in str(caught.value) and len(str(caught.value)) < 1300


@pytest.mark.parametrize(("name", "row"), [("a.csv", '{},a\n"x ""y"", z",b\n'), ("a.tsv", "{}\ta\nx\tb\n")])
def test_long_cells_are_legal(tmp_path, name, row):
    """Over 131,072 characters, where the csv library ends by default."""
    text = "amina " * 50_000 + "juma"
    head = "text\tlabel\n" if name == "a.tsv" else "text,label\n"
    (tmp_path / name).write_text(head + row.format(text))
    first, _ = read_labelled(tmp_path / name, task="classification", language="swh")
    assert text_of(first) == text


def bomb(line: bytes) -> Iterator[bytes]:
    """More bytes than any file of this size justifies."""
    for _ in range(unpacking.FLOOR // 2**20 + 1):
        yield (line * (2**20 // len(line) + 1))


@pytest.mark.parametrize(("task", "name"), [
    ("text", "a.gz"), ("text", "a.txt"), ("text", "."), ("tagging", "a.conll"),
    ("classification", "a.jsonl.gz"), ("parsing", "a.conllu.gz"), ("question-answering", "a.json.gz"),
])  # fmt: skip
@pytest.mark.parametrize("line", [b"\0", b"amina anaishi nairobi\n"])
def test_a_bomb_of_gzip(tmp_path, task, name, line):
    path = tmp_path / (name if name != "." else "x.txt.gz")
    with gzip.GzipFile(path, "wb", compresslevel=1) as file:
        for block in bomb(line):
            file.write(block)
    told = r"unpacks to more than 50 times its size.*gunzip --keep|:1: broken JSON"
    with pytest.raises(InputError, match=told):
        read_text([tmp_path / name]) if task == "text" else read_labelled(path, task=task, language="swh")


def test_honest_gzip_is_read_however_well_it_packs(tmp_path):
    """Forty thousand equal lines pack to a 300th, and are few bytes."""
    lines = ["amina anaishi nairobi"] * 40_000
    with gzip.open(tmp_path / "a.gz", "wt") as file:
        file.write("\n".join(lines))
    assert (tmp_path / "a.gz").stat().st_size * 200 < 22 * 40_000 < unpacking.FLOOR
    assert read_lines(tmp_path / "a.gz") == lines


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def listening(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(path))
    return path


NO_FILES = {
    "a pipe": (pipe, "this is no regular file"),
    "a socket": (listening, "this is no regular file"),
    "a device": (lambda path: Path("/dev/zero"), "this is no regular file"),
    "a folder": (lambda path: path.mkdir() or path, "no .txt or .gz file in this folder"),
    "a folder of pipes": (lambda path: path.mkdir() or pipe(path / "a.txt").parent, "no .txt or .gz file"),
    "no name": (lambda path: Path("no/../\0"), "no such file"),
    "a long name": (lambda path: Path("x" * 5000), "File name too long"),
}


@pytest.mark.parametrize(("make", "words"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file(shell, tmp_path, monkeypatch, make, words):
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    path = make(Path("a.txt"))
    ended = shell("train", "language", "--base", "x", "--language", "swh", "--out", "out", "--text", path)
    ended.refused(words)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["a.txt", "a.gz", "a.txt.gz"]), st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path, data, name, packed):
    (tmp_path / name).write_bytes(gzip.compress(data)[: 20 + len(data)] if packed else data)
    try:
        read_lines(tmp_path / name)
    except InputError as error:
        assert len(str(error).splitlines()) == 1
