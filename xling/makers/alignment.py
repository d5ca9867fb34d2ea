"""Making a language module by the alignment objective, from parallel text or from text and its own gloss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.errors import InputError
from xling.makers.language import check_acts, check_given, started, warn_of_unknown
from xling.makers.linked_words import linked_words
from xling.makers.stage import Session, Stage
from xling.modules.lexicon import Lexicon
from xling.modules.module import Module
from xling.tasks.rewriting import rewritten_text
from xling.training.alignment import Alignment, Pairs, sentence_vectors
from xling.training.specs import AlignmentTraining

_HELD_OUT, GLOSS = 200, "gloss"


def check_alignment(stage: Stage[AlignmentTraining]) -> None:
    """Raise InputError when the kind is unknown or a head alone, or when there are fewer than two pairs."""
    check_acts(stage.spec)
    check_given(stage)
    if stage.rows("text") and GLOSS not in stage.modules:
        raise InputError("text without translations is aligned with its gloss", where=f"--{GLOSS}")
    if (count := len(stage.rows("pairs")) + len(stage.rows("text"))) < 2:
        raise InputError(f"{count} pairs cannot be aligned", where="--parallel", hint="give more of them")


def make_alignment(base: Base, stage: Stage[AlignmentTraining], session: Session) -> Module:
    """Train the language module of a stage on pairs of sentences, or of sentences and their glosses.

    The last pairs are held out: a tenth of them, but 200 at most. The module's scores are the percentages of
    these whose translation is found among all of them, before and after training.
    """
    spec, pairs, init = stage.spec, _pairs(stage), stage.module("init")
    held = min(_HELD_OUT, len(pairs) // 10)
    module = started(base, stage, stage.facts(base))
    around = stage.composed(base)
    tokenizer = around(module).tokenizer(stage.language)
    encoded = _encoded(base, tokenizer, pairs, spec)
    warn_of_unknown(encoded.rows, tokenizer, stage.language, session.say)
    learned, kept = encoded[: len(pairs) - held], encoded[len(pairs) - held :]
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


def _pairs(stage: Stage[AlignmentTraining]) -> list[tuple[str, str]]:
    """Return the pairs of a stage, and each line of its text with its gloss where that has other words.

    Raises InputError when the module that glosses is no lexicon.
    """
    pairs, gloss = list(stage.rows("pairs")), stage.module(GLOSS)
    if gloss is None:
        return pairs
    lexicons = [network for network in gloss.networks if isinstance(network, Lexicon)]
    if not lexicons:
        kinds = " + ".join(part.config.kind for part in gloss.parts)
        hint = "make one with xling train language --kind lexicon"
        raise InputError(f"a {kinds} module is no lexicon", where=f"--{GLOSS}", hint=hint)
    read = (
        (line, rewritten_text(line, partial(lexicons[0].rewritten, language=stage.language)))
        for line in stage.rows("text")
    )
    return pairs + [(line, said) for line, said in read if said != line]


def _encoded(base: Base, tokenizer: Any, pairs: Sequence[tuple[str, str]], spec: AlignmentTraining) -> Pairs:
    """Return one row per sentence. A long sentence is cut, so that both sides have equally many rows."""
    longest = min(spec.training.max_length, base.max_length)
    own, source = (
        of(
            [pair[side] for pair in pairs],
            truncation=True,
            max_length=longest,
            return_offsets_mapping=bool(spec.words),
        )
        for side, of in enumerate((tokenizer, base.tokenizer))
    )
    links = linked_words(pairs, own["offset_mapping"], source["offset_mapping"]) if spec.words else ()
    return Pairs(own["input_ids"], source["input_ids"], links)
