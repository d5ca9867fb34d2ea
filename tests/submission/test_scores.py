"""The organisers' scores, on examples worked by hand and against a second way of counting."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making_submissions import Case, tags

from xling.jobs.submit import submit
from xling.submission.submission import accuracy, span_f1, weighted_f1, xsid_figure


def scores(case: Case, folder: Path) -> dict[str, float]:
    """What the job tells of the one file."""
    predictions, test = case.at(folder)
    return submit(case.task, [predictions], [test], out=folder / "submission.zip")["files"][0]["scores"]


def test_the_last_token_of_a_span_is_where_the_two_figures_part() -> None:
    gold, found = [["O", "B-x", "I-x"]], [["O", "B-x", "O"]]
    assert span_f1(gold, found) == 0.0
    assert xsid_figure(gold, found) == 100.0
    assert xsid_figure([["O", *gold[0], "O"]], [["O", *found[0], "O"]]) == 0.0


def strict_spans(sentence: list[str]) -> set[tuple[int, int, str]]:
    """Spans of well-formed BIO, by the places where they begin."""
    starts = [place for place, tag in enumerate(sentence) if tag[0] == "B"]
    inside = {place for place, tag in enumerate(sentence) if tag[0] == "I"}
    found = set()
    for start in starts:
        end = start + 1
        while end in inside:
            end += 1
        found.add((start, end, sentence[start][2:]))
    return found


PAIRS = st.integers(1, 6).flatmap(lambda size: st.tuples(tags(size, ["x", "y"]), tags(size, ["x", "y"])))


@settings(max_examples=15)
@given(st.lists(PAIRS, min_size=1, max_size=5))
def test_exact_spans_against_a_second_count(pairs: list[tuple[list[str], list[str]]]) -> None:
    gold, found = [right for right, _ in pairs], [own for _, own in pairs]
    hits = sum(len(strict_spans(right) & strict_spans(own)) for right, own in pairs)
    total = sum(len(strict_spans(right)) + len(strict_spans(own)) for right, own in pairs)
    assert span_f1(gold, found) == pytest.approx(200 * hits / total if total else 0.0, abs=0.01)
    padded = [[[*sentence, "O", "O"] for sentence in side] for side in (gold, found)]
    assert xsid_figure(*padded) == span_f1(*padded)  # no span ends on a last token


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=8))
def test_weighted_f1_against_a_second_count(pairs: list[tuple[str, str]]) -> None:
    gold, found = [right for right, _ in pairs], [own for _, own in pairs]
    value = 0.0
    for label in set(gold):
        hits = sum(right == own == label for right, own in pairs)
        value += gold.count(label) * 2 * hits / (gold.count(label) + found.count(label))
    assert weighted_f1(gold, found) == pytest.approx(100 * value / len(gold), abs=0.01)
    assert accuracy(gold, found) == pytest.approx(100 * sum(a == b for a, b in pairs) / len(pairs), abs=0.01)


def test_scores_are_those_of_the_rows_in_the_test_files_order(tmp_path: Path) -> None:
    rows = [{"id": "2", "label": "negative"}, {"id": "1", "label": "neutral"}]
    case = Case(
        "afrisenti", "ha.tsv", "ID\ttweet\tlabel\n1\tx\tneutral\n2\ty\tnegative\n", rows, "pred_ha.tsv"
    )
    assert scores(case, tmp_path) == {"weighted_f1": 100.0}
    swapped = [{**row, "id": str(3 - int(row["id"]))} for row in rows]
    assert scores(case.with_rows(swapped), tmp_path) == {"weighted_f1": 0.0}


def test_scores_of_the_others_and_none_without_gold(tmp_path: Path) -> None:
    pairs = "premise\thypothesis\tlabel\na\tb\tneutral\nc\td\tentailment\n"
    rows = [{"language": "gug", "label": "neutral"}] * 2
    case = Case("americasnli", "dev.tsv", pairs, rows, "gn.tsv")
    assert scores(case, tmp_path) == {"accuracy": 50.0}
    tagged = [{"id": "0", "language": "hau", "tokens": ["a", "b"], "tags": ["B-PER", "O"]}]
    case = Case("masakhaner", "dev.txt", "a B-PER\nb B-LOC\n", tagged, "hau.txt")
    assert scores(case, tmp_path) == {"span_f1": 66.67}
    case = Case("masakhaner", "dev.txt", "a\nb\n", tagged, "hau.txt")
    assert scores(case, tmp_path) == {}
    spoken = [{**tagged[0], "tags": ["O", "B-datetime"], "intent": "PlayMusic"}]
    test = "# intent: PlayMusic\n1\ta\tPlayMusic\tB-datetime\n2\tb\tPlayMusic\tI-datetime\n"
    wanted = {"intent_accuracy": 100.0, "span_f1": 0.0, "xsid_compatible_f1": 0.0}
    assert scores(Case("sid4lr", "nap.conll", test, spoken, "nap.conll"), tmp_path) == wanted
    bare = test.replace("PlayMusic", "PLACEHOLDER").replace("B-datetime", "-").replace("I-datetime", "-")
    assert scores(Case("norsid", "nor.conll", bare, spoken, "nor.conll"), tmp_path) == {}
