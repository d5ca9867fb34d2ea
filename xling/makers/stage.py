"""Stages as values: one thing to be made, from which its key and the facts of its module are computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from xling import __version__
from xling.bases.base import Base
from xling.bases.precision import chosen_precision
from xling.composition.composed import Composition
from xling.composition.contents import grow, named
from xling.composition.fitting import base_facts
from xling.composition.forms.drop import without_lowest
from xling.composition.forms.form import Plan
from xling.composition.forms.single import NEW
from xling.corpora.licences import strictest
from xling.data.examples import fingerprint
from xling.modules.facts import Descent, Facts
from xling.modules.module import Module
from xling.store.lineage import module_fingerprint
from xling.training.layer_drop import Composed, LayerDrop, check_layer_drop
from xling.training.loop import Objective, Outcome
from xling.training.phases import Course, train_module
from xling.training.reporting import Reporter, Silent
from xling.training.specs import ModuleTraining, Specification

Say = Callable[[str], None]
SpecT = TypeVar("SpecT", bound=Specification, covariant=True)
_NO_MATTER = {"training": {"checkpoint_every"}}  # settings that do not change the result


@dataclass(frozen=True, kw_only=True)
class Session:
    """How something is made.

    checkpoints: the folder for checkpoints, or None to keep none.
    reporter: the object that receives a report of each training step.
    say: a function that is called with each message to the user.
    """

    checkpoints: Path | None = None
    reporter: Reporter = field(default_factory=Silent)
    say: Say = lambda text: None


ALONE = Session()


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Rows that something is made from: examples, lines, or pairs of lines.

    card: the name of the data card or file that the rows come from.
    licence: the short name of its licence.
    id_space: the name of the set in which rows with one id, in different languages, are translations of each
    other; empty if there is none.
    descent: the files that the rows come from, and what else they descend from.
    """

    rows: Sequence[Any] = ()
    card: str = ""
    licence: str | None = None
    id_space: str = ""
    descent: Descent = Descent()

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the rows' content, in their order."""
        return fingerprint(["\t".join(row) if isinstance(row, tuple) else row for row in self.rows])


NOTHING = Data()


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage(Generic[SpecT]):
    """One thing to be made: with which settings, from which data, and on top of which modules.

    name: its name in a store, such as `lang/swh`.
    language: the tag of the language that it learns from or is tested on.
    task: the name of the task, or None.
    data: the data by purpose, such as `text` and `held_out`, or a stage that makes them. Data for `train/hau`
    join those for `train`.
    modules: stages or modules. Those that it starts from are found by role (`init`, `vocabulary`), those of
    the plan by name.
    plan: the modules that act during training; `new` stands for the module that is trained.
    recipe: the text of the recipe.
    """

    name: str
    spec: SpecT
    language: str
    task: str | None = None
    data: Mapping[str, Data | Stage] = field(default_factory=dict)
    modules: Mapping[str, Stage | Module] = field(default_factory=dict)
    plan: Plan = NEW
    seed: int = 0
    recipe: str = ""

    def given(self, role: str) -> Data:
        """Return the data for a purpose, or no data. A stage in their place must already be made."""
        found = self.data.get(role, NOTHING)
        assert isinstance(found, Data), f"{role} of {self.name} is not made yet"
        return found

    def rows(self, role: str) -> Sequence[Any]:
        """Return the rows for a purpose, or none; those for `train/hau` are among those for `train`."""
        parts = [own for own in self.data if own.startswith(f"{role}/")]
        if not parts:
            return self.given(role).rows
        return [row for own in (role, *parts) for row in self.given(own).rows]

    @property
    def beforehand(self) -> dict[str, Stage]:
        """The stages that must be made before this one: those of its data, then those of its modules."""
        below = (*self.data.items(), *self.modules.items())
        return {role: stage for role, stage in below if isinstance(stage, Stage)}

    def module(self, role: str) -> Module | None:
        """Return the module with a role or name, or None. A stage in its place must already be made."""
        found = self.modules.get(role)
        assert not isinstance(found, Stage), f"{role} of {self.name} is not made yet"
        return found

    def below(self, name: str) -> Module:
        """Return a module of the plan by its name."""
        found = self.module(name)
        assert found is not None, f"{self.name} has no {name}"
        return found

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The facts that are fixed before anything is computed, in the form of a module's facts."""
        making = {
            **_described(self.spec),
            "plan": str(self.plan),
            "data": {role: _content(data) for role, data in self.data.items()},
            "modules": {role: _content(below) for role, below in self.modules.items()},
        }
        tag = {"task": self.task, "source": self.language} if self.task else {"language": self.language}
        return {**tag, "seed": self.seed, "making": making}

    def key(self, base: Base | None) -> str:
        """Return the SHA-256 of everything that the result depends on, as 64 hexadecimal digits."""
        made = [type(self.spec).__name__, self.spec.revision]
        if self.spec.needs_base:
            assert base is not None, f"{self.name} needs a base"
            made += [base.fingerprint, base.tokenizer_fingerprint]
        below = {role: stage.key(base) for role, stage in self.beforehand.items()}
        text = json.dumps([made, self.identity, below], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    @property
    def descent(self) -> Descent:
        """What its result descends from. It is not part of the key: only the rows decide the result."""
        used = list(map(self.given, self.data))
        above = [module.facts.ancestry for module in map(self.module, self.modules) if module is not None]
        own = Descent.of(
            cards=(data.card for data in used), modules=self.identity["making"]["modules"].values()
        )
        return Descent.joined((own, *above, *(data.descent for data in used)))

    def facts(self, base: Base | None, **changes: Any) -> Facts:
        """Return the facts of the module that the stage makes.

        changes: further facts, by name.
        """
        spec, used = self.spec, [data for data in map(self.given, self.data) if data.card]
        licences = [data.licence for data in used if data.licence]
        device = str(base.encoder.device) if base else "cpu"
        trains = isinstance(spec, ModuleTraining)
        return base_facts(
            base if spec.needs_base else None,
            **self.identity,
            below=tuple((name, _content(self.modules[name])) for name in self.beneath),
            recipe=self.recipe,
            cards=tuple(dict.fromkeys((data.card, data.fingerprint) for data in used)),
            descent=self.descent,
            licence=strictest(licences) if licences else None,
            precision=chosen_precision(spec.training.precision, device) if trains else None,
            threads=torch.get_num_threads(),
            xling_version=__version__,
            **changes,
        )

    @property
    def title(self) -> str:
        """The name of its module in a store."""
        return "/".join(self.name.split("/")[:2])

    def completed(self, described: Mapping[str, Any]) -> dict[str, Any]:
        """Return a module's facts, with today's defaults for settings that earlier versions did not have."""
        if not (making := described.get("making")):
            return dict(described)
        today = _described(type(self.spec).model_construct())
        settings = {**today.get("settings", {}), **making.get("settings", {})}
        filled = {**today, "plan": str(NEW), **making, **({"settings": settings} if settings else {})}
        return {**described, "making": filled}

    @property
    def beneath(self) -> list[str]:
        """The names of the modules in the plan, without the module that is trained."""
        return [str(own) for own in named(self.plan) if own != NEW]

    def composed(self, base: Base) -> Callable[[Module], Composition]:
        """Return a function that composes the base with the plan around a module that is trained.

        The other modules of the plan are frozen.
        """
        return self.composed_in_turn(base, [self.plan])[0]

    def composed_in_turn(self, base: Base, plans: Sequence[Plan]) -> list[Callable[[Module], Composition]]:
        """Return such a function for each of the plans that take turns in the stage's plan."""
        resting = self._resting

        def around(plan: Plan, trained: Module) -> Composition:
            return Composition(base, _grown(plan, trained, resting))

        return [partial(around, plan) for plan in plans]

    @property
    def _resting(self) -> dict[str, Module]:
        """The other modules of the plan, frozen."""
        return {name: _at_rest(self.below(name)) for name in self.beneath}

    def _dropping(
        self: Stage[ModuleTraining], objective_of: Callable[[Module], Objective]
    ) -> Callable[[Module], Objective]:
        """Return a function to the same objective with layers left out, where the settings want it."""
        settings = self.spec.training
        if not settings.drop_layers:
            return objective_of
        resting = self._resting

        def dropping(trained: Module) -> Objective:
            inner = objective_of(trained)
            assert isinstance(inner, Composed), "an objective of several compositions"
            counts = range(settings.drop_layers + 1)
            plans = [_grown(without_lowest(self.plan, NEW, count), trained, resting) for count in counts]
            return LayerDrop(inner, plans, settings, seed=self.seed)

        return dropping

    def trained(
        self: Stage[ModuleTraining],
        module: Module,
        base: Base,
        session: Session,
        objective_of: Callable[[Module], Objective],
    ) -> tuple[Module, Outcome]:
        """Train a module with the stage's settings; return it with the outcome.

        A kind that first learns where to act does so only in a module that starts new.
        """
        check_layer_drop(module, self.spec.training.drop_layers)
        course = Course(
            shape=base.shape,
            objective_of=self._dropping(objective_of),
            settings=self.spec.training,
            checkpoints=session.checkpoints,
            reporter=session.reporter,
        )
        module, outcome = train_module(module, course, choose="init" not in self.modules)
        return module.with_facts(steps=outcome.steps), outcome


def _grown(plan: Plan, trained: Module, resting: Mapping[str, Module]) -> Plan:
    """Return a plan with its modules: the one in training, and the others, which rest."""
    found = {**resting, str(NEW): trained}
    return grow(plan, lambda own: found[str(own)])


def _described(spec: Specification) -> dict[str, Any]:
    """Return a specification under the names of a module's facts, ready for JSON."""
    found = spec.model_dump(mode="json", exclude=_NO_MATTER)
    return {("settings" if key == "training" else key): value for key, value in found.items()}


def _content(below: Stage | Module | Data) -> str:
    """Return the fingerprint of a module or of data, or the name of a stage that is not made yet.

    The content of such a stage is covered by its key.
    """
    if isinstance(below, Module):
        return module_fingerprint(below)
    return below.name if isinstance(below, Stage) else below.fingerprint


def _at_rest(module: Module) -> Module:
    """Return the module, or a frozen copy of it if any of its parameters requires gradients."""
    if not any(value.requires_grad for network in module.networks for value in network.parameters()):
        return module
    resting = module.continued(module.facts)
    for network in resting.networks:
        network.requires_grad_(False)
    return resting
