"""What every command shares: exit statuses, threads, progress, printing of results."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xling.errors import XlingError

if TYPE_CHECKING:
    pass

Seed = Annotated[int, typer.Option("--seed", help="Decides everything random.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda or cuda:N.")]
Precision = Annotated[
    str, typer.Option("--precision", help="What predictions are computed in: float32 or bfloat16.")
]
Threads = Annotated[
    int,
    typer.Option("--threads", help="Processor threads; 0 takes OMP_NUM_THREADS, or else all cores.", min=0),
]
Format = Annotated[
    str,
    typer.Option("--format", help="Of the file: auto, conll, conllu, tsv, csv, jsonl, json (SQuAD) or text."),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start over; ignore checkpoints and finished stages.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no remarks on stderr.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_TYPERS_INTERRUPT = 130  # what an app returns that was interrupted; in older releases it is Abort


def tag(value: str | None) -> str | None:
    """A language's tag as it is written here; told at the door, before anything slow is imported."""
    from xling.languages import UNKNOWN, parse

    return value if value in (None, UNKNOWN) else parse(value)


def kind_name(value: str) -> str:
    """A value of `--kind`; told at the door too."""
    from xling.modules.names import PRESET_NAMES

    PRESET_NAMES.named(value, where="--kind")
    return value


def task_name(value: str | None) -> str | None:
    """A value of `--task`; told at the door too."""
    from xling.tasks.registry import TASKS

    if value is not None:
        TASKS.named(value, where="--task")
    return value


def run_app(app: typer.Typer) -> int:
    """Run the command line; errors of the family become one line on stderr."""
    try:
        status = app(prog_name="xling", standalone_mode=False) or 0
        if status == _TYPERS_INTERRUPT:
            raise KeyboardInterrupt
    except XlingError as error:
        print(f"xling: {error}", file=sys.stderr)
        return error.exit_status
    except (KeyboardInterrupt, typer.Abort):
        print("xling: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 1
    except Exception as error:
        return _other(error)
    return status


def _other(error: Exception) -> int:
    """Click's own usage errors, a full disk, and what nobody foresaw (with `XLING_DEBUG`, its traceback)."""
    show = getattr(error, "format_message", None)
    if show is not None:
        command = getattr(getattr(error, "ctx", None), "command_path", "xling")
        if text := show():  # there is none where the help stands already
            print(f"xling: {text.removesuffix('.')}; see {command} --help", file=sys.stderr)
        return 2
    if os.environ.get("XLING_DEBUG"):
        raise error
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"xling: {type(error).__name__}: {text} (XLING_DEBUG=1 shows where)", file=sys.stderr)
    return 1


def set_threads(threads: int) -> None:
    """Let torch use so many threads; for 0 what the environment says, or else all cores."""
    import torch

    if threads or "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads or os.cpu_count() or 1)


def say(quiet: bool) -> Callable[[str], None]:
    """Remarks on stderr, or silence."""
    return (lambda text: None) if quiet else (lambda text: print(text, file=sys.stderr, flush=True))


def bars(quiet: bool) -> bool:
    """Whether progress bars are wanted: on a terminal."""
    return not quiet and sys.stderr.isatty()


@contextmanager
def counted(title: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """What hears how much is done, and of how much: a progress bar on a terminal, or nobody."""
    if not bars(quiet):
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def print_result(value: Any, *, as_json: bool) -> None:
    """JSON, or a table of rows, or key and value; what there is not leaves its cell empty."""
    if as_json:
        print(json.dumps(value, ensure_ascii=False, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    rows = value if isinstance(value, list) else [{"": key, " ": item} for key, item in value.items()]
    names = list(rows[0] if rows else ())
    table = Table(*names, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in names))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
