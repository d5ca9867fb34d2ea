"""The ledger of results."""

from __future__ import annotations

import json

import pytest
from ledger import append, append_results, read_ledger, this_machine
from support.finished_run import cell, results, write_run

from xling.errors import InputError


def add(folder, ledger, **more) -> int:
    run = write_run(folder, results(**more))
    return append_results(
        run / "results.json", ledger, machine="2 cores, a processor, 24 GB", note="a first try"
    )


def test_one_line_per_score_with_what_it_depends_on(tmp_path):
    ledger = tmp_path / "docs" / "results.jsonl"
    assert add(tmp_path / "run", ledger, created="2026-11-23T10:00:00+00:00") == 11
    rows = read_ledger(ledger)
    (row,) = (row for row in rows if (row["language"], row["condition"]) == ("fao", "target"))
    assert row == {
        "recipe": "quickstart",
        "note": "a first try",
        "command": "xling run recipes/quickstart.yaml --out runs",
        "base": "embedded:multilingual-e5-small",
        "base_revision": "0.3.0",
        "base_fingerprint": "9f" * 32,
        "source": "eng",
        "task": "tagging",
        "seed": 0,
        "language": "fao",
        "condition": "target",
        "plan": "lang/fao >> task/spans",
        "metric": "f1",
        "value": 50.0,
        "low": 47.0,
        "high": 53.0,
        "examples": 300,
        "split": "test",
        "all": {},
        "data_sha256": "ab" * 32,
        "gain": 10.0,
        "gain_low": 8.0,
        "gain_high": 12.0,
        "run_seconds": 35.0,
        "run_peak_rss_mb": 1500.0,
        "machine": "2 cores, a processor, 24 GB",
        "versions": {"xling": "0.1.0", "torch": "2.13.0"},
        "date": "2026-11-23",
    }
    assert "gain" not in next(row for row in rows if row["condition"] == "none")


def test_earlier_lines_keep_their_bytes(tmp_path):
    ledger = tmp_path / "results.jsonl"
    ledger.write_text('{"question": "speed",  "ratio": 1.50}', encoding="utf-8")
    add(tmp_path / "run", ledger)
    lines = ledger.read_text(encoding="utf-8").splitlines()
    assert lines[0] == '{"question": "speed",  "ratio": 1.50}' and len(lines) == 12
    assert ledger.read_bytes().endswith(b"}\n")


def test_a_cell_may_have_a_seed_of_its_own(tmp_path):
    ledger = tmp_path / "results.jsonl"
    add(tmp_path / "run", ledger, cells=[cell("fao", "none", 40.0, seed=seed) for seed in (3, 4)])
    assert [row["seed"] for row in read_ledger(ledger)] == [3, 4]


def test_a_damaged_line_is_named_and_nothing_is_added(tmp_path):
    ledger = tmp_path / "results.jsonl"
    ledger.write_text('{"question": "speed"}\n{"ques', encoding="utf-8")
    with pytest.raises(InputError, match=r"results.jsonl:2: this line is no JSON object; mend or delete"):
        add(tmp_path / "run", ledger)
    assert ledger.read_text(encoding="utf-8") == '{"question": "speed"}\n{"ques'


def test_missing_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no results here .*run `xling run RECIPE"):
        append_results(tmp_path / "results.json", tmp_path / "ledger", machine="", note="")
    with pytest.raises(InputError, match=r"no ledger here .*docs/results.jsonl"):
        read_ledger(tmp_path / "ledger")


def test_the_machine_is_told_in_a_few_words():
    assert this_machine().split(", ")[0].removesuffix("s").endswith(" core")
    assert json.dumps(this_machine()) and len(this_machine()) < 120


def test_rows_of_a_benchmark_begin_a_ledger_and_are_added_to_one(tmp_path):
    ledger = tmp_path / "docs" / "results.jsonl"
    append(ledger, [{"question": "speed", "way": "ours"}])
    append(ledger, [{"question": "speed", "way": "théirs"}])
    assert ledger.read_text(encoding="utf-8").splitlines() == [
        '{"question": "speed", "way": "ours"}',
        '{"question": "speed", "way": "théirs"}',
    ]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (
            "python run.py --work /tmp/lab/work --set a=/home/me/x.tsv",
            "python run.py --work work --set a=x.tsv",
        ),
        ("xling run recipes/nqo/topic.yaml --out 'runs/a b' --set b=1/2", None),
        ("xling predict --plan 'lang/swh >> task/ner'", None),
    ],
)
def test_a_command_keeps_no_path_of_the_machine(tmp_path, typed, kept):
    append(tmp_path / "ledger", [{"command": typed}])
    assert read_ledger(tmp_path / "ledger") == [{"command": kept or typed}]
