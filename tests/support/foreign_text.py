"""A language in letters that the tiny bases cannot read: their own words, spelled in N'Ko."""

from __future__ import annotations

from support.tiny import LETTERS, TEXTS

NKO = "ߊߋߌߍߎߏߓߔߕߖߗߘߙߚߛߜߝߞߟߠߡߢߣߤߥߦ"
SPELLED = [line.translate(str.maketrans(LETTERS, NKO)) for line in TEXTS]
assert len(NKO) == len(LETTERS)
