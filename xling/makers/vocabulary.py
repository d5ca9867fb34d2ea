"""A vocabulary module from text: pieces learned, vectors started, and said how each of them was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from xling.bases.base import Base
from xling.data.text import deduplicate
from xling.errors import InputError
from xling.languages import parse
from xling.makers.language import ALONE, Run, Say, facts_of
from xling.modules.module import Module
from xling.vocabulary.checking import check_text
from xling.vocabulary.diagnosis.losses import Loss, losses
from xling.vocabulary.draft import Draft, part_of, split
from xling.vocabulary.extending import extend
from xling.vocabulary.initialisers.registry import INITIALISERS
from xling.vocabulary.initialisers.start import Request, served
from xling.vocabulary.replacing import replace, respelled
from xling.vocabulary.surface import describe
from xling.vocabulary.trimming import trim

METHODS = ("extend", "replace", "trim")
FACTOR_RANK = 100  # of UNKs Everywhere
_NAMED, _COMPOSED = 3, {"type": "NFC"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a vocabulary shall be.

    method: `extend`, `replace` or `trim`. size: of the learned pieces; chosen by the text when None.
    init: how new vectors start. rank: of factorised vectors; None stores each in full (100 where `init`
    is `factorised`). protect: lines whose splits an extension leaves as they are. source_lines,
    dictionary, pairs: for initialisers that need them. mixed: other scripts in the text are meant.
    spellings: strings and what a replaced tokenizer reads in their place, in this order.
    Raises InputError for an unknown method or initialiser.
    """

    method: str = "replace"
    size: int | None = None
    init: str = "similarity"
    rank: int | None = None
    protect: Sequence[str] = ()
    source_lines: Sequence[str] = ()
    dictionary: Sequence[tuple[str, str]] = ()
    pairs: Sequence[tuple[str, str]] = ()
    mixed: bool = False
    spellings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"no method {self.method!r}", where="--method", choices=METHODS)
        INITIALISERS.named(self.init, where="--init")
        if self.spellings and self.method != "replace":
            raise InputError(
                f"{self.method} keeps the base's own tokenizer, which every language reads by",
                where="spellings",
                hint="--method replace takes them",
            )

    @property
    def width(self) -> int | None:
        """The rank that is stored."""
        return FACTOR_RANK if self.rank is None and self.init == "factorised" else self.rank


def build_vocabulary(
    base: Base, texts: Sequence[str], *, language: str, wanted: Wanted | None = None, run: Run = ALONE
) -> Module:
    """Make a vocabulary module of a language; its scores say what was served by what.

    Raises InputError for a text that nothing can be learned from, or a size that it cannot support.
    """
    tag, wanted = parse(language), wanted or Wanted()
    check_text(texts, tag, mixed=wanted.mixed)
    lines = deduplicate(texts)
    harmful = losses(base.tokenizer, lines).harmful
    _warn_of(harmful, wanted.method, run.say)
    draft = _METHODS[wanted.method](base, lines, wanted, bool(harmful))
    rows = split(draft.opened(), lines)
    table, rank = base.embeddings.detach(), wanted.width
    vectors, shares = torch.zeros(0, base.shape.hidden), []
    if draft.new:
        request = Request(
            base=base,
            draft=draft,
            lines=lines,
            source_lines=wanted.source_lines,
            dictionary=wanted.dictionary,
            pairs=wanted.pairs,
            rank=rank or FACTOR_RANK,
            seed=run.seed,
        )
        start = INITIALISERS[wanted.init](request)
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
        "init": wanted.init if draft.new else None,
        "served": shares,
    }
    return Module((part,), facts_of(base, run, language=tag), scores)


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


def _normalizer(base: Base, wanted: Wanted, harmed: bool) -> dict[str, Any] | None:
    """What stands in place of the base's; None where the base's own will do."""
    if not wanted.spellings:
        return _COMPOSED if harmed else None
    return respelled(_COMPOSED if harmed else describe(base.tokenizer).get("normalizer"), wanted.spellings)


# harmed: whether the base's normaliser loses something; then a new tokenizer composes only (NFC)
_Method = Callable[[Base, Sequence[str], Wanted, bool], Draft]
_METHODS: Mapping[str, _Method] = {
    "extend": lambda base, lines, wanted, harmed: extend(base, lines, wanted.size, protect=wanted.protect),
    "replace": lambda base, lines, wanted, harmed: replace(
        base, lines, wanted.size, normalizer=_normalizer(base, wanted, harmed)
    ),
    "trim": lambda base, lines, wanted, harmed: trim(base, lines),
}
