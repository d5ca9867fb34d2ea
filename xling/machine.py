"""The versions of the installed packages, and how much memory the process has used."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

try:
    import resource
except ImportError:  # Windows does not have this module
    resource = None

_PACKAGES = ("xling", "torch", "transformers", "tokenizers", "safetensors", "babel")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change results, by name."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def peak_rss_mb() -> float:
    """Return the peak memory of this process in MB, or 0 where the system does not report it."""
    if resource is None:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
