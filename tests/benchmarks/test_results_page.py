"""The page of results and the files behind it are what ledger and notes give, every gain with its control."""

from __future__ import annotations

import json
import re
from pathlib import Path

import make_results
import pytest
import record_run
from support.finished_run import cell, results, write_run

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "results.md"


def docs(folder: Path, rows: list[dict], notes: dict[str, str] | None = None) -> Path:
    (folder / "notes").mkdir(parents=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "results.jsonl").write_text(text, encoding="utf-8")
    for file, note in (notes or {}).items():
        (folder / "notes" / file).write_text(note, encoding="utf-8")
    return folder


def recorded(folder: Path, content: dict, *, note: str = "") -> Path:
    run = write_run(folder / "run", content)
    home = folder / "docs"
    assert record_run.main([str(run), "--docs", str(home), "--note", note, "--machine", "2 cores"]) == 0
    return home


def file_of(home: Path, name: str = "quickstart") -> str:
    return (home / "results" / f"{name}.md").read_text(encoding="utf-8")


def lab(method: str, purpose: str, gain: float | None, **scores: list[float]) -> dict:
    low, high = (None, None) if gain is None else (gain - 1, gain + 1)
    return {
        "question": "lab-new", "method": method, "languages": purpose,
        "split": "test" if purpose == "reported" else "dev", "metric": "f1", "plan": f"{method} >> task/0",
        "seeds": [0, 1], "mean": 50.0, "gain": gain, "gain_low": low, "gain_high": high,
        "gains": dict.fromkeys(scores, gain or 0.0), "scores": scores, "apart": sorted({"ary"} & set(scores)),
        "seconds": 9.5, "command": f"run {method}", "load": 1.5,
    }  # fmt: skip


def test_the_committed_files_are_up_to_date():
    assert make_results.faults(DOCS, make_results.pages(DOCS)) == []


def test_the_page_can_be_held_and_begins_with_what_to_do():
    page = make_results.pages(DOCS)[PAGE]
    assert len(page.splitlines()) < 300
    assert re.findall("^## (.*)", page, flags=re.M)[0] == "What should I do for my language?"


def test_every_name_in_the_ledger_has_its_tables_in_one_file():
    pages = make_results.pages(DOCS)
    lines = (DOCS / "results.jsonl").read_text(encoding="utf-8").splitlines()
    for name in {row.get("question") or row["recipe"] for row in map(json.loads, lines)}:
        homes = [path for path in pages if path != PAGE and f"\n## {name}\n" in pages[path]]
        assert len(homes) == 1, (name, homes)


def test_links_on_the_page_and_in_its_files_lead_somewhere():
    pages = make_results.pages(DOCS)
    headings = re.findall("^##+ (.*)", pages[PAGE], flags=re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for path, text in pages.items():
        links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text)
        assert links
        for target, anchor in links:
            assert not target or (DOCS / path).parent.joinpath(target).exists(), (path, target)
            assert not anchor or anchor in anchors, (path, anchor)


def test_a_run_becomes_a_table_with_the_control_beside_the_gain(tmp_path):
    home = recorded(tmp_path, results())
    page, file = (home / PAGE).read_text(encoding="utf-8"), file_of(home)
    for line in (
        "| language | none | source | target | gain |",
        "| Faroese (fao) | 40.0 (37.0–43.0) | 38.0 (35.0–41.0) | 50.0 (47.0–53.0) | +10.0 (8.0–12.0) helps |",
        "| English (eng, source) | 80.0 (77.0–83.0) | 80.5 (77.5–83.5) | – |",
        "| mean of the targets | 41.7 | 40.0 | 42.0 | +0.3 |",
    ):
        assert line in page and line in file
    assert "F1 on test; 300 examples a language; seed 0.\n" in page
    assert "F1 on test; 300 examples a language; seed 0; 35 s and 1.5 GB a run; 2 cores; xling 0.1.0" in file
    assert "`xling run recipes/quickstart.yaml --out runs`" in file
    assert "[All that was measured, and how](results/quickstart.md)" in page


def test_seeds_are_averaged_and_a_repeated_run_replaces_the_earlier(tmp_path):
    for values in ((1.0, 2.0), (40.0, 44.0)):
        cells = [
            cell("fao", condition, value + shift, seed=seed)
            for condition, shift in (("none", 0.0), ("target", 20.0))
            for seed, value in enumerate(values)
        ]
        home = recorded(tmp_path, results(cells=cells, gains=[]), note="two seeds")
    file = file_of(home)
    assert "42.0 ± 2.8 (37.0–47.0)" in file and "+20.0 helps, intervals do not overlap" in file
    assert file.count("### two seeds: embedded:multilingual-e5-small at 0.3.0") == 1


def test_the_page_shows_the_last_experiment_and_the_file_all(tmp_path):
    for value, note in ((11.0, "early"), (22.0, "late")):
        cells = [cell("fao", "none", value), cell("fao", "target", value + 1)]
        home = recorded(tmp_path, results(cells=cells, gains=[]), note=note)
    page, file = (home / PAGE).read_text(encoding="utf-8"), file_of(home)
    assert "22.0" in page and "11.0" not in page
    assert "22.0" in file and "11.0" in file


def test_gains_of_separate_runs_are_not_taken_for_one(tmp_path):
    for seed in (0, 1):
        cells = [cell("fao", "none", 40.0), cell("fao", "target", 42.0)]
        gain = {"language": "fao", "condition": "target", "value": 2.0, "low": 1.0 - seed, "high": 3.0}
        home = recorded(tmp_path, results(cells=cells, gains=[gain], seed=seed))
    assert "+2.0 no clear difference, intervals overlap" in file_of(home)


def test_benchmark_rows_keep_their_own_columns(tmp_path):
    rows = [
        {"question": "speed", "setting": setting, "pair": 1, "peer": 100.0, "own": own, "threads": 2}
        for setting, own in (("same", 150.0), ("default | all", 1200.5))
    ]
    summary = {"question": "speed", "own": 9, "fast": True, "versions": {"torch": "2.13"}, "lost": None}
    made = make_results.pages(docs(tmp_path, [*rows, summary]))["results/speed.md"]
    assert "## speed\n\n| own | fast | versions | lost |\n" in made
    assert "| 9 | yes | torch 2.13 | – |" in made
    assert "| setting | peer | own |" in made and "| default \\| all | 100.0 | 1,200.5 |" in made
    assert "The same in all rows: pair: 1; threads: 2." in made
    assert made.index("torch 2.13") < made.index("<details><summary>Every pair</summary>")


def test_methods_of_the_lab_stand_side_by_side_without_a_note(tmp_path):
    rows = [
        lab("none", "chosen", None, bam=[10.0, 12.0]),
        lab("none", "reported", None, ary=[60.0, 60.0], ibo=[40.0, 42.0]),
        lab("carried", "reported", 5.0, ary=[66.0, 66.0], ibo=[45.0, 47.0], swh=[70.0, 71.0]),
    ]
    made = make_results.pages(docs(tmp_path, rows))
    page, file = made[PAGE], made["results/lab-new.md"]
    assert "## lab-new\n\n| method | ibo | swh | ary (apart) | mean | gain | seeds |\n" in page
    assert "| none | 41.0 | – | 60.0 | 50.0 | – |" in page and "bam" not in page
    assert "| carried | 46.0 | 70.5 | 66.0 | 50.0 | +5.0 (4.0–6.0) helps | 0, 1 |" in page
    assert "F1 on test." in page
    assert "| carried | 46.0 ± 1.4 (+5.0) |" in file and "| none | 11.0 ± 1.4 | 50.0 | – |" in file
    assert "| carried | reported | test | carried >> task/0 |" in file
    assert "`run carried`" in file


def test_the_row_of_a_method_with_the_most_seeds_is_shown_and_the_last_of_these(tmp_path):
    found = ([1.0, 3.0], [7.0, 9.0], [50.0])
    rows = [lab("none", "reported", None, ibo=own) | {"seeds": [*range(len(own))]} for own in found]
    page = make_results.pages(docs(tmp_path, rows))[PAGE]
    assert "| none | 8.0 |" in page and "| none | 2.0 |" not in page and "| none | 50.0 |" not in page


def test_methods_that_are_not_reported_yet_are_shown_as_chosen(tmp_path):
    made = make_results.pages(docs(tmp_path, [lab("none", "chosen", None, bam=[10.0])]))
    assert "| none | 10.0 | 50.0 | – |" in made[PAGE]


NOTE = "---\nrows: [speed, 'mem*']\n---\n# How fast?\n\nVery.\n\nBy and by.\n"


def test_a_note_answers_on_the_page_and_explains_in_its_file(tmp_path):
    rows = [{"question": name, "own": 1.0} for name in ("other", "memory", "speed", "mine")]
    notes = {"20-mine.md": "Mine.\n", "10-cost.md": NOTE, "05-first.md": "# Do what?\n\nThis.\n\nAnd that.\n"}
    made = make_results.pages(docs(tmp_path, rows, notes))
    assert set(made) == {PAGE, "results/cost.md", "results/mine.md", "results/other.md"}
    order = (
        "# Do what?",
        "This.",
        "And that.",
        "How to read",
        "## How fast?",
        "Very.",
        "## mine",
        "## other",
    )
    places = [made[PAGE].index(words) for words in order]
    assert places == sorted(places)
    assert "By and by." not in made[PAGE]
    cost = made["results/cost.md"]
    places = [cost.index(word) for word in ("# How fast?", "Very.", "By and by.", "## memory", "## speed")]
    assert places == sorted(places)


def test_a_name_goes_before_a_pattern(tmp_path):
    rows = [{"question": name, "own": 1.0} for name in ("memory", "members")]
    notes = {"10-cost.md": NOTE, "20-memory.md": "Mine.\n"}
    made = make_results.pages(docs(tmp_path, rows, notes))
    assert "## memory" in made["results/memory.md"] and "## memory" not in made["results/cost.md"]
    assert "## members" in made["results/cost.md"]


def test_the_page_shows_the_runs_that_a_note_names(tmp_path):
    rows = [
        {"recipe": name, "note": "", "base": "b", "source": "eng", "metric": "f1", "seed": 0,
         "language": tag, "condition": "none", "plan": "task/x", "value": value}
        for name, tag, value in (("a", "fao", 11.0), ("b", "isl", 22.0), ("c", "mlt", 33.0))
    ]  # fmt: skip
    note = "---\nrows: [a, b, c]\nshown: [a, c]\n---\nYes.\n"
    made = make_results.pages(docs(tmp_path, rows, {"10-all.md": note}))
    assert "| Faroese (fao) | 11.0 |\n| Maltese (mlt) | 33.0 |\n| mean of the targets | 22.0 |" in made[PAGE]
    assert "| Icelandic (isl) | 22.0 |" in made["results/all.md"]


@pytest.mark.parametrize(
    ("shown", "held"), [("[lab-new]", (True, False)), ("[other]", (True, True)), ("[]", (False, False))]
)
def test_the_page_shows_the_suites_that_a_note_names_or_else_all(tmp_path, shown, held):
    rows = [lab("none", "reported", None, bam=[10.0]), lab("none", "reported", None, fon=[20.0])]
    rows[1]["question"] = "lab-old"
    note = f"---\nrows: [lab-new, lab-old]\nshown: {shown}\n---\nYes.\n"
    made = make_results.pages(docs(tmp_path, rows, {"10-all.md": note}))
    assert tuple(tag in made[PAGE] for tag in ("| bam |", "| fon |")) == held
    assert all(tag in made["results/all.md"] for tag in ("| bam |", "| fon |"))


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("row: [a]", "10-x.md: row: no such key, did you mean rows?"),
        ("rows: [a", "10-x.md: what stands between the lines of --- is not YAML"),
        ("rows: a", "10-x.md: rows: should be a list"),
    ],
)
def test_a_note_with_a_fault_is_named(tmp_path, capsys, front, message):
    home = docs(tmp_path, [], {"10-x.md": f"---\n{front}\n---\nText.\n"})
    assert make_results.main(["--docs", str(home)]) == 2
    assert message in capsys.readouterr().err


def test_the_check_names_files_that_are_old_or_of_nothing(tmp_path, capsys):
    home = docs(tmp_path, [{"question": "speed", "own": 1.0}])
    check = ["--docs", str(home), "--check"]
    assert make_results.main(check) == 1
    assert "results.md is not what the ledger and notes give: run `make results`" in capsys.readouterr().err
    assert make_results.main(["--docs", str(home)]) == 0
    assert make_results.main(check) == 0 and capsys.readouterr().err == ""
    (home / "results" / "gone.md").write_text("x", encoding="utf-8")
    (home / "results" / "speed.md").write_text("x", encoding="utf-8")
    assert make_results.main(check) == 1
    said = capsys.readouterr().err
    assert "gone.md belongs to nothing in the ledger" in said and "speed.md is not what" in said
    assert make_results.main(["--docs", str(home)]) == 0
    assert not (home / "results" / "gone.md").exists() and make_results.main(check) == 0


def test_a_ledger_without_rows_gives_a_page(tmp_path):
    assert "Nothing has been recorded yet." in make_results.pages(docs(tmp_path, []))[PAGE]


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
