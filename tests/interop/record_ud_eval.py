"""Records what the CoNLL 2018 evaluation says of a damaged treebank that xling wrote.

The evaluation is `conll18_ud_eval.py` 1.2 of the shared task, which is not on the registry (`eval.py` of
https://github.com/UniversalDependencies/tools grew out of it). It is read from where it lies, by the Python
that xling is installed for:

    PYTHONPATH=tests python tests/interop/record_ud_eval.py --evaluation conll18_ud_eval.py

The treebank, `tests/tasks/fixtures/ud_gold.conllu`, is made up. Written beside it: `ud_damaged.conllu`, with
other heads, relations and parts of speech drawn by a seed, and `ud_eval.json`, the evaluation's figures in
percent. Any treebank can be given instead, to see its figures and xling's side by side: `--gold FILE`.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xling.data.conllu import as_tagged, fill_conllu, read_conllu
from xling.data.examples import ParsedSentence
from xling.data.textfile import find, read_bytes
from xling.data.trees import tree_fault
from xling.tasks.parsing import Parsing
from xling.tasks.pos import UPOS, PartsOfSpeech

FIXTURES = Path(__file__).parents[1] / "tasks" / "fixtures"
METRICS = ("UPOS", "UAS", "LAS")
SHARE = 0.3  # of the words, damaged
RELATIONS = ("nsubj", "nsubj:pass", "obj", "obl", "obl:tmod", "nmod", "nmod:poss", "punct", "advmod")


def damaged(sentence: ParsedSentence, draw: random.Random) -> dict[str, Any]:
    """Another tree of the same words, with other relations and parts of speech."""
    assert sentence.heads is not None and sentence.relations is not None and sentence.tags is not None
    heads = list(sentence.heads)
    words = len(heads)
    for word in range(words):
        tried = [*heads]
        tried[word] = draw.randint(1, words)
        if draw.random() < SHARE and tree_fault(tried) is None:
            heads = tried

    def other(labels: Sequence[str], choices: Sequence[str]) -> list[str]:
        return [draw.choice(choices) if draw.random() < SHARE else label for label in labels]

    return {
        "tokens": sentence.tokens,
        "heads": heads,
        "relations": other(sentence.relations, RELATIONS),
        "tags": other(sentence.tags, UPOS),
    }


def official(evaluation: Path, gold: bytes, system: bytes) -> dict[str, float]:
    """F1 of the evaluation, in percent."""
    spec = importlib.util.spec_from_file_location("ud_evaluation", evaluation)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    loaded = [script.load_conllu(io.StringIO(data.decode("utf-8"))) for data in (gold, system)]
    scores = script.evaluate(*loaded)
    return {name: 100 * scores[name].f1 for name in METRICS}


def ours(sentences: Sequence[ParsedSentence], rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The same figures by xling."""
    parsing = Parsing().score(sentences, rows)
    upos = PartsOfSpeech().score(list(as_tagged(sentences)), rows)["accuracy"]
    return {"UPOS": upos, "UAS": parsing["uas"], "LAS": parsing["las"]}


def main() -> None:
    """Record the fixture, or print the figures of another treebank."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--evaluation", type=Path, required=True)
    parser.add_argument("--gold", type=Path)
    chosen = parser.parse_args()
    gold = chosen.gold or FIXTURES / "ud_gold.conllu"
    sentences = read_conllu(gold, language="und")
    draw = random.Random(5)
    rows = [damaged(sentence, draw) for sentence in sentences]
    written = b"".join(fill_conllu(gold, rows))
    figures = official(chosen.evaluation, read_bytes(find(gold)), written)
    if chosen.gold is None:
        (FIXTURES / "ud_damaged.conllu").write_bytes(written)
        (FIXTURES / "ud_eval.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"official": figures, "xling": ours(sentences, rows)}, indent=1))


if __name__ == "__main__":
    main()
