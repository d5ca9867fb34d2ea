"""Merge a plan into the base's weights: the result is a plain transformers model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.bases.families import HeadShape
from xling.bases.plain import head_shape, plain_classifier
from xling.bases.tokenizers import table_size
from xling.composition.contents import loaded, pair_reader, rewrites, routes, tokenizer_of, vocabulary_of
from xling.composition.folding import folded
from xling.composition.forms.beside import has_head
from xling.composition.forms.form import Node, Plan, acting, combines, outputs_changed
from xling.composition.forms.sum import Sum
from xling.errors import PlanError
from xling.languages import UNKNOWN
from xling.modules.head import Head
from xling.modules.registry import KINDS


def merge_node(base: Base, plan: Plan, labels: Sequence[str]) -> Any:
    """Return a `...ForTokenClassification` or `...ForSequenceClassification` with the plan's outputs.

    plan: a plan with loaded modules and one head. labels: the label names in the order of the outputs. Raises
    PlanError, with the reason, when the plan cannot be expressed as a change of weights.
    """
    head, node = checked_merge(plan), acting(plan)
    shape = _shape_for(base, head)
    tokenizer = tokenizer_of(base, node, UNKNOWN)
    if base.family.positions_after_padding and tokenizer.pad_token_id != base.tokenizer.pad_token_id:
        raise _refusal("a plain model of this family counts positions from its padding", "compose it")
    model = plain_classifier(
        base, merged_weights(base, node, table_size(tokenizer)), labels, head.config.pooling, tokenizer
    )
    factors = {shape.scores: _factor(node)}
    for path, own in ((shape.scores, head.scores), (shape.dense, head.dense), (shape.norm, head.norm)):
        if path is not None and own is not None:
            values = {name: factors.get(path, 1.0) * value for name, value in own.state_dict().items()}
            model.get_submodule(path).load_state_dict(values)
    return model


@torch.no_grad()
def merged_weights(base: Base, node: Node, pieces: int) -> Mapping[str, Tensor]:
    """Return every parameter and buffer of the encoder with the plan's changes.

    pieces: the number of rows of the embedding table, one more than the tokenizer's highest id.
    """
    names = base.shape.parameters
    changed = {name: value.detach() for name, value in folded(base, node, names).items()}
    values = {**base.encoder.state_dict(), **changed}
    own, table = vocabulary_of(node, UNKNOWN), f"{base.family.word_embeddings}.weight"
    if own is not None:
        values[table] = own.vectors(torch.arange(pieces), values[table])
    return values


def checked_merge(plan: Plan) -> Head:
    """Return the head of a plan that can be merged; raises PlanError, with the reason, for any other plan."""
    if combines(plan):
        raise _refusal(
            "it combines the scores of several models, and a plain model is one", "merge one of its plans"
        )
    if routes(plan):
        raise _refusal("it routes by language, and a plain model has one set of weights", "merge one branch")
    if rewrites(plan):
        raise _refusal(
            "it rewrites the text, and a plain model reads the text as it stands",
            "merge the plan without that part, and rewrite the text yourself",
        )
    reader = pair_reader(plan)
    if reader is not None:
        raise _refusal(
            f"{reader} reads a translation beside each text, and a plain model reads the text alone",
            "train the kind lora instead",
        )
    for leaf in loaded(plan):
        for part in leaf.module.parts:
            if KINDS[part.config.kind].merges == "none":
                title = leaf.module.facts.task or leaf.module.facts.language or "a module"
                raise _refusal(
                    f"the {part.config.kind} part of {title} works on states and is no change of weights",
                    "train the kind lora, ia3, lt-sft or full instead, or export it to ONNX",
                )
    if outputs_changed(plan):
        raise _refusal(
            "each token chooses its modules in it, and a plain model has one set of weights",
            "merge mean(...) of the same modules, or export it to ONNX",
        )
    heads = [leaf.head for leaf in loaded(plan) if isinstance(leaf.head, Head)]
    if len(heads) != 1:
        raise _refusal(
            f"it has {len(heads)} heads, and a plain model has one", "end the plan in one task module"
        )
    return heads[0]


def _shape_for(base: Base, head: Head) -> HeadShape:
    config, family = head.config, base.family.name
    shape = head_shape(base, config.pooling)
    if shape is None:
        raise _refusal(
            f"its head takes the mean of the states, and a plain {family} classifier takes the first one",
            "train the task module with the option head.pooling=first",
        )
    if config.dense != shape.nonlinearity or config.norm != (shape.norm is not None):
        raise _refusal(
            f"its head is not in the shape of a plain {family} classifier", "leave its options out"
        )
    return shape


def _factor(plan: Plan) -> float:
    """Return what the scores of a plan's only head are multiplied by in the sums around it."""
    for number, inner in enumerate(plan.plans):
        if has_head(inner):
            own = plan.weights[number] if isinstance(plan, Sum) else 1.0
            return own * _factor(inner)
    return 1.0


def _refusal(reason: str, hint: str) -> PlanError:
    return PlanError(f"this plan cannot be merged: {reason}", where="--plan", hint=hint)
