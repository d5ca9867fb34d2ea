"""Find the best answer spans of a context from the scores of their first and last pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

NBEST = 20
LONGEST = 30  # the largest number of pieces in an answer
_ENDLESS = 1e9  # replaces the infinite scores of a diverged model

Spans = Sequence[tuple[int, int]]


def best_answers(context: str, windows: Sequence[Spans], scores: Sequence[Tensor]) -> dict[str, Any]:
    """Return the best answer with its start and end, and the best texts with their probabilities.

    windows: the start and end character of each item, window by window. scores: [items, 2] for each window,
    as start and as end. A text that occurs several times is kept once, with its highest sum; the
    probabilities are a softmax over these sums. The answer is "" when the context has no pieces.
    """
    candidates = [
        (value, spans[first][0], spans[last][1])
        for spans, own in zip(windows, scores, strict=True)
        for value, first, last in best_pairs(own)
    ]
    best: dict[str, tuple[float, int, int]] = {}
    for value, start, end in sorted(candidates, key=lambda candidate: -candidate[0]):
        text = context[start:end].strip()
        if text:
            best.setdefault(text, (value, start, end))
    chosen = list(best.items())[:NBEST] or [("", (0.0, 0, 0))]
    shares = torch.tensor([value for _, (value, _, _) in chosen], dtype=torch.float64).softmax(0).tolist()
    answer, (_, start, end) = chosen[0]
    start += len(context[start:end]) - len(context[start:end].lstrip())
    nbest = [
        {"text": text, "score": round(share, 6)} for (text, _), share in zip(chosen, shares, strict=True)
    ]
    return {"answer": answer, "start": start, "end": start + len(answer), "nbest": nbest}


def best_pairs(scores: Float[Tensor, "items 2"]) -> list[tuple[float, int, int]]:
    """Return the `NBEST` spans with the highest sums of scores as (sum, first item, last item), best first.

    scores: the items' scores as start and as end. Spans have at most `LONGEST` items.
    """
    count = len(scores)
    if not count:
        return []
    width = min(LONGEST, count)
    finite = scores.float().nan_to_num(-_ENDLESS, _ENDLESS, -_ENDLESS)
    ends = pad(finite[:, 1], (0, width - 1), value=-torch.inf).unfold(0, width, 1)
    sums = finite[:, :1] + ends  # [first item, number of items after it]
    values, places = sums.flatten().topk(min(NBEST, sums.numel()))
    return _pairs(values, places, width)


def _pairs(
    values: Float[Tensor, " pairs"], places: Int[Tensor, " pairs"], width: int
) -> list[tuple[float, int, int]]:
    found = zip(values.tolist(), places.tolist(), strict=True)
    return [
        (value, place // width, place // width + place % width)
        for value, place in found
        if value > -torch.inf
    ]
