"""The alignment objective: states of a language are drawn to the base's states of the same English sentences.

The method follows TADA (Held et al. 2023). It needs parallel sentences. Sentence vectors are compared by
cosine and by a contrastive loss within the batch. Optionally, tokens that are each other's nearest
neighbours are compared too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

from xling.bases.base import run_encoder
from xling.bases.batches import pad_rows
from xling.bases.precision import FLOAT32, Precision, chosen_precision, computing_in
from xling.composition.composed import Composition
from xling.data.collation import BatchOrder
from xling.languages import UNKNOWN
from xling.modules.head import mean_states
from xling.training.adversary import Critic, TokenStates, adversarial_loss
from xling.training.specs import AlignmentTraining

_CONTRAST, _TEMPERATURE = 1.0, 0.05
_TEACHER_TOKENS = 4096

Rows = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Pairs:
    """Parallel sentences as rows of piece ids, special pieces included.

    rows: the sentences in the language that is learned.
    source: their translations, in the base's own pieces.
    """

    rows: Rows
    source: Rows


class Alignment:
    """The objective that aligns a language with the source language of parallel text.

    Only the modules of the composition learn. The teacher is the unchanged base. Its sentence vectors are
    computed once, but the loss on tokens needs its states in every forward pass.

    language: the language of the rows, for plans and parts that depend on it.
    """

    higher_is_better = False

    def __init__(
        self,
        composition: Composition,
        pairs: Pairs,
        spec: AlignmentTraining,
        *,
        seed: int,
        language: str = UNKNOWN,
    ) -> None:
        settings = spec.training
        self.composition, self.pairs, self.language = composition, pairs, language
        self.tokens, self.adversary = spec.tokens, spec.adversary
        self.device = str(composition.encoder.device)
        self.precision: Precision = chosen_precision(settings.precision, self.device)
        self.teacher = sentence_vectors(Composition(composition.base), pairs.source)
        lengths = [len(row) for row in pairs.rows]
        self.order = BatchOrder(
            lengths, max_tokens=settings.batch_tokens, seed=seed, max_rows=settings.batch_rows
        )
        critic = Critic(composition.base.shape.hidden, seed=seed) if spec.adversary else None
        self.critic = critic and critic.to(self.device)
        composition.train(base_dropout=settings.base_dropout)

    @property
    def companions(self) -> Mapping[str, nn.Parameter]:
        """The critic's parameters, which are trained with the module's and are no part of it."""
        return dict(self.critic.named_parameters()) if self.critic else {}

    def passes_per_epoch(self) -> int:
        """Return the number of forward passes in which every pair is seen once."""
        return self.order.per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the loss of forward pass `number`, and the number of pieces that it read."""
        chosen = self.order.at(number)
        pad = self.composition.tokenizer(self.language).pad_token_id
        ids, mask = pad_rows([self.pairs.rows[row] for row in chosen], pad, self.device)
        with computing_in(self.precision, self.device):
            states = self.composition(ids, mask, [self.language] * len(ids))
        found, wanted = mean_states(states.float(), mask), self.teacher[chosen]
        loss = sentence_distance(found, wanted)
        if self.tokens or self.critic:
            loss = loss + self._of_tokens(TokenStates(states.float(), mask), self._source_states(chosen))
        return loss, int(mask.sum())

    def evaluate(self) -> float | None:
        """Return None: nothing is evaluated during training."""
        return None

    def _of_tokens(self, own: TokenStates, source: TokenStates) -> Tensor:
        loss = own.states.new_zeros(())
        if self.tokens:
            loss = loss + self.tokens * token_distance(own, source)
        if self.critic:
            game = adversarial_loss(self.critic, own, source, self.adversary)
            loss = loss + (game - game.detach())  # the two sides share no loss: the alignment's is shown
        return loss

    @torch.no_grad()
    def _source_states(self, chosen: Sequence[int]) -> TokenStates:
        base = self.composition.base
        rows = [self.pairs.source[row] for row in chosen]
        ids, mask = pad_rows(rows, base.tokenizer.pad_token_id, self.device)
        return TokenStates(run_encoder(base.encoder, base.family, ids, mask), mask)


@torch.no_grad()
def sentence_vectors(
    composition: Composition, rows: Rows, *, language: str = UNKNOWN
) -> Float[Tensor, "rows hidden"]:
    """Return the mean state of every row of pieces, without gradients.

    A composition without modules gives the vectors of the unchanged base.

    language: the language of all rows, for plans that depend on it.
    """
    device, pad = str(composition.encoder.device), composition.tokenizer(language).pad_token_id
    composition.train(False)
    found = torch.empty(len(rows), composition.base.shape.hidden, device=device)
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    while order:
        count = max(1, _TEACHER_TOKENS // len(rows[order[-1]]))
        chosen, order = order[-count:], order[:-count]
        ids, mask = pad_rows([rows[row] for row in chosen], pad, device)
        with computing_in(FLOAT32, device):
            found[chosen] = mean_states(composition(ids, mask, [language] * len(chosen)), mask)
    return found


def sentence_distance(
    found: Float[Tensor, "rows hidden"], wanted: Float[Tensor, "rows hidden"]
) -> Float[Tensor, ""]:
    """Return one minus the mean cosine, plus a contrastive loss.

    The contrastive loss is the cross-entropy of picking each sentence's translation among those of the batch.
    """
    near = 1 - cosine_similarity(found, wanted).mean()
    logits = normalize(found, dim=-1) @ normalize(wanted, dim=-1).T / _TEMPERATURE
    return near + _CONTRAST * cross_entropy(logits, torch.arange(len(found), device=found.device))


def token_distance(found: TokenStates, wanted: TokenStates) -> Float[Tensor, ""]:
    """Return one minus the mean cosine of tokens that are mutual nearest neighbours within a pair."""
    cosines = normalize(found.states, dim=-1) @ normalize(wanted.states, dim=-1).transpose(1, 2)
    possible = found.mask.bool()[:, :, None] & wanted.mask.bool()[:, None, :]
    cosines = cosines.masked_fill(~possible, -2.0)
    there, back = cosines.argmax(2), cosines.argmax(1)
    places = torch.arange(found.states.shape[1], device=found.states.device)
    mutual = (back.gather(1, there) == places) & found.mask.bool()
    return 1 - cosines.amax(2)[mutual].mean()
