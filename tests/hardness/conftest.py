"""The inputs of the commands, which take seconds to make."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardness.commands import inputs


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return inputs(tmp_path_factory.mktemp("hard") / "files")
