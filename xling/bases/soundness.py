"""Checks that a base's weights are complete and that its tokenizer fits them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from xling.bases.families import Family
from xling.bases.stored import Stored
from xling.bases.tokenizers import table_size
from xling.errors import InputError
from xling.printable import shown

_ROLES = ("cls", "sep", "pad")
_SHORTEST = 3  # pieces: two special ones and one between them
_NAMED = 3
_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_dim",  # the same in DistilBERT
    "max_position_embeddings",
    "type_vocab_size",
)
_SPARE = 2**22  # numbers that a configuration may describe and the weights lack: they are then told by name
_FEW, _MOST = 64, 512  # layers: as many may be missing; as many has no encoder
_NOT_TAKEN = {
    "auto_map", "attn_implementation", "_attn_implementation", "experts_implementation", "dtype",
    "torch_dtype", "num_labels", "id2label", "label2id", "sinusoidal_pos_embds", "problem_type",
}  # fmt: skip
_POSITIONS = "embeddings.position_embeddings.weight"
_ODD_SHAPE = "do not have the shape that config.json says for"
_TAKE = "take the config.json they came with"


def checked_config(said: Mapping[str, Any], names: Mapping[str, str], source: str) -> dict[str, Any]:
    """Return the values of a config.json that an encoder is built from.

    What is left out names code, describes a classifier, or is a choice of this machine.

    Args:
        said: The values.
        names: The names that this architecture has for settings of other names.
        source: The base's folder or Hub id, for the message.
    """
    if "quantization_config" in said:
        hint = "give the base that it was made from"
        raise InputError(f"the weights of the base {source!r} are quantized", where="--base", hint=hint)
    for key in sorted({*_SIZES, *map(names.get, _SIZES)} & said.keys(), key=str):
        value = said[key]
        if type(value) is not int or value < 1:
            raise _odd(source, f"{key} is {shown(value)}, no whole number above 0")
    heads = said.get("architectures") or []
    if not isinstance(heads, list) or not all(isinstance(name, str) for name in heads):
        raise _odd(source, f"architectures is {shown(heads)}, no list of names")
    return {key: value for key, value in said.items() if key not in _NOT_TAKEN}


def check_layers(
    said: Mapping[str, Any], names: Mapping[str, str], stored: Stored, family: Family, source: str
) -> None:
    """Raise InputError when a configuration has more layers than the weights, before any is built."""
    key = names.get("num_hidden_layers", "num_hidden_layers")
    wanted, found = said.get(key, said.get("num_hidden_layers", 0)), stored.layers(family.layers)
    if wanted > min(max(found, _FEW), _MOST):
        raise _odd(source, f"{key} is {wanted}, and its weights have {found} layers")


def check_sizes(config: Any, stored: Stored, family: Family, source: str) -> None:
    """Raise InputError when a configuration's tables are not those in the weights."""
    tables = {
        f"{family.word_embeddings}.weight": (config.vocab_size, config.hidden_size),
        _POSITIONS: (config.max_position_embeddings, config.hidden_size),
    }
    odd = [name for name, wanted in tables.items() if stored.shape(name) not in (None, wanted)]
    _refuse(source, _ODD_SHAPE, odd, _TAKE)
    if config.hidden_size % config.num_attention_heads:
        heads, hidden = config.num_attention_heads, config.hidden_size
        raise _odd(source, f"{heads} attention heads do not divide {hidden} hidden values")


def check_cost(described: nn.Module, stored: Stored, source: str) -> None:
    """Raise InputError when a configuration describes a much larger model than the weights are.

    Args:
        described: The model without values, on the device `meta`.
        stored: What the weights hold.
        source: The base's folder or Hub id, for the message.
    """
    numbers = sum(value.numel() for value in described.parameters())
    if numbers > stored.numbers + _SPARE:
        raise _odd(
            source, f"a model of {numbers:,} numbers is described, and its weights hold {stored.numbers:,}"
        )


def check_roles(tokenizer: Any, source: str) -> None:
    """Raise InputError when the tokenizer has no special piece to start, end or pad a row."""
    missing = [f"{role}_token" for role in _ROLES if getattr(tokenizer, f"{role}_token_id") is None]
    if missing:
        raise InputError(
            f"the tokenizer of the base {source!r} names no {' and no '.join(missing)}",
            where="--base",
            hint="write its piece into tokenizer_config.json",
        )


def check_mask(tokenizer: Any) -> None:
    """Raise InputError when the tokenizer has no mask piece, which masked language modelling needs."""
    if tokenizer.mask_token_id is None:
        raise InputError(
            "the tokenizer of the base names no mask_token, which masked language modelling needs",
            where="--base",
            hint="write its piece into tokenizer_config.json, or take another base",
        )


def check_weights(model: nn.Module, loading: Mapping[str, Any], source: str) -> None:
    """Raise InputError for tensors that are missing, have another shape, or contain NaN or infinity.

    Tensors that are tied to others may be missing.

    Args:
        model: The loaded model.
        loading: The loading report of `from_pretrained`; for mismatched tensors, older releases give only
            their names, newer ones also their shapes.
        source: The base's folder or Hub id, for the message.
    """
    _refuse(
        source,
        "lack",
        loading["missing_keys"],
        "get its files again, or mend the architectures in config.json",
    )
    odd = [name if isinstance(name, str) else name[0] for name in loading["mismatched_keys"]]
    _refuse(source, _ODD_SHAPE, odd, _TAKE)
    broken = [name for name, value in model.state_dict().items() if not _finite(value)]
    _refuse(source, "have values that are not finite in", broken, "get its files again")


def check_fit(encoder: Any, tokenizer: Any, family: Family, source: str) -> None:
    """Raise InputError when pieces lack a row in the embedding table, or positions are too few or unknown."""
    rows, size = encoder.get_submodule(family.word_embeddings).weight.shape[0], table_size(tokenizer)
    if size > rows:
        raise InputError(
            f"the tokenizer of the base {source!r} numbers its pieces up to {size - 1}, "
            f"but its table has {rows} rows",
            where="--base",
            hint="take the tokenizer that the weights came with",
        )
    padding = encoder.config.pad_token_id
    if family.positions_after_padding and padding is None:
        raise InputError(
            f"the base {source!r} has no pad_token_id in config.json, from which its positions are counted",
            where="--base",
            hint="write the number of its padding there",
        )
    room = row_length(encoder, family)
    if room < _SHORTEST:
        raise InputError(
            f"the base {source!r} has positions for {room} pieces in a row, special ones included",
            where="--base",
            hint=f"{_SHORTEST} are the least; see max_position_embeddings in config.json",
        )


def row_length(encoder: Any, family: Family) -> int:
    """Return how many pieces one row can have: the number of usable position embeddings."""
    taken = encoder.config.pad_token_id + 1 if family.positions_after_padding else 0
    return encoder.config.max_position_embeddings - taken


def _odd(source: str, fault: str) -> InputError:
    return InputError(f"in config.json of the base {source!r}, {fault}", where="--base", hint=_TAKE)


def _refuse(source: str, fault: str, names: Iterable[str], hint: str) -> None:
    found = sorted(names)
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise InputError(
            f"the weights of the base {source!r} {fault} {', '.join(found[:_NAMED])}{more}",
            where="--base",
            hint=hint,
        )


def _finite(value: Tensor) -> bool:
    """Return whether all values are finite; NaN and infinity show in the minimum or the maximum."""
    return not value.is_floating_point() or bool(torch.isfinite(torch.stack(torch.aminmax(value))).all())
