"""What peers compute with the modules that xling exported, and what comes back from them.

The fixtures are recorded by `record_composable_sft.py`, `record_peft.py` and `record_adapterhub_folders.py`.
"""

from __future__ import annotations

import pytest
from support.foreign_cases import (
    BASES,
    CASES,
    FIXTURES,
    TOLERANCE,
    computed,
    content,
    equal,
    furthest,
    module_of,
    read_fixture,
    recorded_base,
    unpacked,
)

from xling.modules.module import Module
from xling.store.formats.format import ImportRequest, parts_of
from xling.store.formats.registry import FORMATS

EVERY = [(format, case) for format in FORMATS for case in CASES[format]]


@pytest.fixture(scope="module", params=BASES)
def opened(request, tmp_path_factory):
    base, batch = recorded_base(request.param, tmp_path_factory.mktemp(request.param))
    return request.param, base, batch


def fixture_of(format: str, name: str):
    return read_fixture(
        FIXTURES / f"{format.replace('-', '_')}{'_folders' * (format == 'adapterhub')}_{name}.safetensors"
    )


@pytest.mark.parametrize(("format", "case"), EVERY)
def test_the_peer_computes_the_same_with_what_we_export(opened, format, case):
    name, base, batch = opened
    tensors, _ = fixture_of(format, name)
    module = module_of(base, format, case)
    expected = tensors[f"out/{case}/output"]
    found = computed(base, module, batch, module.facts.task)
    assert furthest(found, expected) < TOLERANCE
    plain = computed(base, Module((), module.facts), batch, None)
    assert module.facts.task or furthest(plain, expected) > 0.01


@pytest.mark.parametrize(("format", "case"), EVERY)
def test_the_export_is_what_the_peer_was_given(opened, format, case):
    name, base, _ = opened
    tensors, _ = fixture_of(format, name)
    prefix = f"out/{case}/file/"
    recorded = {key.removeprefix(prefix): unpacked(v) for key, v in tensors.items() if key.startswith(prefix)}
    written = FORMATS[format].write(module_of(base, format, case), base, case)
    assert recorded.keys() == written.keys()
    for file, data in recorded.items():
        assert equal(content(file, data), content(file, written[file])), file


@pytest.mark.parametrize(("format", "case"), EVERY)
def test_import_undoes_export(opened, format, case, tmp_path):
    _, base, _ = opened
    module = module_of(base, format, case)
    for file, data in FORMATS[format].write(module, base, case).items():
        (tmp_path / file).write_bytes(data)
    found = FORMATS[format].read(tmp_path, ImportRequest(base, module.facts.task, module.facts.labels))
    back = Module(parts_of(found, base, where=tmp_path), module.facts)
    assert found.labels == module.facts.labels
    assert [part.config for part in back.parts] == [as_stored(part) for part in module.parts]
    for one, other in zip(module.parts, back.parts, strict=True):
        assert equal(dict(one.network.state_dict()), dict(other.network.state_dict()))


def as_stored(part):
    """The configuration as far as foreign files hold it: how training starts and goes is our own matter."""
    if part.config.kind == "sparse":
        return part.config.model_copy(update={"k": part.network.count})
    return part.config


def test_every_case_is_recorded():
    for format in FORMATS:
        for name in BASES:
            tensors, _ = fixture_of(format, name)
            assert {key.split("/")[1] for key in tensors if key.startswith("out/")} == set(CASES[format])


def test_the_fixtures_stay_small():
    sizes = [path.stat().st_size for path in FIXTURES.glob("*.safetensors")]
    assert max(sizes) < 150_000 and sum(sizes) < 700_000
