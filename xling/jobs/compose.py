"""A base under a plan, ready to predict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor

from xling.bases.opening import Base
from xling.composition.attach import Composition
from xling.composition.plan import Plan, parse
from xling.data.examples import Example, LabelledText, TaggedSentence
from xling.errors import InputError, PlanError
from xling.jobs.train_task import head_of
from xling.languages import parse as parse_tag
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.inference import predict
from xling.tasks.registry import task_named

Text = str | Sequence[str] | Example


class ComposedModel:
    """A base, a plan and the task of its topmost module. The base stays as it is."""

    def __init__(self, base: Base, plan: Plan, modules: Sequence[Module]) -> None:
        if not modules or modules[-1].part("head") is None:
            raise PlanError(
                f"the plan {str(plan)!r} ends in no task module, so there is nothing to predict",
                where="--plan",
                hint="write for example lang/swh >> task/ner",
            )
        self.base, self.plan, self.modules = base, plan, tuple(modules)
        self.composition = Composition(base, modules)
        self.composition.train(False)
        facts = modules[-1].facts
        self.task, self.labels = task_named(str(facts.task)), facts.labels
        self.head = head_of(modules[-1]).eval()

    def logits(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Scores of labels for padded rows."""
        return self.head(self.composition(ids, mask), mask)

    def predict(self, inputs: Iterable[Text], *, language: str | None = None) -> list[dict[str, Any]]:
        """A JSON-ready row per input: a text, a list of tokens, a (premise, hypothesis) pair, an example."""
        tag = parse_tag(language) if language else "und"
        examples = [self._example(item, str(number), tag) for number, item in enumerate(inputs)]
        return predict(self.task, examples, self.logits, self.base, self.labels)

    def _example(self, item: Text, number: str, language: str) -> Example:
        if isinstance(item, TaggedSentence | LabelledText):
            return item
        if self.task.name == "tagging":
            if isinstance(item, str):
                raise InputError(
                    f"tagging takes lists of tokens, not the text {item[:40]!r}",
                    where="predict",
                    hint="split it first, for example with xling.data.text.words",
                )
            return TaggedSentence(tuple(item), None, number, language)
        first, pair = (item, None) if isinstance(item, str) else item
        return LabelledText(first, None, number, language, pair)


def compose(base: Base, plan: str | Plan, *, store: Store) -> ComposedModel:
    """Look a plan's names up and put them on the base.

    Raises PlanError for a plan that cannot be read, InputError for an unknown name, MismatchError for
    a module of another base.
    """
    value = parse(plan) if isinstance(plan, str) else plan
    return ComposedModel(base, value, store.resolve(value))
