"""Writes the modules of `foreign_cases` as foreign folders, for the `record_*.py` scripts to open.

Run it in xling's own environment, from the repository's root:

    PYTHONPATH=tests python tests/interop/export_for_peers.py exports

It makes `exports/BASE/FORMAT/CASE/`. Then run the `record_*.py` of the format with `--exports exports`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from support.foreign_cases import BASES, CASES, module_of, recorded_base

from xling.store.formats.registry import FORMATS


def main(out: Path) -> None:
    """Every case of every format on every base."""
    for name in BASES:
        with tempfile.TemporaryDirectory() as folder:
            base, _ = recorded_base(name, Path(folder))
        for format, cases in CASES.items():
            for case in cases if format in FORMATS else ():
                target = out / name / format / case
                target.mkdir(parents=True)
                for file, data in FORMATS[format].write(module_of(base, format, case), base, case).items():
                    (target / file).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
