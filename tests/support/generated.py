"""Made-up files for the tests of readers: 120 each, or as many as the environment's `XLING_EXAMPLES` says."""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st

GENERATED = settings(max_examples=int(os.environ.get("XLING_EXAMPLES", "120")), deadline=None)

# a place in a file and the byte that stands there, or its end; mostly none
DAMAGE = (
    st.none()
    | st.none()
    | st.tuples(st.integers(0, 400), st.sampled_from([b"", b"\xff", b"\x1f\x8b", b"\0"]))
)


def as_bytes(text: str, damage: tuple[int, bytes] | None) -> bytes:
    """The text's bytes, cut short or with a strange byte."""
    data = text.encode("utf-8", "surrogatepass")
    if damage is None:
        return data
    place, byte = damage
    return data[:place] + byte + (data[place:] if byte else b"")
