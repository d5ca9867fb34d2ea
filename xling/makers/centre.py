"""Making a centre from unlabelled text of a language and of the source: one pass over both."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.composition.fitting import check_fits
from xling.data.text import deduplicate
from xling.errors import InputError
from xling.makers.stage import Session, Stage
from xling.modules.centre import Centre, CentreConfig
from xling.modules.module import Module
from xling.training.alignment import sentence_vectors
from xling.training.specs import Centring

_LEAST = 2  # lines, below which there is no deviation


def check_centre(stage: Stage[Centring]) -> None:
    """Raise InputError when a text has fewer than two different lines, or the source has none at all."""
    known = stage.module("init")
    if known is not None and _centre(known) is None:
        raise InputError(
            "this module is no centre, so it has no statistics of the source",
            where="--init",
            hint="give a module of the kind centre, or --source-text",
        )
    for role in ("text",) if known else ("text", "source_text"):
        if (count := len(deduplicate(stage.rows(role)))) < _LEAST:
            raise InputError(
                f"{count} different lines have no deviation",
                where=f"--{role.replace('_', '-')}",
                hint="give some hundred lines, of the kind that the task reads",
            )


def make_centre(base: Base, stage: Stage[Centring], session: Session) -> Module:
    """Make the centre of a stage from the mean-pooled states of its text and of the source's.

    The source's statistics are those of the module `init`, if there is one. The score `distance` is the
    root mean square of the difference of the means, in deviations of the source.

    Raises MismatchError when `init` belongs to another base.
    """
    init = stage.module("init")
    if init is not None:
        check_fits(init, base)
    known = _centre(init) if init else None
    own = _vectors(base, stage, "text")
    mean, deviation = statistics(own)
    source_mean, source_deviation = (
        (known.source_mean, known.source_deviation)
        if known
        else statistics(_vectors(base, stage, "source_text"))
    )
    module = Module.fresh((CentreConfig(),), base.shape, stage.facts(base))
    found = {"mean": mean, "deviation": deviation}
    source = {"source_mean": source_mean, "source_deviation": source_deviation}
    module.networks[0].load_state_dict({**found, **source})
    away = (mean - source_mean) / source_deviation
    scores = {"lines": len(own), "distance": round(float(away.square().mean().sqrt()), 3)}
    return Module(module.parts, module.facts, scores)


def statistics(vectors: Float[Tensor, "rows hidden"]) -> tuple[Tensor, Tensor]:
    """Return the mean of vectors and their standard deviation, which is never zero; both are [hidden]."""
    return vectors.mean(0).cpu(), vectors.std(0).clamp(min=1e-6).cpu()


def _centre(module: Module) -> Centre | None:
    return next((own for own in module.networks if isinstance(own, Centre)), None)


def _vectors(base: Base, stage: Stage[Centring], role: str) -> Float[Tensor, "rows hidden"]:
    longest = min(stage.spec.max_length, base.max_length)
    lines: Sequence[str] = deduplicate(stage.rows(role))
    rows = base.tokenizer(list(lines), truncation=True, max_length=longest)["input_ids"]
    return sentence_vectors(Composition(base), rows)
