"""The figures of the long run: summed since the last run with faults, between the marks of the page."""

from __future__ import annotations

from long_run import page, put


def row(what: str, tried: int, kills: int, faults: int, seed: int) -> dict:
    return {"what": what, "tried": tried, "kills": kills, "faults": faults, "seed": seed}


def test_runs_are_added_up_since_the_last_faults():
    rows = [row("a", 5, 5, 2, 0), row("a", 3, 3, 0, 0), row("b", 1000, 0, 1, 0), row("a", 4, 4, 0, 1)]
    table = page(rows)
    assert "| a | 7 | 7 | 0 | 0, 1 |\n" in table and "| b | 1,000 |  | 1 | 0 |\n" in table
    assert table.endswith("| **together** | | 7 | 1 | |\n")


def test_the_table_stands_between_the_marks(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("one\n<!-- figures -->\n\nold\n\n<!-- end of figures -->\ntwo\n")
    put(path, "new\n")
    assert path.read_text() == "one\n<!-- figures -->\n\nnew\n\n<!-- end of figures -->\ntwo\n"
