"""Structural copies: new modules around the same tensors."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def structural_copy(module: ModuleT) -> ModuleT:
    """A deep copy of a module tree that shares every parameter and buffer with the original.

    Adding hooks, replacing children or rebinding tensors in the copy leaves the original as it is;
    dropping the copy undoes everything.
    """
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)
