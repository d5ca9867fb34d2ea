"""Parts of speech: labels, accuracy, and the rows that tagging has too."""

from __future__ import annotations

import pytest
from support.tiny import WORDS

from xling import train_task
from xling.data.examples import TaggedSentence
from xling.errors import InputError
from xling.makers.composed_model import compose
from xling.store.store import Store
from xling.tasks.pos import UPOS, PartsOfSpeech
from xling.tasks.tagging import Tagging
from xling.training.specs import TrainingSettings

TASK = PartsOfSpeech()
KINDS = {word: ("NOUN", "VERB", "ADP")[number % 3] for number, word in enumerate(WORDS)}


def sentence(number: int) -> TaggedSentence:
    tokens = tuple(WORDS[(3 * number + step) % len(WORDS)] for step in range(2 + number % 4))
    return TaggedSentence(tokens, tuple(KINDS[token] for token in tokens), str(number), "swh")


def test_the_labels_are_all_universal_ones_or_the_own():
    assert TASK.labels([sentence(0)]) == UPOS and len(UPOS) == 17
    odd = TaggedSentence(("x", "y"), ("NN", "NOUN"), "0", "swh")
    assert TASK.labels([odd]) == ("NN", "NOUN")


def test_accuracy_is_over_words_not_sentences():
    examples = [
        TaggedSentence(("a",), ("NOUN",), "0", "swh"),
        TaggedSentence(("b",) * 4, ("X",) * 4, "1", "swh"),
    ]
    rows = [{"tags": ["NOUN"]}, {"tags": ["X", "VERB", "VERB", "VERB"]}]
    assert TASK.counts(examples, rows).tolist() == [[1, 1], [1, 4]]
    assert TASK.score(examples, rows) == {"accuracy": 40.0}
    assert TASK.value(TASK.counts(examples, rows).sum(0)) == 40.0


def test_rows_and_head_are_those_of_tagging(bert):
    examples = [TaggedSentence(("amina", "\u200b"), ("NOUN", "X"), "0", "swh")]
    rows = TASK.rows(examples, bert.tokenizer, UPOS, 16)
    assert rows[0].targets == (UPOS.index("NOUN"), UPOS.index("X")) and len(rows[0].at) == 2
    assert TASK.head(UPOS, bert) == Tagging().head(UPOS, bert)
    with pytest.raises(InputError, match="label 'NN' of example 0 is unknown to the task module"):
        TASK.rows([TaggedSentence(("a",), ("NN",), "0", "swh")], bert.tokenizer, UPOS, 16)


def test_from_training_to_scores(bert, tmp_path):
    data = [sentence(number) for number in range(30)]
    settings = TrainingSettings(steps=60, learning_rate=0.01, batch_tokens=256, max_length=32)
    module = train_task(bert, data, data[:10], task="pos", kind="full", settings=settings)
    module.save(tmp_path / "task/pos")
    model = compose(bert, "task/pos", store=Store(tmp_path))
    found = model.predict([list(example.tokens) for example in data], language="swh")
    assert TASK.score(data, found)["accuracy"] > 90
    assert found[1].keys() == {"id", "language", "tokens", "tags"} and found[1]["language"] == "swh"
    assert model.labels == UPOS
