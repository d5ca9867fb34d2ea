"""A stage: one thing to be made, as a value; from it follow what made a module and whose a folder is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from xling import __version__
from xling.bases.base import Base
from xling.bases.fingerprints import of_tensors
from xling.bases.precision import chosen_precision
from xling.composition.composed import Composition, base_facts
from xling.composition.contents import grow, named
from xling.composition.forms.form import Plan
from xling.composition.forms.single import Named
from xling.corpora.licences import strictest
from xling.data.examples import fingerprint
from xling.modules.module import Facts, Module
from xling.training.loop import Objective, Outcome
from xling.training.phases import Course, train_module
from xling.training.reporting import Reporter, Silent
from xling.training.specs import ModuleTraining, Specification

Say = Callable[[str], None]
NEW = Named("new")  # in the plan of a training: what learns
_NO_MATTER = {"training": {"checkpoint_every"}}  # settings that change nothing of what is learned


@dataclass(frozen=True, kw_only=True)
class Session:
    """How something is made: where checkpoints go, and who hears of steps and of remarks."""

    checkpoints: Path | None = None
    reporter: Reporter = field(default_factory=Silent)
    say: Say = lambda text: None


ALONE = Session()


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Rows that something is made from: examples, lines, or pairs of lines.

    card: the data card or the file that they come from. licence: its licence, by its short name.
    """

    rows: Sequence[Any] = ()
    card: str = ""
    licence: str | None = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the content of the rows, in their order."""
        return fingerprint(["\t".join(row) if isinstance(row, tuple) else row for row in self.rows])


NOTHING = Data()


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """One thing to be made: by which settings, from which data, on top of what.

    name: in a store, such as `lang/swh`. language: the tag of what it learns from or is tested on. task:
    the task's name, if it has one. data: by what it is for, such as `text` and `held_out`. modules: the
    stages or modules that it goes on from, by role (`init`, `vocabulary`), and those of the plan, by name.
    plan: what acts while it learns; `new` stands in it for what learns. recipe: the text of the recipe.
    """

    name: str
    spec: Specification
    language: str
    task: str | None = None
    data: Mapping[str, Data] = field(default_factory=dict)
    modules: Mapping[str, Stage | Module] = field(default_factory=dict)
    plan: Plan = NEW
    seed: int = 0
    recipe: str = ""

    def rows(self, role: str) -> Sequence[Any]:
        """The rows that are for something; none where nothing was given for it."""
        return self.data.get(role, NOTHING).rows

    def module(self, role: str) -> Module | None:
        """The module of a role; None where there is none. The stages below must be made by now."""
        found = self.modules.get(role)
        assert not isinstance(found, Stage), f"{role} of {self.name} is not made yet"
        return found

    def below(self, name: str) -> Module:
        """A module of the plan."""
        found = self.module(name)
        assert found is not None, f"{self.name} has no {name}"
        return found

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What is settled before anything is computed, in the words of a module's facts, ready for JSON."""
        making = {
            **_described(self.spec),
            "plan": str(self.plan),
            "data": {role: data.fingerprint for role, data in self.data.items()},
            "modules": {role: _content(below) for role, below in self.modules.items()},
        }
        tag = {"task": self.task, "source": self.language} if self.task else {"language": self.language}
        return {**tag, "seed": self.seed, "making": making}

    def key(self, base: Base) -> str:
        """SHA-256 of everything that the result depends on: 64 hex digits."""
        made = [type(self.spec).__name__, self.spec.revision, base.fingerprint, base.tokenizer_fingerprint]
        below = {role: stage.key(base) for role, stage in self.modules.items() if isinstance(stage, Stage)}
        text = json.dumps([made, self.identity, below], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def facts(self, base: Base, **changes: Any) -> Facts:
        """The facts of the module that comes of it."""
        spec, used = self.spec, {data.card: data for data in self.data.values() if data.card}
        licences = [data.licence for data in used.values() if data.licence]
        device = str(base.encoder.device)
        trains = isinstance(spec, ModuleTraining)
        return base_facts(
            base,
            **self.identity,
            below=tuple((name, _content(self.modules[name])) for name in self.beneath),
            recipe=self.recipe,
            cards=tuple((name, data.fingerprint) for name, data in used.items()),
            licence=strictest(licences) if licences else None,
            precision=chosen_precision(spec.training.precision, device) if trains else None,
            threads=torch.get_num_threads(),
            xling_version=__version__,
            **changes,
        )

    @property
    def title(self) -> str:
        """What its module is called in a store."""
        return "/".join(self.name.split("/")[:2])

    def completed(self, described: Mapping[str, Any]) -> dict[str, Any]:
        """A module's facts, with today's defaults of the settings that earlier versions did not have."""
        if not (making := described.get("making")):
            return dict(described)
        today = _described(type(self.spec).model_construct())
        settings = {**today.get("settings", {}), **making.get("settings", {})}
        filled = {**today, "plan": str(NEW), **making, **({"settings": settings} if settings else {})}
        return {**described, "making": filled}

    @property
    def beneath(self) -> list[str]:
        """The names in its plan, without what learns."""
        return [str(own) for own in named(self.plan) if own != NEW]

    def composed(self, base: Base) -> Callable[[Module], Composition]:
        """What composes the base with the plan around a module that learns; the others stay as they are."""
        resting = {name: _at_rest(self.below(name)) for name in self.beneath}

        def around(trained: Module) -> Composition:
            found = {**resting, str(NEW): trained}
            return Composition(base, grow(self.plan, lambda own: found[str(own)]))

        return around

    def trained(
        self, module: Module, base: Base, session: Session, objective_of: Callable[[Module], Objective]
    ) -> tuple[Module, Outcome]:
        """The module, trained by the stage's settings; kinds that learn where to act do so in a fresh one."""
        assert isinstance(self.spec, ModuleTraining)
        course = Course(
            shape=base.shape,
            objective_of=objective_of,
            settings=self.spec.training,
            checkpoints=session.checkpoints,
            reporter=session.reporter,
        )
        module, outcome = train_module(module, course, choose="init" not in self.modules)
        return module.with_facts(steps=outcome.steps), outcome


def _described(spec: Specification) -> dict[str, Any]:
    """A specification in the words of a module's facts, ready for JSON."""
    found = spec.model_dump(mode="json", exclude=_NO_MATTER)
    return {("settings" if key == "training" else key): value for key, value in found.items()}


def module_fingerprint(module: Module) -> str:
    """SHA-256 over a module's tensors by their names on disk."""
    return of_tensors(module.tensors().items())


def _content(below: Stage | Module) -> str:
    """A module by its content; of a stage that is not made yet, whose key says it, its name."""
    return below.name if isinstance(below, Stage) else module_fingerprint(below)


def _at_rest(module: Module) -> Module:
    """The module, or a copy of it where an optimizer could still reach its parameters."""
    if not any(value.requires_grad for network in module.networks for value in network.parameters()):
        return module
    resting = module.continued(module.facts)
    for network in resting.networks:
        network.requires_grad_(False)
    return resting
