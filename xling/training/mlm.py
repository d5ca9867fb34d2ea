"""Masked language modelling with a composition; logits are computed at the masked positions only.

As in Devlin et al. 2019, 15% of the pieces are targets by default. Of these, 80% are replaced by the mask,
10% by another piece, and 10% stay as they are.
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
from xling.training.specs import MaskedTraining
from xling.training.staying import Stay

MASKED, REPLACED = 0.8, 0.1
OTHERS = 4096


def encode_lines(tokenizer: Any, lines: Sequence[str], max_length: int) -> list[list[int]]:
    """Return rows of piece ids with the special pieces around them; a long line becomes several rows."""
    room = max_length - 2
    rows = []
    for ids in tokenizer(list(lines), add_special_tokens=False)["input_ids"]:
        for start in range(0, len(ids), room):
            rows.append([tokenizer.cls_token_id, *ids[start : start + room], tokenizer.sep_token_id])
    return rows


def pieces_of_nothing(rows: Sequence[Sequence[int]], tokenizer: Any) -> frozenset[int]:
    """Return the ids of pieces that carry no text: blanks and special pieces, the unknown piece included."""
    return blank_pieces(rows, tokenizer) | set(tokenizer.all_special_ids)


def maskable_rows(rows: Sequence[Sequence[int]], tokenizer: Any) -> list[Sequence[int]]:
    """Return the rows that have at least one piece to learn from.

    Raises InputError when no such row is left.
    """
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
    """Return the distinct piece ids of the rows and of the special pieces, in ascending order."""
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
    """Return the masked ids and a boolean tensor of the target positions.

    At least one position is a target whenever any position is maskable.
    """
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
    """Return the MLM head for a language, over the language's own vocabulary if a module brings one.

    to: the candidate pieces to score, or None for all pieces.
    """
    own = composition.vocabulary(language)
    if own is None:
        return head if to is None else narrowed(head, to)
    pieces = OwnPieces(head, own, table_size(composition.tokenizer(language)), to)
    return pieces if own.learns else pieces.fixed()


class MaskedLanguageModelling:
    """The objective of masked language modelling.

    The modules of the composition learn, vectors of new pieces included. The MLM head is frozen.

    language: the language of the text, for plans and parts that depend on it.
    """

    higher_is_better = None

    def __init__(
        self,
        composition: Composition,
        head: MLMHead,
        rows: Sequence[Sequence[int]],
        spec: MaskedTraining,
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
        few = (
            Candidates(count, self.pieces, others=OTHERS, generator=torch.Generator().manual_seed(seed))
            if spec.candidates
            else None
        )
        self.column = few.index if few else None
        self.head = decoding(head, composition, few, language=language)
        self.special = torch.as_tensor(sorted(self.tokenizer.all_special_ids))
        self.order = BatchOrder(
            [len(row) for row in self.rows],
            max_tokens=settings.batch_tokens,
            seed=seed,
            max_rows=settings.batch_rows,
        )
        self.weight, self.stay = spec.stay, Stay(composition, language) if spec.stay else None
        composition.train(noise=settings.noise)

    def passes_per_epoch(self) -> int:
        """Return the number of forward passes in which every row is seen once."""
        return self.order.per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the loss of pass `number`, and the number of pieces that it read.

        The loss is the mean cross-entropy in nats at the masked positions, and what staying near the base's
        states at the others adds.
        """
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
        """Return the loss of a batch that is already masked.

        masked: piece ids, [rows, length].
        mask: the attention mask, [rows, length].
        targets: True at the positions to predict, [rows, length].
        wanted: the original piece ids at these positions, [targets].
        """
        if self.column is not None:
            wanted = self.column[wanted]
        masked, mask, targets, wanted = (own.to(self.device) for own in (masked, mask, targets, wanted))
        languages, undo = [self.language] * len(masked), self.composition.undo
        undo = partial(undo, languages=[self.language] * len(wanted))
        with computing_in(self.precision, self.device):
            if self.stay is None:
                return self.head.loss(self.composition(masked, mask, languages)[targets], wanted, undo)
            states = self.composition.layers(masked, mask, languages)
            away = self.stay.loss(states, masked, mask, mask.bool() & ~targets)
            return self.head.loss(states[-1][targets], wanted, undo) + self.weight * away

    def evaluate(self) -> float | None:
        """Return None: pseudo-perplexity is measured before and after training, not during it."""
        return None
