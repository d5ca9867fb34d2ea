"""What foreign formats share: their names, what is refused, and how sites and layers become parts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xling.errors import InputError
from xling.store.formats.format import by_layers, check_shapes, refuse_options
from xling.store.formats.registry import FORMATS, format_named

HERE = Path("adapter_config.json")


def test_formats_go_by_their_names():
    assert list(FORMATS) == ["adapterhub", "peft", "composable-sft"]
    assert all(format_named(name).name == name for name in FORMATS)
    said = r"^--format: no format is called 'pfet'; choose from adapterhub, peft, composable-sft$"
    with pytest.raises(InputError, match=said):
        format_named("pfet")


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"a": (2, 3)}, "it has no tensor for b"),
        ({"a": (2, 3), "b": (4,), "c": (1,)}, "there is no place for c"),
        (
            {"a": (3, 2), "b": (5,)},
            r"a is \[3, 2\], and here it must be \[2, 3\]; name the base",
        ),
        ({}, "it has no tensor for a"),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(shapes, said):
    tensors = {name: torch.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(InputError, match=f"^adapter_config.json: {said}"):
        check_shapes(tensors, {"a": (2, 3), "b": (4,)}, where=HERE)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bias": "none", "r": 8, "new": None, "other": [], "off": False}, None),
        ({"bias": "all"}, "bias = 'all'"),
        ({"bias": None, "new": 1, "also": {"x": 1}}, r"also = \{'x': 1\}"),  # the first by its name
    ],
)
def test_options_that_would_change_what_is_computed_are_refused(options, said):
    def read():
        refuse_options(options, {"bias": ("none", None)}, ["r"], where=HERE)

    if said is None:
        return read()
    with pytest.raises(InputError, match=f"^adapter_config.json: xling has no equal for {said}$"):
        read()


@given(st.sets(st.tuples(st.integers(0, 4), st.sampled_from("qkvo"))))
def test_parts_of_the_same_layers_cover_every_place_once(places):
    parts = by_layers(sorted(places), 5)
    covered = [
        (layer, thing)
        for things, left_out in parts
        for thing in things
        for layer in range(5)
        if layer not in left_out
    ]
    assert sorted(covered) == sorted(places)
    assert len({tuple(left_out) for _, left_out in parts}) == len(parts)
