"""What else do pairs give topics, beside the vote of text and gloss? Ideas on the frozen base.

    python benchmarks/pair_ideas.py --data-root data --work WORK

A linear head on mean states stands for the task module. Ideas are chosen on dev of the choosing languages.
Rows are printed, and added to the ledger; their mean is of the languages whose script the base reads.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from frozen_states import head as fitted
from frozen_states import record, regression, states, surest, unit
from lab.ground import Ground
from lab.suites import SPLITS, SUITES, Purpose
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from xling.data.examples import sample
from xling.modules.lexicon import Entry, Lexicon
from xling.spelling import listed, word_spans

QUESTION, PAIRS = "topic-pairs-ideas", 1000
UNREAD = ("taq_Tfng", "nqo", "dzo")  # their script is none that the base knows
_LIKE = 0.75  # how like a word is that is read in another's place
_OFTEN = 50  # translations that stand for the most words of a language


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and append; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="the folder of the lexicons")
    parser.add_argument("--languages", choices=SPLITS, default="chosen")
    parser.add_argument("--ledger", type=Path, default=Path("docs/results.jsonl"))
    options = parser.parse_args(arguments)
    ground = Ground(SUITES["topic-pairs"], options.work, options.data_root)
    purpose: Purpose = options.languages
    train = ground.corpus.examples(ground.recipe.task.train, ground.recipe.source).rows
    known = states(ground, [example.text for example in train])
    found = {tag: dict(Ideas(ground, tag, train, known).scores()) for tag in ground.suite.languages(purpose)}
    command = f"python benchmarks/pair_ideas.py --work WORK --languages {purpose}"
    record(options.ledger, found, question=QUESTION, command=command, apart=UNREAD)
    return 0


class Ideas:
    """The readings of a language's rows, and the heads that were fitted on the source's.

    ground: the suite. language: the language. train, known: the source's examples, and their states.
    """

    def __init__(self, ground: Ground, language: str, train: Sequence[Any], known: np.ndarray) -> None:
        self.ground, self.language, self.known = ground, language, known
        self.train = [example.text for example in train]
        self.labels = np.array([example.label for example in train])
        rows = ground.scored(language).rows
        self.gold = np.array([example.label for example in rows])
        self.texts = [example.text for example in rows]
        self.head = fitted(unit(self.known), self.labels)
        self.lexicon = self._lexicon()
        self.pairs = sample(ground.pairs(language).rows, PAIRS, 0)
        self.own, self.english = (states(ground, list(side)) for side in zip(*self.pairs, strict=True))

    def scores(self) -> Iterator[tuple[str, float]]:
        """Yield each idea with its accuracy in percent."""
        text = states(self.ground, self.texts)
        gloss = self._read(self.lexicon)
        plain, glossed = self.head.predict_proba(unit(text)), self.head.predict_proba(unit(gloss))
        yield "none", self._right(plain)
        yield "gloss", self._right(glossed)
        yield "vote", self._right(plain + glossed)
        yield "vote, multiplied", self._right(plain * glossed)
        yield "vote, the gloss twice", self._right(plain + 2 * glossed)
        yield "vectors added", self._right(self.head.predict_proba(unit(unit(text) + unit(gloss))))
        both = [f"{text} {self.lexicon.gloss(text)}" for text in self.texts]
        appended = self.head.predict_proba(unit(states(self.ground, both)))
        yield "gloss after the text, one reading", self._right(appended)
        yield "vote with that too", self._right(plain + glossed + appended)
        for name, other in self._lexicons():
            yield f"vote, {name}", self._right(plain + self.head.predict_proba(unit(self._read(other))))
        for name, head in self._heads():
            yield (
                f"vote, {name}",
                self._right(head.predict_proba(unit(text)) + head.predict_proba(unit(gloss))),
            )
        for name, chances in self._together(text, gloss):
            yield f"vote, {name}", self._right(chances)
        for name, (of_text, of_gloss) in self._moved(text, gloss):
            moved = self.head.predict_proba(unit(of_text)) + self.head.predict_proba(unit(of_gloss))
            yield f"vote, {name}", self._right(moved)

    def _lexicons(self) -> Iterator[tuple[str, Lexicon]]:
        """Yield other lexicons than the default one."""
        yield "every word glossed", self._lexicon(least=0.0)
        own = {entry.word: entry.translation for entry in self.lexicon.entries}
        words = {listed(text[start:end]) for text in self.texts for start, end in word_spans(text)}
        near = {word: difflib.get_close_matches(word, own, 1, _LIKE) for word in words - {*own}}
        alike = [Entry(word, own[found[0]]) for word, found in near.items() if found]
        yield "words read as those spelled alike", Lexicon.of([*self.lexicon.entries, *alike], "eng")
        counts: dict[str, int] = {}
        for entry in self.lexicon.entries:
            counts[entry.translation] = counts.get(entry.translation, 0) + 1
        often = {*sorted(counts, key=lambda word: -counts[word])[:_OFTEN]}
        rare = [entry for entry in self.lexicon.entries if entry.translation not in often]
        yield "commonest glosses left out", Lexicon.of(rare, "eng")

    def _heads(self) -> Iterator[tuple[str, LogisticRegression | Pipeline]]:
        """Yield heads that have learned from more than the source's sentences."""
        back = self.ground.from_source(self.language)
        foreign = [back.gloss(text) for text in self.train]
        for name, texts in (
            ("English with the language's words learned too", foreign),
            ("English glossed there and back learned too", [self.lexicon.gloss(text) for text in foreign]),
        ):
            more = np.vstack([self.known, states(self.ground, texts)])
            yield name, fitted(unit(more), np.concatenate([self.labels, self.labels]))
        differ = unit(self.own) - unit(self.english)
        for weight in (0.1, 1.0):
            turn = _shrinking(differ, weight)
            deaf = FunctionTransformer(lambda states, turn=turn: states @ turn)
            head = make_pipeline(deaf, regression())
            yield f"deaf by {weight:g} to how pairs differ", head.fit(unit(self.known), self.labels)
        picked, told = surest(self.head.predict_proba(unit(self.english)), self.head.classes_, 60)
        more = np.vstack([self.known, self.own[picked]])
        yield "labels carried over pairs learned too", fitted(unit(more), np.concatenate([self.labels, told]))

    def _together(self, text: np.ndarray, gloss: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the votes that have seen all texts, without labels, before they say of any."""
        known, classes = self.known.mean(0), self.head.classes_
        centred = [self.head.predict_proba(unit(own - own.mean(0) + known)) for own in (text, gloss)]
        yield "each centred by itself", centred[0] + centred[1]
        vote = (self.head.predict_proba(unit(text)) + self.head.predict_proba(unit(gloss))) / 2
        often = np.array([np.mean(self.labels == label) for label in classes])
        balanced = _balanced(vote, often)
        yield "labels as often as the source's", balanced
        read, count = [unit(text), unit(gloss)], len(classes)
        told = np.concatenate([self.labels, np.tile(np.repeat(classes, len(text)), 2)])
        weights = np.concatenate([np.ones(len(self.labels)), np.tile(balanced.T.ravel(), 2)])
        rows = np.vstack([unit(self.known), *(np.tile(own, (count, 1)) for own in read)])
        head = fitted(rows, told, weights)
        again = [head.predict_proba(own) for own in read]
        yield "what it says of the texts learned too", again[0] + again[1]

    def _moved(
        self, text: np.ndarray, gloss: np.ndarray
    ) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
        """Yield the states of texts and glosses after a move that was learned from the pairs."""
        own, english = self.own, self.english
        read = states(self.ground, [self.lexicon.gloss(side) for side, _ in self.pairs])
        yield (
            "centred by the pairs",
            (text - own.mean(0) + english.mean(0), gloss - read.mean(0) + english.mean(0)),
        )
        yield "turned by the pairs", (_turned(text, own, english), _turned(gloss, read, english))
        yield "the gloss turned by the pairs", (text, _turned(gloss, read, english))

    def _read(self, lexicon: Lexicon) -> np.ndarray:
        return states(self.ground, [lexicon.gloss(text) for text in self.texts])

    def _lexicon(self, **spec: Any) -> Lexicon:
        (part,) = self.ground.workshop.module(self.ground.lexicon(self.language, **spec)).parts
        assert isinstance(part.network, Lexicon)
        return part.network

    def _right(self, chances: np.ndarray) -> float:
        return 100 * float(np.mean(self.head.classes_[chances.argmax(1)] == self.gold))


def _balanced(chances: np.ndarray, often: np.ndarray, passes: int = 50) -> np.ndarray:
    """Return probabilities, [texts, labels], weighed until each label is as often said as in the source."""
    for _ in range(passes):
        chances = chances * (often / chances.mean(0))
        chances = chances / chances.sum(1, keepdims=True)
    return chances


def _shrinking(differences: np.ndarray, weight: float) -> np.ndarray:
    """Return a map that shrinks directions as much as they vary in differences: [hidden, hidden].

    Nuisance attribute projection (Solomonoff et al. 2005), made soft.
    """
    values, vectors = np.linalg.eigh(np.cov(differences.T))
    return vectors @ np.diag((1 + weight * values / values.mean()) ** -0.5) @ vectors.T


def _turned(vectors: np.ndarray, own: np.ndarray, english: np.ndarray) -> np.ndarray:
    """Return vectors after the rotation that brings the centred vectors of pairs nearest to each other."""
    left, _, right = np.linalg.svd((own - own.mean(0)).T @ (english - english.mean(0)))
    return (vectors - own.mean(0)) @ left @ right + english.mean(0)


if __name__ == "__main__":
    sys.exit(main())
