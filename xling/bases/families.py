"""Encoder families as data: where each architecture has the sites of `xling.sites`.

A new architecture is one value in FAMILIES. Paths are relative to the encoder (such as `BertModel`),
and paths of sites to one layer. `check` compares a value with the real module tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import nn

from xling.errors import InputError
from xling.sites import LinearSlice, Place


@dataclass(frozen=True)
class ResidualSite:
    """The modules of a layer that hold a residual site.

    Attributes:
        sublayer: The path of the module whose output is f (the first item, if it returns a tuple).
        residual: The path of the module that takes r as an input.
        argument: The number of the positional argument of that module which is r.
        norm: The path of the norm of f + r, or None in a pre-norm encoder.
    """

    sublayer: str
    residual: str
    argument: int
    norm: str | None


@dataclass(frozen=True)
class LinearSite:
    """A projection: a whole linear module, or block number `index` of its `parts` equal blocks of rows."""

    path: str
    index: int = 0
    parts: int = 1


@dataclass(frozen=True)
class HeadShape:
    """The classifier that transformers builds for a family; paths are relative to the whole model.

    Attributes:
        scores: The path of the last linear layer.
        dense: The path of the hidden layer before it, or None.
        nonlinearity: The activation after the hidden layer, or None.
        norm: The path of the norm after the activation, or None.
        pools_by_choice: Whether the model's configuration selects the pooling: the first state or the mean.
    """

    scores: str
    dense: str | None = None
    nonlinearity: Literal["tanh", "relu", "gelu"] | None = None
    norm: str | None = None
    pools_by_choice: bool = False


@dataclass(frozen=True, kw_only=True)
class Family:
    """One architecture; see the head of this file for what paths are relative to.

    Attributes:
        name: The name of the family.
        model_types: The values of transformers' `config.model_type` that belong to it.
        layers: The path of the list of transformer layers.
        embeddings: The path of the embedding block.
        word_embeddings: The path of the table of input embeddings.
        residual_sites: The residual sites of a layer, by place.
        linear_sites: The linear sites of a layer, by name.
        mlm_steps: Paths in the masked-LM model, or names of activations, from the last state to the decoder.
        mlm_decoder: The path of the decoder in the masked-LM model.
        token_head: The family's token classifier.
        sequence_head: The family's sequence classifier.
        positions_after_padding: Whether the first position id is the padding id plus one.
        takes_positions: Whether the encoder accepts position ids; otherwise it counts from the row's start.
        pooler: Whether the bare encoder builds a pooler by default, which no task here reads.
    """

    name: str
    model_types: tuple[str, ...]
    layers: str
    embeddings: str
    word_embeddings: str
    residual_sites: Mapping[Place, ResidualSite]
    linear_sites: Mapping[str, LinearSite]
    mlm_steps: tuple[str, ...]
    mlm_decoder: str
    token_head: HeadShape
    sequence_head: HeadShape
    positions_after_padding: bool = False
    takes_positions: bool = True
    pooler: bool = True


_BERT_RESIDUAL: Mapping[Place, ResidualSite] = {
    "after_attention": ResidualSite(
        "attention.output.dropout", "attention.output", 1, "attention.output.LayerNorm"
    ),
    "after_ffn": ResidualSite("output.dropout", "output", 1, "output.LayerNorm"),
}
_BERT_LINEAR = {
    "attention.query": LinearSite("attention.self.query"),
    "attention.key": LinearSite("attention.self.key"),
    "attention.value": LinearSite("attention.self.value"),
    "attention.output": LinearSite("attention.output.dense"),
    "ffn.up": LinearSite("intermediate.dense"),
    "ffn.down": LinearSite("output.dense"),
}

BERT = Family(
    name="bert",
    model_types=("bert",),
    layers="encoder.layer",
    embeddings="embeddings",
    word_embeddings="embeddings.word_embeddings",
    residual_sites=_BERT_RESIDUAL,
    linear_sites=_BERT_LINEAR,
    mlm_steps=("cls.predictions.transform",),
    mlm_decoder="cls.predictions.decoder",
    token_head=HeadShape("classifier"),
    sequence_head=HeadShape("classifier", "bert.pooler.dense", "tanh"),
)
ROBERTA = Family(
    name="roberta",
    model_types=("roberta", "xlm-roberta"),
    layers="encoder.layer",
    embeddings="embeddings",
    word_embeddings="embeddings.word_embeddings",
    residual_sites=_BERT_RESIDUAL,
    linear_sites=_BERT_LINEAR,
    mlm_steps=("lm_head.dense", "gelu", "lm_head.layer_norm"),
    mlm_decoder="lm_head.decoder",
    token_head=HeadShape("classifier"),
    sequence_head=HeadShape("classifier.out_proj", "classifier.dense", "tanh"),
    positions_after_padding=True,
)
DISTILBERT = Family(
    name="distilbert",
    model_types=("distilbert",),
    layers="transformer.layer",
    embeddings="embeddings",
    word_embeddings="embeddings.word_embeddings",
    residual_sites={
        "after_attention": ResidualSite("attention", "", 0, "sa_layer_norm"),
        "after_ffn": ResidualSite("ffn", "ffn", 0, "output_layer_norm"),
    },
    linear_sites={
        "attention.query": LinearSite("attention.q_lin"),
        "attention.key": LinearSite("attention.k_lin"),
        "attention.value": LinearSite("attention.v_lin"),
        "attention.output": LinearSite("attention.out_lin"),
        "ffn.up": LinearSite("ffn.lin1"),
        "ffn.down": LinearSite("ffn.lin2"),
    },
    mlm_steps=("vocab_transform", "activation", "vocab_layer_norm"),
    mlm_decoder="vocab_projector",
    token_head=HeadShape("classifier"),
    sequence_head=HeadShape("classifier", "pre_classifier", "relu"),
    takes_positions=False,
    pooler=False,
)
MODERNBERT = Family(
    name="modernbert",
    model_types=("modernbert",),
    layers="layers",
    embeddings="embeddings",
    word_embeddings="embeddings.tok_embeddings",
    residual_sites={
        "after_attention": ResidualSite("attn", "attn_norm", 0, None),
        "after_ffn": ResidualSite("mlp", "mlp_norm", 0, None),
    },
    linear_sites={
        "attention.query": LinearSite("attn.Wqkv", 0, 3),
        "attention.key": LinearSite("attn.Wqkv", 1, 3),
        "attention.value": LinearSite("attn.Wqkv", 2, 3),
        "attention.output": LinearSite("attn.Wo"),
        "ffn.up": LinearSite("mlp.Wi", 0, 2),
        "ffn.gate": LinearSite("mlp.Wi", 1, 2),
        "ffn.down": LinearSite("mlp.Wo"),
    },
    mlm_steps=("head",),
    mlm_decoder="decoder",
    token_head=HeadShape("classifier", "head.dense", "gelu", "head.norm"),
    sequence_head=HeadShape("classifier", "head.dense", "gelu", "head.norm", pools_by_choice=True),
    pooler=False,
)
FAMILIES = (BERT, ROBERTA, DISTILBERT, MODERNBERT)


def family_of(model_type: object) -> Family:
    """Return the family of a transformers `config.model_type`. Raises InputError when there is none."""
    for family in FAMILIES:
        if model_type in family.model_types:
            return family
    known = sorted(name for family in FAMILIES for name in family.model_types)
    raise InputError(
        f"no encoder family serves model_type {model_type!r}",
        where="--base",
        choices=known,
        hint="a new family is one value in xling/bases/families.py",
    )


def layers_of(encoder: nn.Module, family: Family) -> nn.ModuleList:
    """Return the encoder's transformer layers, the lowest first."""
    layers = encoder.get_submodule(family.layers)
    assert isinstance(layers, nn.ModuleList)
    return layers


def linear_slices(encoder: nn.Module, family: Family) -> dict[tuple[int, str], LinearSlice]:
    """Return the linear sites of all layers as rows of parameters, by (layer, name)."""
    found = {}
    for number, layer in enumerate(layers_of(encoder, family)):
        for name, site in family.linear_sites.items():
            linear = layer.get_submodule(site.path)
            assert isinstance(linear, nn.Linear)
            path, rows = f"{family.layers}.{number}.{site.path}", linear.out_features // site.parts
            bias = None if linear.bias is None else f"{path}.bias"
            start = site.index * rows
            found[number, name] = LinearSlice(
                weight=f"{path}.weight", bias=bias, start=start, stop=start + rows, inputs=linear.in_features
            )
    return found


def norm_parameters(encoder: nn.Module) -> frozenset[str]:
    """Return the names of the parameters that belong to norms, which are found by the type of module."""
    norms = {
        path for path, module in encoder.named_modules() if isinstance(module, nn.LayerNorm | nn.RMSNorm)
    }
    return frozenset(name for name, _ in encoder.named_parameters() if name.rpartition(".")[0] in norms)


def check(encoder: nn.Module, family: Family) -> None:
    """Compare a family's paths with a real encoder. Raises one InputError that lists all differences."""
    known = dict(encoder.named_modules(remove_duplicate=False))
    faults = [
        path for path in (family.layers, family.embeddings, family.word_embeddings) if path not in known
    ]
    residual, linear = family.residual_sites.values(), family.linear_sites.values()
    paths = [path for site in residual for path in (site.sublayer, site.residual, site.norm or "")]
    paths += [site.path for site in linear]
    for number, layer in enumerate(layers_of(encoder, family) if not faults else ()):
        known = dict(layer.named_modules(remove_duplicate=False))
        faults += [
            f"layer {number} {site.path} (not {site.parts} equal blocks)"
            for site in linear
            if site.path in known and not _divides(known[site.path], site.parts)
        ]
        faults += [f"layer {number} {path}" for path in paths if path not in known]
    if faults:
        raise InputError(
            f"this {family.name} encoder has no module at {', '.join(dict.fromkeys(faults))}",
            where="--base",
            hint="its family in xling/bases/families.py does not describe this version of transformers",
        )


def _divides(module: nn.Module, parts: int) -> bool:
    return isinstance(module, nn.Linear) and module.out_features % parts == 0
