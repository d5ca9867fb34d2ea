"""Making a lexicon from parallel sentences, a dictionary, or both; the dictionary's words come first."""

from __future__ import annotations

from xling.bases.base import Base
from xling.errors import InputError
from xling.makers.stage import Session, Stage
from xling.modules.lexicon import Entry, Lexicon
from xling.modules.module import Module, Part
from xling.spelling import listed, respelled
from xling.training.specs import LexiconBuild
from xling.words.learning import learned_entries


def check_lexicon(stage: Stage[LexiconBuild]) -> None:
    """Raise InputError when there are neither pairs nor a dictionary."""
    if not stage.rows("pairs") and not stage.rows("dictionary"):
        raise InputError(
            "a lexicon is learned from pairs or read from a dictionary",
            where="--pairs",
            hint="give --pairs FILE, --lexicon FILE, or both",
        )


def make_lexicon(base: Base | None, stage: Stage[LexiconBuild], session: Session) -> Module:
    """Make the lexicon of a stage; no base is needed.

    The stage's data are sentences with their translations (`pairs`) and entries as (word, translation,
    weight) (`dictionary`). A word of the dictionary is not looked for in the pairs.

    Its scores count the entries and where they come from.
    """
    spec = stage.spec
    pairs = [(respelled(own, spec.spellings), other) for own, other in stage.rows("pairs")]
    given = [
        Entry(respelled(word, spec.spellings), translation, float(weight))
        for word, translation, weight in stage.rows("dictionary")
    ]
    known = {listed(entry.word) for entry in given}
    learned = [
        entry
        for entry in (learned_entries(pairs, least=spec.least, aligner=spec.aligner) if pairs else [])
        if listed(entry.word) not in known
    ]
    entries = [*given, *learned]
    network = Lexicon.of(entries, spec.source, romanised=spec.romanised, spellings=spec.spellings)
    scores = {
        "entries": network.config.entries,
        "from_dictionary": len(known),
        "from_pairs": len(learned),
        "repeated_in_dictionary": len(given) - len(known),
    }
    return Module((Part(network.config, "lexicon", network),), stage.facts(None), scores)
