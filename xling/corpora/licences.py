"""Licences of data, from the freest to the strictest. Data made from several sets has the strictest."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from xling.errors import InputError

# SPDX ids where they exist, ordered by what a licence demands: attribution, share-alike, terms of use,
# non-commercial use, no derivatives, an agreement. An unstated licence allows nothing.
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
    """Return the licence that allows least, or `unstated` if there is none.

    Raises InputError for an unknown id.
    """
    found = list(licences)
    for licence in found:
        if licence not in LICENCES:
            raise InputError(
                f"no licence {licence!r}", where="licence", choices=near_licences(licence) or LICENCES
            )
    return max(found, key=LICENCES.index, default="unstated")


def near_licences(licence: str) -> list[str]:
    """Return known ids with a similar spelling."""
    folded = {known.casefold(): known for known in LICENCES}
    return [folded[near] for near in difflib.get_close_matches(licence.casefold(), folded, n=3)]
