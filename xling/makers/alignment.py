"""A language module from parallel text: its states drawn to the base's states of the English side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.errors import InputError
from xling.languages import parse
from xling.makers.language import ALONE, Beginning, Run, facts_of, warn_of_unknown
from xling.makers.making import making_of
from xling.modules.module import Module
from xling.training.alignment import Alignment, Pairs, sentence_vectors
from xling.training.phases import Course, train_module
from xling.training.settings import TrainingSettings

DEFAULTS = TrainingSettings(epochs=3, learning_rate=1e-3, batch_tokens=1024)
_HELD_OUT = 200

SentencePair = tuple[str, str]


def align_language(
    base: Base,
    pairs: Sequence[SentencePair],
    *,
    language: str,
    kind: str = "bottleneck",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings = DEFAULTS,
    tokens: float = 0.0,
    run: Run = ALONE,
    init: Module | None = None,
    vocabulary: Module | None = None,
) -> Module:
    """Train one language module on pairs of (sentence in the language, the same in the source language).

    tokens: weight of the alignment of tokens, beside that of sentences. init: a language module to go on
    from, such as one that MLM made. The last pairs (200 at most, a tenth at most) are held out: the share
    of them that find their own translation among all is kept as a score.
    Raises InputError when there is no pair, or for an unknown language or kind.
    """
    tag = parse(language)
    check_pairs(pairs)
    held = min(_HELD_OUT, len(pairs) // 10)
    making = making_of(
        settings,
        kind=kind,
        options={**(options or {}), "tokens": tokens},
        data={"pairs": ["\t".join(pair) for pair in pairs]},
        modules={"init": init, "vocabulary": vocabulary},
    )
    facts = facts_of(base, run, settings, language=tag, making=making)
    module = Beginning(kind=kind, options=options, vocabulary=vocabulary, init=init).module(base, facts)
    encoded = _encoded(base, Composition(base, [module]).tokenizer(), pairs, settings)
    warn_of_unknown(encoded.rows, Composition(base, [module]).tokenizer(), tag, run.say)
    learned = Pairs(encoded.rows[: len(pairs) - held], encoded.source[: len(pairs) - held])
    kept = Pairs(encoded.rows[len(pairs) - held :], encoded.source[len(pairs) - held :])
    before = retrieved(Composition(base, [module]), kept)

    def objective_of(trained: Module) -> Alignment:
        return Alignment(Composition(base, [trained]), learned, settings, seed=run.seed, tokens=tokens)

    course = Course(
        shape=base.shape,
        objective_of=objective_of,
        settings=settings,
        checkpoints=run.checkpoints,
        reporter=run.reporter,
    )
    module, outcome = train_module(module, course, choose=init is None)
    scores = {
        **(init.scores if init else {}),
        "retrieved_before": before,
        "retrieved_after": retrieved(Composition(base, [module]), kept),
        "held_out_pairs": held,
        "train_pairs": len(learned.rows),
    }
    done = module.with_facts(steps=outcome.steps)
    return Module(done.parts, done.facts, scores)


def check_pairs(pairs: Sequence[SentencePair]) -> None:
    """InputError where there are too few pairs to align anything."""
    if len(pairs) < 2:
        raise InputError(
            f"{len(pairs)} pairs cannot be aligned", where="--parallel", hint="give more of them"
        )


@torch.no_grad()
def retrieved(composition: Composition, pairs: Pairs) -> float | None:
    """The share in percent of sentences whose nearest source sentence is their own translation."""
    if not pairs.rows:
        return None
    wanted = sentence_vectors(Composition(composition.base), pairs.source)
    found = sentence_vectors(composition, pairs.rows)
    nearest = torch.nn.functional.normalize(found, dim=-1) @ torch.nn.functional.normalize(wanted, dim=-1).T
    right = nearest.argmax(1) == torch.arange(len(found), device=found.device)
    return round(100 * float(right.float().mean()), 2)


def _encoded(base: Base, tokenizer: Any, pairs: Sequence[SentencePair], settings: TrainingSettings) -> Pairs:
    """One row a sentence: a long one is cut, so that the two sides stay together."""
    longest = min(settings.max_length, base.max_length)
    own, source = ([pair[side] for pair in pairs] for side in (0, 1))
    return Pairs(_rows(tokenizer, own, longest), _rows(base.tokenizer, source, longest))


def _rows(tokenizer: Any, lines: Sequence[str], longest: int) -> list[list[int]]:
    return tokenizer(list(lines), truncation=True, max_length=longest)["input_ids"]
