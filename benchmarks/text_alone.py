"""Does plain text of a language alone help topics? Ideas on the frozen base, dev of the choosing languages.

    python benchmarks/text_alone.py --data-root data

A linear head on mean states stands for the task module. Rows are printed, and added to the ledger.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from lab.ground import Ground
from lab.suites import SUITES
from ledger import Row, append, here, this_machine
from sklearn.linear_model import LogisticRegression

from xling.data.examples import sample

QUESTION, LINES, BATCH = "topic-text-ideas", 400, 32
_LATIN = str.maketrans("ɛɔɖŋƒɣɩʋƐƆƉŊ", "eodnfgiuEODN")
_PENALTY = 10.0  # C, as in the facts' trials on unit vectors


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and append; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--ledger", type=Path, default=Path("docs/results.jsonl"))
    options = parser.parse_args(arguments)
    ground = Ground(SUITES["topic-text"], Path("unused"), options.data_root)
    train = ground.corpus.examples(ground.recipe.task.train, ground.recipe.source).rows
    known = _states(ground, [example.text for example in train])
    labels = np.array([example.label for example in train])
    found = {tag: dict(ideas(ground, tag, known, labels)) for tag in ground.suite.languages("chosen")}
    facts = {"machine": this_machine(), "command": shlex.join(["python", *sys.argv]), **here()}
    rows: list[Row] = []
    for idea in next(iter(found.values())):
        scores = {tag: round(own[idea], 1) for tag, own in found.items()}
        mean = round(float(np.mean([own[idea] for own in found.values()])), 1)
        rows.append({"question": QUESTION, "method": idea, **scores, "mean": mean})
        print(rows[-1])
    append(options.ledger, [{**row, **facts} for row in rows])
    return 0


def ideas(
    ground: Ground, language: str, known: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[str, float]]:
    """Yield each idea with its accuracy in percent.

    known, labels: the states of the source's examples, [examples, hidden], and their labels.
    """
    head = _head(_unit(known), labels)
    rows = ground.scored(language).rows
    gold = np.array([example.label for example in rows])
    texts = [example.text for example in rows]
    tested = _states(ground, texts)
    lines = _lines(ground, language)
    own = _states(ground, lines)

    def right(chances: np.ndarray) -> float:
        return 100 * float(np.mean(head.classes_[chances.argmax(1)] == gold))

    plain = head.predict_proba(_unit(tested))
    yield "none", right(plain)
    for name, change in (("small letters", str.lower), ("Latin letters without marks", _bare)):
        read = head.predict_proba(_unit(_states(ground, [change(text) for text in texts])))
        yield name, right(read)
        yield f"vote with {name}", right(plain + read)
    shift = own.mean(0) - known.mean(0)
    for share in (0.25, 0.5, 1.0):
        yield f"centred by {share:g} of the shift", right(head.predict_proba(_unit(tested - share * shift)))
    guessed = head.predict_proba(_unit(own))
    for count in (20, 60):
        picked, told = _surest(guessed, head.classes_, count)
        both = np.vstack([_unit(known), _unit(own[picked])]), np.concatenate([labels, told])
        yield f"taught itself, {count} lines a label", right(_head(*both).predict_proba(_unit(tested)))
    balance = head.predict_proba(_unit(known)).mean(0) / guessed.mean(0)
    yield "labels balanced by the text", right(plain * balance)


def _surest(guessed: np.ndarray, classes: np.ndarray, count: int) -> tuple[list[int], list[str]]:
    """Return the lines that are surest of each label, and the labels."""
    picked, told = [], []
    for number, label in enumerate(classes):
        mine = [line for line in guessed[:, number].argsort()[::-1] if guessed[line].argmax() == number]
        picked += mine[:count]
        told += [str(label)] * len(mine[:count])
    return picked, told


def _lines(ground: Ground, language: str) -> list[str]:
    return sample([line for line in ground.text(language).rows if 8 <= len(line.split()) <= 60], LINES, 0)


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).translate(_LATIN)


@torch.no_grad()
def _states(ground: Ground, texts: Sequence[str]) -> np.ndarray:
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
        states = base.encoder(input_ids=read["input_ids"], attention_mask=mask).last_hidden_state
        found.append(((states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).numpy())
    return np.concatenate(found)


def _unit(states: np.ndarray) -> np.ndarray:
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def _head(states: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=_PENALTY, max_iter=2000).fit(states, labels)


if __name__ == "__main__":
    sys.exit(main())
