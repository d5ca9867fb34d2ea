"""Masked language modelling of a composition, with logits at the masked positions only.

Devlin et al. 2019: 15% of pieces are targets; of those 80% become the mask, 10% another piece, 10% stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from xling.bases.batches import pad_rows
from xling.bases.mlm_head import Candidates, MLMHead, OwnPieces, narrowed
from xling.bases.precision import Precision, chosen_precision, computing_in
from xling.bases.tokenizers import blank_pieces, table_size
from xling.composition.composed import Composition
from xling.data.collation import BatchOrder
from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.training.specs import LanguageTraining

MASKED, REPLACED = 0.8, 0.1
OTHERS = 4096


def encode_lines(tokenizer: Any, lines: Sequence[str], max_length: int) -> list[list[int]]:
    """Rows of piece ids with the special ones around; a long line becomes several rows."""
    room = max_length - 2
    rows = []
    for ids in tokenizer(list(lines), add_special_tokens=False)["input_ids"]:
        for start in range(0, len(ids), room):
            rows.append([tokenizer.cls_token_id, *ids[start : start + room], tokenizer.sep_token_id])
    return rows


def pieces_of_nothing(rows: Sequence[Sequence[int]], tokenizer: Any) -> frozenset[int]:
    """The pieces that say nothing of a text: special ones, the unknown one among them, and blanks."""
    return blank_pieces(rows, tokenizer) | set(tokenizer.all_special_ids)


def maskable_rows(rows: Sequence[Sequence[int]], tokenizer: Any) -> list[Sequence[int]]:
    """The rows that have a piece to learn from; InputError where none is left."""
    nothing = pieces_of_nothing(rows, tokenizer)
    left = [row for row in rows if not nothing.issuperset(row)]
    if not left:
        raise InputError(
            f"the base reads none of this text ({len(rows)} lines of unknown or no pieces)",
            where="--text",
            hint="see xling vocabulary diagnose; xling vocabulary build makes a vocabulary that reads it",
        )
    return left


def corpus_pieces(rows: Sequence[Sequence[int]], tokenizer: Any) -> Int[Tensor, " pieces"]:
    """The distinct pieces of some rows and the special ones, ascending."""
    return torch.as_tensor(sorted({*tokenizer.all_special_ids, *(piece for row in rows for piece in row)}))


def mask_pieces(
    ids: Int[Tensor, "rows length"],
    maskable: Tensor,
    replacements: Int[Tensor, " pieces"],
    *,
    mask_id: int,
    probability: float,
    generator: np.random.Generator,
) -> tuple[Int[Tensor, "rows length"], Tensor]:
    """Masked ids and a boolean tensor of target positions; at least one when any position is maskable."""
    draws = torch.from_numpy(generator.random(ids.shape))
    targets = maskable & (draws < probability)
    if not targets.any():
        lowest = torch.where(maskable, draws, torch.inf)
        targets = maskable & (lowest == lowest.min())
    fate = torch.from_numpy(generator.random(ids.shape))
    others = replacements[torch.from_numpy(generator.integers(len(replacements), size=tuple(ids.shape)))]
    masked = torch.where(targets & (fate < MASKED), mask_id, ids)
    masked = torch.where(targets & (fate >= MASKED) & (fate < MASKED + REPLACED), others, masked)
    return masked, targets


def decoding(
    head: MLMHead, composition: Composition, to: Candidates | None = None, *, language: str = UNKNOWN
) -> MLMHead | OwnPieces:
    """The head of a language's pieces: over a vocabulary of its own where a module brings one."""
    own = composition.vocabulary(language)
    if own is None:
        return head if to is None else narrowed(head, to)
    pieces = OwnPieces(head, own, table_size(composition.tokenizer(language)), to)
    return pieces if own.learns else pieces.fixed()


class MaskedLanguageModelling:
    """The objective. The composition's modules learn, vectors of pieces included; the head is frozen.

    language: of the text, where a plan or a part of it goes by that.
    """

    higher_is_better = False

    def __init__(
        self,
        composition: Composition,
        head: MLMHead,
        rows: Sequence[Sequence[int]],
        spec: LanguageTraining,
        *,
        seed: int,
        language: str = UNKNOWN,
    ) -> None:
        settings = spec.training
        self.composition, self.seed, self.language = composition, seed, language
        self.masked = spec.masked
        self.device = str(composition.encoder.device)
        self.precision: Precision = chosen_precision(settings.precision, self.device)
        self.tokenizer = composition.tokenizer(language)
        self.rows = maskable_rows(rows, self.tokenizer)
        self.pieces = corpus_pieces(self.rows, self.tokenizer)
        own = composition.vocabulary(language)
        count = table_size(self.tokenizer) if own else head.decoder.shape[0]
        few = Candidates(count, self.pieces, others=OTHERS, seed=seed) if spec.candidates else None
        self.column = few.index if few else None
        self.head = decoding(head, composition, few, language=language)
        self.special = torch.as_tensor(sorted(self.tokenizer.all_special_ids))
        self.order = BatchOrder(
            [len(row) for row in self.rows],
            max_tokens=settings.batch_tokens,
            seed=seed,
            max_rows=settings.batch_rows,
        )
        composition.train(base_dropout=settings.base_dropout)

    def passes_per_epoch(self) -> int:
        """Forward passes that see every row once."""
        return self.order.per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Mean cross-entropy in nats over the masked positions of pass `number`."""
        chosen = [self.rows[row] for row in self.order.at(number)]
        ids, mask = pad_rows(chosen, self.tokenizer.pad_token_id)
        masked, targets = mask_pieces(
            ids,
            mask.bool() & ~torch.isin(ids, self.special),
            self.pieces,
            mask_id=self.tokenizer.mask_token_id,
            probability=self.masked,
            generator=np.random.default_rng([self.seed, number]),
        )
        return self.masked_loss(masked, mask, targets, ids[targets]), int(mask.sum())

    def masked_loss(self, masked: Tensor, mask: Tensor, targets: Tensor, wanted: Tensor) -> Tensor:
        """The loss of a batch that is masked already: ids, attention mask, target positions, their pieces."""
        if self.column is not None:
            wanted = self.column[wanted]
        masked, mask, targets, wanted = (own.to(self.device) for own in (masked, mask, targets, wanted))
        with computing_in(self.precision, self.device):
            states = self.composition(masked, mask, [self.language] * len(masked))[targets]
            undo = partial(self.composition.undo, languages=[self.language] * len(states))
            return self.head.loss(states, wanted, undo)

    def evaluate(self) -> float | None:
        """Nothing during training: pseudo-perplexity is taken before and after."""
        return None
