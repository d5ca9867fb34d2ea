"""Score a plan on labelled data: a file, or a split of a data card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.corpora.cards import load_card
from xling.corpora.source import file_of, load
from xling.data.examples import Example, fingerprint
from xling.errors import InputError
from xling.evaluation.bootstrap import interval
from xling.evaluation.flips import compared, judged, read_judged
from xling.files import write_json
from xling.languages import UNKNOWN, parse
from xling.makers.composed_model import Setup
from xling.places import check_output
from xling.tasks.inference import Progress, unheard
from xling.tasks.reading import read_labelled
from xling.tasks.registry import task_named


@dataclass(frozen=True, kw_only=True)
class GoldData:
    """Where the labelled examples are: in a file of some format, or in a split of a data card.

    A card can rename labels, so that a module can be scored on data with other label names.
    """

    file: Path | None = None
    format: str = "auto"
    card: str | None = None
    split: str = "test"
    data_root: Path | None = None

    def examples(self, task: str, language: str) -> list[Example]:
        """Return the examples.

        Raises InputError unless exactly one of file and card is given, and when the card is for another task.
        """
        if (self.file is None) == (self.card is None):
            raise InputError("give either --data FILE or --card NAME", where="xling evaluate")
        if self.file is not None:
            return read_labelled(self.file, task=task, language=language, format=self.format)
        card = load_card(str(self.card))
        if card.task != task:
            raise InputError(f"the card {card.name} is of {card.task}, not of {task}", where="--card")
        return list(load(card, language, self.split, data_root=self.data_root))

    def inputs(self, language: str) -> list[Path | None]:
        """Return the files that are read: the labelled one, or the card and its data."""
        if self.card is None:
            return [self.file]
        card = load_card(self.card)
        return [Path(self.card), file_of(card, language, self.split, data_root=self.data_root)]


def evaluate_file(
    setup: Setup,
    data: GoldData,
    *,
    task: str,
    language: str = UNKNOWN,
    against: Path | None = None,
    out: Path | None = None,
    progress: Progress = unheard,
) -> dict[str, Any]:
    """Predict labelled data, and return its scores with a 95% bootstrap interval over the examples.

    against: older predictions of the same examples, as `xling predict` writes them in JSON lines. The result
    then has their score, the difference and the flips (see `xling.evaluation.flips`).

    Raises InputError when the plan predicts another task, when the module cannot predict a gold label, and
    when the older predictions are of other examples.
    """
    task_named(task)
    tag = language if language == UNKNOWN else parse(language)
    if out is not None:
        check_output(out, *data.inputs(tag), against)
    planned = setup.planned()
    if out is not None:
        check_output(out, *setup.inputs())
    if planned.task.name != task:
        raise InputError(f"the plan's task is {planned.task.name}, not {task}", where="--task")
    examples = data.examples(task, tag)
    older = None if against is None else read_judged(against, planned.task, examples)
    model = setup.composed(planned)
    rows = model.predict(examples, precision=setup.precision, progress=progress)
    scored = interval(model.task.counts(examples, rows), model.task.value)
    result = {
        "language": tag,
        "plan": str(model.plan),
        "task": task,
        "metric": model.task.metric,
        **scored.row(),
        "examples": len(examples),
        "all": {key: round(value, 2) for key, value in model.task.score(examples, rows).items()},
        "precision": setup.precision,
        "data_sha256": fingerprint(examples).removeprefix("sha256:"),
    }
    if older is not None:
        newer = judged(model.task, examples, rows)
        result["against"] = {"predictions": str(against), **compared(older, newer, model.task)}
    if out is not None:
        write_json(out, result)
    return result
