"""A language's own module below the task module, taught by labels that are carried over its own pairs.

The task module labels the English sides and stays as it is; the module learns to make it say the same of the
language's sides. So the pairs bring what the task needs of them, and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.ground import Ground
from lab.states import SHORT, Made, aligned, aligned_in_new_pieces, in_plans
from xling.composition.grammar import parse
from xling.makers.stage import Stage
from xling.training.specs import TaskTraining, TrainingSettings


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
        begun = {"init": self.begun(ground, language)} if self.begun else {}
        return Stage(
            name=f"lang/{language}/taught",
            spec=TaskTraining(kind="bottleneck", training=self.training),
            language=language,
            task=task.task,
            data={f"train/{language}": ground.carried_over(task, language)},
            modules={task.name: task, **begun},
            plan=parse(f"new >> {task.name}"),
            seed=task.seed,
        )


WAYS: dict[str, Taught] = {
    "taught": Taught(training=SHORT),
    "taught-aligned": Taught(training=SHORT, begun=aligned),
    "taught-pieces": Taught(training=SHORT, begun=aligned_in_new_pieces),
}


def _below_its_task(name: str) -> Made:
    return lambda ground, language, seed: WAYS[name].stage(ground, language, ground.task_module(seed))


TAUGHT = tuple(method for name in WAYS for method in in_plans(name, _below_its_task(name)))
