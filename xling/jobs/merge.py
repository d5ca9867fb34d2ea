"""Turn a plan into a plain transformers model or an ONNX graph, neither of which needs xling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xling import __version__
from xling.bases.plain import save_plain
from xling.composition.composed import Composition
from xling.composition.contents import loaded, tokenizer_of
from xling.composition.forms.form import acting
from xling.composition.merging import checked_merge, merge_node
from xling.composition.onnx import INPUTS, check_one_way, export_onnx
from xling.errors import XlingError
from xling.files import check_new, whole_folder, write_atomically
from xling.languages import UNKNOWN
from xling.makers.composed_model import ComposedModel, Setup
from xling.places import check_output
from xling.tasks.tagging import Tagging


def merge(model: ComposedModel) -> Any:
    """Return a plain transformers model with the same outputs, in evaluation mode.

    The base is not changed.

    Raises PlanError, with the reason, when the plan does more than change weights.
    """
    return merge_node(model.base, model.composition.node, model.labels)


def merge_to(base: str, plan: str, store: Path, out: Path) -> dict[str, Any]:
    """Write a merged plan to a new folder: model, tokenizer, label names and model card.

    The folder appears only when it is complete.
    """
    check_new(out)
    setup = Setup(base=base, plan=plan, store=store)
    planned = setup.planned()
    checked_merge(planned.node)
    model = setup.composed(planned)
    merged, tokenizer = merge(model), tokenizer_of(model.base, acting(planned.node), UNKNOWN)
    with whole_folder(out) as unfinished:
        save_plain(merged, tokenizer, model.base.max_length, str(unfinished))
        write_atomically(
            unfinished / "README.md", _card(model, type(merged).__name__, out.name).encode("utf-8")
        )
    return {
        "merged": str(out),
        "plan": str(model.plan),
        "class": type(merged).__name__,
        "labels": list(model.labels),
    }


def onnx_to(base: str, plan: str, store: Path, out: Path) -> dict[str, Any]:
    """Write a plan of modules of any kind as one ONNX file.

    The graph takes the ids of the plan's own tokenizer if it has a vocabulary, otherwise of the base's.
    """
    setup = Setup(base=base, plan=plan, store=store)
    check_output(out, *setup.inputs())
    planned = setup.planned()
    check_one_way(planned.node)
    model = setup.composed(planned)
    try:
        export_onnx(Composition(model.base, planned.node), out)
    except OSError as error:
        raise XlingError(
            f"cannot write {out}: {error.strerror or error}; free some space and try again"
        ) from error
    return {"graph": str(out), "plan": str(model.plan), "inputs": list(INPUTS), "labels": list(model.labels)}


def _card(model: ComposedModel, class_name: str, title: str) -> str:
    """Return the model card, made from the facts of the modules.

    class_name: the class of the plain model, such as `BertForTokenClassification`.
    """
    facts = [leaf.module.facts for leaf in loaded(model.composition.node)]
    licences = sorted({own.licence for own in facts if own.licence})
    data = sorted({card for own in facts for card, _ in own.cards})
    opener = f"AutoModelFor{class_name.partition('For')[2]}"
    rows = {
        "task": model.task.name,
        "labels": ", ".join(model.labels),
        "plan": f"`{model.plan}`",
        "base": model.base.id,
        "data": ", ".join(data) or "not said",
        "licences of the data": ", ".join(licences) or "not said",
        "merged by": f"xling {__version__}",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    about = "A plain transformers model; it needs nothing else to run."
    if isinstance(model.task, Tagging):
        about += (
            " Its scores are those of the plan. xling chooses the tags of a sentence together (Viterbi): "
            "the best tag of a word alone can differ."
        )
    return (
        f"# {title}\n\n{about}\n\n"
        f"| | |\n|---|---|\n{table}\n\n"
        f"```python\nfrom transformers import {opener}, AutoTokenizer\n\n"
        f'model = {opener}.from_pretrained("{title}")\n'
        f'tokenizer = AutoTokenizer.from_pretrained("{title}")\n```\n'
    )
