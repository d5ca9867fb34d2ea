"""The best dependency tree of arc scores: Chu and Liu 1965, Edmonds 1967."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from xling.data.trees import cycle_of, tree_fault

Scores = Float[np.ndarray, "nodes nodes"]
Heads = Int[np.ndarray, "nodes"]
_ENDLESS = 1e9  # of a model that has diverged; far enough from the range of its numbers to be counted with


def best_tree(scores: Scores) -> list[int]:
    """The heads of each word, from one, in the tree of highest score whose root has one child.

    scores: [dependent, head]; node 0 is the root. Every further child of the root costs more than all other
    arcs together can bring, so the best tree has one.
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
    """The best heads of all nodes; a cycle of greedy ones becomes one node, and the rest is the same task."""
    heads = arcs.argmax(1)
    heads[0] = 0
    cycle = cycle_of(heads[1:].tolist())
    if cycle is None:
        return heads
    inside = np.asarray(cycle)
    outside = np.setdiff1d(np.arange(len(arcs)), inside)
    # what the cycle gains when a node outside becomes the head of one of its nodes, which leaves its own
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
