"""Names with places to fill, such as `{upstream}/{split}.txt`. Nothing else in braces has a meaning.

The syntax of `str.format` can read attributes and fill the memory, and templates come from strangers' cards.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_PLACE = re.compile(r"\{(\w+)\}")


def filled(template: str, **values: str) -> str:
    """Return a template with each `{name}` of these names replaced by its value; all else stays."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), template)


def checked_places(template: str, known: Collection[str]) -> str:
    """Return a template. Raises ValueError when it has an unknown place, or a brace outside of one."""
    listed = " and ".join(f"{{{name}}}" for name in known)
    if any(sign in "{}" for sign in _PLACE.sub("", template)):
        raise ValueError(f"{template!r} is no template with {listed}: in braces stands a name alone")
    if not set(_PLACE.findall(template)).issubset(known):
        raise ValueError(f"{template!r} may hold {listed} only")
    return template
