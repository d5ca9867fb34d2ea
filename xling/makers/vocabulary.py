"""A vocabulary module from text: pieces learned, vectors started, and said how each of them was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from xling.bases.base import Base
from xling.data.text import deduplicate
from xling.makers.stage import Say, Session, Stage
from xling.modules.module import Module
from xling.training.specs import FACTOR_RANK, VocabularyBuild
from xling.vocabulary.diagnosis.losses import Loss, losses
from xling.vocabulary.extending import extend
from xling.vocabulary.initialisers.registry import INITIALISERS
from xling.vocabulary.initialisers.start import Request, served
from xling.vocabulary.learning import check_text
from xling.vocabulary.pieces import Draft, describe, part_of, split
from xling.vocabulary.replacing import replace, respelled
from xling.vocabulary.trimming import trim

_NAMED, _COMPOSED = 3, {"type": "NFC"}


def check_vocabulary(stage: Stage) -> None:
    """InputError for an unknown initialiser, and for a text that nothing can be learned from."""
    assert isinstance(stage.spec, VocabularyBuild)
    INITIALISERS.named(stage.spec.init, where="--init")
    check_text(stage.rows("text"), stage.language, mixed=stage.spec.mixed)


def make_vocabulary(base: Base, stage: Stage, session: Session) -> Module:
    """Make the vocabulary of a stage; its scores say what was served by what.

    Its data are lines of text; lines that an extension splits as before (`protect`); and what single
    initialisers need: `source_text` (lines), `dictionary` (pairs of words), `pairs` (a sentence and its
    translation). Raises InputError for a size that the text cannot support.
    """
    spec = stage.spec
    assert isinstance(spec, VocabularyBuild)
    lines = deduplicate(stage.rows("text"))
    harmful = losses(base.tokenizer, lines).harmful
    _warn_of(harmful, spec.method, session.say)
    draft = _METHODS[spec.method](base, lines, stage, spec, bool(harmful))
    rows = split(draft.opened(), lines)
    table, rank = base.embeddings.detach(), spec.width
    vectors, shares = torch.zeros(0, base.shape.hidden), []
    if draft.new:
        request = Request(
            base=base,
            draft=draft,
            lines=lines,
            source_lines=stage.rows("source_text"),
            dictionary=stage.rows("dictionary"),
            pairs=stage.rows("pairs"),
            rank=rank or FACTOR_RANK,
            seed=stage.seed,
        )
        start = INITIALISERS[spec.init](request)
        vectors, shares = start.vectors, served(draft, start, rows)
    part = part_of(draft, vectors, table, rank, bias=_log_prior(draft, rows))
    characters, after = sum(map(len, lines)), sum(map(len, rows))
    before = sum(map(len, split(base.tokenizer.backend_tokenizer, lines)))
    scores = {
        "method": draft.method,
        "pieces": len(draft.pieces),
        "new_pieces": len(draft.new),
        "characters_per_piece_before": round(characters / max(1, before), 3),
        "characters_per_piece_after": round(characters / max(1, after), 3),
        "init": spec.init if draft.new else None,
        "served": shares,
    }
    return Module((part,), stage.facts(base), scores)


def _warn_of(harmful: Sequence[Loss], method: str, say: Say) -> None:
    """Say what the base's normaliser takes from a text, and what becomes of that."""
    if harmful:
        named = ", ".join(f"{loss.code_point} {loss.name}" for loss in harmful[:_NAMED])
        kept = "the new tokenizer keeps them" if method == "replace" else "--method replace would keep them"
        say(f"warning: the base's normaliser loses letters or joiners of this text ({named}); {kept}")


def _log_prior(draft: Draft, rows: Sequence[Sequence[int]]) -> Float[Tensor, " new"]:
    """The log of how often each new piece stands in the rows of a text, one occurrence added."""
    found = torch.as_tensor([number for row in rows for number in row])
    counts = torch.bincount(found, minlength=len(draft.pieces)) + 1.0
    return torch.log(counts / counts.sum())[len(draft.kept) :]


def _normalizer(base: Base, spellings: Mapping[str, str], harmed: bool) -> dict[str, Any] | None:
    """What stands in place of the base's; None where the base's own will do."""
    if not spellings:
        return _COMPOSED if harmed else None
    return respelled(_COMPOSED if harmed else describe(base.tokenizer).get("normalizer"), spellings)


# harmed: whether the base's normaliser loses something; then a new tokenizer composes only (NFC)
_Method = Callable[[Base, Sequence[str], Stage, Any, bool], Draft]
_METHODS: Mapping[str, _Method] = {
    "extend": lambda base, lines, stage, spec, harmed: extend(
        base, lines, spec.size, protect=stage.rows("protect")
    ),
    "replace": lambda base, lines, stage, spec, harmed: replace(
        base, lines, spec.size, normalizer=_normalizer(base, spec.spellings, harmed)
    ),
    "trim": lambda base, lines, stage, spec, harmed: trim(base, lines),
}
