"""Part-of-speech tagging: one label for each word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from xling.data.bio import NO_LABEL
from xling.data.conll import PLAIN
from xling.data.examples import TaggedSentence
from xling.tasks.comparison import Comparison, LabelPair, wrong_words
from xling.tasks.metrics import share
from xling.tasks.reading import Files
from xling.tasks.task import Prediction
from xling.tasks.word_rows import OneLabelAWord, column_sentences, conll_bytes, conllu_bytes, tree_sentences
from xling.words.aligning import Aligner
from xling.words.projecting import carried_words

_COLUMNS = partial(column_sentences, layout=PLAIN)

UPOS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())


class PartsOfSpeech(OneLabelAWord):
    """Part-of-speech tagging. Metric: accuracy, which is UPOS in the CoNLL 2018 evaluation on gold tokens."""

    name, metric, together, template, bio = "pos", "accuracy", False, "pos", False
    files = Files(
        readers={"conllu": tree_sentences, "conll": _COLUMNS, "tsv": _COLUMNS},
        rows=("jsonl", "text"),
        input_only=("text",),
        usual="conll",
    )
    outputs = {".conll": conll_bytes, ".txt": conll_bytes, ".conllu": conllu_bytes}

    def carried(self, said: Prediction, example: TaggedSentence, aligner: Aligner) -> TaggedSentence:
        """Carry the tag of each linked word over; see `carried_words`."""
        links = aligner.links(example.tokens, said["tokens"])
        return replace(example, tags=tuple(carried_words(said["tags"], links)))

    def labels(self, examples: Sequence[TaggedSentence]) -> tuple[str, ...]:
        """Return all 17 universal tags if the data has no others: a target language may need any of them."""
        found = {tag for example in examples for tag in self.label_names(example)}
        return UPOS if found.issubset(UPOS) else tuple(sorted(found))

    def counts(self, examples: Sequence[TaggedSentence], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each sentence, [words with the right tag, all words that have a gold tag]."""
        sums = np.zeros((len(examples), 2))
        for number, (example, prediction) in enumerate(zip(examples, predictions, strict=True)):
            gold = example.tags or ()
            right = sum(one == other for one, other in zip(gold, prediction["tags"], strict=True))
            sums[number] = right, len(gold) - gold.count(NO_LABEL)
        return sums

    value = staticmethod(share)

    def score(
        self, examples: Sequence[TaggedSentence], predictions: Sequence[Prediction]
    ) -> dict[str, float]:
        return {"accuracy": float(self.value(self.counts(examples, predictions).sum(0)))}

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        sides = gold["tags"], predicted["tags"]
        drawn = wrong_words(predicted["tokens"], *sides)
        pairs = tuple(LabelPair(*both) for both in zip(*sides, strict=True) if both[0] != NO_LABEL)
        return [Comparison(title="Parts of speech", unit="words", pairs=pairs, words=True, spans=drawn)]


TASK = PartsOfSpeech()
