"""Every initialiser by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from xling.registry import Registry
from xling.vocabulary.initialisers.start import Request, Start

NAMES = ("moments", "subwords", "overlap", "factorised", "similarity", "bilingual", "translated", "romanised")
INITIALISERS: Registry[Callable[[Request], Start]] = Registry(
    "initialiser", ((name, import_module(f"xling.vocabulary.initialisers.{name}").start) for name in NAMES)
)
