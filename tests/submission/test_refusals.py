"""One row, id, header, label or token broken: refused, with that row named, and no zip."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making_submissions import CASES, Case, Rows, americasnli, xsid

from xling.errors import InputError
from xling.jobs.submit import submit

EXAMPLES = settings(max_examples=6)
WRONG_TAGS = [
    *((tag, "is no BIO tag") for tag in ("", "PER", "B-", "b-PER", "O ")),
    ("B-NOTHING", "none of the task's"),
]
NAMED, TAGGED = ("afrisenti", "americasnli"), ("masakhaner", "xsid")


def refused(case: Case, folder: Path, *words: str) -> None:
    """One line with all these words, and nothing written."""
    with pytest.raises(InputError) as caught:
        case.submitted(folder)
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text, (word, text)
    assert not (folder / "submission.zip").exists()


def edited(case: Case, place: int, **cells: object) -> Case:
    """One prediction with other cells."""
    rows = [{**row, **cells} if number == place else row for number, row in enumerate(case.rows)]
    return case.with_rows(rows)


def of(row: int) -> str:
    return f"predictions.jsonl:{row + 1}:"


def any_place(rows: Rows, data: st.DataObject) -> int:
    return data.draw(st.integers(0, len(rows) - 1))


@pytest.mark.parametrize("kind", CASES)
@EXAMPLES
@given(st.data())
def test_a_missing_row(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind]())
    place = any_place(case.rows, data)
    rows = case.rows[:place] + case.rows[place + 1 :]
    by_id = re.search(r"^(ID|id)\t|^# id", case.test, re.MULTILINE) is not None
    words = [f"'{case.rows[place]['id']}'", "no prediction"] if by_id else ["rows where the test file has"]
    refused(case.with_rows(rows), tmp_path_factory.mktemp("broken"), "predictions.jsonl", *words)


@pytest.mark.parametrize("kind", CASES)
@EXAMPLES
@given(st.data())
def test_a_repeated_row(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind]())
    place = any_place(case.rows, data)
    rows = [*case.rows[: place + 1], *case.rows[place:]]
    words = of(place + 1), f"'{case.rows[place]['id']}' stands twice, first in line {place + 1}"
    refused(case.with_rows(rows), tmp_path_factory.mktemp("broken"), *words)


@pytest.mark.parametrize("kind", CASES)
@EXAMPLES
@given(st.data())
def test_an_added_row(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind]())
    rows = [*case.rows, {**case.rows[-1], "id": "one-more"}]
    refused(case.with_rows(rows), tmp_path_factory.mktemp("broken"), of(len(case.rows)))


@EXAMPLES
@given(
    st.data(),
    st.sampled_from([None, "", "Neutral", "neutral ", 1, ["neutral"], "entailment\tneutral", "é\u0007"]),
)
@pytest.mark.parametrize("kind", NAMED)
def test_a_label_outside_the_set(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject, label: object
) -> None:
    case = data.draw(CASES[kind]())
    place = any_place(case.rows, data)
    words = of(place), "none of the task's; choose from ", "neutral, "
    refused(edited(case, place, label=label), tmp_path_factory.mktemp("broken"), *words)


@EXAMPLES
@given(st.data(), st.sampled_from(["weather", "", None, "PLACEHOLDER"]))
def test_an_intent_outside_the_set(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, intent: object
) -> None:
    case = data.draw(xsid())
    place = any_place(case.rows, data)
    folder = tmp_path_factory.mktemp("broken")
    refused(edited(case, place, intent=intent), folder, of(place), "the intent ", "weather/find")


@pytest.mark.parametrize("kind", TAGGED)
@EXAMPLES
@given(st.data())
def test_another_token(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind]())
    place = any_place(case.rows, data)
    tokens = list(case.rows[place]["tokens"])
    number = any_place(tokens, data)
    tokens[number] += "x"
    words = of(place), f"token {number + 1} is ", "predict this very test file"
    refused(edited(case, place, tokens=tokens), tmp_path_factory.mktemp("broken"), *words)


@pytest.mark.parametrize("kind", TAGGED)
@EXAMPLES
@given(st.data())
def test_tags_that_are_not_well_formed(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    case = data.draw(CASES[kind]())
    place = any_place(case.rows, data)
    tags = list(case.rows[place]["tags"])
    number = any_place(tags, data)
    wrong, words = data.draw(st.sampled_from(WRONG_TAGS))
    tags[number] = wrong
    refused(
        edited(case, place, tags=tags),
        tmp_path_factory.mktemp("broken"),
        of(place),
        f"tag {number + 1},",
        words,
    )
    short = edited(case, place, tags=tags[:-1])
    words = f"{len(tags) - 1} tags for {len(tags)} tokens"
    refused(short, tmp_path_factory.mktemp("broken"), of(place), words)


@pytest.mark.parametrize(("kind", "stray"), [("masakhaner", "I-PER"), ("xsid", "I-datetime")])
@EXAMPLES
@given(st.data())
def test_a_span_that_nothing_begins(
    tmp_path_factory: pytest.TempPathFactory, kind: str, stray: str, data: st.DataObject
) -> None:
    case = data.draw(CASES[kind]())
    place = any_place(case.rows, data)
    tags = [stray] + ["O"] * (len(case.rows[place]["tags"]) - 1)
    folder = tmp_path_factory.mktemp("broken")
    refused(edited(case, place, tags=tags), folder, of(place), f"tag 1, '{stray}', goes on with a span")


@pytest.mark.parametrize("kind", NAMED)
@EXAMPLES
@given(st.data())
def test_another_header(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind]())
    header, rest = case.test.split("\n", 1)
    needed = [name for name in header.split("\t") if name not in ("id", "language", "label")]
    column = data.draw(st.sampled_from(needed))
    changed = "\t".join(f"{name}s" if name == column else name for name in header.split("\t"))
    words = f"{case.test_name}:1: no column of the", column
    refused(replace(case, test=f"{changed}\n{rest}"), tmp_path_factory.mktemp("broken"), *words)


@EXAMPLES
@given(st.data())
def test_a_test_file_with_an_id_twice(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    case = data.draw(st.one_of(CASES["afrisenti"](), americasnli(ids=True)))
    lines = case.test.split("\n")
    repeated = replace(case, test="\n".join([*lines[:2], lines[1], *lines[2:]]))
    identity = lines[1].split("\t")[0]
    words = case.test_name, f"'{identity}' stands twice", f"{case.test_name}:2 and {case.test_name}:3"
    refused(repeated, tmp_path_factory.mktemp("broken"), *words)


def test_utterances_that_share_an_id_are_matched_by_order(tmp_path: Path) -> None:
    first = "# id = 1\n# intent = PlayMusic\n1\ta\tPlayMusic\tO\n\n"
    test = first + first.replace("PlayMusic", "RateBook").replace("\ta\t", "\tb\t")
    rows = [{"id": "1", "tokens": [token], "tags": ["O"], "intent": "PlayMusic"} for token in "ab"]
    case = Case("sid4lr", "lt.test.conll", test, rows, "lt.test.conll")
    assert case.submitted(tmp_path) == test.replace("RateBook", "PlayMusic").encode("utf-8")
    (tmp_path / "submission.zip").unlink()
    refused(case.with_rows(rows[::-1]), tmp_path, of(0), "token 1 is 'b' instead of 'a'", "lt.test.conll:3")


def test_an_utterance_without_a_comment_of_its_intent_gets_one(tmp_path: Path) -> None:
    rows = [{"id": "0", "tokens": ["a", "anything"], "tags": ["O", "B-datetime"], "intent": "PlayMusic"}]
    case = Case("norsid", "nor.conll", "# text = a\n1\ta\n2\t", rows, "nor.conll")
    wanted = "# text = a\n# intent = PlayMusic\n1\ta\tPlayMusic\tO\n2\t\tPlayMusic\tB-datetime\n\n"
    assert case.submitted(tmp_path).decode("utf-8") == wanted


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("a b c\n", ("x.conll:1", "1 column (a b c) where index, token")),
        ("# text = a\n", ("x.conll", "no utterance")),
        ("# intent = a\n# intent = b\n1\ta\n", ("x.conll:2", "a second intent")),
        ("\n \n", ("x.conll", "empty")),
    ],
)
def test_test_files_that_are_no_xsid(tmp_path: Path, test: str, words: tuple[str, ...]) -> None:
    rows = [{"id": "0", "tokens": ["a"], "tags": ["O"], "intent": "PlayMusic"}]
    refused(Case("sid4lr", "x.conll", test, rows, "x.conll"), tmp_path, *words)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("ID\ttweet\n\tx\n", ("ha.tsv:2", "the ID '' cannot stand")),
        ('ID\ttweet\n"1\t2"\tx\n', ("ha.tsv:2", "cannot stand in a submission file")),
        ("ID\ttweet\n", ("ha.tsv", "no row below the header")),
        (
            "ID\ttweet\tlabel\n1\tx\tneutral\n2\tx\tNeutral\n",
            ("ha.tsv:3", "the gold label 'Neutral'", "positive"),
        ),
        ("tweet\tlabel\nx\tneutral\n", ("ha.tsv:1", "no column of the id", "choose from ID, id")),
    ],
)
def test_test_files_that_are_no_afrisenti(tmp_path: Path, test: str, words: tuple[str, ...]) -> None:
    rows = [{"id": "1", "label": "neutral"}, {"id": "2", "label": "neutral"}]
    rows = rows[: max(test.count("\n") - 1, 1)]
    refused(Case("afrisenti", "ha.tsv", test, rows, "pred_ha.tsv"), tmp_path, *words)


def test_texts_of_another_test_file_and_a_file_of_two_languages(tmp_path: Path) -> None:
    test = "language\tpremise\thypothesis\nquy\ta\tb\nquy\tc\td\n"
    rows = [{"premise": "a", "hypothesis": "b", "label": "neutral"}, {"premise": "c", "label": "neutral"}]
    case = Case("americasnli", "quy.tsv", test, rows, "quy.tsv")
    assert case.submitted(tmp_path).decode("utf-8") == (
        "language\tpremise\thypothesis\tlabel\nquy\ta\tb\tneutral\nquy\tc\td\tneutral\n"
    )
    (tmp_path / "submission.zip").unlink()
    refused(case.with_rows(rows[::-1]), tmp_path, of(0), "the premise is 'c'", "quy.tsv:2")
    mixed = replace(case, test=test.replace("quy\tc", "aym\tc"))
    refused(mixed, tmp_path, "quy.tsv:3", "a row in 'aym' in the file of 'quy'", "--code")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "1"', "broken JSON"),
        ("[1]", "no JSON object"),
        ('{"label": "neutral"}', "no id"),
        ('{"id": {"a": 1}, "label": "neutral"}', "no id"),
        ('{"id": "1", "tags": ["O"]}', "no 'label', but id, tags"),
        ("\ufeff{}", "broken JSON"),
    ],
)
def test_rows_that_are_no_predictions(tmp_path: Path, line: str, words: str) -> None:
    case = Case(
        "afrisenti", "ha.tsv", "ID\ttweet\n0\tx\n1\ty\n", [{"id": "0", "label": "neutral"}], "pred_ha.tsv"
    )
    predictions, test = case.at(tmp_path)
    predictions.write_text(predictions.read_text() + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"predictions\.jsonl:2: .*{words}"):
        submit(case.task, [predictions], [test], out=tmp_path / "submission.zip")
