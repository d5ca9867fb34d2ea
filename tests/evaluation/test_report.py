"""The report page: what it says, that it says it safely, and how it fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.finished_run import cell, log_rows, results, write_run
from support.page_text import Balance, read_page

from xling.errors import InputError
from xling.evaluation.report import write_report
from xling.evaluation.report_page import style, wording
from xling.evaluation.report_page.costs import smoothed, thinned
from xling.evaluation.report_page.style import round_ticks


def page(folder: Path, content: dict, log: list[dict] | None = None) -> Balance:
    return read_page(write_report(write_run(folder, content, log)))


def test_the_page_tells_the_run_in_words(tmp_path):
    text = page(tmp_path, results(), log_rows()).text
    assert "quickstart: tagging in 4 languages" in text
    assert "Tagging was learned in English and carried to 3 languages" in text
    assert "a target reaches 42.0 F1 on average, without any 41.7, with the source's 40.0." in text
    assert "The own module helps Faroese. It harms Thai." in text
    assert "Everything together took 35 s, with at most 1.5 GB of memory." in text
    assert "1 of 3 targets helped 1 harmed" in text


ADVISED = [
    {"language": "fao", "condition": "carried-vote"},
    {"language": "tha", "condition": "none"},
    {"language": "pes", "condition": "carried-vote"},
]


def advised(**more):
    """The run, with labels carried over pairs: better in two languages, and recommended there."""
    won = {"fao": 60.0, "tha": 50.0, "pes": 33.0}
    cells = [cell(language, "carried-vote", value) for language, value in won.items()]
    gains = [
        {
            "language": language,
            "condition": "carried-vote",
            "value": value,
            "low": value - 1,
            "high": value + 1,
        }
        for language, value in (("fao", 20.0), ("tha", -5.0), ("pes", 3.0))
    ]
    run = results()
    return results(cells=run["cells"] + cells, gains=run["gains"] + gains, recommended=ADVISED, **more)


def test_where_plans_are_recommended_the_page_tells_of_those(tmp_path):
    text = page(tmp_path, advised()).text
    said = "Under the plan recommended for it a target reaches 49.3 F1 on average"
    assert f"{said}, without any language module 41.7, with its own 42.0, with the source's 40.0." in text
    assert "The recommended plan helps Faroese and" in text and "harms" not in text.partition("Scores")[0]
    assert "49.3 mean F1 of the targets, as recommended 41.7 without" in text
    assert "2 of 2 targets helped 0 harmed" in text
    assert "What the recommended plans add" in text
    assert "Faroese fao · Latn +20.0 19.0–21.0 helps carried labels and gloss" in text
    assert "Thai −10.0 −12.0 to −8.0" in text.partition("Ablation")[2]


def test_where_no_module_is_recommended_the_page_says_so_and_shows_what_was_tested(tmp_path):
    none = [{"language": tag, "condition": "none"} for tag in ("eng", "fao", "tha", "pes")]
    text = page(tmp_path, results(recommended=none)).text
    assert "Nothing: no language module is recommended for any language." in text
    assert "Under the plan recommended for it a target reaches 41.7" in text
    assert "Faroese +10.0 8.0–12.0" in text.partition("Ablation")[2]


def test_a_recommended_plan_that_was_not_scored_is_not_told_of(tmp_path):
    text = page(tmp_path, results(recommended=[{"language": "fao", "condition": "distilled"}])).text
    assert "Faroese fao · Latn +10.0 8.0–12.0 helps own module" in text


def test_every_score_has_its_interval_and_every_gain_its_verdict(tmp_path):
    text = page(tmp_path, results(), log_rows()).text
    assert "Faroese fao · Latn 40.0 37.0–43.0 38.0 35.0–41.0 50.0 47.0–53.0" in text
    assert "Faroese fao · Latn +10.0 8.0–12.0 helps" in text
    assert "Thai tha · Thai −10.0 −12.0 to −8.0 harms" in text
    assert "+1.0 −1.0 to 3.0 no clear difference" in text


def test_without_paired_intervals_the_verdict_rests_on_overlap(tmp_path):
    text = page(tmp_path, results(gains=[])).text
    assert "+10.0 helps intervals do not overlap" in text
    assert "−10.0 harms intervals do not overlap" in text
    assert "+1.0 no clear difference intervals overlap" in text


def test_a_paired_interval_decides_where_the_scores_own_would_say_otherwise(tmp_path):
    wide = {"language": "fao", "condition": "target", "value": 10.0, "low": -1.0, "high": 21.0}
    assert "+10.0 −1.0 to 21.0 no clear difference" in page(tmp_path, results(gains=[wide])).text


def test_costs_cards_and_the_way_to_do_it_again(tmp_path):
    text = page(tmp_path, results(), log_rows()).text
    assert "lang/fao 30 s 800 1.5 GB" in text
    assert "2 predictions 5.0 s" in text
    assert "CLDR spans cldr Unicode-3.0 Unicode CLDR Known faults Names in lists, not running text." in text
    assert "xling run recipes/quickstart.yaml --out runs" in text
    assert "9f" * 32 in text and "torch 2.13.0" in text and "Seed 0" in text
    assert "lang/fao 200 50.0 25%" in text


def test_overlap_is_told_where_there_is_any(tmp_path):
    row = {"purpose": "test", "card": "sib", "language": "fao", "examples": 1200, "shared": 300,
           "translated": True, "other": "train", "other_card": "sib", "other_language": "eng"}  # fmt: skip
    told = "test (sib/fao) 25.0% 300 of 1,200 train (sib/eng) a translation"
    assert told in page(tmp_path, results(overlap=[row])).text
    assert "learned from alike" not in page(tmp_path, results()).text


def test_seeds_are_put_together(tmp_path):
    cells = [cell("fao", "none", value, seed=seed) for seed, value in enumerate((40.0, 44.0))]
    text = page(tmp_path, results(cells=cells, gains=[], seeds=[0, 1])).text
    assert "the mean of 2 seeds" in text and "42.0 37.0–47.0" in text and "Seeds 0, 1" in text


def test_one_plan_without_conditions_is_a_report_too(tmp_path):
    cells = [{"language": "swh", "plan": "lang/swh >> task/ner", "metric": "accuracy", "value": 71.25}]
    content = {"recipe": "evaluate", "base": {"id": "b"}, "cells": cells}
    text = page(tmp_path, content).text
    assert "lang/swh >> task/ner" in text and "71.2" in text
    assert "Nothing to compare" in text and "no training steps" in text and "list no stages" in text


def test_curves_are_drawn_and_bad_lines_are_counted(tmp_path):
    log = [*log_rows(steps=500), *log_rows("task/spans"), {"stage": "half"}]
    log[3]["loss"] = float("nan")
    parser = page(tmp_path, results(), log)
    assert parser.tags.count("svg") == 2
    assert "held-out 10.0 → 500" in parser.text
    assert "1 step without a finite loss" in parser.text
    assert "Left out: 1 line of log.jsonl" in parser.text


@pytest.mark.parametrize("log", [None, []])
def test_a_missing_or_empty_log_is_no_fault(tmp_path, log):
    assert "no training steps" in page(tmp_path, results(), log).text


def test_what_others_wrote_is_escaped(tmp_path):
    evil = "<script>alert('x')</script>\"><img src=http://e/>"
    content = results(recipe=evil, command=evil, about=evil, versions={evil: evil})
    for row in content["cells"]:
        row |= {"name": evil, "plan": evil, "script": evil, "split": evil}
    for rows in (content["modules"], content["stages"]):
        for row in rows:
            row["name"] = evil
    content["cards"] = [
        {key: evil for key in ("name", "title", "licence", "citation")} | {"known_faults": [evil]}
    ]
    log = [row | {"stage": evil} for row in log_rows()]
    parser = page(tmp_path, content, log)
    assert "script" not in parser.tags and "img" not in parser.tags
    assert evil.split('"')[0] in parser.text


def test_the_page_stands_alone(tmp_path):
    parser = page(tmp_path, results(), log_rows())
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert parser.loads == [] and "link" not in parser.tags
    assert "url(" not in source and "@import" not in source and "http://" not in source
    assert "default-src 'none'" in source and "prefers-color-scheme: dark" in source and "@page" in source


def test_equal_input_gives_equal_bytes(tmp_path):
    pages = [write_report(write_run(tmp_path / name, results(), log_rows())).read_bytes() for name in "ab"]
    assert pages[0] == pages[1]


def test_names_of_any_script_and_direction_are_shown(tmp_path):
    text = page(tmp_path, results()).text
    assert "فارسی pes · Arab" in text
    assert "No clear difference for \u2068فارسی\u2069." in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"no results here .*run `xling run RECIPE --out DIR` again"),
        ("{", r"results.json: this is not JSON: .* line 1"),
        ("[" * 100_000, r"results.json: this is not JSON: recursion limit"),
        (json.dumps(results(recipe="\ud800")), r"results.json: this is not JSON"),
        (json.dumps(results(cells=[cell("fao", "none", 1e308)])), r"cells.0.value: should be less than"),
        ("[]", r"results.json: should be a mapping of keys to values, not a list"),
        (json.dumps(results(cells=[])), r"cells: .*at least 1"),
        (json.dumps(results(cells=[{"value": "high"}])), r"cells.0.language: is missing; cells.0.value"),
        (json.dumps(results(cells=[cell("fao", "none", float("nan"))])), r"cells.0.value: .*finite"),
    ],
)
def test_results_that_cannot_be_shown_are_named_in_one_line(tmp_path, content, message):
    if content is not None:
        (tmp_path / "results.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        write_report(tmp_path)
    assert "\n" not in str(caught.value) and not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("loss", [1e308, -1e308, float("nan"), 1e400])
def test_losses_that_no_axis_holds_are_left_out_of_the_curve(tmp_path, loss):
    log = [*log_rows(steps=20), {"stage": "lang/fao", "step": 3, "loss": loss}]
    log += [{"stage": "lang/fao", "step": 4, "loss": -loss}, {"stage": "x", "step": 10**30, "loss": 1}]
    assert page(tmp_path, results(), log).text


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_pipes_in_the_place_of_a_runs_files_are_not_waited_for(tmp_path):
    os.mkfifo(write_run(tmp_path / "a", results()) / "log.jsonl")
    assert write_report(tmp_path / "a").is_file()
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b/results.json")
    with pytest.raises(InputError, match="no results here .this is no regular file"):
        write_report(tmp_path / "b")


@pytest.mark.parametrize("scale", [style.LIGHT, style.DARK])
def test_text_stands_out_on_every_colour_and_the_scale_runs_one_way(scale):
    backgrounds = [style.between(scale, place / 200) for place in range(201)]
    assert min(style.contrast(style.ink(colour), colour) for colour in backgrounds) >= 4.5
    against_black = [style.contrast(colour, style.Colour(0, 0, 0)) for colour in scale]
    assert against_black == sorted(against_black, reverse=scale is style.LIGHT)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(3, 8))
def test_ticks_enclose_the_span_at_equal_steps(first, second, most):
    low, high = min(first, second), max(first, second)
    ticks = round_ticks(low, high, at_most=most)
    room = 1e-6 * max(abs(low), abs(high), 1e-6)
    assert ticks[0] <= low + room and ticks[-1] >= high - room
    assert 2 <= len(ticks) <= most + 3


def test_thinning_and_smoothing_keep_the_level():
    points = [(float(step), 3.0) for step in range(1000)]
    assert len(thinned(points, 150)) == 150
    assert {value for _, value in smoothed(thinned(points, 150))} == {3.0}


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (wording.duration(0.5), "0.5 s"),
        (wording.duration(59.7), "1 min"),
        (wording.duration(3599.9), "1 h"),
        (wording.duration(7300.0), "2 h 2 min"),
        (wording.gained(-0.04), "0.0"),
        (wording.gained(0.06), "+0.1"),
        (wording.listed(list("abcdef")), "a, b, c, d and 2 more"),
        (wording.listed(list("abcde")), "a, b, c, d and e"),
        (wording.memory(None), "–"),
    ],
)
def test_numbers_read_well(shown, text):
    assert shown == text


def test_the_report_needs_neither_torch_nor_transformers():
    code = "import sys, xling.evaluation.report; print({'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"set\(\)\s*", done.stdout)
