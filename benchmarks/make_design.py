"""Write the annotated tree of docs/design.md again: a line a file, from the first line of its docstring.

python benchmarks/make_design.py
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/design.md"
BEGIN, END = "<!-- tree -->\n", "<!-- /tree -->"


def tree(root: Path = ROOT) -> str:
    """The files of `xling/` by room, floor first, each with what its docstring says first."""
    package = root / "xling"
    floor = sorted(path for path in package.glob("*.py") if path.name != "__init__.py")
    lines = ["xling/", *(f"  {path.name:<28} {said(path)}" for path in floor)]
    for room in rooms(root):
        lines.append(f"  {room}/")
        for path in sorted((package / room).rglob("*.py")):
            if path.name != "__init__.py":
                name = path.relative_to(package / room).as_posix()
                lines.append(f"    {name:<34} {said(path)}")
    return "\n".join(lines)


def rooms(root: Path) -> list[str]:
    """The rooms in the order in which data flows, as CONTRIBUTING has them; every one of them."""
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    order = text[text.index("    errors sites") :].split("\n\n")[0].replace("|", " ").split()
    there = {path.name for path in (root / "xling").iterdir() if (path / "__init__.py").is_file()}
    return [room for room in order if room in there] + sorted(there - set(order))


def said(path: Path) -> str:
    """The first line of a file's docstring."""
    found = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return found.split("\n", 1)[0].removesuffix(".")


def rendered(page: str, root: Path = ROOT) -> str:
    """The page with the tree as it is now."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}```\n{tree(root)}\n```\n{END}{after}"


def main() -> int:
    """Write the page; returns the exit status."""
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
