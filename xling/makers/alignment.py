"""Making a language module from parallel text, by the alignment objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.errors import InputError
from xling.makers.language import check_acts, check_given, started, warn_of_unknown
from xling.makers.stage import Session, Stage
from xling.modules.module import Module
from xling.training.alignment import Alignment, Pairs, sentence_vectors
from xling.training.specs import AlignmentTraining, TrainingSettings

_HELD_OUT = 200


def check_alignment(stage: Stage[AlignmentTraining]) -> None:
    """Raise InputError when the kind is unknown or a head alone, or when there are fewer than two pairs."""
    check_acts(stage.spec)
    check_given(stage)
    if (count := len(stage.rows("pairs"))) < 2:
        raise InputError(f"{count} pairs cannot be aligned", where="--parallel", hint="give more of them")


def make_alignment(base: Base, stage: Stage[AlignmentTraining], session: Session) -> Module:
    """Train the language module of a stage on pairs of sentences.

    The last pairs are held out: a tenth of them, but 200 at most. The module's scores are the percentages of
    these whose translation is found among all of them, before and after training.
    """
    spec, pairs, init = stage.spec, stage.rows("pairs"), stage.module("init")
    held = min(_HELD_OUT, len(pairs) // 10)
    module = started(base, stage, stage.facts(base))
    around = stage.composed(base)
    tokenizer = around(module).tokenizer(stage.language)
    encoded = _encoded(base, tokenizer, pairs, spec.training)
    warn_of_unknown(encoded.rows, tokenizer, stage.language, session.say)
    learned = Pairs(encoded.rows[: len(pairs) - held], encoded.source[: len(pairs) - held])
    kept = Pairs(encoded.rows[len(pairs) - held :], encoded.source[len(pairs) - held :])
    before = retrieved(around(module), kept, stage.language)

    def objective_of(trained: Module) -> Alignment:
        return Alignment(around(trained), learned, spec, seed=stage.seed, language=stage.language)

    module, _ = stage.trained(module, base, session, objective_of)
    scores = {
        **(init.scores if init else {}),
        "retrieved_before": before,
        "retrieved_after": retrieved(around(module), kept, stage.language),
        "held_out_pairs": held,
        "train_pairs": len(learned.rows),
    }
    return replace(module, scores=scores)


@torch.no_grad()
def retrieved(composition: Composition, pairs: Pairs, language: str) -> float | None:
    """Return the percentage of sentences whose nearest source sentence is their own translation.

    Returns None when there are no pairs.
    """
    if not pairs.rows:
        return None
    wanted = sentence_vectors(Composition(composition.base), pairs.source)
    found = sentence_vectors(composition, pairs.rows, language=language)
    nearest = torch.nn.functional.normalize(found, dim=-1) @ torch.nn.functional.normalize(wanted, dim=-1).T
    right = nearest.argmax(1) == torch.arange(len(found), device=found.device)
    return round(100 * float(right.float().mean()), 2)


def _encoded(
    base: Base, tokenizer: Any, pairs: Sequence[tuple[str, str]], settings: TrainingSettings
) -> Pairs:
    """Return one row per sentence. A long sentence is cut, so that both sides have equally many rows."""
    longest = min(settings.max_length, base.max_length)
    own, source = ([pair[side] for pair in pairs] for side in (0, 1))
    return Pairs(_rows(tokenizer, own, longest), _rows(base.tokenizer, source, longest))


def _rows(tokenizer: Any, lines: Sequence[str], longest: int) -> list[list[int]]:
    return tokenizer(list(lines), truncation=True, max_length=longest)["input_ids"]
