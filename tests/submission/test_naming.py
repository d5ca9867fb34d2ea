"""The language code of a file: from its name, from the file, from its rows, or by option."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.making_submissions import Case

from xling.errors import InputError
from xling.jobs.submit import submit
from xling.languages import parse
from xling.submission.registry import TASKS


def named(folder: Path, task: str, test: str, languages: tuple[str, ...], *codes: str) -> str:
    """The name of the one file of a submission."""
    files = {
        "afrisenti": ("ID\ttweet\n0\tx\n1\ty\n", {"label": "neutral"}),
        "americasnli": ("premise\thypothesis\nx\ty\nx\tz\n", {"label": "neutral"}),
        "masakhaner": ("x\n\nx\n", {"tokens": ["x"], "tags": ["O"]}),
        "sid4lr": ("1\tx\n\n1\tx\n", {"tokens": ["x"], "tags": ["O"], "intent": "PlayMusic"}),
    }
    text, cells = files[task]
    tags = languages if len(languages) == 2 else languages * 2
    rows = [{"id": str(number), "language": tag, **cells} for number, tag in enumerate(tags)]
    predictions, file = Case(task, test, text, rows, "").at(folder)
    return submit(task, [predictions], [file], out=folder / "x.zip", codes=codes)["files"][0]["name"]


@pytest.mark.parametrize(
    ("task", "test", "languages", "name"),
    [
        ("afrisenti", "ha_test_participants.tsv", ("und",), "pred_ha.tsv"),
        ("afrisenti", "pred_MA.tsv", ("arb",), "pred_ma.tsv"),
        ("afrisenti", "multilingual_test.tsv", ("hau", "amh"), "pred_multilingual.tsv"),
        ("afrisenti", "test.tsv", ("kin",), "pred_kr.tsv"),
        ("afrisenti", "test.tsv", ("sw", "und"), "pred_sw.tsv"),
        ("afrisenti", "test.tsv", ("hau_Arab",), "pred_ha.tsv"),
        ("afrisenti", "ha_and_ig.tsv", ("ibo",), "pred_ig.tsv"),
        ("americasnli", "test.tsv", ("gug",), "gn.tsv"),
        ("masakhaner", "test.txt", ("swh",), "swa.txt"),
        ("masakhaner", "zul-test.txt", ("und",), "zul.txt"),
        ("sid4lr", "gsw.test.conll", ("und",), "gsw.test.conll"),
    ],
)
def test_names(tmp_path: Path, task: str, test: str, languages: tuple[str, ...], name: str) -> None:
    assert named(tmp_path, task, test, languages) == name


def test_an_option_goes_before_all(tmp_path: Path) -> None:
    assert named(tmp_path, "afrisenti", "ha.tsv", ("hau",), "ti") == "pred_ti.tsv"
    with pytest.raises(InputError, match="--code: 'xx' is no code of this task; choose from am, dz"):
        named(tmp_path, "afrisenti", "ha.tsv", ("hau",), "xx")
    with pytest.raises(InputError, match="--code: 2 codes for 1 files"):
        named(tmp_path, "afrisenti", "ha.tsv", ("hau",), "ha", "ig")
    with pytest.raises(InputError, match="--code: the files of this task keep the test file's name"):
        named(tmp_path, "sid4lr", "gsw.test.conll", ("gsw",), "gsw")


@pytest.mark.parametrize("languages", [("und",), ("eng",), ("hau", "ibo"), ("nonsense",)])
def test_no_code_is_an_error_that_lists_them(tmp_path: Path, languages: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"test.tsv: .*choose from am, dz, .*; put the code .*--code"):
        named(tmp_path, "afrisenti", "test.tsv", languages)


def test_every_language_is_canonical_and_has_a_code_of_the_task() -> None:
    pairs = [(tag, code, task) for task in TASKS.values() for tag, code in task.languages.items()]
    assert len(pairs) == 14 + 10 + 21
    assert [(tag, code) for tag, code, task in pairs if parse(tag) != tag or code not in task.codes] == []


def test_two_inputs_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("ha_test.tsv", "ha_dev.tsv"):
        (tmp_path / name).write_text("ID\ttweet\n1\tx\n")
    (tmp_path / "p.jsonl").write_text('{"id": "1", "label": "neutral"}\n')
    tests = [tmp_path / "ha_test.tsv", tmp_path / "ha_dev.tsv"]
    with pytest.raises(InputError, match=r"a second file 'pred_ha.tsv' for .*ha_dev.tsv"):
        submit("afrisenti", [tmp_path / "p.jsonl"] * 2, tests, out=tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()
