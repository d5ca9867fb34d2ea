"""What numbers depend on: the memory of this process."""

from __future__ import annotations

import subprocess
import sys

from xling.machine import peak_rss_mb

ELSEWHERE = """
import sys
sys.modules["resource"] = None  # as on Windows
from xling.machine import peak_rss_mb
print(peak_rss_mb())
"""


def test_the_memory_of_a_process_that_holds_torch():
    assert 50 < peak_rss_mb() < 1_000_000


def test_memory_is_unknown_where_the_system_does_not_tell():
    ended = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True)
    assert ended.stdout == "0.0\n", ended.stderr
