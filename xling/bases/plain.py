"""Plain transformers classifiers around given encoder weights, and the pooler of a base's checkpoint."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.bases.families import HeadShape
from xling.bases.reading import quiet_transformers

Pooling = Literal["none", "first", "mean"]
_ROLES = ("pad", "bos", "eos", "cls", "sep")
_POOLER = "pooler."


def head_shape(base: Base, pooling: Pooling) -> HeadShape | None:
    """The family's own classifier of tokens (no pooling) or of sequences; None where it cannot pool so."""
    if pooling == "none":
        return base.family.token_head
    shape = base.family.sequence_head
    return None if pooling == "mean" and not shape.pools_by_choice else shape


def plain_classifier(
    base: Base, values: Mapping[str, Tensor], labels: Sequence[str], pooling: Pooling, tokenizer: Any
) -> Any:
    """A `...ForTokenClassification` or `...ForSequenceClassification` with a fresh head.

    values: every parameter and buffer of the encoder; its table is of the tokenizer's pieces.
    """
    from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

    config = copy.deepcopy(base.encoder.config)
    config.vocab_size = values[f"{base.family.word_embeddings}.weight"].shape[0]
    for role in _ROLES:
        if getattr(config, f"{role}_token_id", None) is not None:
            setattr(config, f"{role}_token_id", getattr(tokenizer, f"{role}_token_id"))
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: number for number, label in enumerate(labels)}
    if (
        base.family.sequence_head.pools_by_choice
    ):  # ModernBERT says the pooling and a bias in its configuration
        config.classifier_bias, config.classifier_pooling = True, "mean" if pooling == "mean" else "cls"
    opener = AutoModelForTokenClassification if pooling == "none" else AutoModelForSequenceClassification
    with quiet_transformers():
        model = opener.from_config(config)
    missing, unexpected = model.base_model.load_state_dict(dict(values), strict=False)
    # a pooler is the one thing the plain model may have beyond the encoder, and it belongs to the head
    assert not unexpected and all(name.startswith("pooler.") for name in missing), (missing, unexpected)
    return model.eval()


def save_plain(model: Any, tokenizer: Any, max_length: int, folder: str) -> None:
    """Model and tokenizer as a transformers folder."""
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.model_max_length = max_length
    with quiet_transformers():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def checkpoint_pooler(base: Base) -> dict[str, Tensor]:
    """The pooler's tensors (`pooler.dense.weight`, ...) in float32; empty where the checkpoint has none."""
    if not base.family.pooler:
        return {}
    from transformers import AutoModel

    with quiet_transformers():
        model, loading = AutoModel.from_pretrained(
            base.source,
            revision=base.revision,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
        )
    values = {name: value for name, value in model.state_dict().items() if name.startswith(_POOLER)}
    return {} if any(name in values for name in loading["missing_keys"]) else values
