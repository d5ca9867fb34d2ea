"""Files of data: texts, examples of every task, pairs, dictionaries, and the files of shared tasks."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

from hardness.target import Target
from xling.data.parallel import read_candidates, read_parallel
from xling.data.text import read_text
from xling.errors import XlingError
from xling.jobs.submit import submit
from xling.tasks.reading import Reading, input_format, read_input, read_labelled, stream_file
from xling.tasks.registry import task_named
from xling.words.dictionary import read_dictionary


def _of_task(task: str, file: str, *seeds: str) -> Target:
    """A file that a task reads, with labels and as input."""

    def streamed(path: Path) -> None:
        how = Reading(where=path, language="swh", format=input_format(path, task=task), gold=True)
        list(stream_file(task_named(task), how))

    def read(path: Path) -> None:
        how, faults = {"task": task, "language": "swh"}, []
        for reads in (partial(read_labelled, **how), partial(read_input, **how), streamed):
            try:
                reads(path)
            except XlingError as error:
                faults.append(error)
        if faults:
            raise faults[0]

    return Target(file, [seed.encode() for seed in seeds], read)


def _submitted(task: str, predictions: str, test: str, *, mutated: str) -> Target:
    """The predictions or the test file of a shared task, with the other one honest.

    mutated: `predictions` or `test`.
    """
    files = {"predictions": ("p.jsonl", predictions), "test": (_TESTS[task], test)}
    file, seed = files.pop(mutated)

    def read(path: Path) -> None:
        for name, content in files.values():
            path.with_name(name).write_text(content, encoding="utf-8")
        own = path.with_name("p.jsonl")
        submit(task, [own], [path.with_name(_TESTS[task])], out=path.with_name("s.zip"))

    return Target(file, [seed.encode()], read)


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
_TESTS = {"masakhaner": "swa.txt", "afrisenti": "sw_test.tsv", "americasnli": "gn.tsv", "sid4lr": "a.conll"}
_SHARED = {
    "masakhaner": ('{"id": "0", "tokens": ["amina"], "tags": ["B-PER"]}\n', "amina\n"),
    "afrisenti": ('{"id": "a", "label": "positive"}\n', "ID\ttext\na\tleo ni leo\n"),
    "americasnli": (
        '{"id": "0", "premise": "a", "hypothesis": "b", "label": "neutral"}\n',
        "language\tpremise\thypothesis\tlabel\ngn\ta\tb\tneutral\n",
    ),
    "sid4lr": (
        '{"id": "1", "tokens": ["weka", "saa"], "intent": "alarm/set_alarm", "tags": ["O", "B-datetime"]}\n',
        _XSID.replace("alarm/set", "alarm/set_alarm"),
    ),
}
DATA = {
    "text": Target("a.txt", [b"amina anaishi nairobi\n\nleo\n"], lambda path: read_text([path])),
    "text, gzipped": Target(
        "a.txt.gz", [gzip.compress(b"amina anaishi nairobi\n" * 9, mtime=0)], lambda path: read_text([path])
    ),
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
    **{
        f"{mutated} of {task}": _submitted(task, *files, mutated=mutated)
        for task, files in _SHARED.items()
        for mutated in ("predictions", "test")
    },
}  # fmt: skip
