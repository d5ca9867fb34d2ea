"""How long, how fast and in what precision to train."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["auto", "float32", "bfloat16"]


class TrainingSettings(BaseModel):
    """One run of the loop. Give `steps`, `epochs` or `minutes`; the first of them that is set counts.

    batch_tokens: padded pieces in one forward pass. accumulation: passes in one optimizer step.
    warmup_fraction: of all steps, linear up; then linear down to zero.
    evaluate_every: steps between looks at the held-out data (0: only at the end).
    checkpoint_every: steps between checkpoints (0: none). max_length: pieces in a row, special ones included.
    precision: of matrix products; `auto` is bfloat16 where the processor has units for it. The module says
    what it was.
    base_dropout: whether the frozen encoder's own dropout is on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    steps: Annotated[int, Field(gt=0)] | None = None
    epochs: Annotated[float, Field(gt=0)] | None = None
    minutes: Annotated[float, Field(gt=0)] | None = None
    learning_rate: Annotated[float, Field(gt=0)] = 5e-4
    batch_tokens: Annotated[int, Field(gt=0)] = 1024
    batch_rows: Annotated[int, Field(gt=0)] | None = None
    accumulation: Annotated[int, Field(gt=0)] = 1
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    evaluate_every: Annotated[int, Field(ge=0)] = 0
    checkpoint_every: Annotated[int, Field(ge=0)] = 50
    max_length: Annotated[int, Field(ge=8)] = 128
    precision: Precision = "auto"
    base_dropout: bool = False
