"""Multiple choice: tables of a context, a question and several answers, told by their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.data.cells import shown
from xling.data.examples import Choice
from xling.data.place import Place
from xling.data.rows import as_text, as_texts, read_rows, table_format
from xling.errors import InputError

_IDS = ("idx", "id")
Line = tuple[int, Mapping[str, Any]]  # (line, or number of the row; cells by column)


@dataclass(frozen=True, kw_only=True)
class ChoiceLayout:
    """Which columns hold what. choices: one column each, or a single one with a list.

    first: how the label counts the first choice.
    """

    context: str
    question: str
    choices: tuple[str, ...]
    label: str
    first: int = 0

    def columns(self) -> tuple[str, ...]:
        """The columns that tell the layout; without gold the label is not there."""
        return (self.context, self.question, *self.choices)


# The question of COPA and XCOPA is the bare word `cause` or `effect` in the file of every language, and
# stays that: one sign for source and target alike, which the head learns on the source. A sentence in the
# source's words (`What was the cause of this?`) would put a second language into every target row.
LAYOUTS: Mapping[str, ChoiceLayout] = {
    "copa": ChoiceLayout(
        context="premise", question="question", choices=("choice1", "choice2"), label="label"
    ),
    "belebele": ChoiceLayout(
        context="flores_passage",
        question="question",
        choices=("mc_answer1", "mc_answer2", "mc_answer3", "mc_answer4"),
        label="correct_answer_num",
        first=1,
    ),
    "own": ChoiceLayout(context="context", question="question", choices=("choices",), label="label"),
}


def read_choices(
    path: str | Path, *, language: str, labelled: bool = True, format: str | None = None
) -> list[Choice]:
    """Rows of a `.jsonl`, `.tsv` or `.csv` file, or its `.gz`, in one of `LAYOUTS`.

    format: one of these, by the ending where not told. labelled: whether the right answer is read, and must
    be there.
    Raises InputError naming file and line, as `choices_of` does, and as `xling.data.rows` does.
    """
    by_line = table_format(path, format) == "jsonl"
    rows, header = read_rows(path, format), None if by_line else 1
    return choices_of(rows, language, labelled=labelled, where=path, header=header)


def choices_of(
    rows: Iterable[Line], language: str, *, labelled: bool, where: str | Path, header: int | None = None
) -> list[Choice]:
    """Examples of numbered rows of a file or data set.

    header: the line that names the columns of all rows; None where each row names its own.
    Without a column `idx` or `id` the id is CONTEXT/ROW, both numbered, so that the questions on one
    passage can be kept together.
    Raises InputError for missing columns, cells of another type, a label outside the choices, an id that
    stands twice, and for no row at all.
    """
    found: list[Choice] = []
    seen: dict[str, Place] = {}
    contexts: dict[str, int] = {}
    for line, cells in rows:
        place = Place(where, line)
        layout = _layout(cells, labelled, place if header is None else Place(where, header))
        context, question = (_text(cells, name, place) for name in layout.columns()[:2])
        choices = _choices(cells, layout, place)
        label = _label(cells, layout, len(choices), place) if labelled else None
        group = contexts.setdefault(context, len(contexts))
        given = next((cells[name] for name in _IDS if cells.get(name) is not None), None)
        identity = f"{group}/{len(found)}" if given is None else as_text(given)
        if identity is None:
            raise place.fault(f"{shown(given)} is no id")
        if identity in seen:
            raise place.fault(f"the id {shown(identity)} stands in {seen[identity]} already")
        seen[identity] = place
        found.append(
            Choice(
                context=context,
                question=question,
                choices=choices,
                label=label,
                id=identity,
                language=language,
            )
        )
    if not found:
        raise InputError("no row with choices", where=where)
    return found


def _layout(cells: Mapping[str, Any], labelled: bool, place: Place) -> ChoiceLayout:
    """The layout that most columns speak for; InputError names those it lacks."""
    wanted = {
        name: (*layout.columns(), *([layout.label] if labelled else [])) for name, layout in LAYOUTS.items()
    }
    lacking = {name: [one for one in columns if one not in cells] for name, columns in wanted.items()}
    best = min(LAYOUTS, key=lambda name: len(lacking[name]) / len(wanted[name]))
    if lacking[best]:
        there = ", ".join(shown(name) for name in list(cells)[:20]) or "none"
        layouts = "; or ".join(f"{', '.join(layout.columns())}" for layout in LAYOUTS.values())
        raise place.fault(
            f"no column {', '.join(map(repr, lacking[best]))} among {there}",
            hint=f"the columns of multiple choice are {layouts}",
        )
    return LAYOUTS[best]


def _text(cells: Mapping[str, Any], column: str, place: Place) -> str:
    text = as_text(cells[column])
    if text is None:
        raise place.fault(f"the column {column!r} holds {shown(cells[column])}, no text")
    return text


def _choices(cells: Mapping[str, Any], layout: ChoiceLayout, place: Place) -> tuple[str, ...]:
    first, *others = layout.choices
    if others:
        choices = tuple(_text(cells, name, place) for name in layout.choices)
    else:
        choices = as_texts(cells[first]) or ()
    if len(choices) < 2 or not all(choice.strip() for choice in choices):
        held = ", ".join(shown(cells[name]) for name in layout.choices)
        raise place.fault(f"{', '.join(layout.choices)} hold {held}, not two choices or more")
    return choices


def _label(cells: Mapping[str, Any], layout: ChoiceLayout, count: int, place: Place) -> int:
    numbers = {str(layout.first + number): number for number in range(count)}
    text = (as_text(cells[layout.label]) or "").strip()
    if text not in numbers:
        problem = f"{layout.label} is {shown(cells[layout.label])}, outside the choices"
        raise place.fault(problem, choices=numbers)
    return numbers[text]
