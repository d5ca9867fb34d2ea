"""A room imports only rooms to its left."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import xling

ROWS = (
    {
        "errors",
        "sites",
        "languages",
        "machine",
        "typology",
        "files",
        "pairs",
        "places",
        "folder_names",
        "plain_yaml",
        "printable",
        "faults",
        "registry",
        "spelling",
        "unfinished",
    },
    {"bases", "modules", "data"},
    {"words"},
    {"vocabulary", "composition", "tasks"},
    {"store", "corpora"},
    {"training"},
    {"makers", "evaluation"},
    {"submission", "weighing"},
    {"pipeline"},
    {"jobs"},
    {"api"},
    {"cli"},
)
RANK = {room: rank for rank, row in enumerate(ROWS) for room in row}
ROOT = Path(xling.__file__).parent


def imports(path: Path) -> set[str]:
    """The rooms of xling that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("xling."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "xling":
            found |= {alias.name for alias in node.names if alias.name in RANK}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("xling.")}
    return found


def test_data_flows_one_way():
    wrong, seen = [], 0
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        seen += 1
        wrong += [
            f"{path.relative_to(ROOT)} imports {other}"
            for other in imports(path)
            if other != room and RANK[other] >= RANK[room] and not (RANK[room] == RANK[other] == 0)
        ]
    assert seen > 60
    assert not wrong


def test_only_bases_knows_transformers():
    line = re.compile(r"^\s*(import|from) transformers", re.MULTILINE)
    knowing = {
        path.relative_to(ROOT).parts[0] for path in ROOT.rglob("*.py") if line.search(path.read_text("utf-8"))
    }
    assert knowing == {"bases"}
