"""Licences of data, from free to closed: what comes of several data sets has the strictest."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from xling.errors import InputError

# SPDX ids where there is one. Ranked by what they forbid: attribution before share-alike, before
# terms of use, before no commerce, before no changes, before agreements; unstated forbids all.
LICENCES: tuple[str, ...] = (
    "CC0-1.0",
    "MIT",
    "BSD-3-Clause",
    "Apache-2.0",
    "Unicode-3.0",
    "ODC-By-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "C-UDA-1.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-NC-ND-4.0",
    "research-only",
    "unstated",
)


def strictest(licences: Iterable[str]) -> str:
    """The licence that allows least; `unstated` where there is none. InputError for an unknown id."""
    found = list(licences)
    for licence in found:
        if licence not in LICENCES:
            raise InputError(
                f"no licence {licence!r}", where="licence", choices=near_licences(licence) or LICENCES
            )
    return max(found, key=LICENCES.index, default="unstated")


def near_licences(licence: str) -> list[str]:
    """Known ids of like letters."""
    folded = {known.casefold(): known for known in LICENCES}
    return [folded[near] for near in difflib.get_close_matches(licence.casefold(), folded, n=3)]
