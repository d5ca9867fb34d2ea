"""The design page's tree is the house as it stands, and what it names is there."""

from __future__ import annotations

import re

from make_design import BEGIN, END, PAGE, ROOT, rendered, rooms, tree

from xling import sites
from xling.composition.forms import form

TEXT = PAGE.read_text(encoding="utf-8")


def test_every_file_stands_in_the_tree_with_what_it_says_of_itself():
    assert rendered(TEXT) == TEXT, "python benchmarks/make_design.py"
    files = [path for path in (ROOT / "xling").rglob("*.py") if path.name != "__init__.py"]
    lines = tree().splitlines()
    assert len([line for line in lines if ".py" in line]) == len(files)
    assert all(len(line.split(".py", 1)[1].strip()) > 10 for line in lines if ".py" in line)
    assert len(rooms(ROOT)) >= 13


def test_protocols_and_files_that_it_names_exist():
    for name in re.findall(r"\b((?:ActsOn|Reads|Combines)\w*)", TEXT.split(BEGIN)[0]):
        assert hasattr(sites, name) or hasattr(form, name), name
    prose = TEXT.split(BEGIN)[0] + TEXT.split(END)[1]
    for path in re.findall(
        r"`(?:xling/)?((?:modules|composition|forms|tasks|data|corpora|vocabulary)/[\w/]+\.py)`", prose
    ):
        if "mine" not in path:
            found = [*ROOT.glob(f"xling/{path}"), *ROOT.glob(f"xling/composition/{path}")]
            assert found, path
