"""Reported: files of tagged tokens. A case is its source: the file's name and text, what is right.

Right is each sentence's tokens and tags, or what the refusal says.
"""

from __future__ import annotations

import pytest
from support.reported_files import cases, check_read, written

FILES = {
    "chakki-works/seqeval #23: a span that begins with I-": (
        "a.conll",
        "0978 I-Phone\n934 I-Phone\n",
        [(("0978", "934"), ("B-Phone", "I-Phone"))],
    ),
    "chakki-works/seqeval #57: IOB1, as conlleval reads it": (
        "a.conll",
        "a I-NP\nb B-NP\nc I-NP\nd I-VP\n",
        [(("a", "b", "c", "d"), ("B-NP", "B-NP", "I-NP", "B-VP"))],
    ),
    "chakki-works/seqeval #25: BIOES": (
        "a.conll",
        "a B-PER\nb E-PER\nc S-PER\n",
        ":2: 'E-PER' is no tag; choose from O, B-TYPE, I-TYPE",
    ),
    "spyysalo/conlleval.py #1: a B after an E": (
        "a.conll",
        "North B-MISC\nAfrican E-MISC\nGrand B-MISC\n",
        ":2: 'E-MISC' is no tag",
    ),
    "UKPLab/emnlp2017-bilstm-cnn-crf #19: another type inside a span": (
        "a.conll",
        "a B-PER\nb I-LOC\nc O\nd I-PER\n",
        [(("a", "b", "c", "d"), ("B-PER", "B-LOC", "O", "B-PER"))],
    ),
    "hipe-eval/HIPE-2022-data #21: a span that goes on in the next sentence": (
        "a.conll",
        "a B-PER\n\nb I-PER\n",
        [(("a",), ("B-PER",)), (("b",), ("B-PER",))],
    ),
    "masakhane-io/masakhane-ner #22: no blank before the tag": (
        "a.conll",
        "Hospital I-ORG\n1487 Doctors'I-ORG\nAssociation I-ORG\n",
        """:2: "Doctors'I-ORG" is no tag""",
    ),
    "masakhane-io/masakhane-ner #22: a number in place of the token": (
        "a.conll",
        ". O\n248 '\n248 \"\n",
        """:2: "'" is no tag""",
    ),
    "masakhane-io/masakhane-ner pull 23: an empty tag": (
        "a.conll",
        "Unyango O\nlweSizwe\t\n",
        ":2: '' is no tag",
    ),
    "klintan/swedish-ner-corpus pull 3: a misspelt tag": (
        "a.conll",
        "Stockholm LOC\n",
        ":1: 'LOC' is no tag",
    ),
    "l3cube-pune/MarathiNLP #1: a mark that stands on no letter": (
        "a.conll",
        " \u0901\tO\nगणपती\tB-PER\n",
        [(("\u0901", "गणपती"), ("O", "B-PER"))],
    ),
    "l3cube-pune/MarathiNLP #1: the tag is not the last column": (
        "a.conll",
        "या\tO\t17197.0\n",
        ":1: '17197.0' is no tag",
    ),
    "nltk/nltk pull 1919: a word with a blank between tabs": (
        "a.conll",
        "New York\tB-LOC\nleo\tO\n",
        [(("New York", "leo"), ("B-LOC", "O"))],
    ),
    "thecharm/boundary-aware-nested-ner #9: an empty token": (
        "a.conll",
        "1\tO\n\tO\n",
        ":2: the token is empty",
    ),
    "junhua/IPOD #1: five tags for four tokens": (
        "a.jsonl",
        '{"tokens": ["fx", "options", "operations", "analyst"], "tags": ["O", "O", "O", "O", "O"]}\n',
        ":1: 4 tokens but 5 tags",
    ),
    "tomaarsen/SpanMarkerNER pull 40: an empty sentence": (
        "a.jsonl",
        '{"tokens": [], "tags": []}\n',
        ":1: not a row with tokens and tags",
    ),
    "ufal/udpipe #103: U+2028 is no line end": (
        "a.conll",
        "out.\u2028What O\nnow\u2029 B-X\n",
        [(("out.\u2028What", "now\u2029"), ("O", "B-X"))],
    ),
}


@cases(FILES, ("name", "text", "right"))
def test_tagged_files(tmp_path, name, text, right):
    check_read(written(tmp_path, name, text), "tagging", right, lambda one: (one.tokens, one.tags))


@pytest.mark.parametrize("tag", ["o", "b-PER", "B_PER", "PER-B", "B-", "B", "U-PER"])
def test_other_ways_to_write_a_tag_are_refused(tmp_path, tag):
    """chakki-works/seqeval #25 and #57: it reads each of these as something."""
    file = written(tmp_path, "a.conll", f"a {tag}\n")
    check_read(file, "tagging", f":1: '{tag}' is no tag; choose from O, B-TYPE, I-TYPE", vars)
