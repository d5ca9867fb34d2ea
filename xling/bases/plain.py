"""Plain transformers classifiers with given encoder weights, and the pooler of a base's checkpoint."""

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
    """Return the family's token classifier (no pooling) or sequence classifier; None if it cannot pool so."""
    if pooling == "none":
        return base.family.token_head
    shape = base.family.sequence_head
    return None if pooling == "mean" and not shape.pools_by_choice else shape


def plain_classifier(
    base: Base, values: Mapping[str, Tensor], labels: Sequence[str], pooling: Pooling, tokenizer: Any
) -> Any:
    """Build a `...ForTokenClassification` or `...ForSequenceClassification` model with an untrained head.

    Args:
        base: The base, whose configuration is copied.
        values: All parameters and buffers of the encoder; its embedding table has the tokenizer's pieces.
        labels: The label names, in the order of the outputs.
        pooling: `none` gives a token classifier, the others a sequence classifier.
        tokenizer: The tokenizer whose special pieces go into the configuration.
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
    ):  # ModernBERT has the pooling and the bias in its configuration
        config.classifier_bias, config.classifier_pooling = True, "mean" if pooling == "mean" else "cls"
    opener = AutoModelForTokenClassification if pooling == "none" else AutoModelForSequenceClassification
    with quiet_transformers():
        model = opener.from_config(config, trust_remote_code=False)
    missing, unexpected = model.base_model.load_state_dict(dict(values), strict=False)
    # only a pooler may be missing: the plain model has one as a part of its head
    assert not unexpected and all(name.startswith("pooler.") for name in missing), (missing, unexpected)
    return model.eval()


def save_plain(model: Any, tokenizer: Any, max_length: int, folder: str) -> None:
    """Save the model and the tokenizer as a transformers folder; `max_length` is in pieces."""
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.model_max_length = max_length
    with quiet_transformers():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def checkpoint_pooler(base: Base) -> dict[str, Tensor]:
    """Return the pooler's tensors (such as `pooler.dense.weight`) in float32; empty if there are none."""
    if not base.family.pooler:
        return {}
    from transformers import AutoModel

    with quiet_transformers():
        model, loading = AutoModel.from_pretrained(
            base.source,
            config=copy.deepcopy(base.encoder.config),
            revision=base.revision,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
        )
    values = {name: value for name, value in model.state_dict().items() if name.startswith(_POOLER)}
    return {} if any(name in values for name in loading["missing_keys"]) else values
