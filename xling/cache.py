"""Where xling keeps what it derives once: converted bases, fitted heads, fingerprints."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir(*parts: str) -> Path:
    """A folder of the user's cache: `XLING_CACHE`, else `$XDG_CACHE_HOME/xling`, else `~/.cache/xling`."""
    chosen = os.environ.get("XLING_CACHE")
    root = (
        Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xling"
    )
    return root.joinpath(*parts)
