"""Opening a base (a Hub id, a local folder or an embedded base), which is checked and frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.func import functional_call

from xling.bases import fingerprints
from xling.bases.embedded import embedded_folder
from xling.bases.families import Family, check, layers_of, linear_slices, norm_parameters
from xling.bases.mlm_head import MLMHead
from xling.bases.reading import (
    read_config,
    read_heads,
    read_model,
    read_said,
    read_tokenizer,
    tokenizer_as_written,
)
from xling.bases.soundness import check_fit, row_length
from xling.bases.stored import check_files, check_reachable
from xling.errors import InputError
from xling.sites import EncoderShape

EMBEDDED = "embedded:"
_AS_THEY_ARE: Mapping[str, Tensor] = {}


@dataclass(frozen=True, eq=False, kw_only=True)
class Base:
    """A frozen pretrained encoder with its tokenizer.

    Attributes:
        id: The name as the user wrote it, without the revision.
        revision: The Hub revision, or None.
        folder: The local folder with its files, or None for a Hub id.
        encoder: The transformers model, in float32.
        tokenizer: The fast tokenizer.
        family: The description of its architecture.
        mlm_head: The checkpoint's MLM head, or None if it has none (see `xling.bases.tied_head`).
    """

    id: str
    revision: str | None
    folder: Path | None
    encoder: Any
    tokenizer: Any
    family: Family
    mlm_head: MLMHead | None

    @cached_property
    def shape(self) -> EncoderShape:
        """The sizes and parameters that builders of modules need."""
        return EncoderShape(
            hidden=self.encoder.config.hidden_size,
            layers=len(layers_of(self.encoder, self.family)),
            parameters=dict(self.encoder.named_parameters()),
            linear=linear_slices(self.encoder, self.family),
            norms=norm_parameters(self.encoder),
        )

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the encoder's tensors."""
        return fingerprints.of_tensors(self.encoder.state_dict().items())

    @cached_property
    def tokenizer_fingerprint(self) -> str:
        """The SHA-256 of the pieces, the special tokens and the ids of a probe text."""
        return fingerprints.of_tokenizer(self.tokenizer)

    @cached_property
    def tokenizer_fingerprint_as_written(self) -> str:
        """The same of the tokenizer as its files define it, before xling adds the space before words."""
        return fingerprints.of_tokenizer(
            tokenizer_as_written(self.source, self.revision, self.encoder.config)
        )

    @property
    def source(self) -> str:
        """The name that transformers opens: the folder, or the Hub id."""
        return str(self.folder) if self.folder else self.id

    @property
    def max_length(self) -> int:
        """The longest row in pieces, special ones included: the encoder's limit, and 512 at most."""
        return min(row_length(self.encoder, self.family), 512)

    @property
    def embeddings(self) -> Float[Tensor, "pieces hidden"]:
        """The table of the input embeddings."""
        return self.encoder.get_submodule(self.family.word_embeddings).weight


def run_encoder(
    encoder: Any,
    family: Family,
    ids: Int[Tensor, "rows length"],
    mask: Int[Tensor, "rows length"],
    weights: Mapping[str, Tensor] = _AS_THEY_ARE,
) -> Float[Tensor, "rows length hidden"]:
    """Return the last hidden states of right-padded rows.

    `weights` replace the encoder's parameters of the same names. Position ids count from the start of the row
    and are passed wherever the family takes them: XLM-R would derive them from the id of its own padding,
    which another vocabulary need not have.
    """
    return _output(encoder, family, ids, mask, weights).last_hidden_state


def all_states(
    encoder: Any,
    family: Family,
    ids: Int[Tensor, "rows length"],
    mask: Int[Tensor, "rows length"],
    weights: Mapping[str, Tensor] = _AS_THEY_ARE,
) -> Float[Tensor, "layers_and_one rows length hidden"]:
    """Return the hidden states of right-padded rows after the embeddings and after every layer.

    The last ones equal those of `run_encoder`: they come after the final norm, if the family has one.
    """
    found = _output(encoder, family, ids, mask, weights, output_hidden_states=True)
    return torch.stack([*found.hidden_states[:-1], found.last_hidden_state])


def _output(
    encoder: Any, family: Family, ids: Tensor, mask: Tensor, weights: Mapping[str, Tensor], **options: bool
) -> Any:
    inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, **options}
    if family.takes_positions:
        inputs["position_ids"] = _positions(encoder, family, mask)
    if not weights:
        return encoder(**inputs)
    return functional_call(encoder, dict(weights), kwargs=inputs)


def _positions(encoder: Any, family: Family, mask: Int[Tensor, "rows length"]) -> Int[Tensor, "rows length"]:
    padding = encoder.config.pad_token_id
    first = padding + 1 if family.positions_after_padding else 0
    positions = torch.arange(first, first + mask.shape[1], device=mask.device).expand_as(mask)
    return torch.where(mask.bool(), positions, padding) if family.positions_after_padding else positions


def load_base(base: str | Path, *, device: str = "cpu") -> Base:
    """Open `embedded:NAME`, a local folder, or a Hub id (`id@revision`), frozen and in float32.

    Raises InputError when it cannot be found, when its family is unknown or does not match its module tree,
    when weights are missing, or when it does not fit its tokenizer. Code that comes with it is never run.
    """
    device = checked_device(device)
    name, revision, folder = _locate(str(base))
    source = str(folder) if folder else name
    if folder:
        check_files(folder)
    else:
        check_reachable(source, revision)
    said, family = read_said(source, revision)
    stored = read_heads(source, revision)
    config = read_config(source, said, family, stored)
    tokenizer = read_tokenizer(source, revision, config)
    encoder, head = read_model(source, revision, config, family, stored)
    encoder.eval().requires_grad_(False).to(device)
    check(encoder, family)
    check_fit(encoder, tokenizer, family, source)
    return Base(
        id=name,
        revision=revision,
        folder=folder,
        encoder=encoder,
        tokenizer=tokenizer,
        family=family,
        mlm_head=head.to(device) if head else None,
    )


def _locate(base: str) -> tuple[str, str | None, Path | None]:
    if base.startswith(EMBEDDED):
        return base, None, embedded_folder(base.removeprefix(EMBEDDED))
    if os.path.isdir(base):
        return base, None, Path(base)
    if base.startswith((".", "/", "~")):
        raise InputError(f"no folder {base!r}", where="--base", hint="give a folder with config.json")
    name, _, revision = base.partition("@")
    return name, revision or None, None


def devices() -> list[str]:
    """Return the devices of this machine that `--device` accepts."""
    return ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]


def checked_device(device: str) -> str:
    """Return the device unchanged. Raises InputError, which lists all devices, if torch cannot use it."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # unknown to torch, or torch was built without it
        raise InputError(
            f"{device!r} is no device of this machine", where="--device", choices=devices()
        ) from error
    return device
