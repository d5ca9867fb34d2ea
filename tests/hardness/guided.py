"""Fuzz one target, guided by the code that mutations reach; `fuzzing.guided` starts this as a process."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]

with atheris.instrument_imports(include=["xling"]):
    from hardness.fuzzing import KEPT, TOLD, TOLD_IN
    from hardness.target import judged, tokens
    from hardness.targets import targets

MEMORY = 2 << 30  # bytes that reading a small file may add
MORE = 20000  # bytes that a mutation may add


def main(name: str, count: str, seed: str, folder: str) -> None:
    """Write the faults of a target, and end the process."""
    place = Path(folder)
    for own in ("stands", "read"):
        (place / own).mkdir()
    target = targets(place / "stands")[name]
    for number, data in enumerate(target.seeds):
        (place / "corpus" / str(number)).write_bytes(data)
        (place / "read" / target.file).write_bytes(data)
        target.read(place / "read" / target.file)  # without a limit, as it also imports what is used late
    faults: dict[str, str] = {}
    tried = 0

    def one(data: bytes) -> None:
        nonlocal tried
        tried += 1
        if (fault := judged(target, data, place / "read")) and len(faults) < KEPT:
            faults.setdefault(fault, f"{fault} <- {data[:300]!r}")
            tell()
        elif tried % TOLD == 0:
            tell()

    def tell() -> None:
        told = {"tried": tried, "faults": list(faults.values())}
        (place / TOLD_IN).write_text(json.dumps(told), encoding="utf-8")

    signs = ("".join(f"\\x{byte:02x}" for byte in word) for word in tokens() if len(word) < 60)
    (place / "signs.dict").write_text("".join(f'"{sign}"\n' for sign in signs))
    most = MEMORY + int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={count}",
            f"-seed={seed}",
            f"-max_len={max(map(len, target.seeds)) + MORE}",
            f"-dict={place / 'signs.dict'}",
            "-verbosity=0",
            str(place / "corpus"),
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
