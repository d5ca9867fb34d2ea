"""A head that is fitted is finite, or the training stops and nothing is kept."""

from __future__ import annotations

import pytest
import torch
from support.tiny import TEXTS, tiny_base

from xling.api.languages import train_language
from xling.errors import InputError
from xling.files import cache_dir
from xling.makers import mlm_head as heads
from xling.training.loop import NotFinite
from xling.training.specs import TrainingSettings


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


def test_a_head_of_running_text_is_another_one_and_is_kept_beside_the_usual_one(tmp_path, monkeypatch):
    monkeypatch.setenv("XLING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(heads.cldr, "languages", lambda: ["swh"])
    base = tiny_base("bert", tmp_path / "base", head=False, seed=6)
    said: list[str] = []
    found = [heads.mlm_head(base, said.append, text=text) for text in ((), TEXTS, TEXTS[:3], TEXTS)]
    prints = list(map(heads.head_fingerprint, found))
    assert prints[1] == prints[3] and len(set(prints)) == 3 and len(said) == 3
    kept = cache_dir("heads", base.fingerprint.removeprefix("sha256:")[:16]).glob("head-1*")
    assert len(list(kept)) == 3
    settings = TrainingSettings(steps=1)
    module = train_language(
        base, TEXTS, language="swh", kind="bottleneck", settings=settings, head_text=TEXTS
    )
    assert module.facts.mlm_head_fingerprint == prints[1]


def test_a_base_with_a_head_of_its_own_takes_no_text_for_one(bases):
    with pytest.raises(InputError, match="--head-text: .* has an MLM head of its own; leave it out"):
        heads.mlm_head(bases["bert"], text=TEXTS)
