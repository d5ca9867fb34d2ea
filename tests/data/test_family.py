"""How much of each language a family's module reads."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.data.text import balanced, held_apart
from xling.errors import InputError

TEXTS = st.dictionaries(st.sampled_from(["swh", "zul", "xho", "sna"]), st.integers(1, 60), min_size=1).map(
    lambda counts: {tag: [f"{tag} {number}" for number in range(count)] for tag, count in counts.items()}
)


@given(TEXTS, st.floats(0, 1), st.integers(0, 9))
def test_counts_go_with_the_power_of_the_size(texts, alpha, seed):
    found = balanced(texts, alpha, seed=seed)
    total = sum(map(len, texts.values()))
    weights = {tag: len(lines) ** alpha for tag, lines in texts.items()}
    counts = Counter(line.split()[0] for line in found)
    for tag, lines in texts.items():
        assert counts[tag] == max(1, round(total * weights[tag] / sum(weights.values())))
        times = Counter(line for line in found if line in set(lines))
        if counts[tag] >= len(lines):
            assert len(times) == len(lines)
        assert max(times.values()) - min(times.values()) <= 1
    assert found == balanced(texts, alpha, seed=seed)


@given(TEXTS)
def test_alpha_one_is_every_line_once(texts):
    assert Counter(balanced(texts, 1.0)) == Counter(line for lines in texts.values() for line in lines)


@given(TEXTS, st.integers(1, 40))
def test_what_is_held_out_is_not_read(texts, count):
    rest, held = held_apart({tag: [*lines, lines[0]] for tag, lines in texts.items()}, count, 0)
    assert set(rest) == set(texts)
    assert not set(held) & {line for lines in rest.values() for line in lines}
    assert sorted([*held, *(line for lines in rest.values() for line in lines)]) == sorted(
        line for lines in texts.values() for line in lines
    )


def test_a_language_without_a_line():
    with pytest.raises(InputError, match="no line of zul"):
        balanced({"swh": ["a"], "zul": []})
