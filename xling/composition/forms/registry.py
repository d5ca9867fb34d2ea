"""The forms of plan that are written `word(...)`: what reads what stands between their parentheses."""

from __future__ import annotations

from collections.abc import Callable

from xling.composition.forms.average import Average
from xling.composition.forms.form import Plan
from xling.composition.forms.fuse import Fuse
from xling.composition.forms.mean import Mean
from xling.composition.forms.route import Route
from xling.composition.reader import Reader
from xling.registry import Registry

FORMS: Registry[Callable[[Reader], Plan]] = Registry(
    "form of plan", ((form.word, form.read) for form in (Mean, Average, Route, Fuse))
)
