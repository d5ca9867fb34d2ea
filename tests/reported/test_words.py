"""Reported: words and texts on their way to pieces. A case is its source, what is given, what is right."""

from __future__ import annotations

import pytest
import torch
from support.making import own_vocabulary
from support.reported_files import cases
from support.tiny import WORDS, save_weights
from support.tokenizers_of_kinds import KINDS, with_tokenizer

from xling.bases.base import load_base
from xling.bases.tokenizers import table_size
from xling.composition.composed import Composition
from xling.data.examples import LabelledText, TaggedSentence
from xling.data.tokenise import words
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


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_every_word_keeps_its_tag(base, sentence):
    tags = [TAGS[number % 2] for number in range(len(sentence))]
    example = TaggedSentence(tuple(sentence), tuple(tags), "0", "swh")
    task = Tagging()
    rows = task.rows([example], base.tokenizer, TAGS, base.max_length)
    assert all(len(row.ids) <= base.max_length for row in rows)
    assert [TAGS[target] for row in rows for target in row.targets] == tags
    right = [torch.eye(len(TAGS))[list(row.targets)] for row in rows]
    (found,) = task.decode([example], rows, right, TAGS)
    assert found["tokens"] == sentence and found["tags"] == tags
    assert [span["text"] for span in found["spans"]] == sentence[1::2]


SPLIT = {
    "arushadev/piraye #9: marks of direction around brackets": ("\u200f(שלום)\u200f", ["(", "שלום", ")"]),
    "quanteda/quanteda #1322: a mark before the full stop": ("נוסדה 1948\u200f.", ["נוסדה", "1948", "."]),
    "w3c/bp-i18n-specdev #18: U+061C": ("\u061c«سلام»\u061c,", ["«", "سلام", "»", ","]),
    "arushadev/piraye #9: a mark alone": ("\u200f", ["\u200f"]),
    "arushadev/piraye #9: a mark inside a word stays": ("a\u200eb", ["a\u200eb"]),
    "emhl/newsbridge #3: emoji that are joined": ("👩\u200d👧!", ["👩\u200d👧", "!"]),
    "persephone-tools/persephone #125: a mark above a letter": ("e\u0301.", ["e\u0301", "."]),
}


@cases(SPLIT, ("text", "right"))
def test_plain_text_is_split_into_words(text, right):
    assert words(text) == right


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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", ["sep", "cls", "mask", "pad"])
def test_a_special_piece_that_somebody_typed_is_text(bert, tmp_path, kind, role):
    """huggingface/tokenizers #787, google/sentencepiece #624, allenai/natural-instructions #622."""
    as_made = with_tokenizer(bert, kind).tokenizer
    tokenizer = opened_again(as_made, tmp_path)
    typed, number = getattr(tokenizer, f"{role}_token"), getattr(tokenizer, f"{role}_token_id")
    text = f"amina {typed} juma{typed}"
    alone = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    assert number not in alone["input_ids"]
    covered = {place for first, end in alone["offset_mapping"] for place in range(first, end)}
    assert covered >= {place for place, letter in enumerate(text) if letter != " "}
    around = tokenizer(text)["input_ids"]
    assert around[1:-1] == alone["input_ids"] and around[0] == tokenizer.cls_token_id
    apart = tokenizer(["amina", typed, "juma"], is_split_into_words=True, add_special_tokens=False)
    assert number not in apart["input_ids"] and set(apart.word_ids()) == {0, 1, 2}
    assert tokenizer("amina juma")["input_ids"] == as_made("amina juma")["input_ids"]


def test_nor_is_it_a_sign_to_a_vocabulary_of_its_own(bert):
    """huggingface/tokenizers #787: the tokenizer that a module brings."""
    tokenizer = Composition(bert, [own_vocabulary(bert, seed=1)]).tokenizer()
    ids = tokenizer("ߊߓ </s> ߋߔ<mask>", add_special_tokens=False)["input_ids"]
    assert not {tokenizer.sep_token_id, tokenizer.mask_token_id} & set(ids)


def opened_again(tokenizer, folder):
    """The tokenizer as a base's folder has it."""
    save_weights("bert", folder, table_size(tokenizer))
    tokenizer.save_pretrained(folder)
    return load_base(folder).tokenizer
