"""Random two-layer bases of every family: no network, no checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from support.shell import Shell
from support.tiny import FAMILY_NAMES, TEXTS, tiny_base

from xling.bases.base import Base

# machines are slow and shared: how long an example takes proves nothing
settings.register_profile("xling", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("xling")

# the tests themselves are spread over the cores
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(autouse=True, scope="session")
def _told_of_bfloat16() -> Iterator[None]:
    """`XLING_BFLOAT16=yes` or `no` has torch say that of the processor, whatever it is."""
    with pytest.MonkeyPatch.context() as patch:
        if told := os.environ.get("XLING_BFLOAT16"):
            say_of_bfloat16(patch, told == "yes")
        yield


def say_of_bfloat16(patch: pytest.MonkeyPatch, answer: bool) -> None:
    """Let torch say whether the processor has units for bfloat16."""
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        patch.setattr(torch.cpu, name, lambda: answer, raising=False)


@pytest.fixture(params=["with bfloat16", "without"])
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either kind of processor, on any machine: autocast works on all of them."""
    say_of_bfloat16(monkeypatch, request.param == "with bfloat16")
    return request.param


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is read from or left in the user's cache; all workers of a session share one."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    monkeypatch.setenv("XLING_CACHE", str(shared / "cache"))
    monkeypatch.delenv("XLING_DATA", raising=False)
    torch.manual_seed(0)
    yield


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Base]:
    """One tiny base of every family, saved and opened as a user's folder would be."""
    root = tmp_path_factory.mktemp("bases")
    return {name: tiny_base(name, root / name) for name in FAMILY_NAMES}


@pytest.fixture(params=FAMILY_NAMES)
def base(request: pytest.FixtureRequest, bases: dict[str, Base]) -> Base:
    """Each family in turn."""
    return bases[request.param]


@pytest.fixture
def bert(bases: dict[str, Base]) -> Base:
    """The BERT one, where the family does not matter."""
    return bases["bert"]


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """Plain text that the tiny tokenizer can read."""
    path = tmp_path / "text.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line."""
    return Shell(capsys, monkeypatch)
