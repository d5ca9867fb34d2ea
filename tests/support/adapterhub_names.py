"""The masked-LM head of the library `adapters` as one of ours."""

from __future__ import annotations

from torch import Tensor, nn

from xling.bases.mlm_head import MLMHead

Tensors = dict[str, Tensor]


def mlm_head(tensors: Tensors, *, norm_eps: float) -> MLMHead:
    """The library's masked-LM head: dense, gelu, norm, decoder under the numbers 0, 2 and 3."""
    by_number = {name.split(".", 2)[2]: value for name, value in tensors.items()}
    decoder = by_number["3.weight"]
    hidden = decoder.shape[1]
    transform = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.LayerNorm(hidden, eps=norm_eps))
    transform.load_state_dict({name: value for name, value in by_number.items() if name[0] != "3"})
    return MLMHead(transform, decoder, by_number["3.bias"])
