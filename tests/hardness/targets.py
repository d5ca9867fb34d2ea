"""What reads strangers' files, with honest ones to begin from, and a judge of what the reading does."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from support.making import own_vocabulary, task_module
from support.tiny import tiny_base
from support.tiny_recipe import write_recipe

from xling.bases.base import load_base
from xling.composition.grammar import parse
from xling.corpora.cards import load_card
from xling.data.parallel import read_candidates, read_parallel
from xling.data.text import read_text
from xling.errors import XlingError
from xling.evaluation.results import read_run
from xling.jobs.submit import submit
from xling.modules.module import FACTS, WEIGHTS, Module
from xling.pipeline.loading import load_recipe
from xling.pipeline.records import RECORD, Record
from xling.printable import printable
from xling.tasks.reading import read_input, read_labelled
from xling.words.dictionary import read_dictionary

SECONDS = 10  # in which a small file must be read or refused
_MOST = 1200  # characters of an error message


@dataclass(frozen=True)
class Target:
    """A kind of file: its name, honest contents, and what reads it, given the path of a file of that name."""

    file: str
    seeds: Sequence[bytes]
    read: Callable[[Path], Any]


def judged(target: Target, data: bytes, folder: Path) -> str | None:
    """Return what is wrong with how this content is read, or None if it is read, or refused in one line."""
    path = folder / target.file
    path.write_bytes(data)
    try:
        with _limited():
            target.read(path)
    except XlingError as error:
        text = str(error)
        good = len(text) <= _MOST and text == printable(text)
        return None if good else f"message of {len(text)} characters: {ascii(text[:200])}"
    except Exception as error:
        *_, last = traceback.extract_tb(error.__traceback__)
        return f"{type(error).__name__} in {last.name}, line {last.lineno}: {ascii(str(error)[:200])}"
    return None


@contextmanager
def _limited() -> Iterator[None]:
    def late(*given: object) -> None:
        raise TimeoutError(f"not read in {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _of_task(task: str, file: str, *seeds: str) -> Target:
    """A file that a task reads, with labels and as input."""

    def read(path: Path) -> None:
        labelled = partial(read_labelled, path, task=task, language="swh")
        for reads in (labelled, partial(read_input, path, task=task, language="swh")):
            try:
                reads()
            except XlingError as error:
                fault = error
            else:
                fault = None
        if fault:
            raise fault

    return Target(file, [seed.encode() for seed in seeds], read)


_TREE = (
    "# text = amina\n1\tamina\tamina\tPROPN\t_\tCase=Nom\t2\tnsubj\t_\t_\n"
    "2\tana\tna\tVERB\t_\t_\t0\troot\t_\t_\n\n"
)
_XSID = (
    "# id: 1\n# text: weka saa\n# intent: alarm/set\n1\tweka\talarm/set\tO\n2\tsaa\talarm/set\tB-datetime\n\n"
)
_SQUAD = (
    '{"data": [{"title": "a", "paragraphs": [{"context": "amina ana kitabu", "qas": [{"id": "1", '
    '"question": "nani?", "answers": [{"text": "amina", "answer_start": 0}]}]}]}]}'
)
DATA = {
    "text": Target("a.txt", [b"amina anaishi nairobi\n\nleo\n"], lambda path: read_text([path])),
    "CoNLL": _of_task("tagging", "a.conll", "amina B-PER\nana O\n\nnairobi B-LOC\nna I-LOC\n"),
    "CoNLL-U": _of_task("parsing", "a.conllu", _TREE),
    "CoNLL-U, tags": _of_task("pos", "a.conllu", _TREE),
    "TSV": _of_task("classification", "a.tsv", "id\ttext\tlabel\n1\tamina\ta\n2\t\"juma\"\tb\n"),
    "CSV": _of_task("classification", "a.csv", 'text,label\n"amina, ""na"" juma",a\nleo,b\n'),
    "JSONL": _of_task("classification", "a.jsonl", '{"id": "1", "text": "amina", "label": "a"}\n'),
    "JSONL, tags": _of_task("tagging", "a.jsonl", '{"tokens": ["amina"], "tags": ["B-PER"]}\n'),
    "JSONL, labels": _of_task("multi-label", "a.jsonl", '{"text": "amina", "labels": ["a", "b"]}\n'),
    "JSONL, choices": _of_task(
        "multiple-choice", "a.jsonl",
        '{"premise": "a", "choice1": "b", "choice2": "c", "question": "cause", "label": 0}\n',
    ),
    "SQuAD": _of_task("question-answering", "a.json", _SQUAD),
    "xSID": _of_task("intent-slots", "a.conll", _XSID),
    "pairs": Target("a.tsv", [b"swh\teng\namina\tAmina\n"], partial(read_parallel, language="swh")),
    "candidates": Target(
        "a.jsonl", [b'{"query": "amina", "candidates": ["a", "b"], "right": 0}\n'], read_candidates
    ),
    "dictionary": Target("a.tsv", [b"kitabu\tbook\t0.5\nleo\ttoday\n"], read_dictionary),
}  # fmt: skip


def targets(folder: Path) -> Mapping[str, Target]:
    """Return every target by its name. folder: an empty one, for what some of them stand on."""
    base = tiny_base("bert", folder / "base")
    module, words = task_module(base, "tagging", 0, ("O", "B-X", "I-X")), own_vocabulary(base, seed=1)
    recipe = write_recipe(folder / "recipe", str(folder / "base"))
    card = (folder / "recipe/spans.yaml").read_bytes()
    record = b'{"name": "lang/swh", "making": {}, "seconds": 1.0, "tokens": 3, "peak_rss_mb": 2}'
    return {
        **DATA,
        "recipe": Target("recipe.yaml", [recipe.read_bytes()], load_recipe),
        "data card": Target("card.yaml", [card], load_card),
        "plan": Target("plan.txt", [_PLAN], _plan),
        "module": Target(WEIGHTS, [_saved(module, folder / "m"), _saved(words, folder / "v")], _module),
        "module.json": Target(FACTS, [(folder / "m" / FACTS).read_bytes()], partial(_beside, folder / "m")),
        "config.json of a base": Target(
            "config.json", [(folder / "base/config.json").read_bytes()], partial(_base, folder / "base")
        ),
        "tokenizer.json of a base": Target(
            "tokenizer.json", [(folder / "base/tokenizer.json").read_bytes()], partial(_base, folder / "base")
        ),
        "record of a stage": Target(RECORD, [record], lambda path: Record.of(path.parent)),
        "results.json": Target("results.json", [_RESULTS], lambda path: read_run(path.parent)),
        "predictions to submit": Target(
            "swa.jsonl", [b'{"id": "0", "tokens": ["amina"], "tags": ["B-PER"]}\n'], _submit
        ),
    }


_PLAN = b"route(swh: mean(lang/a@0011, lang/b; 2, 1), *: sum(arrow(a; 1, 2); -1)) >> average(task/x, task/y)"
_RESULTS = (
    b'{"recipe": "r", "base": {"id": "b"}, "source": "eng", "task": "tagging", "cells": [{"language": "swh", '
    b'"condition": "none", "plan": "task/ner", "task": "tagging", "metric": "f1", "value": 1.0, "low": 0.5, '
    b'"high": 2.0, "examples": 3, "seed": 0}]}'
)


def _saved(module: Module, folder: Path) -> bytes:
    return (module.save(folder) / WEIGHTS).read_bytes()


def _plan(path: Path) -> None:
    parse(path.read_text("utf-8", "replace"))


def _module(path: Path) -> None:
    Module.load(path.parent).described()


def _beside(honest: Path, path: Path) -> None:
    from xling.jobs.verifying import verify_module

    (path.parent / WEIGHTS).write_bytes((honest / WEIGHTS).read_bytes())
    verify_module(path.parent.parent, path.parent.name, None)


def _base(honest: Path, path: Path) -> None:
    for own in honest.iterdir():
        if own.name != path.name:
            (path.parent / own.name).write_bytes(own.read_bytes())
    load_base(path.parent)


def _submit(path: Path) -> None:
    test = path.with_name("swa.txt")
    test.write_text("amina\n")
    submit("masakhaner", [path], [test], out=path.with_name("s.zip"))


def tokens() -> list[bytes]:
    """Return what mutations insert: signs of the formats, and values that readers have stumbled over."""
    words = ["\t", "\n", "\r", "\0", "\\", '"', "''", "{", "}", "[", "]", ",", ":", ": ", "#", "&a ", "*a",
             "<<: ", "- ", "null", "true", ".nan", "-1", "0", "1e999", "9" * 400, "NaN", "Infinity", "../",
             "/etc/passwd", "{x!r:>99}", "\u202e", "\ufeff", "\ud800", "\x1b[31m", "[/bold]", "I-", "B-", "é",
             "# text = ", "1-2\t", "1.1\t", "@", ">>", "(", ")", "* ", "lang/x", "2020-99-99", "ߊߋ",
             "[" * 200, "!!python/object:os.system "]  # fmt: skip
    return [word.encode("utf-8", "surrogatepass") for word in words]
