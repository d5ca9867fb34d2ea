"""`append(words/swh) >> task/topic`: each text as it stands, and behind it what a lexicon makes of it.

Both are read in one pass, where a vote of the two takes one for each. What is longer than a row loses the end
of its gloss first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xling.composition.forms.form import Node, Plan, nodes
from xling.composition.forms.stack import only_rewrites
from xling.errors import PlanError

if TYPE_CHECKING:
    from xling.composition.grammar import Reader


@dataclass(frozen=True)
class Append(Node):
    """A plan that rewrites texts, whose words stand behind those of the text instead of in their place.

    The last unit of a text holds all of them, so that every tag stays with the user's word. A text that is
    not rewritten stays as it is.

    plans: one plan, that does nothing but rewrite.
    """

    plans: tuple[Plan, ...]

    word = "append"

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        """Parse one plan."""
        return cls((reader.plan(),))

    def __str__(self) -> str:
        return f"{self.word}({self.plans[0]})"

    def grown(self) -> Plan:
        if not only_rewrites(self):
            raise PlanError(
                f"append puts what a lexicon makes of a text behind it, and {str(self.plans[0])!r} is none",
                where="--plan",
                hint="write append(words/swh) >> task/topic",
            )
        return self

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        found = nodes(self)[0].rewritten(units, language)
        if list(found) == list(units):
            return units
        return [*units[:-1], " ".join(filter(None, (units[-1], *found)))]
