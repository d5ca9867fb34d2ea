"""Reported: predictions that a shared task's scorer turned away. A case is its source, files, what is right.

Right is the file that is handed in, or what the refusal says.
"""

from __future__ import annotations

import json
import zipfile

from support.reported_files import cases, written

TEST = "ID\ttweet\n1\tx\n2\ty\n"
FIRST, SECOND = {"id": "1", "label": "neutral"}, {"id": "2", "label": "positive"}
RIGHT = "ID\tlabel\n1\tneutral\n2\tpositive\n"

AFRISENTI = {
    "nyu-mll/GLUE-baselines #14: rows are missing": (
        TEST,
        [FIRST],
        "no prediction for the id '2' at ha.tsv:3",
    ),
    "jerbarnes/semeval22_structured_sentiment #26: ids of another release": (
        TEST,
        [FIRST, SECOND, {**SECOND, "id": "000778-54-01"}],
        "p.jsonl:3: the id '000778-54-01' is none of the test file's",
    ),
    "n-hossain/semeval-2020-task-7-humicroedit #4: ids of the dev file": (
        TEST,
        [{**FIRST, "id": "dev_1"}, SECOND],
        "p.jsonl:1: the id 'dev_1' is none of the test file's",
    ),
    "SuDIS-ZJU/nlcTables #5: an id twice": (
        TEST,
        [FIRST, FIRST],
        "p.jsonl:2: the id '1' stands twice, first in line 1",
    ),
    "ChuXiaokai/baidu_ultr_dataset #9: an id twice in the test file": (
        TEST.replace("2\ty", "1\ty"),
        [FIRST, SECOND],
        "the id '1' stands twice, at ha.tsv:2 and ha.tsv:3",
    ),
    "n-hossain/semeval-2020-task-7-humicroedit #4: 01 is not 1": (
        TEST.replace("1\tx", "01\tx"),
        [FIRST, SECOND],
        "p.jsonl:1: the id '1' is none of the test file's",
    ),
    "huggingface/transformers pull 10555: a label in capitals": (
        TEST,
        [FIRST, {**SECOND, "label": "Positive"}],
        "p.jsonl:2: the label 'Positive' is none of the task's",
    ),
    "n-hossain/semeval-2020-task-7-humicroedit #4: by id, in the order of the test file": (
        TEST,
        [SECOND, FIRST],
        RIGHT,
    ),
    "huggingface/datasets pull 3910: line feeds with carriage returns": (
        TEST.replace("\n", "\r\n"),
        [FIRST, SECOND],
        RIGHT,
    ),
    "huggingface/datasets pull 3910: no line feed at the end": (
        TEST.removesuffix("\n"),
        [FIRST, SECOND],
        RIGHT,
    ),
    "huggingface/datasets #3729: U+2028 inside a tweet": (
        TEST.replace("x", "x\u2028z"),
        [FIRST, SECOND],
        RIGHT,
    ),
}


@cases(AFRISENTI, ("test", "rows", "right"))
def test_by_ids(shell, tmp_path, test, rows, right):
    handed_in(shell, tmp_path, "afrisenti", ("ha.tsv", "pred_ha.tsv"), test, rows, right)


SENTENCE = {"tokens": ["a\u2028", "b"], "tags": ["O", "B-PER"]}

MASAKHANER = {
    "masakhane-io/masakhane-ner #16: a sentence is cut short": (
        "a\u2028 O\nb O\nc B-PER\n\n",
        [SENTENCE],
        "p.jsonl:1: 2 tokens instead of the 3",
    ),
    "jerbarnes/semeval22_structured_sentiment #10: a sentence is missing": (
        "a\u2028 O\nb O\n\nc O\n",
        [SENTENCE],
        "no prediction for sentence 2 of hau.txt",
    ),
    "chakki-works/seqeval #23: a span begins with I-": (
        "a\u2028 O\nb O\n",
        [{**SENTENCE, "tags": ["O", "I-PER"]}],
        "p.jsonl:1: tag 2, 'I-PER', goes on with a span",
    ),
    "ufal/udpipe #103: U+2028 inside a token": ("a\u2028 O\nb O\n", [SENTENCE], "a\u2028 O\nb B-PER\n\n"),
}


@cases(MASAKHANER, ("test", "rows", "right"))
def test_by_order(shell, tmp_path, test, rows, right):
    handed_in(shell, tmp_path, "masakhaner", ("hau.txt", "hau.txt"), test, rows, right)


def handed_in(shell, folder, task, names, test, rows, right):
    """The command line on a test file and its predictions. names: of the test file, inside the zip."""
    lines = "".join(json.dumps({"language": "hau", **row}) + "\n" for row in rows)
    files = (
        "--predictions",
        written(folder, "p.jsonl", lines),
        "--test-file",
        written(folder, names[0], test),
    )
    out = folder / "out.zip"
    ended = shell("submit", task, *files, "--out", out, "--quiet")
    if "\n" not in right:
        ended.refused(right)
        assert not out.exists()
        return
    assert ended.status == 0, ended.err
    with zipfile.ZipFile(out) as archive:
        assert archive.read(names[1]).decode() == right
