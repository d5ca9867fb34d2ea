"""Find the dependency tree with the highest score (Chu and Liu 1965, Edmonds 1967)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from xling.data.trees import cycle_of, tree_fault

Scores = Float[np.ndarray, "nodes nodes"]
Heads = Int[np.ndarray, "nodes"]
_ENDLESS = 1e9  # replaces the infinite scores of a diverged model; still small enough to compute with


def best_tree(scores: Scores) -> list[int]:
    """Return the head of each word in the tree with the highest score whose root has exactly one child.

    scores: the score of each arc, [dependent, head]; node 0 is the root and words are numbered from one. Each
    arc from the root is given a penalty larger than all other arcs can gain, so the best tree has one.
    """
    arcs = np.nan_to_num(scores.astype(np.float64), posinf=_ENDLESS, neginf=-_ENDLESS)
    np.fill_diagonal(arcs, -np.inf)
    greedy = arcs[1:].argmax(1).tolist()
    if tree_fault(greedy) is None:
        return greedy
    words = len(arcs) - 1
    own = arcs[1:][np.isfinite(arcs[1:])]
    arcs[1:, 0] -= (np.ptp(own) + 1.0) * (words + 1)
    return _heads(arcs)[1:].tolist()


def _heads(arcs: Scores) -> Heads:
    """The best head of every node; a cycle of greedy heads is contracted to one node, recursively."""
    heads = arcs.argmax(1)
    heads[0] = 0
    cycle = cycle_of(heads[1:].tolist())
    if cycle is None:
        return heads
    inside = np.asarray(cycle)
    outside = np.setdiff1d(np.arange(len(arcs)), inside)
    # the change in score when a node in the cycle takes a head outside it instead of its head inside
    entering = arcs[np.ix_(inside, outside)] - arcs[inside, heads[inside]][:, None]
    leaving = arcs[np.ix_(outside, inside)]
    count = len(outside)
    smaller = np.full((count + 1, count + 1), -np.inf)
    smaller[:count, :count] = arcs[np.ix_(outside, outside)]
    smaller[count, :count] = entering.max(0)
    smaller[:count, count] = leaving.max(1)
    found = _heads(smaller)
    from_cycle = found[:count] == count
    heads[outside] = np.where(
        from_cycle, inside[leaving.argmax(1)], outside[np.minimum(found[:count], count - 1)]
    )
    entered = inside[entering[:, found[count]].argmax()]
    heads[entered] = outside[found[count]]
    heads[0] = 0
    return heads
