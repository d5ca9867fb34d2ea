"""The text of plans: `lang/swh >> task/ner`, `mean(a, b; 0.7, 0.3)`, `route(swh: a, *: none) >> b`."""

from __future__ import annotations

from xling.composition.forms.form import Plan
from xling.composition.forms.registry import FORMS
from xling.composition.reader import Reader
from xling.errors import PlanError


def parse(text: str) -> Plan:
    """A plan from its text; PlanError points at what cannot be read, or names the rule that is broken."""
    reader = Reader(text, FORMS)
    if reader.next is None:
        raise PlanError("the plan is empty", where="--plan", hint="write none for the base as it is")
    plan = reader.plan()
    if reader.next is not None:
        raise reader.fault(f"expected >> before {reader.next!r}")
    return plan
