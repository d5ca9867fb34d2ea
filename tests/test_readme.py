"""The README's Python example runs as written, its commands exist, its files are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from making import disturbed
from writing import conll

import xling
from xling.store.store import Store

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example(bert, tmp_path, monkeypatch, shell, capsys):
    """A tiny base and a tiny store stand in for the embedded ones; the code is the README's."""
    root = tmp_path / "runs/quickstart/modules"
    Store(root).add("lang/fao", disturbed(bert, "madx", std=0.01, seed=1))
    ended = shell("train", "task", "--base", bert.id, "--task", "tagging", "--train", conll(tmp_path),
                  "--source-language", "eng", "--out", root / "task/spans",
                  "--set", "steps=3", "--quiet")  # fmt: skip
    assert ended.status == 0, ended.err
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("xling.bases.opening.load_base", lambda name: bert)
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.S)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    (row,) = names["rows"]
    assert row["tokens"] == ["Føroyar", ",", "Ísland", "og", "Noreg"]
    assert row["language"] == "fao" and len(row["tags"]) == 5


def test_its_commands_and_options_exist(shell):
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, flags=re.S)).replace("\\\n", " ")
    lines = [line for line in blocks.splitlines() if line.startswith("xling ")]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        depth = 2 if words[0] in ("train", "module", "data", "vocabulary") else 1
        usage = shell(*words[:depth], "--help")
        assert usage.status == 0
        for option in (word for word in words if word.startswith("--")):
            assert option in usage.out, (line, option)


def test_its_links_and_recipes_are_there():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if not link.startswith("http")]
    assert len(links) >= 3
    for link in [*links, *re.findall(r"recipes/\S+?\.yaml", TEXT)]:
        assert (ROOT / link).exists(), link


def test_make_targets_are_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z-]+)", TEXT, flags=re.M):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target


def test_the_names_of_the_python_interface():
    for name in ("load_base", "Store", "compose", "train_language", "train_task", "Module"):
        assert callable(getattr(xling, name))
