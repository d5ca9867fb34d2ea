"""The MLM head, which turns encoder states into logits of pieces: a transform, then the decoder matrix."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from xling.bases.decoder_loss import decoder_loss
from xling.bases.families import Family
from xling.sites import ReadsPieces

Undo = Callable[[Tensor], Tensor]
WITHOUT_HEAD = (
    "the base has no MLM head of its own; on such a one, modules learned from plain text harmed: "
    "take a base with a head, or learn from pairs or a dictionary"
)


class MLMHead(nn.Module):
    """A frozen masked-LM head. `decoder` is [pieces, hidden], usually the input embeddings themselves.

    Between `transform` and the decoder is the site `before_decoder`, where an invertible part is inverted
    (MAD-X, section 3.3).
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
        """Return the logit of every piece at every position."""
        return torch.nn.functional.linear(self.before_decoder(states, undo), self.decoder, self.bias)

    def loss(
        self,
        states: Float[Tensor, "positions hidden"],
        wanted: Int[Tensor, " positions"],
        undo: Undo | None = None,
    ) -> Float[Tensor, ""]:
        """Return the mean cross-entropy of the target pieces, in nats."""
        return decoder_loss(self.before_decoder(states, undo), self.decoder, self.bias, wanted)

    def before_decoder(self, states: Tensor, undo: Undo | None) -> Tensor:
        """Return the vectors that are multiplied by the decoder matrix; `undo` is the inverse to apply."""
        states = self.transform(states)
        return states if undo is None else undo(states)


class Candidates:
    """The pieces of a corpus, and a random sample that represents all other pieces of the vocabulary.

    Each logit of the sample is raised by the log of how many pieces it represents (sampled softmax, Jean et
    al. 2015), so that what is learned holds for the whole vocabulary.

    Attributes:
        index: The column of each piece of the vocabulary; -1 for pieces outside the corpus.
        columns: The ids of the scored pieces, those of the corpus first.
        shift: What is added to the logit of each column.
    """

    def __init__(
        self, count: int, pieces: Int[Tensor, " pieces"], *, others: int, generator: Generator
    ) -> None:
        kept = torch.unique(pieces)
        self.index = torch.full((count,), -1, dtype=torch.long)
        self.index[kept] = torch.arange(len(kept))
        rest = (self.index < 0).nonzero().squeeze(1)
        sample = rest[torch.randperm(len(rest), generator=generator)[:others]]
        self.columns = torch.cat([kept, sample])
        self.shift = torch.zeros(len(self.columns))
        self.shift[len(kept) :] = math.log(max(1, len(rest)) / max(1, len(sample)))


def narrowed(head: MLMHead, to: Candidates) -> MLMHead:
    """Return a head that scores only the candidates, in the order of their columns."""
    return MLMHead(head.transform, head.decoder[to.columns], head.bias[to.columns] + to.shift)


class OwnPieces:
    """A frozen head whose decoder uses the vectors and biases of a new vocabulary, which may be trained.

    Args:
        head: The head of the base.
        vocabulary: The part that brings the vocabulary.
        count: The number of its pieces.
        to: The candidates to score, in the order of their columns; None scores all pieces.
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
        """Return the logit of every scored piece at every position."""
        return torch.nn.functional.linear(self.head.before_decoder(states, undo), *self._decoder())

    def fixed(self) -> MLMHead:
        """Return an `MLMHead` with these vectors and biases, for a vocabulary that is not trained."""
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
        """Return the mean cross-entropy of the target columns, in nats."""
        return torch.nn.functional.cross_entropy(self(states, undo).float(), wanted)


def checkpoint_head(model: nn.Module, family: Family) -> MLMHead:
    """Return the MLM head of a transformers masked-LM model, found by the paths of its family."""
    from transformers.activations import ACT2FN

    steps = [ACT2FN[path] if path in ACT2FN else model.get_submodule(path) for path in family.mlm_steps]
    decoder = model.get_submodule(family.mlm_decoder)
    assert isinstance(decoder, nn.Linear)
    bias = decoder.bias if decoder.bias is not None else torch.zeros(decoder.out_features)
    return MLMHead(nn.Sequential(*steps), decoder.weight, bias)
