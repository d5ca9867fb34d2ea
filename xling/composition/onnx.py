"""Export a composition as one ONNX graph from piece ids and attention mask to label scores."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from xling.bases.precision import FLOAT32, computing_in
from xling.bases.tokenizers import unreadable
from xling.composition.composed import Composition
from xling.composition.contents import pair_reader, rewrites, routes
from xling.composition.forms.form import Plan, TunedByRow, combines, walk
from xling.errors import InputError, PlanError
from xling.files import in_one_step

INPUTS, OUTPUT = ("input_ids", "attention_mask"), "logits"
_ROWS, _LENGTH = 2, 7  # size of the traced example: unlike any dimension of a model


def export_onnx(composition: Composition, path: Path) -> Path:
    """Write the graph to a file and return its path.

    The numbers of rows and of pieces are dynamic; ids must be right-padded. Raises PlanError when the plan
    routes by language, combines scores or rewrites the text, and InputError when the exporter is not
    installed.
    """
    check_one_way(composition.node)
    ids = torch.full((_ROWS, _LENGTH), unreadable(composition.base.tokenizer))
    example = (ids, torch.ones_like(ids))
    dynamic = {
        name: {0: torch.export.Dim("rows"), 1: torch.export.Dim("length", max=composition.base.max_length)}
        for name in INPUTS
    }
    composition.train(False)
    in_float32 = computing_in(FLOAT32, str(composition.encoder.device))
    with torch.no_grad(), in_float32, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        composition.scores(*example)  # computes and caches changed weights outside the trace
        try:
            program = torch.onnx.export(
                _Scores(composition).eval(),
                example,
                input_names=list(INPUTS),
                output_names=[OUTPUT],
                dynamic_shapes=dynamic,
                dynamo=True,
                verbose=False,
            )
        except ImportError as error:
            raise InputError(
                f"{error.name or error} is not installed", hint="pip install 'xling[onnx]'"
            ) from error
    assert program is not None
    with in_one_step(path) as scratch:
        program.save(scratch)
    return path


def check_one_way(plan: Plan) -> None:
    """Raise PlanError for what no single graph can do: route by language, combine scores, rewrite a text."""
    if combines(plan):
        raise PlanError(
            "this plan combines the scores of several models, and a graph is one",
            where="--plan",
            hint="export its plans one by one",
        )
    if routes(plan):
        raise PlanError(
            "this plan goes by language, and a graph has one way",
            where="--plan",
            hint="export one branch, or what a hypernetwork generates (xling module generate)",
        )
    if any(isinstance(inner, TunedByRow) for inner in walk(plan)):
        raise PlanError(
            "this plan is tuned for each example, and a graph computes one thing",
            where="--plan",
            hint="export mean(...) of the same plans",
        )
    reader = pair_reader(plan)
    if reader is not None:
        raise PlanError(
            f"{reader} reads a translation beside each text, and a graph reads the text alone",
            where="--plan",
            hint="train the kind lora instead",
        )
    if rewrites(plan):
        raise PlanError(
            "this plan rewrites the text, and a graph reads the numbers of pieces",
            where="--plan",
            hint="export the plan without that part, and rewrite the text yourself",
        )


class _Scores(nn.Module):
    """A composition as an `nn.Module`, so that the exporter sees its parameters."""

    def __init__(self, composition: Composition) -> None:
        super().__init__()
        self.encoder = composition.encoder
        self.parts = nn.ModuleList(composition.networks)
        self._composition = composition

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self._composition.scores(input_ids, attention_mask)
