"""Does plain text of a language alone help topics? Ideas on the frozen base, dev of the choosing languages.

    python benchmarks/text_alone.py --data-root data

A linear head on mean states stands for the task module. Rows are printed, and added to the ledger.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from frozen_states import head as fitted
from frozen_states import record, states, surest, unit
from lab.ground import Ground
from lab.suites import SUITES

from xling.data.examples import sample

QUESTION, LINES = "topic-text-ideas", 400
_LATIN = str.maketrans("ɛɔɖŋƒɣɩʋƐƆƉŊ", "eodnfgiuEODN")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and append; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--ledger", type=Path, default=Path("docs/results.jsonl"))
    options = parser.parse_args(arguments)
    ground = Ground(SUITES["topic-text"], Path("unused"), options.data_root)
    train = ground.corpus.examples(ground.recipe.task.train, ground.recipe.source).rows
    known = states(ground, [example.text for example in train])
    labels = np.array([example.label for example in train])
    found = {tag: dict(ideas(ground, tag, known, labels)) for tag in ground.suite.languages("chosen")}
    record(options.ledger, found, question=QUESTION, command=shlex.join(["python", *sys.argv]))
    return 0


def ideas(
    ground: Ground, language: str, known: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[str, float]]:
    """Yield each idea with its accuracy in percent.

    known, labels: the states of the source's examples, [examples, hidden], and their labels.
    """
    head = fitted(unit(known), labels)
    rows = ground.scored(language).rows
    gold = np.array([example.label for example in rows])
    texts = [example.text for example in rows]
    tested = states(ground, texts)
    lines = _lines(ground, language)
    own = states(ground, lines)

    def right(chances: np.ndarray) -> float:
        return 100 * float(np.mean(head.classes_[chances.argmax(1)] == gold))

    plain = head.predict_proba(unit(tested))
    yield "none", right(plain)
    for name, change in (("small letters", str.lower), ("Latin letters without marks", _bare)):
        read = head.predict_proba(unit(states(ground, [change(text) for text in texts])))
        yield name, right(read)
        yield f"vote with {name}", right(plain + read)
    shift = own.mean(0) - known.mean(0)
    for share in (0.25, 0.5, 1.0):
        yield f"centred by {share:g} of the shift", right(head.predict_proba(unit(tested - share * shift)))
    guessed = head.predict_proba(unit(own))
    for count in (20, 60):
        picked, told = surest(guessed, head.classes_, count)
        both = np.vstack([unit(known), unit(own[picked])]), np.concatenate([labels, told])
        yield f"taught itself, {count} lines a label", right(fitted(*both).predict_proba(unit(tested)))
    balance = head.predict_proba(unit(known)).mean(0) / guessed.mean(0)
    yield "labels balanced by the text", right(plain * balance)


def _lines(ground: Ground, language: str) -> list[str]:
    return sample([line for line in ground.text(language).rows if 8 <= len(line.split()) <= 60], LINES, 0)


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).translate(_LATIN)


if __name__ == "__main__":
    sys.exit(main())
