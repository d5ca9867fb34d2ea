"""Running the command line inside the test process."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    def refused(self, *words: str) -> None:
        """Status 2 and one line on stderr with all these words, no traceback."""
        assert self.status == 2, (self.status, self.out, self.err)
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in lines[0], (word, lines[0])


class Shell:
    """`shell("train", "language", ...)` runs `xling train language ...`."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def __call__(self, *words: object) -> Ended:
        from xling.cli.app import app
        from xling.cli.running import run_app

        self.monkeypatch.setattr(sys, "argv", ["xling", *map(str, words)])
        self.capsys.readouterr()
        status = run_app(app)
        captured = self.capsys.readouterr()
        return Ended(status, captured.out, captured.err)
