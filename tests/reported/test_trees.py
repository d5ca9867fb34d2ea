"""Reported: CoNLL-U. A case is its source: the lines' columns, what is right.

Right is each sentence's words and heads, or what the refusal says.
"""

from __future__ import annotations

import numpy as np
from support.reported_files import cases, check_read, written

from xling.data.conllu import fill_conllu
from xling.data.examples import ParsedSentence
from xling.tasks.arborescence import best_tree
from xling.tasks.parsing import Parsing


def word(number: object, form: str, head: object, relation: str = "dep") -> str:
    return f"{number}\t{form}\t_\tX\t_\t_\t{head}\t{relation}\t_\t_\n"


RANGE = "1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_\n"
EMPTY = "1.1\treported\t_\tVERB\t_\t_\t_\t_\t1:conj\tCopyOf=1\n"

FILES = {
    "UniversalDependencies/tools #146: two roots": (
        word(1, "a", 0) + word(2, "b", 0),
        ":2: the sentence has 2 roots: the words 1, 2",
    ),
    "UniversalDependencies/tools #88: an empty node": (
        word(1, "a", 0) + EMPTY + word(2, "b", 1),
        [(("a", "b"), (0, 1))],
    ),
    "clab/lstm-parser #26: a range of words": (
        RANGE + word(1, "de", 2) + word(2, "le", 0),
        [(("de", "le"), (2, 0))],
    ),
    "UniversalDependencies/docs #932: an empty node before the first word": (
        EMPTY.replace("1.1", "0.1") + word(1, "a", 0),
        [(("a",), (0,))],
    ),
    "UniversalDependencies/tools #61: a word with a blank": (word(1, "10 000", 0), [(("10 000",), (0,))]),
    "UniversalDependencies/docs #1010: a zero-width space inside a word": (
        word(1, "a\u200bb", 0),
        [(("a\u200bb",), (0,))],
    ),
    "UniversalDependencies/docs #917: a no-break space as a word": (
        word(1, "\u00a0", 2) + word(2, "b", 0),
        [(("\u00a0", "b"), (2, 0))],
    ),
    "UniversalDependencies/UD_German-HDT #2: no blank line between sentences": (
        word(1, "a", 0) + "# sent_id = 2\n" + word(1, "b", 0),
        ":3: the word number 1 stands where 2 is due",
    ),
    "UniversalDependencies/UD_French-GSD #8: blanks in place of tabs": (
        word(1, "a", 0) + "2 . . PUNCT _ _ 1 punct _ _\n",
        ":2: 1 column (2 . . PUNCT _ _ 1 punct _ _) where",
    ),
    "centre-for-humanities-computing/odyCy #36: a cycle": (
        word(1, "a", 0) + word(2, "b", 3) + word(3, "c", 2),
        ":2: the heads run in a cycle: 2 > 3 > 2",
    ),
}


@cases(FILES, ("text", "right"))
def test_conllu_files(tmp_path, text, right):
    check_read(written(tmp_path, "a.conllu", text), "parsing", right, lambda one: (one.tokens, one.heads))


def test_ranges_and_empty_nodes_stay_where_predictions_are_filled_in(tmp_path):
    """EmilStenstrom/conllu #62: they were gone from what was written."""
    text = RANGE + word(1, "de", 2) + EMPTY + word(2, "le", 0) + "\n"
    file = written(tmp_path, "a.conllu", text)
    row = {"tokens": ["de", "le"], "heads": [0, 1], "relations": ["root", "x"]}
    found = b"".join(fill_conllu(file, [row]))
    assert found.decode() == RANGE + word(1, "de", 0, "root") + EMPTY + word(2, "le", 1, "x") + "\n"


def test_a_predicted_tree_has_one_root_whatever_the_scores():
    """UniversalDependencies/tools #146, centre-for-humanities-computing/odyCy #36."""
    scores = np.full((4, 4), -1.0)
    scores[:, 0] = 5.0  # every word would rather be a root
    assert sorted(best_tree(scores)).count(0) == 1


def test_a_relation_counts_without_its_subtype():
    """UniversalDependencies/tools #146: as its conll18_ud_eval counts LAS; UAS stands beside it."""
    gold = ParsedSentence(("a", "b", "c"), None, (0, 1, 1), ("root", "nsubj:pass", "obj"), "0", "swh")
    found = {"heads": [0, 1, 2], "relations": ["root", "nsubj", "obj"]}
    scores = Parsing().score([gold], [found])
    assert {name: round(value, 2) for name, value in scores.items()} == {"las": 66.67, "uas": 66.67}
    found = {"heads": [0, 1, 1], "relations": ["root", "obj", "obj"]}
    scores = Parsing().score([gold], [found])
    assert {name: round(value, 2) for name, value in scores.items()} == {"las": 66.67, "uas": 100.0}
