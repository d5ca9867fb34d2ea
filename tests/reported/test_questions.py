"""Reported: extractive question answering. A case is its source, what was given, what is right."""

from __future__ import annotations

import json

import pytest
import torch
from support.reported_files import cases, check_read, written

from xling.data.examples import Question
from xling.tasks.question_answering import QuestionAnswering
from xling.tasks.span_decoding import best_answers
from xling.tasks.squad_scorer import squad_exact, squad_f1

ROCKET = "🚀 na kitabu"

FILES = {
    "ThilinaRajapakse/simpletransformers #93: an unanswerable question": (
        "abc",
        [],
        "question 1 has no answers; leave it out",
    ),
    "huggingface/transformers #10482: two empty lists": (
        "abc",
        {"text": [], "answer_start": []},
        "question 1 has no answers; leave it out",
    ),
    "mrqa/MRQA-Shared-Task-2019 #6: one answer three times": (
        "Denver Broncos",
        [{"text": "Denver", "answer_start": 0}] * 3,
        [((0, "Denver"),) * 3],
    ),
    "argilla-io/argilla #5729: places after an emoji, in code points": (
        ROCKET,
        [{"text": "kitabu", "answer_start": 5}],
        [((5, "kitabu"),)],
    ),
    "HumanSignal/label-studio #1008: places after an emoji, in UTF-16": (
        ROCKET,
        [{"text": "kitabu", "answer_start": 6}],
        "not the answer 'kitabu'; answer_start counts",
    ),
    "facebookresearch/ParlAI pull 983: an answer of no text": (
        "abc",
        [{"text": "", "answer_start": 0}],
        "answers[0].text: the text is blank",
    ),
    "google-research/bert #453: a place of -1": (
        "abc",
        [{"text": "abc", "answer_start": -1}],
        "answer_start is -1, no number of a character",
    ),
    "Niger-Volta-LTI/yoruba-text #17: context and answer in other Unicode forms": (
        "caf\u00e9",
        [{"text": "cafe\u0301", "answer_start": 0}],
        "not the answer",
    ),
    "google-research/bert #353: a blank context": (
        " ",
        [{"text": "a", "answer_start": 0}],
        "context: the text is blank",
    ),
}


@cases(FILES, ("context", "answers", "right"))
def test_squad_files(tmp_path, context, answers, right):
    asked = {"id": "1", "question": "Nini?", "answers": answers}
    text = json.dumps({"data": [{"title": "T", "paragraphs": [{"context": context, "qas": [asked]}]}]})
    check_read(written(tmp_path, "a.json", text), "question-answering", right, lambda one: one.answers)


ANSWERS = {
    "deepset-ai/FARM #552: at the beginning": ("amina anaishi", "amina"),
    "deepset-ai/FARM pull 449: before white space": ("na amina  ", "amina"),
    "explosion/spaCy #351: after leading blanks": ("   amina juma", "juma"),
    "huggingface/transformers #16321: the first letter of the first word": ("amina", "amina"),
    "EuroEval/EuroEval pull 2173: the first letter of a word inside": ("na amina leo", "amina"),
    "huggingface/tokenizers #663: after what becomes three letters": ("leo… kesho amina", "kesho"),
    "huggingface/tokenizers #663: beside U+0010 and U+202F": ("leo\u0010\u202fkesho", "kesho"),
    "argilla-io/argilla #5729: after an emoji": (ROCKET, "kitabu"),
}


@cases(ANSWERS, ("context", "answer"))
def test_an_answer_is_found_again_by_its_pieces(base, context, answer):
    """The items that stand for the gold answer, scored best, give back its text and its place."""
    place = context.index(answer)
    asked = Question(context, "nini", ((place, answer),), "0", "swh")
    (row,) = QuestionAnswering().rows([asked], base.tokenizer, ("start", "end"), 64)
    scores = torch.full((len(row.at), 2), -9.0)
    scores[row.targets[0], 0] = scores[row.targets[1], 1] = 9.0
    found = best_answers(context, [row.spans], [scores])
    assert (found["answer"], found["start"], found["end"]) == (answer, place, place + len(answer))


SCORES = {
    "google-research/xtreme #28: Chinese, by what white space parts": ("北京大学", ["北京"], (0.0, 0.0)),
    "google-research/xtreme #38: Chinese with a sign": ("北京。", ["北京"], (0.0, 0.0)),
    "google-research/xtreme #38: an ASCII sign": ("北京.", ["北京"], (1.0, 1.0)),
    "huggingface/transformers #10482: the best of several": (
        "in the 10th century",
        ["10th century", "x"],
        (0.8, 0.0),
    ),
    "huggingface/transformers #10482: no gold": ("x", [], (0.0, 0.0)),
}


@cases(SCORES, ("found", "gold", "right"))
def test_scores_are_those_of_the_published_script(found, gold, right):
    assert (squad_f1(found, gold), squad_exact(found, gold)) == pytest.approx(right)
