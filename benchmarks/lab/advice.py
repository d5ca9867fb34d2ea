"""The method that `xling advise` would choose for a language of a suite, without its labels."""

from __future__ import annotations

from collections.abc import Mapping

from lab.ground import Ground
from lab.methods import METHODS, Method
from lab.papers import LT_SFT, MAD_X, Paper
from xling.evaluation.results import BOTH, CARRIED, CARRIED_VOTE, FEW, FEW_VOTE, GLOSS, NONE, TARGET, VOTE
from xling.pipeline.advising import Signals, advised, unread, words_held

ADVISED = "advised"
_READINGS: Mapping[str, str] = {  # by the condition of recipes
    NONE: "none",
    GLOSS: "gloss",
    VOTE: "vote",
    BOTH: "aligned-pieces-text",
}
_FEW: Mapping[str, str] = {"classification": "joined", "tagging": "after"}  # as recipes join them
_TAUGHT: Mapping[str, Paper] = {"pos": LT_SFT}  # whose module of plain text is taken, where not MAD-X's
_CARRIED: Mapping[str, str] = {"tagging": "carried-gently"}  # trained as recipes/_base/carried_ner.yaml


def chosen(ground: Ground, language: str) -> Method:
    """Return the method that is advised among those that suit a language."""
    examples, task = ground.scored(language).rows, ground.task.name
    carried = _CARRIED.get(task, "carried")
    paper = _TAUGHT.get(task, MAD_X)
    readings = {**_READINGS, TARGET: f"{paper.name}-own", CARRIED: carried, CARRIED_VOTE: f"{carried}-vote"}
    if labels := ground.suite.labels:
        few = f"{_FEW[task]}-{labels}"
        readings |= {FEW: few, FEW_VOTE: f"{few}-vote"}
    suiting = {own: METHODS[name] for own, name in readings.items()}
    suiting = {own: method for own, method in suiting.items() if method.suits(ground, language)}
    paired = ground.has_pairs(language)
    held = words_held(examples, ground.lexicon(language)) if paired else None
    base = ground.workshop.bench.opened
    signals = Signals(
        task=task,
        conditions=frozenset(suiting),
        unread=unread(base, examples),
        held=held,
        taught=None if base.mlm_head is None else paper.language.kind,
        pieces=paired,
    )
    return suiting[advised(signals)[0]]
