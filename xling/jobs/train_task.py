"""Training a task module from files: labelled data, what a plan says of texts, and the modules around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from xling.composition.contents import named, with_new
from xling.composition.forms.auto import spelled_out
from xling.composition.forms.form import Plan
from xling.composition.forms.single import NEW, Named
from xling.composition.forms.stack import stack
from xling.composition.grammar import parse as parse_plan
from xling.errors import InputError
from xling.jobs.from_files import from_files
from xling.jobs.train import Options, modules_in, name_of
from xling.languages import parse
from xling.makers.stage import Data, Stage
from xling.modules.module import Module
from xling.places import check_output_folder
from xling.store.store import Store
from xling.tasks.reading import read_input, read_labelled
from xling.tasks.registry import task_named
from xling.training.specs import Distillation, TaskTraining


@dataclass(frozen=True, kw_only=True)
class TaughtText:
    """Text without labels, and the plan that says what a new task module learns from it.

    teacher: a complete plan. store: the folder with its modules. text: files of one language, read as for
    `xling predict`.
    """

    teacher: str
    store: Path
    text: tuple[Path, ...]
    language: str

    def added(self, stage: Stage, out: Path) -> Stage:
        """Return the training of a task module in the folder `out` that also learns from the text."""
        tag, plan = parse(self.language), spelled_out(parse_plan(self.teacher), Store(self.store).names)
        rows = [
            example for path in self.text for example in read_input(path, task=str(stage.task), language=tag)
        ]
        return replace(
            stage,
            spec=Distillation(teacher=str(plan), **dict(stage.spec)),
            data={**stage.data, "text": from_files(rows, self.text)},
            modules={**stage.modules, **_named_in(plan, Store(self.store), out)},
        )


@dataclass(frozen=True, kw_only=True)
class Around:
    """The frozen modules around a new task module.

    plan: a plan in which `new` is the module that is trained; without it, that module is on top. store: the
    folder with the others.
    """

    plan: str
    store: Path

    def put(self, stage: Stage, out: Path) -> Stage:
        """Return the training of a task module in the folder `out`, in the plan."""
        store = Store(self.store)
        plan = with_new(spelled_out(parse_plan(self.plan), store.names))
        return replace(stage, plan=plan, modules={**stage.modules, **_named_in(plan, store, out)})


@dataclass(frozen=True, kw_only=True)
class TaskFiles:
    """The task and the training files of a task module.

    language_module: the folder of a language module that stays frozen below the new one. around: a plan of
    such modules, in its place. init: the folder of a task module to train further. taught: what a teacher
    labels, instead of labelled data or beside them.
    """

    task: str
    source_language: str
    train: Path | None = None
    dev: Path | None = None
    format: str = "auto"
    language_module: Path | None = None
    around: Around | None = None
    init: Path | None = None
    taught: TaughtText | None = None

    def stage(self, options: Options) -> Stage:
        """Return the training stage."""
        task, taught = task_named(self.task).name, self.taught
        if self.around is not None and self.language_module is not None:
            hint = "write the module into the plan: lang/swh >> new"
            raise InputError("give it or --plan", where="--language-module", hint=hint)
        data = {"train": self._labelled(self.train), "dev": self._labelled(self.dev)}
        below = {name_of(self.language_module): self.language_module} if self.language_module else {}
        stage = Stage(
            name=name_of(options.out),
            spec=options.told(TaskTraining),
            language=parse(self.source_language),
            task=task,
            data=data,
            modules=modules_in(options.out, init=self.init, **below),
            plan=stack(*map(Named, below), NEW),
            seed=options.seed,
        )
        stage = stage if self.around is None else self.around.put(stage, options.out)
        return stage if taught is None else taught.added(stage, options.out)

    def _labelled(self, path: Path | None) -> Data:
        if path is None:
            return Data()
        language = parse(self.source_language)
        rows = read_labelled(path, task=self.task, language=language, format=self.format)
        return from_files(rows, [path])


def _named_in(plan: Plan, store: Store, out: Path) -> dict[str, Module]:
    """Return the modules that a plan names, by name. Raises InputError when one is in the folder `out`."""
    names = [own for own in named(plan) if own != NEW]
    check_output_folder(out, *(store.folder(own.name) for own in names))
    return {str(own): store.get(own) for own in names}
