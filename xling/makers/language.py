"""A language module from plain text: hold out a slice, train by MLM, say what it gained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from xling import __version__
from xling.bases.base import Base
from xling.bases.mlm_head import MLMHead
from xling.bases.precision import chosen_precision
from xling.bases.soundness import check_mask
from xling.composition.composed import Composition, base_facts, check_fits
from xling.data.text import deduplicate, hold_out
from xling.errors import InputError
from xling.languages import parse
from xling.makers.making import making_of
from xling.makers.mlm_head import head_fingerprint, mlm_head
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


@dataclass(frozen=True, kw_only=True)
class Run:
    """How one training is carried out: where checkpoints go, who hears of steps and of remarks."""

    seed: int = 0
    checkpoints: Path | None = None
    reporter: Reporter = field(default_factory=Silent)
    say: Say = lambda text: None
    origin: Origin = Origin()


ALONE = Run()


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What a language module starts as: fresh of a kind, with a vocabulary if given; or `init` as it is."""

    kind: str = "madx"
    options: Mapping[str, Any] | None = None
    vocabulary: Module | None = None
    init: Module | None = None

    def module(self, base: Base, facts: Facts) -> Module:
        """The module before its training; MismatchError where what it begins with is of another base."""
        for given in filter(None, (self.init, self.vocabulary)):
            check_fits(given, base)
        if self.init is not None:
            return self.init.continued(facts)  # its vocabulary comes along
        fresh = Module.fresh(preset(self.kind, self.options), base.shape, facts)
        if self.vocabulary is None:
            return fresh
        return replace(fresh, parts=(*self.vocabulary.continued(facts).parts, *fresh.parts))


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
    vocabulary: Module | None = None,
) -> Module:
    """Train one language module on lines of text.

    held_out: lines for pseudo-perplexity; the texts are read as they are then. Without them repeats are
    dropped, and 200 lines at most, a tenth at most, are held out.
    init: a language module to go on from, such as the source language's; its kind counts then.
    vocabulary: a vocabulary to read with, which learns along and becomes part of the module.
    Raises InputError for an unknown language or kind, or when no line is left to train on.
    """
    tag = parse(language)
    check_mask(base.tokenizer)
    lines, kept = _split(texts, held_out, run.seed)
    head = mlm_head(base, run.say)
    making = making_of(
        settings,
        kind=kind,
        options=options,
        data={"text": texts, "held_out": held_out or ()},
        modules={"init": init, "vocabulary": vocabulary},
    )
    facts = facts_of(
        base, run, settings, language=tag, mlm_head_fingerprint=head_fingerprint(head), making=making
    )
    module = Beginning(kind=kind, options=options, vocabulary=vocabulary, init=init).module(base, facts)
    tokenizer = Composition(base, [module]).tokenizer()
    rows = encode_lines(tokenizer, lines, min(settings.max_length, base.max_length))
    warn_of_unknown(rows, tokenizer, tag, run.say)
    before = _perplexity(Composition(base, [module]), head, kept)

    def objective_of(trained: Module) -> MaskedLanguageModelling:
        composition = Composition(base, [trained])
        return MaskedLanguageModelling(composition, head, rows, settings, seed=run.seed, language=tag)

    course = Course(
        shape=base.shape,
        objective_of=objective_of,
        settings=settings,
        checkpoints=run.checkpoints,
        reporter=run.reporter,
    )
    module, outcome = train_module(module, course, choose=init is None)
    after = _perplexity(Composition(base, [module]), head, kept)
    scores = {
        **before.scores("before"),
        **after.scores("after"),
        "held_out_lines": len(kept),
        "held_out_unknown_pieces": after.unknown,
        "train_lines": len(lines),
        "tokens_per_epoch": sum(map(len, rows)),
    }
    done = module.with_facts(steps=outcome.steps)
    return Module(done.parts, done.facts, scores)


def facts_of(base: Base, run: Run, settings: TrainingSettings | None = None, **changes: Any) -> Facts:
    """The facts that every module made here shares. settings: of its training, if it is trained."""
    device = str(base.encoder.device)
    return base_facts(
        base,
        precision=chosen_precision(settings.precision, device) if settings else None,
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
    lines, kept = hold_out(deduplicate(texts), LINES, seed) if held_out is None else (texts, held_out)
    if not lines:
        raise InputError(
            f"no line is left to train on ({len(texts)} read)", where="--text", hint="give more text"
        )
    return lines, kept


def _perplexity(composition: Composition, head: MLMHead, lines: Sequence[str]) -> PseudoPerplexity:
    rows = encode_lines(composition.tokenizer(), lines, composition.base.max_length) if lines else []
    return pseudo_perplexity(composition, head, rows, characters=sum(map(len, lines)))


def warn_of_unknown(rows: Sequence[Sequence[int]], tokenizer: Any, language: str, say: Say) -> None:
    """Say so when much of a text cannot be read."""
    pieces = sum(len(row) - 2 for row in rows)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    share = unknown / max(1, pieces)
    if share > UNKNOWN_SHARE_WARNED:
        say(
            f"warning: {share:.0%} of the pieces of this {language} text cannot be read; a module "
            "trained on it learns little before it has a vocabulary (xling vocabulary build)"
        )
