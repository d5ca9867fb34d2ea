"""The organisers' rules over the bytes of the zip, told again in plain Python."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making_submissions import (
    CASES,
    RELATIONS,
    SENTIMENTS,
    Case,
    afrisenti,
    americasnli,
    masakhaner,
    xsid,
)

from xling.errors import InputError
from xling.jobs.submit import submit
from xling.submission.registry import task_named

EXAMPLES = settings(max_examples=8)


def well_formed(tags: list[str]) -> bool:
    """Whether every I- goes on with a span of its own type."""
    before = ["O", *tags]
    return all(
        tag == "O" or tag.startswith("B-") or last in (f"B-{tag[2:]}", tag)
        for last, tag in zip(before, tags, strict=False)
    )


@EXAMPLES
@given(afrisenti())
def test_afrisenti(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    text = case.submitted(tmp_path_factory.mktemp("afrisenti")).decode("utf-8")
    assert text.endswith("\n") and "\r" not in text and '"' not in text
    header, *lines = text[:-1].split("\n")
    assert header == "ID\tlabel"
    ids = [row[0] for row in csv.reader(io.StringIO(case.test), delimiter="\t")][1:]
    assert [line.split("\t")[0] for line in lines] == ids
    wanted = {row["id"]: row["label"] for row in case.rows}
    assert dict(line.split("\t") for line in lines) == wanted
    assert set(wanted.values()) <= set(SENTIMENTS)


@EXAMPLES
@given(americasnli())
def test_americasnli(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    text = case.submitted(tmp_path_factory.mktemp("americasnli")).decode("utf-8")
    found = list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t"))
    test = list(csv.DictReader(io.StringIO(case.test, newline=""), delimiter="\t"))
    assert text.split("\n")[0] == "language\tpremise\thypothesis\tlabel"
    labels = {(row["premise"], row["hypothesis"]): row["label"] for row in case.rows}
    assert len(found) == len(test)
    for own, given_row in zip(found, test, strict=True):
        pair = given_row["premise"], given_row["hypothesis"]
        assert (own["language"], own["premise"], own["hypothesis"]) == ("quy", *pair)
        assert own["label"] == labels[pair] and own["label"] in RELATIONS
    # the cells are those of the test file, byte for byte
    for own_line, given_line in zip(text.split("\n")[1:-1], case.test.split("\n")[1:-1], strict=True):
        assert own_line.rpartition("\t")[0] in given_line


def test_a_premise_of_several_lines_stays_one_text(tmp_path: Path) -> None:
    premise, last = "a\nb", "plain"  # its last line has as many tabs as a whole row
    test = f'premise\thypothesis\tlabel\n"{premise}"\tc\t-\n{last}\t"d ""e"""\t-\n'
    rows = [{"language": "aym", "premise": text, "label": "neutral"} for text in (premise, last)]
    data = Case("americasnli", "test.tsv", test, rows, "aym.tsv").submitted(tmp_path).decode("utf-8")
    header, first, second = csv.reader(io.StringIO(data, newline=""), delimiter="\t")
    assert (header, first) == (
        ["language", "premise", "hypothesis", "label"],
        ["aym", premise, "c", "neutral"],
    )
    assert second == ["aym", last, 'd "e"', "neutral"]
    assert data.endswith(f'aym\t{last}\t"d ""e"""\tneutral\n')


@EXAMPLES
@given(masakhaner())
def test_masakhaner(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    text = case.submitted(tmp_path_factory.mktemp("masakhaner")).decode("utf-8")
    assert text.endswith("\n\n") and "\n\n\n" not in text
    sentences = [[line.split(" ") for line in part.split("\n")] for part in text[:-2].split("\n\n")]
    given_tokens = [
        [line.split(" ")[0] for line in part.split("\n")] for part in case.test[:-2].split("\n\n")
    ]
    assert [[token for token, _ in sentence] for sentence in sentences] == given_tokens
    tags = [[tag for _, tag in sentence] for sentence in sentences]
    assert tags == [row["tags"] for row in case.rows]
    assert all(map(well_formed, tags))


@EXAMPLES
@given(xsid())
def test_xsid(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    text = case.submitted(tmp_path_factory.mktemp("xsid")).decode("utf-8")
    assert text.endswith("\n\n")
    wanted = {tuple(row["tokens"]): row for row in case.rows} if "# id" in case.test else None
    parts, before = text[:-2].split("\n\n"), case.test.rstrip("\n").split("\n\n")
    assert len(parts) == len(before) == len(case.rows)
    for number, (part, given_part) in enumerate(zip(parts, before, strict=True)):
        lines, given_lines = part.split("\n"), given_part.split("\n")
        assert len(lines) == len(given_lines)
        for line, given_line in zip(lines, given_lines, strict=True):
            if not line.startswith("#"):
                assert line.split("\t")[:2] == given_line.split("\t")[:2] and line.count("\t") == 3
            elif not line.startswith("# intent"):
                assert line == given_line
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        row = (
            case.rows[number]
            if wanted is None
            else next(row for row in case.rows if row["id"] == given_lines[0].split()[-1])
        )
        (comment,) = [line for line in lines if line.startswith("# intent")]
        assert comment in (f"# intent = {row['intent']}", f"# intent: {row['intent']}")
        assert {intent for _, _, intent, _ in rows} == {row["intent"]}
        assert [slot for *_, slot in rows] == row["tags"] and well_formed(row["tags"])


@pytest.mark.parametrize("kind", CASES)
@EXAMPLES
@given(st.data())
def test_a_file_that_lost_or_repeats_a_line_is_not_valid(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("lost")
    case = data.draw(CASES[kind]())
    written = case.submitted(folder)
    task, test = task_named(case.task), folder / case.test_name
    assert task.validate(case.name, written, test) == len(case.rows)
    lines = written.decode("utf-8").split("\n")[:-1]
    place = data.draw(st.integers(0, len(lines) - 1))
    lost = lines[:place] + lines[place + 1 :]
    with pytest.raises(InputError, match=case.name):
        task.validate(case.name, "".join(f"{line}\n" for line in lost).encode("utf-8"), test)
    if lines[place]:  # one blank line more between sentences changes nothing
        again = lines[: place + 1] + lines[place:]
        with pytest.raises(InputError, match=case.name):
            task.validate(case.name, "".join(f"{line}\n" for line in again).encode("utf-8"), test)


@pytest.mark.parametrize("kind", CASES)
@EXAMPLES
@given(st.data())
def test_a_file_with_another_label_is_not_valid(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("label")
    case = data.draw(CASES[kind]())
    lines = case.submitted(folder).decode("utf-8").split("\n")
    places = [number for number, line in enumerate(lines) if line and not line.startswith("# ")]
    place = data.draw(st.sampled_from(places))
    lines[place] += "x"
    with pytest.raises(InputError, match=case.name):
        task_named(case.task).validate(case.name, "\n".join(lines).encode("utf-8"), folder / case.test_name)


@pytest.mark.parametrize("kind", CASES)
@settings(max_examples=3)
@given(st.data())
def test_equal_input_gives_equal_bytes(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    case = data.draw(CASES[kind]())
    first, second = (tmp_path_factory.mktemp("again") for _ in range(2))
    assert case.submitted(first) == case.submitted(second)
    assert (first / "submission.zip").read_bytes() == (second / "submission.zip").read_bytes()


def test_the_order_of_files_and_the_time_of_day_leave_no_trace(tmp_path: Path) -> None:
    for code in ("ha", "ig"):
        (tmp_path / f"{code}.tsv").write_text("ID\ttweet\n1\tx\n")
        (tmp_path / f"{code}.jsonl").write_text('{"id": "1", "label": "neutral"}\n')
    for order in (("ha", "ig"), ("ig", "ha")):
        predictions, tests = ([tmp_path / f"{code}.{end}" for code in order] for end in ("jsonl", "tsv"))
        submit("afrisenti", predictions, tests, out=tmp_path / f"{order[0]}.zip")
    assert (tmp_path / "ha.zip").read_bytes() == (tmp_path / "ig.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "ha.zip") as archive:
        assert archive.namelist() == ["pred_ha.tsv", "pred_ig.tsv"] and archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
