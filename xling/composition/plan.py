"""Plans as values: `lang/swh >> task/ner` and `none`; they print to text and parse back.

A plan names modules; what the names stand for is the store's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xling.errors import PlanError

_TOKEN = re.compile(r"\s*(>>|[A-Za-z0-9_][\w./+-]*(?:@[\w.:+-]+)?|\S)")
_NAME = re.compile(r"[A-Za-z0-9_][\w./+-]*")


@dataclass(frozen=True)
class Empty:
    """The empty module, `none`."""

    def __str__(self) -> str:
        return "none"


@dataclass(frozen=True)
class Named:
    """A module of the store, with the revision or content fingerprint it must have, if any."""

    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.name if self.revision is None else f"{self.name}@{self.revision}"


@dataclass(frozen=True)
class Stack:
    """Modules one on top of the other, the lowest first; at least two, none of them a stack."""

    plans: tuple[Empty | Named, ...]

    def __str__(self) -> str:
        return " >> ".join(map(str, self.plans))


Plan = Empty | Named | Stack


def stack(*plans: Plan) -> Plan:
    """`a >> b >> ...`, flat; nothing is `none`, one plan is itself."""
    flat: list[Empty | Named] = []
    for plan in plans:
        flat += plan.plans if isinstance(plan, Stack) else [plan]
    return Stack(tuple(flat)) if len(flat) > 1 else flat[0] if flat else Empty()


def named(plan: Plan) -> Iterator[Named]:
    """The names in a plan, lowest first."""
    for part in plan.plans if isinstance(plan, Stack) else (plan,):
        if isinstance(part, Named):
            yield part


def parse(text: str) -> Plan:
    """A plan from its text; PlanError points at what cannot be read."""
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise PlanError("the plan is empty", where="--plan", hint="write none for the base as it is")
    parts: list[Plan] = []
    for number, token in enumerate(tokens):
        if number % 2 == 0:
            parts.append(_leaf(token, text))
        elif token != ">>":
            raise PlanError(f"expected >> before {token!r} in the plan {text!r}", where="--plan")
    if len(tokens) % 2 == 0:
        raise PlanError(
            f"the plan {text!r} ends with {tokens[-1]}", where="--plan", hint="name a module after it"
        )
    return stack(*parts)


def _leaf(token: str, text: str) -> Plan:
    if token == "none":
        return Empty()
    name, _, revision = token.partition("@")
    if not _NAME.fullmatch(name) or ".." in name.split("/"):
        raise PlanError(
            f"{token!r} in the plan {text!r} is no module name",
            where="--plan",
            hint="write lang/swh >> task/ner",
        )
    return Named(name, revision or None)
