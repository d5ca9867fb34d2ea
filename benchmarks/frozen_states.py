"""States of whole texts from the frozen base, and a linear head on them that stands for the task module."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import numpy as np
from lab.ground import Ground
from ledger import append, here, this_machine
from sklearn.linear_model import LogisticRegression

from xling.composition.composed import Composition
from xling.training.alignment import sentence_vectors

LONGEST = 128  # pieces of a text
_PENALTY = 10.0  # C, as in the facts' trials on unit vectors


def states(ground: Ground, texts: Sequence[str]) -> np.ndarray:
    """Return the mean states of texts, [texts, hidden]."""
    base = ground.workshop.bench.opened
    rows = base.tokenizer(list(texts), truncation=True, max_length=LONGEST)["input_ids"]
    return sentence_vectors(Composition(base), rows).numpy()


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors at length one, [texts, hidden]."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def head(vectors: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> LogisticRegression:
    """Return a regression fitted on vectors, [texts, hidden], and their labels, which may have weights."""
    return regression().fit(vectors, labels, sample_weight=weights)


def regression() -> LogisticRegression:
    """Return a regression that is not fitted yet."""
    return LogisticRegression(C=_PENALTY, max_iter=2000)


def surest(guessed: np.ndarray, classes: np.ndarray, count: int) -> tuple[list[int], list[str]]:
    """Return the texts that are surest of each label, and the labels.

    guessed: the probabilities of the texts, [texts, labels]. classes: the labels. count: how many of each.
    """
    picked, told = [], []
    for number, label in enumerate(classes):
        mine = [line for line in guessed[:, number].argsort()[::-1] if guessed[line].argmax() == number]
        picked += mine[:count]
        told += [str(label)] * len(mine[:count])
    return picked, told


def record(
    ledger: Path,
    found: Mapping[str, Mapping[str, float]],
    *,
    question: str,
    command: str,
    apart: Container[str] = (),
) -> None:
    """Print a row for each idea, and add it to the ledger.

    found: the accuracies in percent, by language and idea. apart: languages that are part of no mean.
    """
    facts = {"machine": this_machine(), "command": command, **here()}
    for idea in next(iter(found.values())):
        scores = {tag: round(own[idea], 1) for tag, own in found.items()}
        mean = float(np.mean([own[idea] for tag, own in found.items() if tag not in apart]))
        row = {"question": question, "method": idea, **scores, "mean": round(mean, 1)}
        print(row, flush=True)
        append(ledger, [{**row, **facts}])
