"""Whether a base's weights are all there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from xling.errors import InputError

_NAMED = 3


def check_weights(model: nn.Module, loading: Mapping[str, Any], source: str) -> None:
    """InputError for tensors that the files lack, that have another shape, or that hold NaN or infinity.

    loading: what `from_pretrained` tells of them; older releases give the names of mismatched tensors
    alone, newer ones their shapes too. Tensors that are tied to others may be missing.
    """
    _refuse(
        source,
        "lack",
        loading["missing_keys"],
        "get its files again, or mend the architectures in config.json",
    )
    odd = [name if isinstance(name, str) else name[0] for name in loading["mismatched_keys"]]
    _refuse(
        source, "do not have the shape that config.json says for", odd, "take the config.json they came with"
    )
    broken = [name for name, value in model.state_dict().items() if not _finite(value)]
    _refuse(source, "have values that are not finite in", broken, "get its files again")


def _refuse(source: str, fault: str, names: Iterable[str], hint: str) -> None:
    found = sorted(names)
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise InputError(
            f"the weights of the base {source!r} {fault} {', '.join(found[:_NAMED])}{more}",
            where="--base",
            hint=hint,
        )


def _finite(value: Tensor) -> bool:
    """Whether no value is NaN or infinite; both show in the extremes, at the cost of one reading."""
    return not value.is_floating_point() or bool(torch.isfinite(torch.stack(torch.aminmax(value))).all())
