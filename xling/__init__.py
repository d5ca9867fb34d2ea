"""xling: language modules, task modules and vocabularies for languages the big models serve badly.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Base": "xling.bases.base",
    "load_base": "xling.bases.base",
    "Module": "xling.modules.module",
    "TrainingSettings": "xling.training.specs",
    "Store": "xling.store.store",
    "LanguageTraining": "xling.training.specs",
    "AlignmentTraining": "xling.training.specs",
    "TaskTraining": "xling.training.specs",
    "VocabularyBuild": "xling.training.specs",
    "Session": "xling.makers.stage",
    "train_language": "xling.api",
    "align_language": "xling.api",
    "build_vocabulary": "xling.api",
    "train_task": "xling.api",
    "compose": "xling.makers.composed_model",
    "ComposedModel": "xling.makers.composed_model",
    "merge": "xling.jobs.merge",
    "register": "xling.jobs.registration",
    "read_text": "xling.data.text",
    "TaggedSentence": "xling.data.examples",
    "LabelledText": "xling.data.examples",
    "MultiLabelledText": "xling.data.examples",
    "Utterance": "xling.data.examples",
    "Choice": "xling.data.examples",
    "Question": "xling.data.examples",
    "ParsedSentence": "xling.data.examples",
}
__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from xling.api import align_language as align_language
    from xling.api import build_vocabulary as build_vocabulary
    from xling.api import train_language as train_language
    from xling.api import train_task as train_task
    from xling.bases.base import Base as Base
    from xling.bases.base import load_base as load_base
    from xling.data.examples import Choice as Choice
    from xling.data.examples import LabelledText as LabelledText
    from xling.data.examples import MultiLabelledText as MultiLabelledText
    from xling.data.examples import ParsedSentence as ParsedSentence
    from xling.data.examples import Question as Question
    from xling.data.examples import TaggedSentence as TaggedSentence
    from xling.data.examples import Utterance as Utterance
    from xling.data.text import read_text as read_text
    from xling.jobs.merge import merge as merge
    from xling.jobs.registration import register as register
    from xling.makers.composed_model import ComposedModel as ComposedModel
    from xling.makers.composed_model import compose as compose
    from xling.makers.stage import Session as Session
    from xling.modules.module import Module as Module
    from xling.store.store import Store as Store
    from xling.training.specs import AlignmentTraining as AlignmentTraining
    from xling.training.specs import LanguageTraining as LanguageTraining
    from xling.training.specs import TaskTraining as TaskTraining
    from xling.training.specs import TrainingSettings as TrainingSettings
    from xling.training.specs import VocabularyBuild as VocabularyBuild


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'xling' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
