"""Reported: tables of labelled texts. A case is its source: the file's name and text, what is right.

Right is each row's text and label, or what the refusal says.
"""

from __future__ import annotations

import json

from support.reported_files import cases, check_read, written

from xling.data.text import read_text

ROWS = {
    "open-compass/VLMEvalKit #1559: the word None": (
        "a.tsv",
        "text\tlabel\nNone\tNone\n",
        [("None", "None")],
    ),
    "googledatalab/pydatalab pull 398: NA is a label": (
        "a.csv",
        "text,label\nNA,NA\nnan,null\n",
        [("NA", "NA"), ("nan", "null")],
    ),
    "huggingface/huggingface_hub #797: Norway": ("a.tsv", "text\tlabel\nno\tNO\n", [("no", "NO")]),
    "nextstrain/ncov-ingest pull 105: n/a stays as it is": (
        "a.tsv",
        "text\tlabel\nn/a\tn/a\n",
        [("n/a", "n/a")],
    ),
    "code-kern-ai/refinery #31: a blank label is no class": (
        "a.tsv",
        "text\tlabel\none\tgreentech\ntwo\t\nthree\t \n",
        [("one", "greentech"), ("two", None), ("three", None)],
    ),
    "airbytehq/airbyte #1246: NaN is no JSON": (
        "a.jsonl",
        '{"text": NaN, "label": "x"}\n',
        ":1: the column 'text' holds nan, no text",
    ),
    "airbytehq/airbyte #1246: nor is it a label": (
        "a.jsonl",
        '{"text": "a", "label": NaN}\n',
        ":1: the column 'label' holds nan, no text",
    ),
    "unslothai/unsloth pull 10813: null is not the word None": (
        "a.jsonl",
        '{"text": null, "label": "x"}\n',
        ":1: the column 'text' holds None, no text",
    ),
    "huggingface/datasets #3729: U+2029 is no line end": (
        "a.tsv",
        "text\tlabel\na\u2029b\tx\nc\u0085d\ty\n",
        [("a\u2029b", "x"), ("c\u0085d", "y")],
    ),
    "Niger-Volta-LTI/yoruba-text #17: two spellings of one label": (
        "a.tsv",
        "text\tlabel\na\te\u0301\nb\t\u00e9\n",
        [("a", "\u00e9"), ("b", "\u00e9")],
    ),
}

MANY = {
    "ThilinaRajapakse/simpletransformers #51: a list of zeros and ones": (
        "a.jsonl",
        '{"text": "a", "labels": [0, 0, 0, 1, 0]}\n',
        ":1: the column 'labels' holds [0, 0, 0, 1, 0], zeros and ones that name no label",
    ),
    "ThilinaRajapakse/simpletransformers #58: the same as text": (
        "a.csv",
        'text,labels\na,"[1, 0, 0]"\n',
        ":2: the column 'labels' holds [1, 0, 0], zeros and ones that name no label",
    ),
    "ThilinaRajapakse/simpletransformers #51: names as Python shows them": (
        "a.csv",
        "text,labels\na,\"['joy', 'fear']\"\n",
        ":2: the column 'labels' holds ['joy', 'fear'], no list of labels; separate labels by |",
    ),
    "ThilinaRajapakse/simpletransformers #1409: degrees in place of flags": (
        "a.csv",
        "text,joy,fear\na,0,1\nb,2,0\nc,1,0\n",
        ":3: the column 'joy' holds 2, neither 0 nor 1",
    ),
    "ThilinaRajapakse/simpletransformers #240: a column for each label": (
        "a.csv",
        "text,joy,fear,year\na,0,1,2019\nb,1.0,0,1\nc,,,2020\n",
        [("a", ("fear",)), ("b", ("joy",)), ("c", None)],
    ),
}

CHOICES = {
    "open-compass/VLMEvalKit #1559: a choice that reads None": (
        {"choices": ["None", "Two"], "label": 0},
        [(("None", "Two"), 0)],
    ),
    "bigscience-workshop/promptsource pull 699: a letter for a number": (
        {"choices": ["x", "y"], "label": "A"},
        ":1: label is A, outside the choices; choose from 0, 1",
    ),
    "russolsen/ham_radio_question_pool #7: counted from one": (
        {"choices": ["x", "y"], "label": 2},
        ":1: label is 2, outside the choices; choose from 0, 1",
    ),
    "huggingface/datasets #5624: -1 where labels are kept back": (
        {"choices": ["x", "y"], "label": -1},
        ":1: label is -1, outside the choices",
    ),
}


@cases(ROWS, ("name", "text", "right"))
def test_labelled_texts(tmp_path, name, text, right):
    check_read(written(tmp_path, name, text), "classification", right, lambda one: (one.text, one.label))


@cases(MANY, ("name", "text", "right"))
def test_texts_with_any_number_of_labels(tmp_path, name, text, right):
    check_read(written(tmp_path, name, text), "multi-label", right, lambda one: (one.text, one.labels))


@cases(CHOICES, ("cells", "right"))
def test_choices(tmp_path, cells, right):
    row = {"context": "c", "question": "q", **cells}
    file = written(tmp_path, "a.jsonl", json.dumps(row))
    check_read(file, "multiple-choice", right, lambda one: (one.choices, one.label))


TEXTS = {
    "google/sentencepiece #954: NUL": ("habari\0 za asubuhi\nleo\n", ["habari\0 za asubuhi", "leo"]),
    "huggingface/datasets pull 3910: only line feeds end a line": (
        "a\u2028b\nc\u2029d\x0ce\r\nf",
        ["a b", "c d e", "f"],
    ),
}


@cases(TEXTS, ("text", "right"))
def test_plain_text(tmp_path, text, right):
    assert read_text([written(tmp_path, "a.txt", text)]) == right
