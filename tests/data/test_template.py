"""Places in names are filled with their values; nothing else in braces does anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.data.rows import Columns
from xling.data.template import checked_places, filled

KNOWN = ("upstream", "split")
PARTS = st.lists(st.sampled_from(["a", "/", "{upstream}", "{split}", "{", "}", "{}", "{0}", "{x!r:>99}"]))


@given(parts=PARTS, value=st.text(max_size=5))
def test_what_is_checked_is_filled_with_the_values_alone(parts, value):
    template = "".join(parts)
    try:
        checked_places(template, KNOWN)
    except ValueError:
        return
    assert set(template.replace("{upstream}", "").replace("{split}", "")) <= {"a", "/"}
    expected = "".join({"{upstream}": value, "{split}": "dev"}.get(part, part) for part in parts)
    assert filled(template, upstream=value, split="dev") == expected


def test_a_value_is_not_filled_again():
    assert filled("{upstream}/{split}", upstream="{split}", split="dev") == "{split}/dev"


@pytest.mark.parametrize("name", ["{", "{0}", "{x}", "{upstream!r:>9999999999}", "{upstream.__class__}"])
def test_a_column_is_called_what_it_is_called(name):
    assert Columns(text=name).filled("swh").text == name
