"""Files that claim to be huge: what refusing them takes, beside reading honest ones of the kind."""

from __future__ import annotations

import gzip
import json
import os
import resource
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.making import disturbed
from support.tiny import tiny_base
from support.tiny_recipe import write_recipe

from xling.bases.base import load_base
from xling.corpora.cards import load_card
from xling.data.text import read_text
from xling.errors import InputError
from xling.modules.lexicon import Entry, Lexicon
from xling.modules.module import WEIGHTS, Facts, Module, Part
from xling.pipeline.loading import load_recipe
from xling.tasks.reading import read_labelled

SECONDS, MEGABYTES = 2.0, 100  # beyond what the honest one takes


@dataclass(frozen=True)
class Claim:
    """An honest file and one that claims to be huge, and what reads both."""

    honest: Path
    huge: Path
    read: Callable[[Path], Any]


def claims(folder: Path) -> Mapping[str, Claim]:
    """Make such files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    base = tiny_base("bert", folder / "base")
    module = disturbed(base, "bottleneck", std=0.01, seed=1).save(folder / "module")
    words = Lexicon.of([Entry("a", "b")], "eng")
    Module((Part(words.config, "lexicon", words),), Facts(language="swh")).save(folder / "lexicon")
    recipe = write_recipe(folder / "recipe", str(folder / "base"))
    card = folder / "recipe/spans.yaml"
    (folder / "a.txt").write_text("amina\n")
    (folder / "a.jsonl").write_text('{"text": "amina", "label": "a"}\n')
    found = {
        "wide module": _module(module, hidden=32768, layers=1024),
        "module of many numbers": _part(module, reduction_factor=1e-7),
        "lexicon": _part(folder / "lexicon", entries=10**12),
        "tensor": _tensor(module),
        "layers of a base": _config(folder / "base", num_hidden_layers=10**9),
        "width of a base": _config(folder / "base", hidden_size=10**7, intermediate_size=10**9),
        "vocabulary of a base": _config(folder / "base", vocab_size=10**10),
        "template of a card": _text(
            card, card.read_text().replace("{split}", "{split!r:>9999999999}"), load_card
        ),
        "aliases of a card": _text(card, _aliases() + card.read_text(), load_card),
        "aliases of a recipe": _text(recipe, _aliases() + recipe.read_text(), load_recipe),
        "gzip of one line": _packed(folder / "a.txt", b"\0" * 2**20, 4000, lambda path: read_text([path])),
        "gzip of lines": _packed(folder / "a.txt", b"ab\n" * 2**18, 4000, lambda path: read_text([path])),
        "gzip of rows": _packed(folder / "a.jsonl", b'{"text": "a", "label": "b"}\n' * 2**15, 1000, _rows),
        "line": _text(folder / "a.txt", "a" * 10**8, lambda path: read_text([path])),
    }  # fmt: skip
    return found


def judged(claim: Claim) -> list[str]:
    """Return what is wrong with how the huge one is refused."""
    refused, seconds, megabytes = measured(claim.read, claim.huge)
    honest, usual, least = measured(claim.read, claim.honest)
    faults = [] if honest == "read" else [f"the honest one is {honest}"]
    faults += [] if refused == "refused" else [f"it is {refused}"]
    faults += [f"{seconds - usual:.1f} s"] if seconds - usual > SECONDS else []
    return faults + ([f"{megabytes - least:.0f} MB"] if megabytes - least > MEGABYTES else [])


def measured(read: Callable[[Path], Any], path: Path) -> tuple[str, float, float]:
    """Return what became of a file in a process of its own, the seconds, and the peak of memory in MB."""
    out, into = os.pipe()
    if not (process := os.fork()):
        os.write(into, json.dumps(_tried(read, path)).encode())
        os._exit(0)
    os.waitpid(process, 0)
    os.close(into)
    with os.fdopen(out) as said:
        ended, seconds, megabytes = json.loads(said.read())
    return ended, seconds, megabytes


def _tried(read: Callable[[Path], Any], path: Path) -> tuple[str, float, float]:
    ended, started = "read", time.perf_counter()
    try:
        read(path)
    except InputError:
        ended = "refused"
    except BaseException as error:
        ended = f"{type(error).__name__}: {error}"[:300]
    seconds = time.perf_counter() - started
    return ended, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _rows(path: Path) -> None:
    read_labelled(path, task="classification", language="swh")


def _copied(folder: Path) -> Path:
    number = sum(own.name.startswith(f"{folder.name}-") for own in folder.parent.iterdir())
    copy = folder.with_name(f"{folder.name}-{number}")
    copy.mkdir()
    for own in folder.iterdir():
        (copy / own.name).write_bytes(own.read_bytes())
    return copy


def _claiming(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Claim:
    """A module whose header is changed: its description, and its tensors' places."""
    copy = _copied(folder)
    data = (folder / WEIGHTS).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    ((key, text),) = header["__metadata__"].items()
    described = json.loads(text)
    change(described, header)
    header["__metadata__"][key] = json.dumps(described)
    new = json.dumps(header).encode()
    (copy / WEIGHTS).write_bytes(struct.pack("<Q", len(new)) + new + data[8 + size :])
    with suppress(FileNotFoundError):
        (copy / "module.json").unlink()
    return Claim(folder, copy, Module.load)


def _module(folder: Path, **facts: int) -> Claim:
    return _claiming(folder, lambda described, header: _put(described, facts))


def _part(folder: Path, **settings: float) -> Claim:
    return _claiming(folder, lambda described, header: described["parts"][0]["config"].update(settings))


def _tensor(folder: Path) -> Claim:
    def change(described: dict[str, Any], header: dict[str, Any]) -> None:
        name = next(name for name in header if name != "__metadata__")
        header[name] |= {"shape": [2**40, 2**10], "data_offsets": [0, 2**52]}

    return _claiming(folder, change)


def _put(value: Any, facts: Mapping[str, int]) -> None:
    for own in _mappings(value):
        own.update({key: number for key, number in facts.items() if key in own})


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for own in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(own)


def _config(folder: Path, **values: int) -> Claim:
    copy = _copied(folder)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, **values}))
    return Claim(folder, copy, load_base)


def _text(honest: Path, content: str, read: Callable[[Path], Any]) -> Claim:
    number = sum(own.name.startswith("huge-") for own in honest.parent.iterdir())
    huge = honest.with_name(f"huge-{number}{honest.suffix}")
    huge.write_text(content)
    return Claim(honest, huge, read)


def _packed(honest: Path, block: bytes, times: int, read: Callable[[Path], Any]) -> Claim:
    number = sum(own.name.startswith("packed-") for own in honest.parent.iterdir())
    huge = honest.with_name(f"packed-{number}{honest.suffix}.gz")
    with gzip.open(huge, "wb", compresslevel=1) as file:
        for _ in range(times):
            file.write(block)
    return Claim(honest, huge, read)


def _aliases() -> str:
    rows = ["x0: &x0 [a, a, a, a, a, a, a, a]\n"]
    rows += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 8)}]\n" for n in range(1, 12)]
    return "".join(rows)
