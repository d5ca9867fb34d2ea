"""Interfaces are protocols, and each can be checked while the program runs, which `make test-oldest` does."""

from __future__ import annotations

import ast
from pathlib import Path

import xling


def protocols(path: Path) -> list[ast.ClassDef]:
    return [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)
    ]


def test_a_call_can_be_checked_against_each_protocol():
    found = {
        node.name: [ast.unparse(line) for line in node.decorator_list]
        for path in Path(xling.__file__).parent.rglob("*.py")
        for node in protocols(path)
    }
    assert len(found) > 20
    assert not [name for name, above in found.items() if "runtime_checkable" not in above]
