"""Advice without labels: how a language is best read, from what its words and its pieces tell.

The first rule that applies decides. What the rules rest on was measured on topics (SIB-200), names
(MasakhaNER 2) and parts of speech (MasakhaPOS): docs/results.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xling.bases.base import Base
from xling.composition.contents import named
from xling.data.examples import Example, text_of
from xling.evaluation.results import (
    BOTH,
    CARRIED,
    CARRIED_VOTE,
    FEW,
    FEW_VOTE,
    GLOSS,
    HEADINGS,
    NONE,
    TARGET,
    VOTE,
    AdviceRow,
)
from xling.makers.stage import Stage
from xling.pipeline.planning import Asked, Planned
from xling.spelling import respelled
from xling.training.specs import AlignmentTraining, LanguageTraining, LexiconBuild
from xling.words.coverage import held, running_words

UNREAD = (
    0.3  # of the pieces: N'Ko, Dzongkha and Tifinagh have more, every script that the base reads has less
)
ENOUGH = 0.5  # of the running words: Tamasheq, with 54%, still won; nothing was measured with fewer
WHOLE = "classification"  # of whole texts: up to 99 labels beside the source's gave nothing without a gloss
HELPED = frozenset({"classification", "tagging"})  # tasks in which a gloss was measured to help
# the kinds of modules that learned from plain text and helped in a task, on a base with an MLM head; MAD-X's
# module is a bottleneck with one more part
TAUGHT: Mapping[str, frozenset[str]] = {
    "tagging": frozenset({"madx", "bottleneck", "lt-sft"}),
    "pos": frozenset({"lt-sft"}),
}


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What is known of a language without labels.

    task: the name of the task.
    conditions: the conditions under which the recipe reads the language.
    unread: the share of the pieces of the task's text that the base has no piece for.
    held: the share of its running words that the lexicon's sources hold, or None without a lexicon.
    taught: the kind of the language's module that has learned from plain text alone, on a base with an MLM
    head of its own; None where there is none.
    pieces: whether the language's module has learned from pairs over a vocabulary of its own pieces.
    """

    task: str
    conditions: frozenset[str]
    unread: float
    held: float | None
    taught: str | None = None
    pieces: bool = False


def advised(signals: Signals) -> tuple[str, str]:
    """Return the condition to use, and the reason as a sentence without a full stop."""
    offered, known = signals.conditions, signals.held or 0.0
    if signals.unread > UNREAD:
        for condition in (BOTH, GLOSS, TARGET):
            if condition in offered:
                return condition, f"the base cannot read {signals.unread:.0%} of the pieces of this text"
        return (
            NONE,
            f"the base cannot read {signals.unread:.0%} of the pieces, and the recipe has nothing else",
        )
    if FEW_VOTE in offered and known >= ENOUGH:
        return FEW_VOTE, "the recipe has labels of the language itself, and its words"
    if FEW in offered and signals.task != WHOLE:
        return FEW, "the recipe has labels of the language itself"
    if CARRIED in offered:
        glossed = CARRIED_VOTE in offered and known >= ENOUGH
        return CARRIED_VOTE if glossed else CARRIED, "labels carried over pairs gave most for words"
    if BOTH in offered and signals.pieces and signals.task in HELPED and known >= ENOUGH:
        return BOTH, "a module that has learned pieces of its words from pairs gave more than a gloss alone"
    if VOTE in offered and signals.task in HELPED and known >= ENOUGH:
        return VOTE, f"the lexicon's sources hold {known:.0%} of the running words"
    if TARGET in offered and signals.taught in TAUGHT.get(signals.task, ()):
        return TARGET, f"the base has an MLM head of its own, and there {signals.taught} on plain text helped"
    if VOTE in offered and signals.task not in HELPED:
        return NONE, f"a gloss was not measured to help in {signals.task}"
    if VOTE in offered:
        return NONE, f"the lexicon's sources hold {known:.0%} of the words, fewer than was measured"
    return NONE, "the base reads the script, and no module of states was measured to help here"


def advice(planned: Planned, base: Base) -> list[AdviceRow]:
    """Return which condition is recommended for each target of a recipe, with the reason and the plan."""
    asked: dict[str, dict[str, Asked]] = {}
    for own in planned.scores:
        asked.setdefault(own.stage.language, {}).setdefault(own.condition, own)
    rows = []
    for language, conditions in asked.items():
        if language == planned.source:
            continue
        lexicons = (name for name in _names(conditions) if name.startswith("words/"))
        lexicon = next((planned.modules[name] for name in lexicons), None)
        examples = conditions[NONE].stage.rows("test")
        signals = Signals(
            task=str(conditions[NONE].stage.task),
            conditions=frozenset(conditions),
            unread=unread(base, examples),
            held=None if lexicon is None else words_held(examples, lexicon),
            taught=None if base.mlm_head is None else _taught(conditions),
            pieces=any(_in_pieces(own) for own in _below(conditions)),
        )
        condition, reason = advised(signals)
        rows.append(
            AdviceRow(
                language=language,
                condition=condition,
                reading=HEADINGS[condition],
                plan=str(conditions[condition].stage.plan),
                reason=reason,
                unread=round(signals.unread, 3),
                held=None if signals.held is None else round(signals.held, 3),
            )
        )
    return rows


def recommended(planned: Planned, rows: Sequence[AdviceRow]) -> Planned:
    """Return a plan of a recipe that tests each language as recommended, and under the control.

    rows: what `advice` returned. Modules that no remaining plan names are left out.
    """
    best = {row.language: row.condition for row in rows}
    scores = [own for own in planned.scores if own.condition in (NONE, best.get(own.stage.language, NONE))]
    names = {str(own) for asked in scores for own in named(asked.stage.plan)}
    modules = {name: stage for name, stage in planned.modules.items() if name in names}
    return replace(planned, modules=modules, scores=scores)


def _taught(conditions: Mapping[str, Asked]) -> str | None:
    """Return the kind of a language's own module that comes straight from training on plain text, if any."""
    specs = (own.spec for own in _below(conditions))
    return next((spec.kind for spec in specs if isinstance(spec, LanguageTraining)), None)


def _in_pieces(own: Stage) -> bool:
    """Return whether a module is aligned with translations over a vocabulary of its own."""
    return isinstance(own.spec, AlignmentTraining) and bool(own.rows("pairs")) and "vocabulary" in own.modules


def _below(conditions: Mapping[str, Asked]) -> list[Stage]:
    """Return the modules that are made for a language's own reading, without a gloss."""
    below = conditions[TARGET].stage.modules.values() if TARGET in conditions else ()
    return [own for own in below if isinstance(own, Stage)]


def _names(conditions: dict[str, Asked]) -> list[str]:
    return [str(own) for asked in conditions.values() for own in named(asked.stage.plan)]


def unread(base: Base, examples: Sequence[Example]) -> float:
    """Return the share of the pieces of examples that the base has no piece for."""
    tokenizer = base.tokenizer
    pieces = tokenizer([text_of(own) for own in examples], add_special_tokens=False)["input_ids"]
    count = sum(map(len, pieces))
    return sum(row.count(tokenizer.unk_token_id) for row in pieces) / max(1, count)


def words_held(examples: Sequence[Example], lexicon: Stage[LexiconBuild]) -> float:
    """Return the share of the running words of examples that a lexicon's sources hold, accents aside."""
    spellings = lexicon.spec.spellings
    lines = [respelled(text_of(own), spellings) for own in examples]
    rows = (*lexicon.rows("pairs"), *lexicon.rows("dictionary"))
    known = running_words(respelled(row[0], spellings) for row in rows)
    return held(lines, known, holder="lexicon").without_marks
