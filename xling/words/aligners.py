"""Aligners: how probable it is, by parallel sentences, that two words are translations of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy import sparse

from xling.errors import InputError
from xling.words.translation_table import SplitText, both_ways

Align = Callable[[SplitText, SplitText], sparse.csr_array]  # called with both sides; [own words, other words]


def eflomal_chances(own: SplitText, other: SplitText) -> sparse.csr_array:
    """Return the share of each translation among the links of a word: [own words, other words].

    Sentences are aligned in both directions by eflomal (Östling and Tiedemann 2016), so a link that both
    directions find counts twice. It samples, and its samples cannot be fixed: a second run differs slightly.

    Raises InputError when the package is not installed.
    """
    try:
        import eflomal
    except ImportError as error:
        hint = "install xling[eflomal] (it needs a C compiler), or take ibm1"
        raise InputError("the package eflomal is not installed", where="aligner", hint=hint) from error
    sides = [[" ".join(map(str, row)) for row in side.rows] for side in (own, other)]
    with TemporaryDirectory() as folder:
        links = [Path(folder) / name for name in ("forward", "backward")]
        eflomal.Aligner().align(
            *sides, links_filename_fwd=str(links[0]), links_filename_rev=str(links[1]), quiet=True
        )
        found = [path.read_text(encoding="ascii").splitlines() for path in links]
    places = [_linked(lines, own, other) for lines in found]
    rows, columns = np.array(list(chain(*places)), dtype=np.int64).reshape(-1, 2).T
    counts = sparse.csr_array(
        sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(own.pieces, other.pieces))
    )
    return sparse.csr_array(counts.multiply(1 / np.maximum(1, counts.sum(axis=1))[:, None]))


def _linked(lines: Sequence[str], own: SplitText, other: SplitText) -> list[tuple[int, int]]:
    """Return the pairs of words that are linked. lines: for each sentence, links such as `0-1 2-0`."""
    return [
        (own.rows[number][int(one)], other.rows[number][int(two)])
        for number, line in enumerate(lines)
        for one, two in (link.split("-") for link in line.split())
    ]


ALIGNERS: Mapping[str, Align] = {"ibm1": both_ways, "eflomal": eflomal_chances}
