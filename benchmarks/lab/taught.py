"""A language's own module below the task module, taught by labels that are carried over its own pairs.

The task module labels the English sides and stays as it is; the module learns to make it say the same of the
language's sides. So the pairs bring what the task needs of them, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab.ground import Ground
from lab.method import Method, Modules
from lab.states import PLANS, aligned, aligned_in_new_pieces
from xling.composition.forms.single import Named
from xling.composition.grammar import parse
from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.training.specs import Projection, TaskTraining, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class Taught:
    """How such a module is trained.

    training: the settings of the training loop.
    begun: the training that it goes on from, or None to begin anew.
    """

    training: TrainingSettings
    begun: Callable[[Ground, str], Stage] | None = None

    def stage(self, ground: Ground, language: str, task: Stage) -> Stage:
        """Return the training below a task module, in a language with pairs."""
        carried = Stage(
            name=f"{task.name}/carried-{language}",
            spec=Projection(),
            language=language,
            task=task.task,
            data={"pairs": ground.pairs(language)},
            modules={task.name: task},
            plan=Named(task.name),
            seed=task.seed,
        )
        begun = {"init": self.begun(ground, language)} if self.begun else {}
        return Stage(
            name=f"lang/{language}/taught",
            spec=TaskTraining(kind="bottleneck", training=self.training),
            language=language,
            task=task.task,
            data={f"train/{language}": carried},
            modules={task.name: task, **begun},
            plan=parse(f"new >> {task.name}"),
            seed=task.seed,
        )


_SHORT = TrainingSettings(epochs=1, learning_rate=5e-4, batch_tokens=1024)
WAYS: dict[str, Taught] = {
    "taught": Taught(training=_SHORT),
    "taught-aligned": Taught(training=_SHORT, begun=aligned),
    "taught-pieces": Taught(training=_SHORT, begun=aligned_in_new_pieces),
}


def _with(name: str, ending: str) -> Callable[[Ground, str, int], Modules]:
    """Return a function that returns the control's module, the one below it, and the lexicon if asked for."""
    _, lexicon = PLANS[ending]

    def of(ground: Ground, language: str, seed: int) -> Modules:
        task = ground.task_module(seed)
        found: dict[str, Stage | Module] = {f"task/{seed}": task}
        found[f"lang/{language}"] = WAYS[name].stage(ground, language, task)
        return found | ({f"words/{language}": lexicon(ground, language)} if lexicon else {})

    return of


def _methods() -> Iterator[Method]:
    for name in WAYS:
        for ending, (plan, _) in PLANS.items():
            yield Method(
                name=f"{name}{ending}",
                plan=lambda language, seed, plan=plan: plan.format(language=language, seed=seed),
                modules=_with(name, ending),
                suits=lambda ground, language: ground.has_pairs(language),
            )


TAUGHT = tuple(_methods())
