"""Every task by name."""

from __future__ import annotations

from xling.registry import Registry
from xling.tasks.classification import Classification
from xling.tasks.intent_slots import IntentSlots
from xling.tasks.multi_label import MultiLabel
from xling.tasks.multiple_choice import MultipleChoice
from xling.tasks.parsing import Parsing
from xling.tasks.pos import PartsOfSpeech
from xling.tasks.question_answering import QuestionAnswering
from xling.tasks.tagging import Tagging
from xling.tasks.task import Task

TASKS: Registry[Task] = Registry(
    "task",
    (
        (task.name, task)
        for task in (
            Tagging(),
            PartsOfSpeech(),
            Parsing(),
            IntentSlots(),
            Classification(),
            MultiLabel(),
            QuestionAnswering(),
            MultipleChoice(),
        )
    ),
)


def task_named(name: str, *, where: str = "--task") -> Task:
    """The task of a name; InputError lists the names."""
    return TASKS.named(name, where=where)
