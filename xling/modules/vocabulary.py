"""A vocabulary for one language: a tokenizer, and vectors for the pieces that the base does not have.

The first `kept` pieces are pieces of the base and use the vectors in its table. The other pieces have vectors
here, either whole or as the product of a small matrix and a frozen factor that all share (UNKs Everywhere,
Pfeiffer et al. 2021, section 3.2). The MLM decoder uses the same vectors.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Generator, Tensor, nn
from torch.nn.functional import embedding

from xling.errors import InputError
from xling.modules.kind import Kind, PartConfig
from xling.sites import EncoderShape

_MOST_BYTES, _MOST_PACKED = 1 << 28, 100  # no tokenizer is larger, or packs to a smaller part of its size


class VocabularyConfig(PartConfig, frozen=True):
    """The settings of a vocabulary.

    Attributes:
        pieces: The number of pieces of the tokenizer.
        kept: The number of pieces that are the base's; they come first.
        rank: The rank of the factorised vectors, or None when each new piece has a whole vector.
        method: How the vocabulary was made, for the card.
    """

    kind: Literal["vocabulary"] = "vocabulary"
    pieces: Annotated[int, Field(gt=0)]
    kept: Annotated[int, Field(ge=0)]
    rank: Annotated[int, Field(gt=0)] | None = None
    method: Literal["extend", "replace", "trim"] = "replace"

    @property
    def new(self) -> int:
        """The number of pieces with new vectors."""
        return self.pieces - self.kept


class Vocabulary(nn.Module):
    """The tokenizer and the vectors of a vocabulary.

    Args:
        config: The settings.
        tokenizer: The tokenizer's JSON, as text or packed into bytes.
        kept: The base's ids of the first pieces.
        rows: The vectors of the new pieces, [new, hidden], or [new, rank] with a factor.
        bias: The biases of the new pieces in the MLM decoder.
        factor: The shared frozen factor, [rank, hidden].
    """

    def __init__(
        self,
        config: VocabularyConfig,
        tokenizer: str | Tensor,
        *,
        kept: Int[Tensor, " kept"],
        rows: Float[Tensor, "new width"],
        bias: Float[Tensor, " new"],
        factor: Float[Tensor, "width hidden"] | None = None,
    ) -> None:
        super().__init__()
        if len(kept) != config.kept or len(rows) != config.new or len(bias) != config.new:
            raise ValueError(f"{len(kept)} + {len(rows)} pieces are not {config.kept} + {config.new}")
        if (factor is None) != (config.rank is None):
            raise ValueError("a factor belongs to a rank")
        self.config = config
        packed = pack(tokenizer) if isinstance(tokenizer, str) else tokenizer
        self.tokenizer = nn.Buffer(packed)
        self.kept = nn.Buffer(kept.to(torch.int32))
        self.rows = nn.Parameter(rows)
        self.bias = nn.Parameter(bias)
        self.factor = None if factor is None else nn.Buffer(factor)

    @property
    def learns(self) -> bool:
        return self.config.new > 0

    def tokenizer_json(self) -> str:
        return unpack(self.tokenizer)

    def vectors(
        self, pieces: Int[Tensor, "*shape"], table: Float[Tensor, "base hidden"]
    ) -> Float[Tensor, "*shape hidden"]:
        # ids are clamped so that both look-ups are in range, also at padding
        known = embedding(self._base_pieces(pieces), table) if self.config.kept else None
        if not self.config.new:
            assert known is not None
            return known
        own = embedding((pieces - self.config.kept).clamp(0, self.config.new - 1), self.rows)
        own = own if self.factor is None else own @ self.factor
        return own if known is None else torch.where((pieces < self.config.kept)[..., None], known, own)

    def biases(
        self, pieces: Int[Tensor, "*shape"], biases: Float[Tensor, " base"]
    ) -> Float[Tensor, "*shape"]:
        known = biases[self._base_pieces(pieces)] if self.config.kept else None
        if not self.config.new:
            assert known is not None
            return known
        own = self.bias[(pieces - self.config.kept).clamp(0, self.config.new - 1)]
        return own if known is None else torch.where(pieces < self.config.kept, known, own)

    def _base_pieces(self, pieces: Tensor) -> Tensor:
        return self.kept[pieces.clamp(0, self.config.kept - 1)].long()


def pack(tokenizer: str) -> Tensor:
    """Compress a tokenizer's JSON into a tensor of bytes."""
    return torch.frombuffer(bytearray(zlib.compress(tokenizer.encode("utf-8"), 9)), dtype=torch.uint8)


def unpack(packed: Tensor) -> str:
    """Return the JSON from compressed bytes. Raises ValueError when they are damaged or too large."""
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(packed.cpu().numpy().tobytes(), min(_MOST_BYTES, _MOST_PACKED * len(packed)))
    except zlib.error as error:
        raise ValueError(f"the tokenizer cannot be unpacked: {error}") from error
    if not reader.eof:
        raise ValueError("the tokenizer is cut off, or larger than any")
    return data.decode("utf-8")


def factorised(vectors: Float[Tensor, "new hidden"], factor: Float[Tensor, "rank hidden"]) -> Tensor:
    """Return the rows [new, rank] whose product with the factor is closest to the vectors (least squares)."""
    return torch.linalg.lstsq(factor.T.double(), vectors.T.double()).solution.T.to(vectors.dtype)


def shared_factor(table: Float[Tensor, "base hidden"], rank: int) -> Float[Tensor, "rank hidden"]:
    """Return the top right singular vectors of a table, the frozen factor of UNKs Everywhere."""
    values = table.double()
    directions = torch.linalg.eigh(values.T @ values).eigenvectors
    return directions.flip(1)[:, :rank].T.to(table.dtype).contiguous()


def _fresh(config: VocabularyConfig, shape: EncoderShape, generator: Generator) -> Vocabulary:
    raise InputError(
        "a vocabulary is made from text, not by a name",
        where="--kind",
        hint="make one with xling vocabulary build, then train with --vocabulary DIR",
    )


def _restore(config: VocabularyConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Vocabulary:
    wanted = {"tokenizer", "kept", "rows", "bias"} | ({"factor"} if config.rank else set())
    if tensors.keys() != wanted:
        raise ValueError(f"has {', '.join(sorted(tensors))}, not {', '.join(sorted(wanted))}")
    kept, rows, factor = tensors["kept"].long(), tensors["rows"], tensors.get("factor")
    if len(kept) and int(kept.min()) < 0:
        raise ValueError(f"keeps the base's piece {int(kept.min())}")
    if rows.shape[-1] != (config.rank or shape.hidden) or (config.rank and factor is None):
        raise ValueError(f"rows of {rows.shape[-1]} numbers do not fit")
    if factor is not None and factor.shape != (config.rank, shape.hidden):
        raise ValueError(f"a factor of {tuple(factor.shape)} does not fit")
    found = Vocabulary(
        config, tensors["tokenizer"], kept=kept, rows=rows, bias=tensors["bias"], factor=factor
    )
    found.tokenizer_json()
    return found


KIND = Kind(
    name="vocabulary",
    config=VocabularyConfig,
    build=_fresh,
    identity=False,
    merges="plain",
    presets={},
    restore=_restore,
)
