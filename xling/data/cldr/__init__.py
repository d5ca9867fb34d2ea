"""CLDR as data: names in lists with gold spans, as text for MLM, and with their English names."""

from xling.data.cldr.catalogue import languages, names
from xling.data.cldr.harvest import TYPES
from xling.data.cldr.sentences import sentences, text, translated_lists, translations
from xling.data.cldr.splits import SPLITS

__all__ = ["SPLITS", "TYPES", "languages", "names", "sentences", "text", "translated_lists", "translations"]
