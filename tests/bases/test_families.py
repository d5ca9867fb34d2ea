"""Families are held against the real module tree, and the head is the checkpoint's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from support.making import batch
from support.tiny import FAMILY_NAMES, tiny_base
from transformers import AutoModelForMaskedLM

from xling.bases.base import load_base, run_encoder
from xling.bases.families import BERT, LinearSite, check, family_of, layers_of
from xling.bases.taps import structural_copy, tap_residual_sites
from xling.errors import InputError


def test_a_wrong_path_is_named(bert):
    sites = {**BERT.linear_sites, "attention.query": LinearSite("attention.self.querry")}
    with pytest.raises(InputError, match=r"layer 0 attention.self.querry"):
        check(bert.encoder, replace(BERT, linear_sites=sites))
    fused = {**BERT.linear_sites, "attention.query": LinearSite("attention.self.query", 0, 3)}
    with pytest.raises(InputError, match=r"not 3 equal blocks"):
        check(bert.encoder, replace(BERT, linear_sites=fused))


def test_an_unknown_family_is_refused():
    with pytest.raises(InputError, match=r"'gpt2'.*choose from bert"):
        family_of("gpt2")


def test_a_residual_site_shows_what_the_encoder_adds(base):
    """norm(f + r), or f + r without a norm, is the state that the layer goes on with."""
    ids, mask = batch(base, rows=2, length=7, seed=3)
    seen = {}

    def look(layer, place, state):
        seen[layer, place] = state.normed()

    copy = structural_copy(base.encoder)
    tap_residual_sites(copy, base.family, look)
    outputs = []
    for layer in layers_of(copy, base.family):
        layer.register_forward_hook(
            lambda module, arguments, output: outputs.append(
                output[0] if isinstance(output, tuple) else output
            )
        )
    with torch.no_grad():
        run_encoder(copy, base.family, ids, mask)
    assert len(seen) == 4
    for number, output in enumerate(outputs):
        assert torch.equal(seen[number, "after_ffn"], output)


def test_the_mlm_head_is_the_checkpoints_own(base):
    model = AutoModelForMaskedLM.from_pretrained(base.folder).eval()
    ids, mask = batch(base, rows=3, length=9, seed=4)
    with torch.no_grad():
        theirs = model(input_ids=ids, attention_mask=mask).logits
        states = run_encoder(base.encoder, base.family, ids, mask)
        ours = base.mlm_head(states[mask.bool()])
    assert torch.allclose(ours, theirs[mask.bool()], atol=1e-5)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_base_without_a_head_opens(family, tmp_path):
    base = tiny_base(family, tmp_path, head=False)
    assert base.mlm_head is None
    assert load_base(tmp_path).fingerprint == base.fingerprint


def test_padding_does_not_change_a_row(base):
    ids, mask = batch(base, rows=3, length=9, seed=4)
    with torch.no_grad():
        together = run_encoder(base.encoder, base.family, ids, mask)
        for row in range(3):
            length = int(mask[row].sum())
            alone = run_encoder(
                base.encoder, base.family, ids[row : row + 1, :length], mask[row : row + 1, :length]
            )
            assert torch.allclose(together[row, :length], alone[0], atol=1e-5)
