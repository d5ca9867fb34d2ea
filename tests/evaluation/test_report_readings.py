"""What the report shows of a sentence, its gloss, and what each reading said of it."""

from __future__ import annotations

import json
from pathlib import Path

from support.finished_run import cell, results, write_answers, write_run
from support.page_text import read_page

from xling.evaluation.report import write_report
from xling.evaluation.report_page.matrix import build
from xling.evaluation.report_page.predictions import read_rows
from xling.evaluation.report_page.readings import GLOSSES, read
from xling.evaluation.results import read_run

GOLD = [{"id": str(n), "label": "sports"} for n in range(8)]


def rows(*labels: str) -> list[dict]:
    return [{"id": str(n), "language": "fao", "label": own} for n, own in enumerate(labels)]


def run_of(folder: Path, *, glosses: int = 8) -> Path:
    scores = {"none": 50.0, "gloss": 62.5, "vote": 75.0}
    cells = [cell("eng", "none", 80.0), *(cell("fao", name, value) for name, value in scores.items())]
    cells = [{**own, "task": "classification"} for own in cells]
    write_run(folder, results(task="classification", cells=cells, gains=[]))
    said = {
        "none": rows("travel", "sports", "sports", *["travel"] * 5),
        "gloss": rows("sports", "sports", "travel", *["travel"] * 5),
        "vote": rows("sports", "sports", "sports", *["travel"] * 5),
    }
    for name, own in said.items():
        write_answers(folder, "fao", name, list(zip(GOLD, own, strict=True)))
    (folder / GLOSSES).mkdir()
    lines = [
        json.dumps({"id": str(n), "text": f"setning {n}", "gloss": f"sentence <{n}>"}) for n in range(glosses)
    ]
    (folder / GLOSSES / "fao.jsonl").write_text("\n".join([*lines, "{broken"]), encoding="utf-8")
    return folder


def test_examples_on_which_the_readings_differ(tmp_path):
    folder = run_of(tmp_path)
    run = read_run(folder)
    (own,) = read(folder, run.results, build(run.results))
    assert (own.language.tag, own.differ, own.of) == ("fao", 2, 8)
    assert [example.text for example in own.shown] == ["setning 0", "setning 2"]
    first = own.shown[0]
    assert (first.gloss, first.gold) == ("sentence <0>", "sports")
    said = {reading.name: (reading.said, reading.right) for reading in first.readings}
    assert said == {
        "no language module": ("travel", False),
        "gloss": ("sports", True),
        "text and gloss": ("sports", True),
    }


def test_the_page_shows_them(tmp_path):
    page = write_report(run_of(tmp_path))
    text = page.read_text("utf-8")
    assert "What each reading says" in text and "setning 0" in text and "sentence &lt;0&gt;" in text
    read_page(page)


def test_without_glosses_there_is_no_such_section(tmp_path):
    folder = run_of(tmp_path, glosses=0)
    run = read_run(folder)
    assert read(folder, run.results, build(run.results)) == ()
    assert "What each reading says" not in write_report(folder).read_text("utf-8")


def test_a_language_whose_name_leads_elsewhere_is_not_followed(tmp_path):
    folder = run_of(tmp_path / "run")
    (tmp_path / "elsewhere.jsonl").write_text(json.dumps({"id": "0", "text": "secret"}), encoding="utf-8")
    assert read_rows(folder, f"{GLOSSES}/fao.jsonl")
    assert read_rows(folder, f"{GLOSSES}/../../elsewhere.jsonl") is None
    assert read_rows(folder, f"{GLOSSES}\\elsewhere.jsonl") is None
