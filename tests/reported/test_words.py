"""Reported: words and texts on their way to pieces. A case is its source, what is given, what is right."""

from __future__ import annotations

import pytest
import torch
from reported_files import cases
from tiny import WORDS

from xling.data.examples import LabelledText, TaggedSentence
from xling.tasks.classification import Classification
from xling.tasks.tagging import Tagging

TAGS = ("O", "B-PER", "I-PER")

# words; they come back with a tag each, and the last one with its own
SENTENCES = {
    "flairNLP/flair #1860: zero-width characters": ["amina", "\u200b", "\u200d\ufeff", "juma"],
    "huggingface/tokenizers #1077: characters that leave no piece": ["\x01", "amina", "\U000e0001", "juma"],
    "urchade/GLiNER pull 394: a line feed as a word": ["amina", "\n", "alisoma", "juma"],
    "argilla-io/argilla #1264: a blank as a word": ["amina", " ", "juma"],
    "huggingface/transformers #8958: a lone sign of a new word": ["amina", "▁", "…", "juma"],
    "ThilinaRajapakse/simpletransformers #979: dashes and full stops": [
        "amina",
        "-",
        "W.",
        "H.",
        "-",
        "juma",
    ],
    "huggingface/transformers #17551: a word of 130 letters": ["amina", "Hello" * 26, "juma"],
    "masakhane-io/masakhane-ner #16: a sentence longer than the model": [
        WORDS[n % len(WORDS)] for n in range(700)
    ],
    "ThilinaRajapakse/simpletransformers #1129: more pieces than a row has room for": ["a" * 70, *WORDS * 5],
    "huggingface/transformers #2882: signs that came back without a tag": [
        "👩\u200d👧",
        "e\u0301",
        "\u200fשלום\u200f",
        "juma",
    ],
    "google/sentencepiece #954: NUL": ["a\0b", "\0", "juma"],
}


@pytest.mark.parametrize("words", SENTENCES.values(), ids=SENTENCES)
def test_every_word_keeps_its_tag(base, words):
    tags = [TAGS[number % 2] for number in range(len(words))]
    example = TaggedSentence(tuple(words), tuple(tags), "0", "swh")
    task = Tagging()
    rows = task.rows([example], base.tokenizer, TAGS, base.max_length)
    assert all(len(row.ids) <= base.max_length for row in rows)
    assert [TAGS[target] for row in rows for target in row.targets] == tags
    right = [torch.eye(len(TAGS))[list(row.targets)] for row in rows]
    (found,) = task.decode([example], rows, right, TAGS)
    assert found["tokens"] == words and found["tags"] == tags
    assert [span["text"] for span in found["spans"]] == words[1::2]


TEXTS = {
    "huggingface/transformers pull 37537: an empty second text is still a pair": (
        [("amina", ""), ("amina", "juma")],
        ["<s> ▁amina </s> </s> </s>", "<s> ▁amina </s> </s> ▁juma </s>"],
    ),
    "huggingface/transformers pull 37537: whatever stands beside it": (
        [("amina", "")],
        ["<s> ▁amina </s> </s> </s>"],
    ),
    "iree-org/iree pull 24275: no pair and an empty one are two things": (
        ["amina", ("amina", "")],
        ["<s> ▁amina </s>", "<s> ▁amina </s> </s> </s>"],
    ),
    "huggingface/transformers pull 37537: an empty text": (["", "amina"], ["<s> </s>", "<s> ▁amina </s>"]),
    "huggingface/transformers #2573: RoBERTa parts a pair by two signs": (
        [("amina", "juma")],
        ["<s> ▁amina </s> </s> ▁juma </s>"],
    ),
}


@cases(TEXTS, ("given", "right"))
def test_texts_and_pairs(bert, given, right):
    task = Classification()
    examples: list[LabelledText] = [task.example(item, "0", "swh") for item in given]
    rows = task.rows(examples, bert.tokenizer, ("a", "b"), 64)
    assert [" ".join(bert.tokenizer.convert_ids_to_tokens(list(row.ids))) for row in rows] == right
