"""Pseudo-perplexity (Salazar et al. 2020): every piece of a line is predicted from all other pieces of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch

from xling.bases.batches import pad_rows
from xling.bases.mlm_head import MLMHead
from xling.bases.precision import FLOAT32, Precision, computing_in
from xling.composition.composed import Composition
from xling.languages import UNKNOWN
from xling.training.mlm import decoding, pieces_of_nothing

LINES = 200
_BATCH_TOKENS = 4096


@dataclass(frozen=True, kw_only=True)
class PseudoPerplexity:
    """The pseudo-perplexity of a text.

    value: exp of the mean negative log probability of a piece.
    bits_per_character: the same loss per character, which can be compared across vocabularies.
    pieces: how many pieces were scored.
    unknown: how many of these are the unknown piece.

    The first two are None if there is nothing to score: no line, or no line with a known piece.
    """

    value: float | None
    bits_per_character: float | None
    pieces: int
    unknown: int

    def scores(self, when: str) -> dict[str, float | None]:
        """Return the rounded values under the names that they have among a module's scores.

        when: the end of these names, such as `before` or `after`.
        """
        value, bits = self.value, self.bits_per_character
        return {
            f"pseudo_perplexity_{when}": None if value is None else round(value, 3),
            f"bits_per_character_{when}": None if bits is None else round(bits, 4),
        }


@torch.no_grad()
def pseudo_perplexity(
    composition: Composition,
    head: MLMHead,
    rows: Sequence[Sequence[int]],
    *,
    characters: int,
    language: str = UNKNOWN,
    precision: Precision = FLOAT32,
) -> PseudoPerplexity:
    """Score all pieces of `rows` except special ones: each is masked alone, against the whole vocabulary.

    An unknown piece is scored like any other piece, since the text behind it is lost. A text that has only
    unknown pieces gets no score.

    characters: the number of characters in the text that the rows were made from.
    language: the language of the rows, for plans that depend on it.
    """
    tokenizer, decoder = composition.tokenizer(language), decoding(head, composition, language=language)
    unknown = tokenizer.unk_token_id
    special = {piece for piece in tokenizer.all_special_ids if piece != unknown}
    jobs = [
        (row, at) for row in sorted(rows, key=len) for at, piece in enumerate(row) if piece not in special
    ]
    unread, nothing = sum(row[at] == unknown for row, at in jobs), pieces_of_nothing(rows, tokenizer)
    if all(row[at] in nothing for row, at in jobs):
        return PseudoPerplexity(value=None, bits_per_character=None, pieces=len(jobs), unknown=unread)
    composition.train(False)
    device = str(composition.encoder.device)
    total, start = 0.0, 0
    while start < len(jobs):
        longest = len(jobs[min(len(jobs), start + _BATCH_TOKENS // len(jobs[start][0])) - 1][0])
        batch = jobs[start : start + max(1, _BATCH_TOKENS // longest)]
        start += len(batch)
        ids, mask = pad_rows([row for row, _ in batch], tokenizer.pad_token_id, device)
        positions = torch.as_tensor([at for _, at in batch])
        each = torch.arange(len(batch))
        wanted = ids[each, positions]
        ids[each, positions] = tokenizer.mask_token_id
        with computing_in(precision, device):
            languages = [language] * len(batch)
            states = composition(ids, mask, languages)[each, positions]
            logits = decoder(states, partial(composition.undo, languages=languages))
        total += torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="sum").item()
    bits = total / math.log(2) / max(1, characters)
    return PseudoPerplexity(
        value=math.exp(total / len(jobs)), bits_per_character=bits, pieces=len(jobs), unknown=unread
    )
