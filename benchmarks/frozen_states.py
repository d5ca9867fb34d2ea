"""States of whole texts from the frozen base, and a linear head on them that stands for the task module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from lab.ground import Ground
from sklearn.linear_model import LogisticRegression

BATCH = 32
_PENALTY = 10.0  # C, as in the facts' trials on unit vectors


@torch.no_grad()
def states(ground: Ground, texts: Sequence[str]) -> np.ndarray:
    """Return the mean states of texts, [texts, hidden]."""
    base, found = ground.workshop.bench.opened, []
    for start in range(0, len(texts), BATCH):
        read: Mapping[str, torch.Tensor] = base.tokenizer(
            list(texts[start : start + BATCH]),
            padding=True,
            truncation=True,
            max_length=128,
            return_tensors="pt",
        )
        mask = read["attention_mask"]
        last = base.encoder(input_ids=read["input_ids"], attention_mask=mask).last_hidden_state
        found.append(((last * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).numpy())
    return np.concatenate(found)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors at length one, [texts, hidden]."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def head(vectors: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    """Return a regression fitted on vectors, [texts, hidden], and their labels."""
    return LogisticRegression(C=_PENALTY, max_iter=2000).fit(vectors, labels)


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
