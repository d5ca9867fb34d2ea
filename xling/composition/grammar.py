"""The text of plans: `lang/swh >> task/ner`, `mean(a, b; 0.7, 0.3)`, `route(swh: a, *: none) >> b`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from xling.composition.plan import ELSE, Average, Empty, Mean, Named, Plan, Route, stack
from xling.errors import PlanError
from xling.languages import parse as parse_tag

_TOKEN = re.compile(r"\s*(>>|[A-Za-z0-9_][\w./+-]*(?:@[\w.:+-]+)?|\S)")
_NAME = re.compile(r"[A-Za-z0-9_][\w./+-]*")
_FUNCTIONS = ("mean", "average", "route")
ItemT = TypeVar("ItemT")


def parse(text: str) -> Plan:
    """A plan from its text; PlanError points at what cannot be read, or names the rule that is broken."""
    reader = _Reader(text)
    if reader.next is None:
        raise PlanError("the plan is empty", where="--plan", hint="write none for the base as it is")
    plan = reader.plan()
    if reader.next is not None:
        raise reader.fault(f"expected >> before {reader.next!r}")
    return plan


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, _TOKEN.findall(text), 0

    @property
    def next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def plan(self) -> Plan:
        parts = [self.term()]
        while self.next == ">>":
            self.at += 1
            if self.next is None:
                raise self.fault("nothing stands after >>", hint="name a module after it")
            parts.append(self.term())
        return stack(*parts)

    def term(self) -> Plan:
        token = self.take()
        if token == "(":
            inner = self.plan()
            self.expect(")")
            return inner
        if token in _FUNCTIONS and self.next == "(":
            return self.call(token)
        if token == "none":
            return Empty()
        name, _, revision = token.partition("@")
        if not _NAME.fullmatch(name) or ".." in name.split("/"):
            raise self.fault(f"{token!r} is no module name", hint="write lang/swh >> task/ner")
        return Named(name, revision or None)

    def call(self, name: str) -> Plan:
        self.expect("(")
        if name == "route":
            branches = self.separated(self.branch)
            self.expect(")")
            return Route(tuple(branches))
        plans, weights = tuple(self.separated(self.plan)), ()
        if self.next == ";":
            self.at += 1
            weights = tuple(self.separated(self.number))
        self.expect(")")
        return Mean(plans, weights) if name == "mean" else Average(plans, weights)

    def branch(self) -> tuple[str, Plan]:
        key = self.take()
        self.expect(":")
        return key if key == ELSE else parse_tag(key), self.plan()

    def number(self) -> float:
        token = self.take()
        try:
            return float(token)
        except ValueError:
            raise self.fault(f"{token!r} is no weight") from None

    def separated(self, item: Callable[[], ItemT]) -> list[ItemT]:
        found = [item()]
        while self.next == ",":
            self.at += 1
            found.append(item())
        return found

    def take(self) -> str:
        if self.next is None:
            raise self.fault("something is missing at the end")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, wanted: str) -> None:
        if self.next != wanted:
            found = "its end" if self.next is None else repr(self.next)
            raise self.fault(f"expected {wanted!r} before {found}")
        self.at += 1

    def fault(self, what: str, *, hint: str | None = None) -> PlanError:
        return PlanError(f"{what} in the plan {self.text!r}", where="--plan", hint=hint)
