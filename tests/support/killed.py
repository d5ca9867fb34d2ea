"""A training that is cut off: a reporter that ends it after some steps, as Ctrl-C does."""

from __future__ import annotations

from xling.training.reporting import Silent, Tick


class Killed(Silent):
    """A reporter that ends a training after some steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def tick(self, tick: Tick) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
