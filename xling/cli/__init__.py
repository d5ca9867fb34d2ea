"""The shell: one Typer file per command group, a thin skin over `xling.jobs`.

torch and transformers are imported inside commands only, so that every --help is quick.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The console script: status 0 done, 2 the user's input is at fault, 1 anything else."""
    from xling.cli.app import app
    from xling.cli.running import run_app

    sys.exit(run_app(app))
