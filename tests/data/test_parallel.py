"""Parallel text: two columns headed by their languages."""

from __future__ import annotations

import pytest

from xling.data.parallel import read_parallel
from xling.errors import InputError


def table(folder, text):
    path = folder / "pairs.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_language_comes_first_wherever_it_stands(tmp_path):
    path = table(tmp_path, "eng_Latn\tnqo_Nkoo\nHello\tߌ ߣߌ߫\n")
    assert read_parallel(path, language="nqo") == [("ߌ ߣߌ߫", "Hello")]
    assert read_parallel(path, language="eng") == [("Hello", "ߌ ߣߌ߫")]


@pytest.mark.parametrize("header", ["eng\tfra", "eng\tnqo\tfra", "nqo", "en\ttext"])
def test_a_header_that_does_not_say_which(tmp_path, header):
    cells = "\t".join("x" for _ in header.split("\t"))
    with pytest.raises(InputError, match=r"pairs.tsv:1: no two columns of which one is nqo"):
        read_parallel(table(tmp_path, f"{header}\n{cells}\n"), language="nqo")


def test_a_row_of_another_width(tmp_path):
    with pytest.raises(InputError, match=r"pairs.tsv:3: 1 columns where the header has 2"):
        read_parallel(table(tmp_path, "nqo\teng\na\tb\nc\n"), language="nqo")
