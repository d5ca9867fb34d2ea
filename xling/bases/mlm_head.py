"""What turns encoder states into scores of pieces: a transform, then the decoder matrix."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from xling.bases.decoder_loss import decoder_loss
from xling.bases.families import Family
from xling.sites import ReadsPieces

Undo = Callable[[Tensor], Tensor]


class MLMHead(nn.Module):
    """A frozen masked-LM head. `decoder` is [pieces, hidden], usually the input embeddings themselves.

    The seam between `transform` and the decoder is the site `before_decoder`, where an invertible
    part is undone (MAD-X, section 3.3).
    """

    def __init__(self, transform: nn.Module, decoder: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.transform = transform
        self.decoder = nn.Buffer(decoder.detach(), persistent=False)
        self.bias = nn.Buffer(bias.detach())
        self.requires_grad_(False)

    def forward(
        self,
        states: Float[Tensor, "positions hidden"],
        undo: Undo | None = None,
    ) -> Float[Tensor, "positions pieces"]:
        """The logit of every piece at every position."""
        return torch.nn.functional.linear(self.before_decoder(states, undo), self.decoder, self.bias)

    def loss(
        self,
        states: Float[Tensor, "positions hidden"],
        wanted: Int[Tensor, " positions"],
        undo: Undo | None = None,
    ) -> Float[Tensor, ""]:
        """Mean cross-entropy of the wanted pieces, in nats."""
        return decoder_loss(self.before_decoder(states, undo), self.decoder, self.bias, wanted)

    def before_decoder(self, states: Tensor, undo: Undo | None) -> Tensor:
        """What the decoder matrix is held against."""
        states = self.transform(states)
        return states if undo is None else undo(states)


class Candidates:
    """The pieces of a corpus, and a sample that stands for all others of a vocabulary.

    The sample's logits carry the log of how many pieces each one stands for (sampled softmax, Jean et
    al. 2015), so that what is learned holds for the whole vocabulary. `columns`: the pieces, the corpus's
    first. `index` maps a piece of the corpus to its column, -1 elsewhere.
    """

    def __init__(self, count: int, pieces: Int[Tensor, " pieces"], *, others: int, seed: int) -> None:
        kept = torch.unique(pieces)
        self.index = torch.full((count,), -1, dtype=torch.long)
        self.index[kept] = torch.arange(len(kept))
        rest = (self.index < 0).nonzero().squeeze(1)
        order = torch.randperm(len(rest), generator=torch.Generator().manual_seed(seed))
        sample = rest[order[:others]]
        self.columns = torch.cat([kept, sample])
        self.shift = torch.zeros(len(self.columns))
        self.shift[len(kept) :] = math.log(max(1, len(rest)) / max(1, len(sample)))


def narrowed(head: MLMHead, to: Candidates) -> MLMHead:
    """A head that scores the candidates alone, by their columns."""
    return MLMHead(head.transform, head.decoder[to.columns], head.bias[to.columns] + to.shift)


class OwnPieces:
    """A frozen head under the decoder of a vocabulary of its own, whose vectors and biases may learn.

    to: scores these candidates alone, by their columns; all of the vocabulary's `count` pieces without.
    """

    def __init__(
        self, head: MLMHead, vocabulary: ReadsPieces, count: int, to: Candidates | None = None
    ) -> None:
        self.head, self.vocabulary = head, vocabulary
        self.columns = torch.arange(count) if to is None else to.columns
        self.shift = torch.zeros(count) if to is None else to.shift

    def __call__(
        self, states: Float[Tensor, "positions hidden"], undo: Undo | None = None
    ) -> Float[Tensor, "positions pieces"]:
        """The logit of every scored piece at every position."""
        return torch.nn.functional.linear(self.head.before_decoder(states, undo), *self._decoder())

    def fixed(self) -> MLMHead:
        """The same as a head of its own, looked up once: for a vocabulary that does not learn."""
        return MLMHead(self.head.transform, *self._decoder())

    def _decoder(self) -> tuple[Tensor, Tensor]:
        head, columns = self.head, self.columns.to(self.head.decoder.device)
        bias = self.vocabulary.biases(columns, head.bias) + self.shift.to(head.bias.device)
        return self.vocabulary.vectors(columns, head.decoder), bias

    def loss(
        self,
        states: Float[Tensor, "positions hidden"],
        wanted: Int[Tensor, " positions"],
        undo: Undo | None = None,
    ) -> Float[Tensor, ""]:
        """Mean cross-entropy of the wanted columns, in nats."""
        return torch.nn.functional.cross_entropy(self(states, undo).float(), wanted)


def checkpoint_head(model: nn.Module, family: Family) -> MLMHead:
    """The head that a transformers masked-LM model came with, by its family's path table."""
    from transformers.activations import ACT2FN

    steps: list[nn.Module] = []
    for path in family.mlm_steps:
        steps.append(ACT2FN[path] if path in ACT2FN else _step(model, path))
    decoder = model.get_submodule(family.mlm_decoder)
    assert isinstance(decoder, nn.Linear)
    bias = decoder.bias if decoder.bias is not None else torch.zeros(decoder.out_features)
    return MLMHead(nn.Sequential(*steps), decoder.weight, bias)


def _step(model: nn.Module, path: str) -> nn.Module:
    step = getattr(model, path) if "." not in path else model.get_submodule(path)
    return step if isinstance(step, nn.Module) else _Function(step)


class _Function(nn.Module):
    """A plain activation function as a step of a Sequential."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, states: Tensor) -> Tensor:
        return self.function(states)
