"""xling submit: what it prints, what it refuses, and that no file of predictions brings a traceback."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from xling.errors import InputError
from xling.jobs.submit import submit

AFRISENTI = "ID\ttweet\tlabel\n1\tx\tneutral\n2\ty\tpositive\n"
LABELS = (
    '{"id": "1", "language": "hau", "label": "neutral"}\n{"id": "2", "language": "hau", "label": "neutral"}\n'
)
FILES = {
    "afrisenti": (
        "ha.tsv",
        "ID\ttweet\n1\tx\n2\ty\n",
        LABELS,
    ),
    "americasnli": (
        "quy.tsv",
        "id\tlanguage\tpremise\thypothesis\n1\tquy\ta\tb\n2\tquy\tc\td\n",
        LABELS.replace('"language": "hau"', '"premise": "a"', 1).replace('"language": "hau", ', ""),
    ),
    "masakhaner": (
        "hau.txt",
        "a\nb\n\nc\n",
        '{"id": "0", "tokens": ["a", "b"], "tags": ["B-PER", "I-PER"]}\n'
        '{"id": "1", "tokens": ["c"], "tags": ["O"]}\n',
    ),
    "norsid": (
        "nor.conll",
        "# intent =\n1\ta\n2\tb\n\n# intent =\n1\tc\n\n",
        '{"id": "0", "tokens": ["a", "b"], "tags": ["B-album", "I-album"], "intent": "PlayMusic"}\n'
        '{"id": "1", "tokens": ["c"], "tags": ["O"], "intent": "RateBook"}\n',
    ),
}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions and a test file with gold labels."""
    (tmp_path / "ha_test.tsv").write_text(AFRISENTI)
    (tmp_path / "ha.jsonl").write_text(LABELS)
    return tmp_path / "ha.jsonl", tmp_path / "ha_test.tsv"


def run(shell, pair, out, *more, task="afrisenti"):
    return shell("submit", task, "--predictions", pair[0], "--test-file", pair[1], "--out", out, *more)


def test_the_result_as_json_and_as_a_table(shell, pair, tmp_path):
    out = tmp_path / "new" / "a.zip"
    ended = run(shell, pair, out, "--json")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert (found["shared_task"], found["out"]) == ("afrisenti", str(out))
    (row,) = found["files"]
    assert (row["name"], row["rows"], row["test_file"]) == ("pred_ha.tsv", 2, str(pair[1]))
    assert row["scores"] == {"weighted_f1": 33.33}
    with zipfile.ZipFile(out) as archive:
        assert archive.read("pred_ha.tsv") == b"ID\tlabel\n1\tneutral\n2\tneutral\n"
    ended = run(shell, pair, out)
    assert (
        all(word in ended.out for word in ("pred_ha.tsv", "weighted_f1", "33.33", "a.zip")) and not ended.err
    )


def test_a_file_without_gold_labels_is_told_unless_quiet(shell, pair, tmp_path):
    pair[1].write_text(FILES["afrisenti"][1])
    ended = run(shell, pair, tmp_path / "a.zip")
    assert ended.status == 0 and "pred_ha.tsv: no gold labels in" in ended.err
    ended = run(shell, pair, tmp_path / "a.zip", "--quiet", "--json")
    assert not ended.err and json.loads(ended.out)["files"][0]["scores"] == {}


def test_several_files_in_one_zip(shell, pair, tmp_path):
    (tmp_path / "ig_test.tsv").write_text(AFRISENTI)
    ended = run(
        shell, pair, tmp_path / "a.zip", "--predictions", pair[0], "--test-file", tmp_path / "ig_test.tsv"
    )
    assert ended.status == 0, ended.err
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["pred_ha.tsv", "pred_ig.tsv"]


def test_options_at_fault(shell, pair, tmp_path):
    out = tmp_path / "a.zip"
    run(shell, pair, out, task="afrisent").refused("SHARED_TASK", "'afrisent'", "afrisenti", "sid4lr")
    run(shell, pair, out, "--predictions", pair[0]).refused(
        "--test-file", "2 files", "1 test files", "same order"
    )
    run(shell, pair, tmp_path / "a.tar").refused("--out", "'a.tar'", ".zip")
    run(shell, pair, out, "--code", "hausa").refused("--code", "'hausa'", "ha, ig")
    run(shell, (tmp_path / "he.jsonl", pair[1]), out).refused("he.jsonl", "no such file", "ha.jsonl")
    run(shell, (pair[0], tmp_path / "ha_tset.tsv"), out).refused("ha_tset.tsv", "no such file", "ha_test.tsv")
    run(shell, (pair[1], pair[1]), out).refused("ha_test.tsv", "JSON lines", ".jsonl")
    shell("submit", "afrisenti", "--out", out).refused("--predictions")
    (tmp_path / "b.zip").mkdir()
    run(shell, pair, tmp_path / "b.zip").refused("--out", "folder")
    assert not out.exists()


def test_a_refusal_leaves_an_older_zip_alone(shell, pair, tmp_path):
    out = tmp_path / "a.zip"
    out.write_bytes(b"older")
    pair[0].write_text(LABELS.replace('"id": "2"', '"id": "3"'))
    run(shell, pair, out).refused("ha.jsonl:2", "the id '3' is none of the test file's")
    pair[0].write_text(LABELS.replace("neutral", "Neutral", 1))
    run(shell, pair, out).refused("ha.jsonl:1", "'Neutral'", "positive, neutral, negative")
    pair[0].write_text("")
    run(shell, pair, out).refused("ha.jsonl", "empty")
    assert out.read_bytes() == b"older"


def mangled(text: str, number: int) -> bytes:
    """A file of predictions with one fault of many kinds, drawn by its number."""
    chance = random.Random(number)
    data = text.encode("utf-8")
    place = chance.randrange(len(data))
    lines = text.splitlines(keepends=True)
    row = json.loads(lines[0])
    row[chance.choice(list(row))] = chance.choice(
        [
            None,
            1,
            -1.5,
            True,
            "",
            "\ud800",
            "a\tb\nc",
            [],
            [[]],
            ["O"],
            {},
            {"a": 1},
            "O",
            "B-PER",
            ["a", 1],
            10**30,
        ]
    )
    faults = (
        lambda: data[:place],
        lambda: data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :],
        lambda: data[:place] + data[place + 1 :],
        lambda: "".join(chance.sample(lines, len(lines)) + [lines[0]]).encode(),
        lambda: lines[chance.randrange(len(lines))].encode(),
        lambda: (json.dumps(row) + "\n" + lines[1]).encode(),
        lambda: chance.choice(
            [b"\x00", b"null\n", b"[" * 100_000, b"\xff\xfe{}", b"\n\n", b"1e999\n", b"{}\n", b"\x1f\x8b"]
        ),
    )
    return chance.choice(faults)()


@pytest.mark.parametrize("task", FILES)
def test_no_mangled_file_brings_a_traceback(tmp_path, task):
    name, test, text = FILES[task]
    (tmp_path / name).write_text(test)
    predictions, out = tmp_path / "p.jsonl", tmp_path / "a.zip"
    predictions.write_text(text)
    submit(task, [predictions], [tmp_path / name], out=out)
    refusals = 0
    for number in range(100):
        out.unlink(missing_ok=True)
        predictions.write_bytes(mangled(text, number))
        try:  # the shell prints an InputError as its one line; anything else would be a traceback
            submit(task, [predictions], [tmp_path / name], out=out)
        except InputError as error:
            assert "p.jsonl" in str(error) and "\n" not in str(error)
            assert not out.exists()
            refusals += 1
        else:
            assert out.exists()
    assert refusals > 50


@pytest.mark.parametrize("task", FILES)
def test_the_shell_tells_mangled_files_in_one_line(shell, tmp_path, task):
    name, test, text = FILES[task]
    (tmp_path / name).write_text(test)
    predictions, out = tmp_path / "p.jsonl", tmp_path / "a.zip"
    for data in (mangled(text, 1), text.encode()[:-9], b"\xff\xfe{}"):
        predictions.write_bytes(data)
        run(shell, (predictions, tmp_path / name), out, task=task).refused("p.jsonl")
    assert not out.exists()


def test_help_is_quick_and_names_every_task():
    from xling.submission.registry import TASKS

    probe = (
        "import sys\nfrom xling.cli.app import app\nfrom xling.cli.running import run_app\n"
        "sys.argv = ['xling', 'submit', '--help']\nstatus = run_app(app)\n"
        "heavy = sorted({'torch', 'transformers', 'numpy', 'sklearn'} & set(sys.modules))\n"
        "sys.exit(f'{status} {heavy}' if status or heavy else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    text = " ".join(ended.stdout.replace("│", " ").split())
    assert all(name in text for name in TASKS) and "same order" in text
