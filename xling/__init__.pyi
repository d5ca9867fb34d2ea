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

__version__: str
