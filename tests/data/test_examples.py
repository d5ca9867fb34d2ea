"""Examples: fingerprints tell contents apart, samples are the same every time and keep their order."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from xling.data.examples import LabelledText, TaggedSentence, fingerprint, sample

SENTENCE = TaggedSentence(("Amina", "anaishi"), ("B-PER", "O"), "0", "swh")
TEXT = LabelledText("Habari", "news", "0", "swh")


def test_examples_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        SENTENCE.id = "1"  # type: ignore[misc]


def test_every_part_of_the_content_counts_in_the_fingerprint() -> None:
    variants = [
        [SENTENCE, TEXT],
        [TEXT, SENTENCE],
        [replace(SENTENCE, tags=None), TEXT],
        [replace(SENTENCE, tokens=("Amina anaishi", "")), TEXT],
        [SENTENCE, replace(TEXT, label=None)],
        [SENTENCE, replace(TEXT, pair="")],
        [SENTENCE, replace(TEXT, language="eng")],
        [SENTENCE],
        ["Habari"],
        [],
    ]
    prints = [fingerprint(variant) for variant in variants]
    assert len(set(prints)) == len(variants)
    assert prints[0] == fingerprint([replace(SENTENCE), replace(TEXT)])
    assert prints[0].startswith("sha256:") and len(prints[0]) == 71


def test_a_sample_is_deterministic_and_in_order() -> None:
    rows = [str(number) for number in range(100)]
    drawn = sample(rows, 10, 3)
    assert drawn == sample(rows, 10, 3) == sorted(drawn, key=int)
    assert len(set(drawn)) == 10
    assert drawn != sample(rows, 10, 4)
    assert sample(rows, 1000, 0) == sample(rows, None, 0) == rows
