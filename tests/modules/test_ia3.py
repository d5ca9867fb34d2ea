"""(IA)3 against its definition, written out on a layer's own maps."""

from __future__ import annotations

import torch
from support.making import batch, disturbed

from xling.composition.composed import Composition


def test_scales_keys_values_and_what_enters_the_down_projection(base):
    module = disturbed(base, "ia3", std=0.3, seed=3)
    (network,) = module.networks
    composition = Composition(base, [module])
    ids, mask = batch(base, rows=2, length=6, seed=2)
    expected = Composition(base)
    hooks = []
    for (layer, name), site in base.shape.linear.items():
        linear = expected.encoder.get_submodule(site.weight.removesuffix(".weight"))
        key = f"{layer}/{name.replace('.', '/')}"
        if name in ("attention.key", "attention.value"):
            hooks.append(linear.register_forward_hook(_scaled(network.outputs[key], site)))
        if name == "ffn.down":
            scale = network.inputs[key]
            hooks.append(linear.register_forward_pre_hook(lambda _, args, scale=scale: (args[0] * scale,)))
    assert len(hooks) == 3 * base.shape.layers
    with torch.no_grad():
        assert (composition(ids, mask) - expected(ids, mask)).abs().max() < 1e-5


def _scaled(scale, site):
    def hook(module, arguments, output):
        rows = torch.ones(output.shape[-1])
        rows[site.start : site.stop] = scale
        return output * rows

    return hook
