"""How many running words a text or a dictionary holds, and what is told of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import TEXTS

from xling.spelling import words_of
from xling.words.coverage import held
from xling.words.expected import MEASURED, expected, module_or_words


@pytest.mark.parametrize(
    ("line", "entries", "words", "exact", "without_marks"),
    [
        ("Ji, so min", ["ji", "so"], 3, 2 / 3, 2 / 3),
        ("jí so", ["ji", "so"], 2, 1 / 2, 1),
        ("ji so", ["jí"], 2, 0, 1 / 2),
        ("ji ji ji so", ["JI"], 4, 3 / 4, 3 / 4),
        ("ཆུ་བོ་ཁང་", ["ཆུ་བོ"], 3, 2 / 3, 2 / 3),
        ("ka-so ka so", ["ka-so"], 4, 1 / 2, 1 / 2),
        ("काल", ["कल"], 1, 0, 0),
        ("... !", ["a"], 0, 0, 0),
        ("ji", [], 1, 0, 0),
    ],
)
def test_shares(line, entries, words, exact, without_marks):
    found = held([line], entries, holder="pairs")
    assert (found.words, found.exact, found.without_marks) == (words, exact, without_marks)


@given(st.lists(st.text(st.sampled_from("aÁé  -ߖߌཆུ་น้ำ.,"), max_size=12), max_size=4))
def test_a_text_holds_all_its_own_words(lines):
    found = held(lines, {word for line in lines for word in words_of(line)}, holder="text")
    assert found.exact == found.without_marks == (1 if found.words else 0)


def test_what_was_measured_near_is_told():
    said = expected(0.80, unread=False)
    assert "-0.7 to +6.9 points" in said and "bam 76% -0.7" in said and "taq" not in said
    assert "+34.6 to +39.6" in expected(0.97, unread=True) and "nqo" in expected(0.97, unread=True)
    assert "so few words" in expected(0.2, unread=False) and "taq with 54%" in expected(0.2, unread=False)
    assert "so many words" in expected(1.0, unread=False) and "lij with 85%" in expected(1.0, unread=False)
    for own in MEASURED:
        assert f"{own.points:+.1f}" in expected(own.share, unread=own.unread)


def test_when_a_module_can_learn():
    told = {module_or_words(share, unread=unread) for share in (0.5, 0.97) for unread in (True, False)}
    assert len(told) == 3 and "lost" in module_or_words(0.97, unread=False)


@pytest.fixture
def diagnose(shell, bert, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    Path("task.txt").write_text("Amina, juma ámina fremd\n", encoding="utf-8")
    Path("pairs.tsv").write_text("swh\teng\namina juma\ta b\nleo\tc\n", encoding="utf-8")
    Path("words.tsv").write_text("fremd\tstrange\n", encoding="utf-8")

    def go(*words: object):
        told = ("--base", bert.id, "--text", "text.txt", "--language", "swh")
        return shell("vocabulary", "diagnose", *told, *words)

    return go


ALL = ("--task-text", "task.txt", "--pairs", "pairs.tsv", "--lexicon", "words.tsv")


def test_shares_and_expectations_stand_in_table_json_and_page(diagnose):
    found = json.loads(diagnose(*ALL, "--json").out)
    assert [(own["holder"], own["exact"], own["without_marks"]) for own in found["words"]] == [
        ("text", 0.5, 0.75),
        ("pairs", 0.5, 0.75),
        ("dictionary", 0.25, 0.25),
    ]
    (base,) = found["bases"]
    assert base["expected"][0].startswith("the pairs hold 50.0% of the 4 running words of the task's text: ")
    assert base["expected"][1].startswith("the dictionary holds 25.0%") and "keep" in base["expected"][2]
    ended = diagnose(*ALL, "--page", "page.html")
    assert ended.status == 0, ended.err
    lines = ended.out.splitlines()
    assert any(
        "task's words in the pairs" in line and "50.0% (75.0% without marks)" in line for line in lines
    )
    assert any(line.startswith("  the pairs hold 50.0%") for line in lines)
    page = Path("page.html").read_text(encoding="utf-8")
    assert "50.0% (75.0% without marks)" in page and "The dictionary holds 25.0%" in page


def test_without_a_tasks_text_nothing_is_told(diagnose):
    found = json.loads(diagnose("--json").out)
    assert found["words"] == [] and found["bases"][0]["expected"] == []
    assert "task's words" not in diagnose().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (ALL[2:4], ("--pairs", "--task-text FILE")),
        (ALL[4:], ("--lexicon", "--task-text FILE")),
        (("--task-text", "none.txt"), ("none.txt", "no such file")),
        ((*ALL[:2], "--pairs", "none.tsv"), ("none.tsv", "no such file")),
        ((*ALL[:2], "--pairs", "paralel"), ("'paralel'", "parallel")),
    ],
)
def test_what_is_missing_is_said_in_one_line(diagnose, words, told):
    diagnose(*words).refused(*told)


def test_pairs_have_a_language(shell, bert, diagnose):
    told = ("--base", bert.id, "--text", "text.txt", *ALL[:4])
    shell("vocabulary", "diagnose", *told).refused("--language", "the language of the pairs")
