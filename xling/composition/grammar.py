"""The text of plans: `lang/swh >> task/ner`, `mean(a, b; 2, 1)`, `0.5 * a`, `route(swh: a, *: none)`.

A recursive descent parser reads it; each form of plan parses its own arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from xling.composition.forms.arrow import Arrow
from xling.composition.forms.auto import check_every, read_route
from xling.composition.forms.average import Average
from xling.composition.forms.drop import Drop
from xling.composition.forms.emea import Emea
from xling.composition.forms.form import Plan, check_nesting, walk
from xling.composition.forms.fuse import Fuse
from xling.composition.forms.mean import Mean
from xling.composition.forms.single import Empty, Every, Named
from xling.composition.forms.stack import stack
from xling.composition.forms.sum import Sum
from xling.composition.forms.turns import Turns
from xling.composition.forms.vote import Vote
from xling.errors import PlanError
from xling.registry import Registry

_TOKEN = re.compile(r"\s*(>>|[A-Za-z0-9_][\w./+-]*(?:(?<=/)\*|@[\w.:+-]+)?|\S)")
_NAME = re.compile(r"[A-Za-z0-9_][\w./+-]*")
ItemT = TypeVar("ItemT")
_DEEPEST, _LONGEST = 32, 200  # levels of nesting; characters of a name


class Reader:
    """A parser's state: the tokens of a plan's text and the position of the next one."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at, self.depth = text, _TOKEN.findall(text), 0, 0

    @property
    def next(self) -> str | None:
        """The next token; None at the end of the text."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def plan(self) -> Plan:
        """Parse terms separated by `>>`."""
        parts = [self.term()]
        while self.next == ">>":
            self.at += 1
            if self.next is None:
                raise self.fault("nothing stands after >>", hint="name a module after it")
            parts.append(self.term())
        return stack(*parts)

    def term(self) -> Plan:
        """Parse a module name, `none`, a form with its arguments, or a plan in parentheses.

        A number and `*` before it give it a strength: `0.5 * lang/swh`.
        """
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.fault(f"forms and parentheses stand more than {_DEEPEST} deep")
        found = self._scaled() if self._strength_stands_here() else self._term(self.take())
        self.depth -= 1
        return found

    def _strength_stands_here(self) -> bool:
        signed = self.next == "-"
        return signed or self.tokens[self.at + 1 : self.at + 2] == ["*"]

    def _scaled(self) -> Plan:
        strength = self.number()
        self.expect("*")
        return Sum((self.term(),), (strength,))

    def _term(self, token: str) -> Plan:
        if token == "(":
            return self.closed(self.plan)
        if token in FORMS and self.next == "(":
            self.at += 1
            return self.closed(lambda: FORMS[token](self))
        if token.endswith("/*"):
            return Every(self._named(token[:-2]).name)
        return Empty() if token == "none" else self._named(token)

    def name(self) -> Named:
        """Parse the name of a module."""
        if self.next == "none":
            raise self.fault("'none' is no module name")
        return self._named(self.take())

    def number(self) -> float:
        """Parse a number, the weight of a plan; a minus is a token of its own."""
        token = self.take()
        token += self.take() if token == "-" else ""
        try:
            return float(token)
        except ValueError:
            raise self.fault(f"{token!r} is no weight") from None

    def count(self) -> int:
        """Parse a whole number, such as that of a layer."""
        token = self.take()
        if not (token.isascii() and token.isdigit()) or len(token) > 6:
            raise self.fault(f"{token!r} is no whole number")
        return int(token)

    def separated(self, item: Callable[[], ItemT]) -> list[ItemT]:
        """Parse items separated by commas. item: parses one of them."""
        found = [item()]
        while self.passed(","):
            found.append(item())
        return found

    def closed(self, inner: Callable[[], ItemT]) -> ItemT:
        """Parse what `inner` reads, followed by a closing parenthesis."""
        found = inner()
        self.expect(")")
        return found

    def passed(self, token: str) -> bool:
        """Consume the next token if it is this one, and say whether it was."""
        here = self.next == token
        self.at += here
        return here

    def take(self) -> str:
        """Consume and return the next token; raises PlanError at the end of the text."""
        if self.next is None:
            raise self.fault("something is missing at the end")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, wanted: str) -> None:
        """Consume the next token; raises PlanError when it is not this one."""
        if self.next != wanted:
            found = "its end" if self.next is None else repr(self.next)
            raise self.fault(f"expected {wanted!r} before {found}")
        self.at += 1

    def fault(self, what: str, *, hint: str | None = None) -> PlanError:
        """Make an error message that shows the whole text of the plan."""
        return PlanError(f"{what} in the plan {self.text!r}", where="--plan", hint=hint)

    def _named(self, token: str) -> Named:
        name, _, revision = token.partition("@")
        if not _NAME.fullmatch(name) or ".." in name.split("/") or len(token) > _LONGEST:
            raise self.fault(f"{token!r} is no module name", hint="write lang/swh >> task/ner")
        return Named(name, revision or None)


def parse(text: str) -> Plan:
    """Parse a plan from its text.

    Raises PlanError with what cannot be parsed, or with the rule of composition that is broken.
    """
    reader = Reader(text)
    if reader.next is None:
        raise PlanError("the plan is empty", where="--plan", hint="write none for the base as it is")
    plan = reader.plan()
    if reader.next is not None:
        raise reader.fault(f"expected >> before {reader.next!r}")
    for inner in walk(plan):
        check_nesting(inner)
    check_every(plan)
    return plan


FORMS: Registry[Callable[[Reader], Plan]] = Registry(
    "form of plan",
    (
        ("route", read_route),
        *((form.word, form.read) for form in (Mean, Sum, Average, Fuse, Emea, Arrow, Drop, Vote, Turns)),
    ),
)
