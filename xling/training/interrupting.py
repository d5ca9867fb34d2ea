"""Delaying Ctrl-C until the end of a training step, when the learned values are complete and can be saved.

The same holds for SIGTERM, by which clusters end a job, where the command line treats it as Ctrl-C.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Handler = Callable[[int, Any], Any] | signal.Handlers
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether an interrupt came, such as Ctrl-C. A second one interrupts at once.

    Nothing changes outside the main thread, where Python handles no signals. Nothing changes either for a
    signal that has another handler or is ignored, as under `nohup`.
    """
    noted: list[int] = []

    def note(number: int, frame: object) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    with handled(signal.default_int_handler, by=note):
        yield lambda: bool(noted)


@contextmanager
def handled(before: Handler, *, by: Handler, numbers: Iterable[int] = INTERRUPTS) -> Iterator[None]:
    """Give the signals that have a handler another one meanwhile; nothing changes outside the main thread."""
    main = threading.current_thread() is threading.main_thread()
    changed = [number for number in numbers if main and signal.getsignal(number) is before]
    for number in changed:
        signal.signal(number, by)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, before)
