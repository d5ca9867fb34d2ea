"""CLDR as data: lists of names with gold spans, and text for MLM, in every language with enough names."""

from xling.data.cldr.catalogue import languages, names
from xling.data.cldr.harvest import TYPES
from xling.data.cldr.sentences import sentences, text
from xling.data.cldr.splits import SPLITS

__all__ = ["SPLITS", "TYPES", "languages", "names", "sentences", "text"]
