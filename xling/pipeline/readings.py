"""What plans have read: scores that are kept, so that a plan alone and in a vote reads its rows once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from xling.composition.composed import Composition
from xling.store.lineage import computed_with
from xling.tasks.inference import ReadingComposition, Scores


class Readings:
    """The scores of the last readings, by what read and what was read.

    most: how many are kept; the one that was asked for longest ago goes first.
    """

    def __init__(self, most: int = 8) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, Scores] = OrderedDict()

    def __call__(self, reader: ReadingComposition, rows: Hashable, compute: Callable[[], Scores]) -> Scores:
        """Return the scores of rows by a composition, which are computed unless they are kept."""
        key = (_content(reader), rows)
        scores = self._kept[key] if key in self._kept else compute()
        self._kept[key] = scores
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return scores


def _content(reader: ReadingComposition) -> Hashable:
    """Return what a composition computes with: its base, its plan and what is in the plan's modules."""
    assert isinstance(reader, Composition)
    return reader.base.fingerprint, str(reader.node), computed_with(reader.node)
