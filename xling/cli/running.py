"""What all commands share: common options, exit statuses, threads, progress bars and printed results."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from xling.errors import InputError, XlingError
from xling.printable import one_line, printable
from xling.training.interrupting import handled

if TYPE_CHECKING:
    from rich.text import Text

Seed = Annotated[int, typer.Option("--seed", help="The seed of all random choices.", min=0, max=2**32 - 1)]
Device = Annotated[str, typer.Option("--device", help="The device to compute on: cpu, cuda or cuda:N.")]
Precision = Annotated[
    str, typer.Option("--precision", help="The precision of predictions: float32 or bfloat16.")
]
Threads = Annotated[
    int,
    typer.Option(
        "--threads",
        help="The number of CPU threads; 0 uses OMP_NUM_THREADS if it is set, otherwise all cores.",
        min=0,
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format", help="The format of the file: auto, conll, conllu, tsv, csv, jsonl, json (SQuAD) or text."
    ),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", help="Start again from the beginning; ignore checkpoints and finished stages."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress bars and no messages on stderr.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_GO_ON = ("run", "ablate", "train", "predict")  # the commands that keep what is done
_TYPERS_INTERRUPT = 130  # what Typer returns after an interrupt; older releases raise Abort


def tag(value: str | None) -> str | None:
    """Return a language tag in normal form. This checks it before any slow import."""
    from xling.languages import UNKNOWN, parse

    return value if value in (None, UNKNOWN) else parse(value)


def kind_name(value: str | None) -> str | None:
    """Return a value of `--kind` after checking it, before any slow import."""
    from xling.modules.names import PRESET_NAMES

    if value is not None:
        PRESET_NAMES.named(value, where="--kind")
    return value


def language_kind(value: str | None) -> str | None:
    """Return a value of `--kind` for a language module; some kinds are made without a training."""
    from xling.modules.names import MADE, PRESET_NAMES

    if value is not None and value not in MADE and value not in PRESET_NAMES:
        raise InputError(
            f"no {PRESET_NAMES.what} is called {value!r}", where="--kind", choices=(*MADE, *PRESET_NAMES)
        )
    return value


def aligner_name(value: str | None) -> str | None:
    """Return a value of `--aligner` after checking it."""
    from xling.training.specs import AlignerName

    if value is not None and value not in get_args(AlignerName):
        raise InputError(f"no aligner is called {value!r}", where="--aligner", choices=get_args(AlignerName))
    return value


def task_name(value: str | None) -> str | None:
    """Return a value of `--task` after checking it, before any slow import."""
    from xling.tasks.registry import TASKS

    if value is not None:
        TASKS.named(value, where="--task")
    return value


def method_name(value: str) -> str:
    """Return a value of `--method` after checking it, before any slow import."""
    from xling.weighing.registry import SEARCHES

    SEARCHES.named(value, where="--method")
    return value


def run_app(app: typer.Typer) -> int:
    """Run the command line and return its exit status; each XlingError becomes one line on stderr.

    SIGTERM, by which clusters end a job, is treated as Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may not have every script
            stream.reconfigure(errors="backslashreplace")
    try:
        with handled(signal.SIG_DFL, by=signal.default_int_handler, numbers=[signal.SIGTERM]):
            status = app(prog_name="xling", standalone_mode=False) or 0
        if status == _TYPERS_INTERRUPT:
            raise KeyboardInterrupt
    except XlingError as error:
        print(f"xling: {error}", file=sys.stderr)
        return error.exit_status
    except (KeyboardInterrupt, typer.Abort):
        print(f"xling: interrupted{_goes_on(sys.argv[1:])}", file=sys.stderr)
        return 1
    except Exception as error:
        return _other(error)
    return status


def _goes_on(words: Sequence[str]) -> str:
    """Return what is said of an interrupted command that keeps what is done."""
    if not words or words[0] not in _GO_ON:
        return ""
    which = "without --fresh, the same command" if "--fresh" in words else "the same command"
    return f"; {which} goes on where it stopped"


def _other(error: Exception) -> int:
    """Report an error that is not an XlingError: Click's usage errors and unexpected ones.

    With `XLING_DEBUG` set, an unexpected error is raised again to show its traceback.
    """
    show = getattr(error, "format_message", None)
    if show is not None:
        command = getattr(getattr(error, "ctx", None), "command_path", "xling")
        if text := show():  # it is empty when the help is already printed
            print(f"xling: {printable(text.removesuffix('.'))}; see {command} --help", file=sys.stderr)
        return 2
    if os.environ.get("XLING_DEBUG"):
        raise error
    text = one_line(str(error)) or type(error).__name__
    print(f"xling: {type(error).__name__}: {text} (XLING_DEBUG=1 shows where)", file=sys.stderr)
    return 1


def set_threads(threads: int) -> None:
    """Set the number of torch threads; 0 keeps OMP_NUM_THREADS if it is set, otherwise uses all cores."""
    import torch

    if threads or "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads or os.cpu_count() or 1)


def say(quiet: bool) -> Callable[[str], None]:
    """Return a function that prints a message on stderr, or does nothing when quiet."""
    if quiet:
        return lambda text: None
    return lambda text: print(printable(text), file=sys.stderr, flush=True)


def bars(quiet: bool) -> bool:
    """Return whether to show progress bars: on a terminal, unless quiet."""
    return not quiet and sys.stderr.isatty()


@contextmanager
def counted(title: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a callback `(done, total)` that updates a progress bar, or does nothing when no bar is shown."""
    if not bars(quiet):
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _cell(value: Any) -> Text:
    """Return a value as a cell that is text and no markup."""
    from rich.text import Text

    return Text("" if value is None else printable(str(value)))


def print_result(value: Any, *, as_json: bool) -> None:
    """Print a list of rows, or a dictionary, as a table or as JSON; None leaves a cell empty."""
    if as_json:
        unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        print(json.dumps(value, ensure_ascii=not unicode, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    rows = value if isinstance(value, list) else [{"": key, " ": item} for key, item in value.items()]
    names = list(rows[0] if rows else ())
    table = Table(*names, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
