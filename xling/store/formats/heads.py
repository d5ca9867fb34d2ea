"""Classifiers under the parameter names of transformers, and our head part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor, zeros

from xling.bases.base import Base
from xling.bases.plain import checkpoint_pooler, head_shape
from xling.errors import InputError
from xling.modules.head import Head, HeadConfig, Pooling
from xling.modules.module import Module
from xling.store.formats.format import FoundPart, ImportRequest, Tensors, prefix_of
from xling.tasks.registry import TASKS, task_named


def plain_names(base: Base, pooling: Pooling) -> dict[str, str]:
    """Return our head's tensor names to the family's own, or nothing if the family has no such pooling."""
    shape = head_shape(base, pooling)
    if shape is None:
        return {}
    paths = {"scores": shape.scores, "dense": shape.dense, "norm": shape.norm}
    leaves = {"scores": ("weight", "bias"), "dense": ("weight", "bias"), "norm": ("weight",)}
    return {f"{own}.{leaf}": f"{path}.{leaf}" for own, path in paths.items() if path for leaf in leaves[own]}


def wants_head(present: Sequence[str], request: ImportRequest, *, where: Path) -> bool:
    """Return whether the head among these tensors belongs in the module.

    present: the names of the head's tensors.

    Raises InputError when the request and the files disagree.
    """
    if request.task is None:
        if present and not request.without_head:
            raise InputError(
                f"it has a head ({present[0]}), and a language module has none",
                where=where,
                hint="--without-head leaves it out, --task says what it predicts",
            )
        return False
    if request.without_head:
        raise InputError("a task module needs its head", where="--without-head", hint="leave the option out")
    if not present:
        raise InputError(f"it has no head for the task {request.task}", where=where)
    return True


def read_head(
    plain: Mapping[str, Tensor], request: ImportRequest, *, said: Sequence[str] = (), where: Path
) -> tuple[list[FoundPart], tuple[str, ...]]:
    """Return the head among a classifier's tensors, which have transformers' names, and its labels.

    Both are empty if the head does not belong in the module.

    said: labels that the files name.

    A pooler that the classifier uses but the file lacks is taken from the base.

    Raises InputError when the request and the files disagree, or the tensors are not those of such a head.
    """
    if not wants_head(list(plain), request, where=where):
        return [], ()
    base, task = request.base, task_named(str(request.task))
    shape = task.head(("_",), base)
    if not isinstance(shape, HeadConfig):
        known = [name for name in TASKS if isinstance(task_named(name).head(("_",), base), HeadConfig)]
        raise InputError(f"a plain model has no head for {task.name}", where="--task", choices=known)
    names = plain_names(base, shape.pooling)
    scores = names["scores.weight"]
    if scores not in plain or plain[scores].ndim != 2:
        raise InputError(
            f"its head has no {scores}, as a {task.name} head of this base would",
            where=where,
            hint=f"it has {', '.join(sorted(plain)[:6])}",
        )
    labels = settled(request, said, len(plain[scores]))
    known = {**_pooler(base, names, plain), **plain}
    known.setdefault(names["scores.bias"], zeros(len(labels)))
    for name in (*names.values(), *plain):
        if name not in known:
            raise InputError(f"its head reads {name}, which it does not hold", where=where)
        if name not in names.values():
            raise InputError(f"its head holds {name}, which a {task.name} head has not", where=where)
    tensors = {own: known[name] for own, name in names.items()}
    return [FoundPart(task.head(labels, base), tensors)], labels


def settled(request: ImportRequest, said: Sequence[str], outputs: int) -> tuple[str, ...]:
    """Return the labels of a head: those of the request, else those that the files name.

    outputs: the number of outputs that the head has.

    Raises InputError when there are no labels, or not one for each output.
    """
    placeholders = all(label == f"LABEL_{number}" for number, label in enumerate(said))
    labels = request.labels or (() if placeholders else tuple(said))
    if not labels:
        raise InputError(
            f"the files do not name the {outputs} labels of the head",
            where="--labels",
            hint="give them in the order of its outputs, such as --labels O,B-PER,I-PER",
        )
    if len(labels) != outputs or len(set(labels)) != outputs:
        raise InputError(
            f"{len(set(labels))} labels ({', '.join(labels)}) for a head of {outputs} outputs",
            where="--labels",
        )
    return labels


def plain_head(module: Module, base: Base, title: str) -> Tensors:
    """Return the head's tensors under transformers' names; none for a language module.

    Raises InputError when the head does not have the family's own shape.
    """
    part = module.part("head")
    if part is None:
        return {}
    assert isinstance(part.network, Head)
    config, shape = part.network.config, head_shape(base, part.network.config.pooling)
    if shape is None or config.dense != shape.nonlinearity or config.norm != (shape.norm is not None):
        raise InputError(
            f"the head (pooling {config.pooling}, dense {config.dense}, norm {config.norm}) "
            f"is not in the shape of a plain {base.family.name} "
            f"classifier, which is what {title} holds",
            where="--format",
        )
    values = part.network.state_dict()
    return {name: values[own].cpu() for own, name in plain_names(base, config.pooling).items()}


def _pooler(base: Base, names: Mapping[str, str], plain: Mapping[str, Tensor]) -> Tensors:
    """Return the base's own pooler if the classifier uses one and the file lacks it."""
    inside = [name for name in names.values() if name.startswith(prefix_of(base))]
    if not inside or all(name in plain for name in inside):
        return {}
    return {prefix_of(base) + name: value for name, value in checkpoint_pooler(base).items()}
