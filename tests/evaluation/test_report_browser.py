"""The report in a real browser: what is drawn where, on a wide and a narrow screen and on paper."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.finished_run import log_rows, results, write_answers, write_run

from xling.evaluation.report import write_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge on this machine")

MEASURE = """
for (const own of document.querySelectorAll("details")) own.open = true;
const box = (node) => { const {left, right, top, bottom} = node.getBoundingClientRect();
                        return {left, right, top, bottom}; };
const sentences = [...document.querySelectorAll(".words")].map((node) => ({
  direction: getComputedStyle(node).direction,
  words: [...node.querySelectorAll(".word:not(.gap)")].map((word) => ({
    text: word.querySelector(":scope > bdi").textContent, own: box(word.querySelector(":scope > bdi")),
    gold: word.querySelector("i.gold") && box(word.querySelector("i.gold")),
    found: word.querySelector("i.found") && box(word.querySelector("i.found")) })) }));
document.documentElement.dataset.measured = JSON.stringify({
  wide: document.documentElement.scrollWidth, seen: document.documentElement.clientWidth, sentences });
"""
LATIN = ("Ona", "Kigali", "na", "UN", ".")
PERSIAN = ("سازمان", "ملل", "در", "تهران", "UN", "گفت")
MIXED = ("سازمان", "The", "Old", "7", "Men", "3", "تهران")
DEVANAGARI = ("क्षिति", "दिल्ली", "में", "है")


def browse(folder: Path, *options: str, page: Path) -> str:
    """What the browser prints, started with a fresh profile."""
    assert BROWSER is not None
    ended = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return ended.stdout.decode("utf-8")


def measured(folder: Path, page: Path, width: int) -> dict[str, Any]:
    """Where things stand: in a copy that, unlike the page itself, may run a script."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text("utf-8"))
    copy = folder / "measured.html"
    copy.write_text(text.replace("</body>", f"<script>{MEASURE}</script></body>"), encoding="utf-8")
    shown = browse(folder, "--dump-dom", f"--window-size={width},1000", page=copy)
    found = re.search(r'data-measured="([^"]*)"', shown)
    assert found, shown[:500]
    return json.loads(html.unescape(found[1]))


def tagged(words: tuple[str, ...], gold: dict[int, str], found: dict[int, str]) -> tuple[dict, dict]:
    sides = ([side.get(place, "O") for place in range(len(words))] for side in (gold, found))
    first, second = ({"id": words[0], "tokens": words, "tags": tags} for tags in sides)
    return first, second


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A run in three directions and scripts, with more mistakes than a sheet of paper holds."""
    latin = tagged(LATIN, {0: "B-PER", 1: "B-LOC"}, {0: "B-PER", 3: "B-ORG"})
    persian = tagged(PERSIAN, {0: "B-ORG", 1: "I-ORG", 3: "B-LOC"}, {0: "B-ORG", 1: "I-ORG", 4: "B-ORG"})
    hindi = tagged(DEVANAGARI, {1: "B-LOC"}, {1: "B-PER"})
    mixed = tagged(MIXED, {1: "B-WORK", 2: "I-WORK", 3: "I-WORK", 4: "I-WORK"}, {2: "B-WORK"})
    for language, rows in {"fao": [latin] * 8, "tha": [hindi] * 8, "pes": [*[persian] * 7, mixed]}.items():
        write_answers(tmp_path, language, "target", rows)
    return write_report(write_run(tmp_path, results(), log_rows()))


@pytest.mark.parametrize("width", [1280, 500])
def test_nothing_runs_over_the_edge_and_marks_stand_over_and_under_their_words(report, tmp_path, width):
    page = measured(tmp_path, report, width)
    assert page["wide"] <= page["seen"] <= width
    assert [own["direction"] for own in page["sentences"]] == ["ltr"] * 16 + ["rtl"] * 8
    marks = 0
    for own in page["sentences"]:
        for word in own["words"]:
            middle = (word["own"]["left"] + word["own"]["right"]) / 2
            for side in filter(None, (word["gold"], word["found"])):
                marks += 1
                assert side["left"] <= middle <= side["right"], word
                assert side["right"] <= page["seen"]
            assert not word["gold"] or word["gold"]["bottom"] <= word["own"]["top"] + 1, word
            assert not word["found"] or word["found"]["top"] >= word["own"]["bottom"] - 1, word
    assert marks == 8 * (4 + 2) + 7 * 6 + 5


def test_words_follow_each_other_in_the_direction_of_their_script(report, tmp_path):
    page = measured(tmp_path, report, 1280)
    *plain, mixed = page["sentences"]
    for own in plain:
        lefts = [word["own"]["left"] for word in own["words"]]
        assert lefts == sorted(lefts, reverse=own["direction"] == "rtl") and len(set(lefts)) == len(lefts)
    assert [word["text"] for word in plain[-1]["words"]] == list(PERSIAN)
    seen = sorted(mixed["words"], key=lambda word: word["own"]["left"])
    assert [word["text"] for word in seen] == ["تهران", "3", "The", "Old", "7", "Men", "سازمان"]


def test_paper_shows_what_the_screen_folds(report, tmp_path):
    folded = tmp_path / "without.html"
    folded.write_text(re.sub(r"(?s)<details>.*?</details>", "", report.read_text("utf-8")), encoding="utf-8")
    pages = []
    for page in (folded, report):
        paper = tmp_path / "page.pdf"
        browse(tmp_path, f"--print-to-pdf={paper}", "--no-pdf-header-footer", page=page)
        pages.append(len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())))
    assert 1 <= pages[0] and pages[0] + 3 <= pages[1], pages


def test_the_page_itself_opens_from_disk_under_its_own_policy(report, tmp_path):
    shown = browse(tmp_path, "--dump-dom", page=report)
    for heading in ("Scores", "What the language modules add", "Labels and mistakes", "Training", "Cost"):
        assert f"<h2>{heading}</h2>" in shown
