"""docs/results.md is what its ledger and notes give, and shows every gain beside its control."""

from __future__ import annotations

import json
from pathlib import Path

import make_results
import pytest
import record_run
from support.finished_run import cell, results, write_run

ROOT = Path(__file__).parents[2]


def docs(folder: Path, rows: list[dict], notes: dict[str, str] | None = None) -> Path:
    (folder / "notes").mkdir(parents=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "results.jsonl").write_text(text, encoding="utf-8")
    for file, note in (notes or {}).items():
        (folder / "notes" / file).write_text(note, encoding="utf-8")
    return folder


def recorded(folder: Path, content: dict, *, note: str = "") -> str:
    run = write_run(folder / "run", content)
    home = folder / "docs"
    assert record_run.main([str(run), "--docs", str(home), "--note", note, "--machine", "2 cores"]) == 0
    return (home / "results.md").read_text(encoding="utf-8")


def test_the_committed_page_is_up_to_date():
    made = make_results.page(ROOT / "docs")
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == made, "run `make results`"


def test_a_run_becomes_a_table_with_the_control_beside_the_gain(tmp_path):
    page = recorded(tmp_path, results())
    assert "| language | none | source | target | gain |" in page
    assert (
        "| Faroese (fao) | 40.0 (37.0–43.0) | 38.0 (35.0–41.0) | 50.0 (47.0–53.0) | +10.0 (8.0–12.0) helps |"
        in page
    )
    assert "| English (eng, source) | 80.0 (77.0–83.0) | 80.5 (77.5–83.5) | – |" in page
    assert "| mean of the targets | 41.7 | 40.0 | 42.0 | +0.3 |" in page
    assert "F1 on test; 300 examples a language; seed 0; 35 s and 1.5 GB a run; 2 cores; xling 0.1.0" in page
    assert "`xling run recipes/quickstart.yaml --out runs`" in page


def test_seeds_are_averaged_and_a_repeated_run_replaces_the_earlier(tmp_path):
    for values in ((1.0, 2.0), (40.0, 44.0)):
        cells = [
            cell("fao", condition, value + shift, seed=seed)
            for condition, shift in (("none", 0.0), ("target", 20.0))
            for seed, value in enumerate(values)
        ]
        page = recorded(tmp_path, results(cells=cells, gains=[]), note="two seeds")
    assert "42.0 ± 2.8 (37.0–47.0)" in page and "+20.0 helps, intervals do not overlap" in page
    assert page.count("### two seeds: embedded:multilingual-e5-small at 0.3.0") == 1


def test_gains_of_separate_runs_are_not_taken_for_one(tmp_path):
    for seed in (0, 1):
        cells = [cell("fao", "none", 40.0), cell("fao", "target", 42.0)]
        gain = {"language": "fao", "condition": "target", "value": 2.0, "low": 1.0 - seed, "high": 3.0}
        page = recorded(tmp_path, results(cells=cells, gains=[gain], seed=seed))
    assert "+2.0 no clear difference, intervals overlap" in page


def test_benchmark_rows_keep_their_own_columns(tmp_path):
    rows = [
        {"question": "speed", "setting": setting, "pair": 1, "peer": 100.0, "own": own, "threads": 2}
        for setting, own in (("same", 150.0), ("default | all", 1200.5))
    ]
    summary = {"question": "speed", "own": 9, "fast": True, "versions": {"torch": "2.13"}, "lost": None}
    made = make_results.page(docs(tmp_path, [*rows, summary]))
    assert "## speed\n\n| own | fast | versions | lost |\n" in made
    assert "| 9 | yes | torch 2.13 | – |" in made
    assert "| setting | peer | own |" in made and "| default \\| all | 100.0 | 1,200.5 |" in made
    assert "The same in all rows: pair: 1; threads: 2." in made
    assert made.index("torch 2.13") < made.index("<details><summary>Every pair</summary>")


def test_notes_stand_where_their_name_says_in_order(tmp_path):
    rows = [{"question": "speed", "own": 1.0}, {"question": "memory", "own": 2.0}]
    notes = {"20-speed.md": "Slower.\n", "10-all.md": "Second.\n", "05-first.md": "First.\n"}
    made = make_results.page(docs(tmp_path, rows, notes))
    places = [made.index(word) for word in ("First.", "Second.", "## speed", "Slower.", "## memory")]
    assert places == sorted(places)


def test_the_check_says_when_the_page_is_old(tmp_path, capsys):
    folder = str(docs(tmp_path, []))
    assert make_results.main(["--docs", folder, "--check"]) == 1
    assert "run `make results`" in capsys.readouterr().err
    assert make_results.main(["--docs", folder]) == 0
    assert make_results.main(["--docs", folder, "--check"]) == 0
    assert "Nothing has been recorded yet." in (tmp_path / "results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "results.jsonl:1: this line is no JSON object"),
        (
            '{"recipe": "x"}',
            "results.jsonl:1: neither a benchmark's `question` nor a score's base, condition",
        ),
    ],
)
def test_a_line_that_is_neither_is_named(tmp_path, capsys, line, message):
    folder = docs(tmp_path, [])
    (folder / "results.jsonl").write_text(line + "\n", encoding="utf-8")
    assert make_results.main(["--docs", str(folder)]) == 2
    assert message in capsys.readouterr().err
