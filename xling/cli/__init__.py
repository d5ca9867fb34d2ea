"""The command line: one Typer file per group of commands, which only parse and call `xling.jobs`.

Commands import torch and transformers inside their functions, so that every --help is quick.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the console script: exit status 0 is success, 2 bad input, 1 any other error."""
    from xling.cli.app import app
    from xling.cli.running import run_app

    sys.exit(run_app(app))
