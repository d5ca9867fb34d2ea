"""Checking that a list of heads is a dependency tree."""

from __future__ import annotations

from collections.abc import Sequence


def cycle_of(heads: Sequence[int]) -> list[int] | None:
    """Return the words of a cycle, each the head of the one before it; None if every word leads to the root.

    heads: for each word, the number of its head, counted from 1; 0 for the root.
    """
    done = {0}
    for word in range(1, len(heads) + 1):
        chain: dict[int, None] = {}
        while word not in done and word not in chain:
            chain[word] = None
            word = heads[word - 1]
        if word in chain:
            found = list(chain)
            return found[found.index(word) :]
        done.update(chain)
    return None


def tree_fault(heads: Sequence[int]) -> tuple[int, str] | None:
    """Return a word (from 1) and the reason why the heads are not a tree with one root; None for a tree."""
    outside = next((word for word, head in enumerate(heads, 1) if not 0 <= head <= len(heads)), None)
    if outside is not None:
        return outside, f"the head {heads[outside - 1]} is outside the sentence of {len(heads)} words"
    roots = [word for word, head in enumerate(heads, 1) if head == 0]
    if not roots:
        return 1, "the sentence has no root: no word has the head 0"
    if len(roots) > 1:
        return roots[1], f"the sentence has {len(roots)} roots: the words {', '.join(map(str, roots))}"
    cycle = cycle_of(heads)
    if cycle is None:
        return None
    return cycle[0], f"the heads run in a cycle: {' > '.join(map(str, [*cycle, cycle[0]]))}"
