"""Reading the text of a plan by recursive descent; a form reads what stands in its own parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from xling.composition.forms.form import Plan
from xling.composition.forms.single import Empty, Named
from xling.composition.forms.stack import stack
from xling.errors import PlanError

_TOKEN = re.compile(r"\s*(>>|[A-Za-z0-9_][\w./+-]*(?:@[\w.:+-]+)?|\S)")
_NAME = re.compile(r"[A-Za-z0-9_][\w./+-]*")
ItemT = TypeVar("ItemT")


class Reader:
    """The tokens of a text and how far they are read. forms: by their word, what reads them."""

    def __init__(self, text: str, forms: Mapping[str, Callable[[Reader], Plan]]) -> None:
        self.text, self.tokens, self.at, self.forms = text, _TOKEN.findall(text), 0, forms

    @property
    def next(self) -> str | None:
        """The next token, if there is one."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def plan(self) -> Plan:
        """Terms with `>>` between them."""
        parts = [self.term()]
        while self.next == ">>":
            self.at += 1
            if self.next is None:
                raise self.fault("nothing stands after >>", hint="name a module after it")
            parts.append(self.term())
        return stack(*parts)

    def term(self) -> Plan:
        """A name, `none`, a form with its arguments, or a plan in parentheses."""
        token = self.take()
        if token == "(":
            return self.closed(self.plan)
        if token in self.forms and self.next == "(":
            self.at += 1
            return self.closed(lambda: self.forms[token](self))
        return Empty() if token == "none" else self._named(token)

    def name(self) -> Named:
        """The name of a module."""
        if self.next == "none":
            raise self.fault("'none' is no module name")
        return self._named(self.take())

    def weighted(self) -> tuple[tuple[Plan, ...], tuple[float, ...]]:
        """Plans, and the weights that follow a semicolon."""
        plans = tuple(self.separated(self.plan))
        return plans, tuple(self.separated(self.number)) if self.passed(";") else ()

    def number(self) -> float:
        """A weight."""
        token = self.take()
        try:
            return float(token)
        except ValueError:
            raise self.fault(f"{token!r} is no weight") from None

    def separated(self, item: Callable[[], ItemT]) -> list[ItemT]:
        """Items with commas between them."""
        found = [item()]
        while self.passed(","):
            found.append(item())
        return found

    def closed(self, inner: Callable[[], ItemT]) -> ItemT:
        """What stands before a closing parenthesis."""
        found = inner()
        self.expect(")")
        return found

    def passed(self, token: str) -> bool:
        """Whether this token comes next; then it is read."""
        here = self.next == token
        self.at += here
        return here

    def take(self) -> str:
        """The next token, whatever it is."""
        if self.next is None:
            raise self.fault("something is missing at the end")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, wanted: str) -> None:
        """Read this very token."""
        if self.next != wanted:
            found = "its end" if self.next is None else repr(self.next)
            raise self.fault(f"expected {wanted!r} before {found}")
        self.at += 1

    def fault(self, what: str, *, hint: str | None = None) -> PlanError:
        """An error that shows the whole text."""
        return PlanError(f"{what} in the plan {self.text!r}", where="--plan", hint=hint)

    def _named(self, token: str) -> Named:
        name, _, revision = token.partition("@")
        if not _NAME.fullmatch(name) or ".." in name.split("/"):
            raise self.fault(f"{token!r} is no module name", hint="write lang/swh >> task/ner")
        return Named(name, revision or None)
