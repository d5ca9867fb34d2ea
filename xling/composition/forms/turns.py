"""`turns(lang/eng, lang/swh, none) >> new`: plans that take turns while a module is trained among them.

Source: target-language ready task adapters (Parović et al. 2023), where the language module below a task one
changes with each step, so that it meets under it in training what it will meet while predicting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xling.composition.forms.form import Plan, called, walk
from xling.composition.forms.single import NEW
from xling.composition.forms.stack import replaced
from xling.errors import PlanError

if TYPE_CHECKING:
    from xling.composition.grammar import Reader

_HINT = "write it in the plan of a training, once: turns(lang/eng, lang/swh) >> new"


@dataclass(frozen=True)
class Turns(Plan):
    """Plans of which each forward pass of a training takes the next one.

    It says nothing of a prediction, so it is refused wherever no module is trained.

    plans: at least two.
    """

    plans: tuple[Plan, ...]

    word = "turns"

    def __post_init__(self) -> None:
        if len(self.plans) < 2:
            raise PlanError(f"turns takes at least two plans, not {len(self.plans)}", where="--plan")

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        """Parse plans separated by commas."""
        return cls(tuple(reader.separated(reader.plan)))

    def __str__(self) -> str:
        return called(self.word, self.plans)

    def grown(self) -> Plan:
        raise PlanError(
            f"{str(self)!r} takes turns from one step of a training to the next, and there is none here",
            where="--plan",
            hint="name one of its plans",
        )


def in_turn(plan: Plan) -> list[Plan]:
    """Return the plans that take turns in the plan of a training: the plan alone when it has no `turns`.

    Raises PlanError when it has more than one, or when `new` is in some of them alone.
    """
    found = [inner for inner in walk(plan) if isinstance(inner, Turns)]
    if len(found) > 1:
        raise PlanError(f"turns stands twice in {str(plan)!r}", where="--plan", hint=_HINT)
    branches = found[0].plans if found else ()
    plans = [replaced(plan, {found[0]: branch}) for branch in branches] or [plan]
    lacking = next((own for own in plans if NEW not in walk(own)), None)
    if lacking is not None:
        raise PlanError(f"in {str(lacking)!r} stands no {NEW} to be trained", where="--plan", hint=_HINT)
    return plans
