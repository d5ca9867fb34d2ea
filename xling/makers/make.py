"""The table of makers: the type of a stage's specification decides which function makes its module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xling.bases.base import Base
from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.makers.alignment import check_alignment, make_alignment
from xling.makers.centre import check_centre, make_centre
from xling.makers.hypernetwork import check_hypernetwork, make_hypernetwork
from xling.makers.language import check_language, make_language
from xling.makers.lexicon import check_lexicon, make_lexicon
from xling.makers.stage import ALONE, Session, Stage
from xling.makers.task import check_distilled, check_task, make_distilled, make_task
from xling.makers.vocabulary import check_vocabulary, make_vocabulary
from xling.modules.hypernetwork import Hypernetwork
from xling.modules.module import Module
from xling.modules.profile import Profile
from xling.training.specs import (
    AlignmentTraining,
    Centring,
    Distillation,
    HypernetworkTraining,
    LanguageTraining,
    LexiconBuild,
    Specification,
    TaskTraining,
    VocabularyBuild,
)

_OWN_TEXT = ("text", "pairs")  # data with sentences of the language itself; those of pairs come first


@dataclass(frozen=True)
class Maker:
    """The functions that check and make one type of stage.

    check: raises InputError for faults that can be found before a base is opened.
    make: returns the module of a stage; the base is None for a stage that needs none.
    """

    check: Callable[[Stage[Any]], None]
    make: Callable[[Any, Stage[Any], Session], Module]


MAKERS: Mapping[type[Specification], Maker] = {
    LanguageTraining: Maker(check_language, make_language),
    HypernetworkTraining: Maker(check_hypernetwork, make_hypernetwork),
    AlignmentTraining: Maker(check_alignment, make_alignment),
    Centring: Maker(check_centre, make_centre),
    TaskTraining: Maker(check_task, make_task),
    Distillation: Maker(check_distilled, make_distilled),
    VocabularyBuild: Maker(check_vocabulary, make_vocabulary),
    LexiconBuild: Maker(check_lexicon, make_lexicon),
}


def checked(stage: Stage) -> Stage:
    """Return the stage if it can be made.

    Raises InputError for faults that can be found before a base is opened.
    """
    init = stage.modules.get("init")
    shared = isinstance(init, Module) and any(isinstance(own, Hypernetwork) for own in init.networks)
    if shared and not isinstance(stage.spec, HypernetworkTraining):
        hint = "take xling train hypernetwork, or go on from what xling module generate writes of it"
        raise InputError(
            "a hypernetwork is trained for all its languages and tasks", where="--init", hint=hint
        )
    MAKERS[type(stage.spec)].check(stage)
    return stage


def make(base: Base | None, stage: Stage, session: Session = ALONE) -> Module:
    """Return the module of a stage. The modules that the stage depends on must already be made.

    The parameters of the result do not require gradients. A language module that is made from text or pairs
    keeps the profile of the language's sentences.
    """
    module = _profiled(MAKERS[type(stage.spec)].make(base, stage, session), stage)
    for network in module.networks:
        network.requires_grad_(False)
    return module


def _profiled(module: Module, stage: Stage) -> Module:
    if module.facts.language in (None, UNKNOWN):
        return module
    rows = (row for role in _OWN_TEXT for row in stage.rows(role))
    own = Profile.of([row if isinstance(row, str) else row[0] for row in rows])
    below = stage.module("init")
    known = below.facts.profile if below else ""
    return module.with_facts(profile=known if own is None else str(own))
