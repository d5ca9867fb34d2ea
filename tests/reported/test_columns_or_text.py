"""Columns or plain text: a file is read as what it is, or the format is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from xling.errors import InputError
from xling.tasks.reading import input_format, read_input, read_labelled

CONLL2003 = "-DOCSTART- -X- -X- O\n\nAmina NNP B-NP B-PER\nanaishi VB O O\n\nJuma NNP B-NP B-PER\n"
CONLLU = "# sent_id = 1\n1\tAmina\t_\tPROPN\t_\t_\t0\troot\t_\t_\n2\tanaishi\t_\tVERB\t_\t_\t1\tdep\t_\t_\n"
TWO = [("Amina", "anaishi"), ("Juma",)]

FOUND = {
    # source: the lines of a .txt file, the format, its tokens
    "simpletransformers #1352: four columns": (CONLL2003, "conll", TWO),
    "dkpro-core #770: one column": ("Amina\nanaishi\n\nJuma\n", "conll", TWO),
    "NeuroNER #107: no blank line": ("Amina B-PER\nanaishi O\n", "conll", TWO[:1]),
    "one odd line": ("Amina B-PER\n10 000 O\n\nJuma B-PER\n", "conll", [("Amina", "10"), ("Juma",)]),
    "tabs": ("Amina\tx\nanaishi\ty\n\nJuma\tx\n", "conll", TWO),
    "parts of speech": ("Amina PROPN\nanaishi VERB\n\nJuma PROPN\n", "conll", TWO),
    "trees": (CONLLU, "conllu", TWO[:1]),
    "plain text of two words a line": ("Amina anaishi\n\nJuma Moshi\n", "text", [TWO[0], ("Juma", "Moshi")]),
    "plain text": ("Amina anaishi Nairobi.\nJuma!\n", "text", [(*TWO[0], "Nairobi", "."), ("Juma", "!")]),
    "one word": ("Amina\n", "text", [("Amina",)]),
    "a title": ("# Amina\nAmina anaishi\n", "text", [("#", "Amina"), TWO[0]]),
}


@pytest.mark.parametrize(("text", "format", "tokens"), FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("task", ["tagging", "pos", "parsing"])
def test_a_txt_is_read_as_what_it_is(tmp_path: Path, text: str, format: str, tokens: list, task: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    assert input_format(path, task=task) == format
    assert [row.tokens for row in read_input(path, task=task, language="swh")] == tokens


ASKED = {
    "one word a line without a blank line": "Amina\nanaishi\nNairobi\n",
    "tabs here and there": "Amina\tanaishi\nJuma\ta\tb\n",
    "a tag or a name": "Amina ANC\nJuma CCM\n\nMoshi ANC\n",
    "mostly tags": "Amina B-PER\nanaishi O\nna O\nNairobi sana\n",
}


@pytest.mark.parametrize("text", ASKED.values(), ids=ASKED)
def test_what_may_be_either_is_asked_for(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"a.txt: columns or plain text\? .*--format conll, or --format text"
    ):
        read_input(path, task="tagging", language="swh")
    told = read_input(path, task="tagging", language="swh", format="text")
    assert len(told) == len(text.replace("\n\n", "\n").splitlines())


def test_the_format_told_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Amina B-PER\nanaishi O\n", encoding="utf-8")
    assert read_labelled(path, task="tagging", language="swh", format="conll")[0].tokens == TWO[0]
    path.write_text("text\tlabel\na, b\tx\n", encoding="utf-8")
    assert read_labelled(path, task="classification", language="swh", format="tsv")[0].text == "a, b"
    with pytest.raises(
        InputError, match="--format: classification is not read from 'conll'; choose from auto, tsv"
    ):
        read_labelled(path, task="classification", language="swh", format="conll")


def test_trees_are_no_tags_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU, encoding="utf-8")
    with pytest.raises(InputError, match="a.conllu: no file of tagging by its ending; choose from .conll"):
        read_labelled(path, task="tagging", language="swh")
    assert read_input(path, task="tagging", language="swh")[0].tokens == TWO[0]


def test_line_ends_of_old_macs(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_bytes(b"Amina B-PER\ranaishi O\r\rJuma B-PER\r")
    rows = read_labelled(tmp_path / "a.conll", task="tagging", language="swh")
    assert [(row.tokens, row.tags) for row in rows] == [(TWO[0], ("B-PER", "O")), (TWO[1], ("B-PER",))]
