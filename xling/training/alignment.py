"""The alignment objective: states of a language are drawn to the base's states of the same English sentences.

The method follows TADA (Held et al. 2023). It needs parallel sentences. Sentence vectors are compared by
cosine, and by weight with what else `likeness` has: a contrastive loss within the batch by default. TADA's
critic is one more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from xling.bases.batches import pad_rows
from xling.bases.precision import FLOAT32, Precision, chosen_precision, computing_in
from xling.composition.composed import Composition
from xling.data.collation import BatchOrder
from xling.languages import UNKNOWN
from xling.modules.head import mean_states
from xling.training.adversary import Critic, TokenStates, adversarial_loss
from xling.training.likeness import OF_SENTENCES, Span, apart, away, span_means, token_distance
from xling.training.specs import AlignmentTraining
from xling.training.staying import check_can_stay, moved

_TEACHER_TOKENS = 4096

Rows = Sequence[Sequence[int]]
Linked = Sequence[tuple[Span, Span]]  # a word's pieces in the sentence, and its translation's


@dataclass(frozen=True)
class Pairs:
    """Parallel sentences as rows of piece ids, special pieces included.

    rows: the sentences in the language that is learned.
    source: their translations, in the base's own pieces.
    links: for each pair, the words that are each other's translations; empty when no loss needs them.
    """

    rows: Rows
    source: Rows
    links: Sequence[Linked] = ()

    def __getitem__(self, part: slice) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.rows[part], self.source[part], self.links[part])


@dataclass(frozen=True)
class Read:
    """What an encoder made of a batch of rows.

    layers: the states after the embeddings and after every layer, [layers_and_one, rows, length, hidden]; the
    last alone, [1, rows, length, hidden], where no loss needs more.
    mask: 1 at pieces and 0 at padding, [rows, length].
    """

    layers: Float[Tensor, "layers rows length hidden"]
    mask: Tensor

    @property
    def last(self) -> TokenStates:
        """The encoder's states."""
        return TokenStates(self.layers[-1].float(), self.mask)

    @property
    def means(self) -> Float[Tensor, "layers rows hidden"]:
        """The mean state of every row, after every layer."""
        return torch.stack([mean_states(states.float(), self.mask) for states in self.layers[1:]])


class Alignment:
    """The objective that aligns a language with the source language of parallel text.

    Only the modules of the composition learn. The teacher is the unchanged base. Its sentence vectors are
    computed once, but losses on words, pieces and layers need its states in every forward pass.

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
        self.composition, self.pairs, self.spec, self.language = composition, pairs, spec, language
        self.device = str(composition.encoder.device)
        self.precision: Precision = chosen_precision(settings.precision, self.device)
        self.base = Composition(composition.base)
        self.teacher = sentence_vectors(self.base, pairs.source)
        lengths = [len(row) for row in pairs.rows]
        self.order = BatchOrder(
            lengths, max_tokens=settings.batch_tokens, seed=seed, max_rows=settings.batch_rows
        )
        critic = Critic(composition.base.shape.hidden, seed=seed) if spec.adversary else None
        self.critic = critic and critic.to(self.device)
        if spec.stay:
            check_can_stay(composition, language)
        composition.train(noise=settings.noise)

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
        own = self._own([self.pairs.rows[row] for row in chosen])
        found, wanted = mean_states(own.last.states, own.mask), self.teacher[chosen]
        loss = apart(found, wanted)
        for name, distance in OF_SENTENCES.items():
            if weight := getattr(self.spec, name):
                loss = loss + weight * distance(found, wanted)
        if self._of_parts or self.spec.stay:
            source = self._source(chosen)
            loss = loss + self._parts(own, source, chosen)
            if self.spec.stay:
                loss = loss + self.spec.stay * self._moved(source, chosen)
        return loss, int(own.mask.sum())

    def evaluate(self) -> float | None:
        """Return None: nothing is evaluated during training."""
        return None

    @property
    def _of_parts(self) -> bool:
        return bool(self._deep or self.spec.tokens or self.critic)

    @property
    def _deep(self) -> bool:
        return bool(self.spec.layers or self.spec.words)

    def _parts(self, own: Read, source: Read, chosen: Sequence[int]) -> Tensor:
        spec, loss = self.spec, own.layers.new_zeros(())
        if spec.tokens:
            loss = loss + spec.tokens * token_distance(own.last, source.last)
        if spec.layers:
            loss = loss + spec.layers * away(own.means, source.means)
        if spec.words:
            loss = loss + spec.words * self._of_words(own, source, chosen)
        if self.critic:
            game = adversarial_loss(self.critic, own.last, source.last, spec.adversary)
            loss = loss + (game - game.detach())  # the two sides share no loss: the alignment's is shown
        return loss

    def _of_words(self, own: Read, source: Read, chosen: Sequence[int]) -> Tensor:
        """Return how far words are from their translations, in every layer; zero where none is linked."""
        links = [(at, link) for at, row in enumerate(chosen) for link in self.pairs.links[row]]
        if not links:
            return own.layers.new_zeros(())
        found, wanted = (
            span_means(read.layers[1:], [(at, link[side]) for at, link in links])
            for side, read in enumerate((own, source))
        )
        return away(found, wanted)

    def _own(self, rows: Rows) -> Read:
        ids, mask = pad_rows(rows, self.composition.tokenizer(self.language).pad_token_id, self.device)
        languages = [self.language] * len(ids)
        with computing_in(self.precision, self.device):
            if self._deep:
                return Read(self.composition.layers(ids, mask, languages), mask)
            return Read(self.composition(ids, mask, languages)[None], mask)

    @torch.no_grad()
    def _source(self, chosen: Sequence[int]) -> Read:
        ids, mask = self._source_rows(chosen)
        every = self._deep or self.spec.stay
        return Read(self.base.layers(ids, mask) if every else self.base(ids, mask)[None], mask)

    def _moved(self, source: Read, chosen: Sequence[int]) -> Tensor:
        """Return how far the translations themselves have moved under the module, in every layer."""
        ids, mask = self._source_rows(chosen)
        with computing_in(self.precision, self.device):
            states = self.composition.layers(ids, mask, [self.language] * len(ids))
        return moved(states[1:], source.layers[1:], mask.bool())

    def _source_rows(self, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
        pad = self.composition.base.tokenizer.pad_token_id
        return pad_rows([self.pairs.source[row] for row in chosen], pad, self.device)


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
