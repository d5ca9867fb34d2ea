"""A head that is fitted is finite, or the training stops and nothing is kept."""

from __future__ import annotations

import pytest
import torch
from support.tiny import tiny_base

from xling.files import cache_dir
from xling.makers import mlm_head as heads
from xling.training.loop import NotFinite


def test_a_fit_that_diverges_is_told_and_not_kept(tmp_path, monkeypatch):
    fitted = heads.fit_tied_head

    def diverged(*given):
        head = fitted(*given)
        with torch.no_grad():
            head.state_dict()["bias"][3] = torch.nan
        return head

    monkeypatch.setenv(
        "XLING_CACHE", str(tmp_path / "cache")
    )  # another test may have fitted this base's head
    base = tiny_base("bert", tmp_path / "base", head=False, seed=5)
    monkeypatch.setattr(heads, "fit_tied_head", diverged)
    monkeypatch.setattr(heads.cldr, "languages", lambda: ["swh"])
    with pytest.raises(NotFinite, match="is not finite, and not kept"):
        heads.mlm_head(base)
    assert not list(cache_dir("heads", base.fingerprint.removeprefix("sha256:")[:16]).glob("*"))
