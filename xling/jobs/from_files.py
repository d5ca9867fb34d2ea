"""Data read from the user's files, with what later tells which modules were made of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from xling.corpora.cards import load_card
from xling.data.checksums import checksums
from xling.errors import InputError
from xling.makers.stage import Data
from xling.modules.facts import Descent

CARD_ENDING = ".yaml"


def from_files(rows: Sequence[Any], paths: Sequence[Path], *, also: Sequence[Path] = ()) -> Data:
    """Return rows as data that descend from the files or folders that they were read from.

    Where a data card of `xling project` stands beside a file, also from what its labels were carried over.

    also: further files that they descend from.
    """
    card = " ".join(path.name for path in paths)
    own = Descent.of(files=checksums((*paths, *also)), cards=[card])
    return Data(rows=rows, card=card, descent=Descent.joined((own, *_of_cards_beside(paths))))


def card_beside(path: Path) -> Path:
    """Return the path of the data card that stands beside a file."""
    return path.with_name(path.name.partition(".")[0] + CARD_ENDING)


def _of_cards_beside(paths: Iterable[Path]) -> Iterable[Descent]:
    for path in paths:
        try:
            card = load_card(card_beside(path).absolute()) if card_beside(path).is_file() else None
        except InputError:  # some other YAML file
            continue
        if card is not None and os.path.normpath(path.absolute()) in card.files.values():
            yield card.made_from.descent
