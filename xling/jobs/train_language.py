"""A language module from plain text: hold out a slice, train by MLM, say what it gained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from xling import __version__
from xling.bases.mlm_head import MLMHead
from xling.bases.opening import Base
from xling.composition.attach import Composition, base_facts
from xling.data.text import deduplicate, hold_out
from xling.errors import InputError
from xling.jobs.mlm_heads import head_fingerprint, mlm_head
from xling.languages import parse
from xling.modules.module import Facts, Module
from xling.modules.registry import preset
from xling.training.mlm import MaskedLanguageModelling, encode_lines
from xling.training.phases import Course, train_module
from xling.training.pseudo_perplexity import LINES, PseudoPerplexity, pseudo_perplexity
from xling.training.reporting import Reporter, Silent
from xling.training.settings import TrainingSettings

DEFAULTS = TrainingSettings(epochs=3, learning_rate=1e-3, batch_tokens=1024)
UNKNOWN_SHARE_WARNED = 0.05
Say = Callable[[str], None]


@dataclass(frozen=True)
class Origin:
    """Where the data of a module came from, for its card: (name, checksum) of cards, licence, recipe text."""

    cards: tuple[tuple[str, str], ...] = ()
    licence: str | None = None
    recipe: str = ""


@dataclass(frozen=True)
class Run:
    """How one training is carried out: where checkpoints go, who hears of steps and of remarks."""

    seed: int = 0
    checkpoints: Path | None = None
    reporter: Reporter = field(default_factory=Silent)
    say: Say = lambda text: None
    origin: Origin = Origin()


ALONE = Run()


def train_language(
    base: Base,
    texts: Sequence[str],
    *,
    language: str,
    kind: str = "madx",
    options: Mapping[str, Any] | None = None,
    held_out: Sequence[str] | None = None,
    settings: TrainingSettings = DEFAULTS,
    run: Run = ALONE,
    init: Module | None = None,
) -> Module:
    """Train one language module on lines of text.

    held_out: lines for pseudo-perplexity; taken from `texts` when not given (200 at most, a tenth at most).
    init: a language module to go on from, such as the source language's; its kind counts then.
    Raises InputError for an unknown language or kind, or when no line is left to train on.
    """
    tag = parse(language)
    lines, kept = _split(texts, held_out, run.seed)
    rows = encode_lines(base.tokenizer, lines, min(settings.max_length, base.max_length))
    _warn_of_unknown(rows, base, tag, run.say)
    head = mlm_head(base, run.say)
    facts = facts_of(base, run, language=tag, mlm_head_fingerprint=head_fingerprint(head))
    module = init.continued(facts) if init else Module.fresh(preset(kind, options), base.shape, facts)
    before = _perplexity(Composition(base, [module]), head, kept)

    def objective_of(trained: Module) -> MaskedLanguageModelling:
        composition = Composition(base, [trained])
        return MaskedLanguageModelling(composition, head, rows, settings, seed=run.seed)

    course = Course(base.shape, objective_of, settings, run.checkpoints, run.reporter)
    module, outcome = train_module(module, course, choose=init is None)
    after = _perplexity(Composition(base, [module]), head, kept)
    scores = {
        "pseudo_perplexity_before": round(before.value, 3),
        "pseudo_perplexity_after": round(after.value, 3),
        "bits_per_character_before": round(before.bits_per_character, 4),
        "bits_per_character_after": round(after.bits_per_character, 4),
        "held_out_lines": len(kept),
        "train_lines": len(lines),
        "tokens_per_epoch": sum(map(len, rows)),
    }
    done = module.with_facts(steps=outcome.steps)
    return Module(done.parts, done.facts, scores)


def facts_of(base: Base, run: Run, **changes: Any) -> Facts:
    """The facts that every module trained here shares."""
    return base_facts(
        base,
        recipe=run.origin.recipe,
        cards=run.origin.cards,
        licence=run.origin.licence,
        seed=run.seed,
        threads=torch.get_num_threads(),
        xling_version=__version__,
        **changes,
    )


def _split(
    texts: Sequence[str], held_out: Sequence[str] | None, seed: int
) -> tuple[Sequence[str], Sequence[str]]:
    lines = deduplicate(texts)
    lines, kept = hold_out(lines, LINES, seed) if held_out is None else (lines, held_out)
    if not lines:
        raise InputError(
            f"no line is left to train on ({len(texts)} read)", where="--text", hint="give more text"
        )
    return lines, kept


def _perplexity(composition: Composition, head: MLMHead, lines: Sequence[str]) -> PseudoPerplexity:
    base = composition.base
    rows = encode_lines(base.tokenizer, lines, base.max_length) if lines else []
    return pseudo_perplexity(composition, head, rows, characters=sum(map(len, lines)))


def _warn_of_unknown(rows: Sequence[Sequence[int]], base: Base, language: str, say: Say) -> None:
    pieces = sum(len(row) - 2 for row in rows)
    unknown = sum(row.count(base.tokenizer.unk_token_id) for row in rows)
    share = unknown / max(1, pieces)
    if share > UNKNOWN_SHARE_WARNED:
        say(
            f"warning: the base cannot read {share:.0%} of the pieces of this {language} text; "
            "a module trained on it learns little before the vocabulary is extended"
        )
