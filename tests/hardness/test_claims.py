"""A small file that claims to be huge costs hardly more than an honest one (`claims.py` has the bounds)."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from hardness.claims import MEGABYTES, Claim, claims, measured

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
NAMES = ("wide module", "module of many numbers", "lexicon", "tensor", "layers of a base", "width of a base",
         "vocabulary of a base", "template of a card", "aliases of a card", "aliases of a recipe",
         "gzip of one line", "gzip of lines", "gzip of rows", "line")  # fmt: skip


@pytest.fixture(scope="module")
def all_claims(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Claim]:
    return claims(tmp_path_factory.mktemp("claims"))


def test_these_are_all(all_claims):
    assert tuple(all_claims) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_refused_with_little_memory_and_the_honest_one_is_read(all_claims, name):
    claim = all_claims[name]
    refused, _, peak = measured(claim.read, claim.huge)
    honest, _, usual = measured(claim.read, claim.honest)
    assert (refused, honest) == ("refused", "read") and peak - usual < MEGABYTES
