"""Hypernetworks from files: the job of `xling train hypernetwork`, and that of `xling module generate`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.data.text import read_text
from xling.errors import InputError
from xling.jobs.from_files import from_files
from xling.jobs.train import Options, modules_in, name_of
from xling.jobs.train_task import Around
from xling.languages import parse
from xling.makers.generated import generate
from xling.makers.hypernetwork import learned_in, shared_data
from xling.makers.stage import Data, Stage
from xling.places import check_empty
from xling.store.store import Store, put_new
from xling.tasks.reading import read_labelled
from xling.tasks.registry import TASKS
from xling.training.specs import HypernetworkTraining


@dataclass(frozen=True, kw_only=True)
class HypernetworkFiles:
    """The training files of a hypernetwork.

    text: `tag=path` for each language. train, dev: `task=path` for each task. source_language: the language
    of labelled data. format: that of labelled data. init: the folder of a hypernetwork to train further.
    around: a plan of frozen modules in which it is trained.
    """

    text: tuple[str, ...] = ()
    train: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    source_language: str | None = None
    format: str = "auto"
    init: Path | None = None
    around: Around | None = None

    def stage(self, options: Options) -> Stage:
        """Return the training stage."""
        if self.train and self.source_language is None:
            hint = "say --source-language TAG beside --train"
            raise InputError("labelled data have a language", where="--source-language", hint=hint)
        texts: dict[str, list[Path]] = {}
        for tag, path in _named("--text", self.text, "swh=FILE for each language"):
            texts.setdefault(parse(tag), []).append(path)
        train, dev = self._labelled("--train", self.train), self._labelled("--dev", self.dev)
        lines = {tag: from_files(read_text(paths), paths) for tag, paths in texts.items()}
        modules = modules_in(options.out, init=self.init)
        source = parse(self.source_language) if self.source_language else None
        stage = Stage(
            name=name_of(options.out),
            spec=options.told(HypernetworkTraining),
            data=shared_data(lines, train, dev, options.seed),
            modules=modules,
            seed=options.seed,
            **learned_in(tuple(train), source, init=modules.get("init")),
        )
        return stage if self.around is None else self.around.put(stage, options.out)

    def _labelled(self, option: str, given: Iterable[str]) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for task, path in _named(option, given, "tagging=FILE for each task"):
            TASKS.named(task, where=option)
            if task in found:
                hint = "put the examples of a task into one file"
                raise InputError(f"{task} is there twice", where=option, hint=hint)
            language = parse(str(self.source_language))
            rows = read_labelled(path, task=task, language=language, format=self.format)
            found[task] = from_files(rows, [path])
        return found


def generate_to(
    store: Store, name: str, out: Path, *, language: str | None, task: str | None
) -> dict[str, Any]:
    """Write what a hypernetwork of a store generates into a new folder, and return a summary.

    Raises InputError as `generate` does, and for a folder that is in use.
    """
    check_empty(out)
    return put_new(generate(store.get(name), language=language, task=task), out)


def _named(option: str, given: Iterable[str], wanted: str) -> list[tuple[str, Path]]:
    """Return the name and the path of each `name=path`. Raises InputError for one without a name."""
    found = [text.partition("=") for text in given]
    for name, equals, path in found:
        if not (name and equals and path):
            raise InputError(
                f"{name + equals + path!r} says not what it is of",
                where=option,
                hint=f"write {option} {wanted}",
            )
    return [(name, Path(path)) for name, _, path in found]
