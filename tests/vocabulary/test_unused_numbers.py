"""Vocabularies with numbers that are no piece's: a vocab.txt with a line twice, a table with more rows."""

from __future__ import annotations

import json

import pytest
import torch
from support.tiny import LETTERS, TEXTS, WORDS, save_weights

from xling import build_vocabulary, train_language
from xling.bases.base import load_base
from xling.bases.tokenizers import table_size
from xling.composition.composed import Composition
from xling.composition.forms.single import Loaded
from xling.composition.merging import merged_weights
from xling.training.mlm import decoding
from xling.training.specs import TrainingSettings
from xling.vocabulary.initialisers.registry import INITIALISERS

LINES = [f"{line} wakatiwetu {WORDS[number % 5]}{WORDS[number % 7]}" for number, line in enumerate(TEXTS)]
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
TWICE = ["##a", "amina"]  # their first lines' numbers are no piece's
PIECES = [*SPECIAL, *TWICE, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), "amina", "?", "-"]
ROWS = len(PIECES) + 3
NEEDED = {
    "source_text": TEXTS,
    "dictionary": [(word, word) for word in WORDS],
    "pairs": list(zip(LINES, TEXTS, strict=True)),
}


@pytest.fixture(scope="module")
def holed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("holed")
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    roles = {f"{text.strip('[]').lower()}_token": text for text in SPECIAL}
    config = {"tokenizer_class": "BertTokenizer", "do_lower_case": False, **roles}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    save_weights("bert", folder, ROWS)
    base = load_base(folder)
    assert len(base.tokenizer) < table_size(base.tokenizer) == len(PIECES)
    return base


def built(base, method):
    return build_vocabulary(base, LINES, language="swh", method=method, size=90, init="subwords")


@pytest.mark.parametrize("method", ["extend", "replace", "trim"])
def test_base_pieces_keep_their_vectors(holed, method):
    composition = Composition(holed, [built(holed, method)])
    tokenizer, own = composition.tokenizer(), composition.vocabulary()
    known = holed.tokenizer.get_vocab()
    shared = [
        piece for piece in tokenizer.get_vocab() if piece in (SPECIAL if method == "replace" else known)
    ]
    assert len(shared) >= (len(SPECIAL) if method == "replace" else 20)
    ids = torch.tensor([tokenizer.get_vocab()[piece] for piece in shared])
    wanted = holed.embeddings[[known[piece] for piece in shared]]
    assert torch.equal(own.vectors(ids, holed.embeddings), wanted)


def test_new_pieces_are_numbered_above_the_highest(holed):
    module = built(holed, "extend")
    composition = Composition(holed, [module])
    numbers, known = composition.tokenizer().get_vocab(), holed.tokenizer.get_vocab()
    assert {piece: numbers[piece] for piece in known} == known
    new = sorted(number for piece, number in numbers.items() if piece not in known)
    assert new == list(range(len(PIECES), len(PIECES) + module.scores["new_pieces"]))
    assert module.scores["new_pieces"] == len(module.networks[0].rows) > 0
    rows = module.networks[0].rows
    assert torch.equal(composition.vocabulary().vectors(torch.tensor(new), holed.embeddings), rows)


@pytest.mark.parametrize("init", INITIALISERS)
def test_every_initialiser_reads_the_right_rows(holed, init):
    module = build_vocabulary(holed, LINES, language="swh", size=90, init=init, **NEEDED)
    composition = Composition(holed, [module])
    number = composition.tokenizer().get_vocab()
    assert len(module.networks[0].rows) == table_size(composition.tokenizer()) - len(SPECIAL)
    if init == "overlap":
        vector = composition.vocabulary().vectors(torch.tensor([number["amina"]]), holed.embeddings)[0]
        assert torch.equal(vector, holed.embeddings[PIECES.index("amina", 7 + len(WORDS))])


def test_masked_language_modelling_scores_the_highest_number(holed):
    module = built(holed, "extend")
    composition = Composition(holed, [module])
    size = table_size(composition.tokenizer())
    assert decoding(holed.mlm_head, composition)(torch.zeros(2, holed.shape.hidden)).shape == (2, size)
    settings = TrainingSettings(steps=2, max_length=32, batch_tokens=256)
    trained = train_language(holed, LINES, language="swh", kind="madx", settings=settings, vocabulary=module)
    assert trained.scores["train_lines"] > 0


def test_merging_writes_a_row_for_each_number(holed):
    module = built(holed, "extend")
    tokenizer = Composition(holed, [module]).tokenizer()
    values = merged_weights(holed, Loaded(module), table_size(tokenizer))
    table = values["embeddings.word_embeddings.weight"]
    assert len(table) == len(PIECES) + module.scores["new_pieces"]
    assert torch.equal(table[: len(PIECES)], holed.embeddings[: len(PIECES)])
