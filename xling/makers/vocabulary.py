"""Making a vocabulary module from text: pieces are chosen, and their vectors are initialised."""

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
from xling.vocabulary.letters import called
from xling.vocabulary.pieces import Draft, describe, part_of, split
from xling.vocabulary.replacing import replace, respelling
from xling.vocabulary.trimming import trim

_NAMED, _COMPOSED = 3, {"type": "NFC"}


def check_vocabulary(stage: Stage[VocabularyBuild]) -> None:
    """Raise InputError when the initialiser is unknown, or when nothing can be learned from the text."""
    INITIALISERS.named(stage.spec.init, where="--init")
    check_text(stage.rows("text"), stage.language, mixed=stage.spec.mixed)


def make_vocabulary(base: Base, stage: Stage[VocabularyBuild], session: Session) -> Module:
    """Make the vocabulary of a stage. Its scores tell which share of the new pieces was initialised how.

    The stage's data are lines of text (`text`) and lines that an extension must split as before (`protect`).
    Some initialisers need more: lines (`source_text`), pairs of words (`dictionary`), or sentences with their
    translations (`pairs`).

    Raises InputError when the text cannot support the size asked for.
    """
    spec = stage.spec
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
    """Warn of letters that the base's normaliser removes or replaces, and say what becomes of them."""
    if harmful:
        named = ", ".join(called(loss.character) for loss in harmful[:_NAMED])
        kept = "the new tokenizer keeps them" if method == "replace" else "--method replace would keep them"
        say(f"warning: the base's normaliser loses letters or joiners of this text ({named}); {kept}")


def _log_prior(draft: Draft, rows: Sequence[Sequence[int]]) -> Float[Tensor, " new"]:
    """Return the log frequency of each new piece in the rows of a text, with add-one smoothing."""
    found = torch.as_tensor([number for row in rows for number in row])
    counts = torch.bincount(found, minlength=len(draft.pieces)) + 1.0
    return torch.log(counts / counts.sum())[len(draft.kept) :]


def _normalizer(base: Base, spellings: Mapping[str, str], harmed: bool) -> dict[str, Any] | None:
    """Return the normaliser that replaces the base's, or None if the base's own is kept."""
    if not spellings:
        return _COMPOSED if harmed else None
    return respelling(_COMPOSED if harmed else describe(base.tokenizer).get("normalizer"), spellings)


# The last argument says whether the base's normaliser harms the text; a new tokenizer then applies NFC only.
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
