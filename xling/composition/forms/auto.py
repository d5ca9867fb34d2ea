"""`route(auto: lang/swh, auto: lang/hau, *: none)`: each row's text tells which plan processes it.

Which language a text is in is told by the profiles that the branches' language modules keep, or by a library
(`route(auto: lang/*, *: none; lingua)`). Within the plan a row is of that language; what is written and
counted keeps the language that the user states.

With `; words` the runs of words of one language within a sentence are told apart while labels are predicted.
Each is then a row of its own, since the states of a word depend on its whole row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from xling.composition.forms.beside import check_beside
from xling.composition.forms.form import Plan, walk
from xling.composition.forms.route import ELSE, Route, check_one_language
from xling.composition.forms.single import Every, Loaded, Named
from xling.composition.forms.stack import replaced
from xling.composition.identifying import IDENTIFIERS, OWN, WORDS, Candidate, Divide, Identify, dividing
from xling.errors import PlanError
from xling.languages import UNKNOWN
from xling.languages import parse as parse_tag

if TYPE_CHECKING:
    from xling.composition.grammar import Reader

AUTO = "auto"
Names = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Auto(Plan):
    """A plan for each language that is found in texts; `other`, the branch `*`, is for all other texts.

    branches: plans with the modules of one language each, or of every language (`lang/*`). by: what finds the
    language, a name in `IDENTIFIERS`. written: the text of the plan before `lang/*` was spelled out.
    """

    branches: tuple[Plan, ...]
    other: Plan | None = None
    by: str = OWN
    written: str = field(default="", compare=False)
    plans: tuple[Plan, ...] = field(init=False, repr=False, compare=False)

    by_language = True

    def __post_init__(self) -> None:
        IDENTIFIERS.named(self.by, where="--plan")
        for branch in self.branches:
            check_one_language(AUTO, branch)
        last = () if self.other is None else (self.other,)
        if last:
            check_one_language(ELSE, *last)
        object.__setattr__(self, "plans", (*self.branches, *last))

    def __str__(self) -> str:
        keyed = [f"{AUTO}: {plan}" for plan in self.branches]
        other = [] if self.other is None else [f"{ELSE}: {self.other}"]
        by = "" if self.by == OWN else f"; {self.by}"
        return self.written or f"route({', '.join(keyed + other)}{by})"

    def over(self, plans: Sequence[Plan]) -> Plan:
        count = len(self.branches)
        return replace(self, branches=tuple(plans[:count]), other=next(iter(plans[count:]), None))

    def spelled_out(self, names: Names) -> Plan:
        """Return the same plan with a branch for each module that `lang/*` stands for; it prints the same."""
        branches = [own for branch in self.branches for own in _each(branch, names)]
        return replace(self, branches=tuple(branches), written=str(self))

    def grown(self) -> Plan:
        check_beside(self)
        found = list(map(_candidate, self.branches))
        _check_different(found)
        keyed = [(own.language, plan) for own, plan in zip(found, self.branches, strict=True)]
        other = [] if self.other is None else [(ELSE, self.other)]
        return Found((*keyed, *other), by=self.by, candidates=tuple(found), written=str(self))


@dataclass(frozen=True)
class Found(Route):
    """An `Auto` with its modules loaded: a route by the languages that are found in texts.

    candidates: for each language, what is known of it.
    """

    by: str = OWN
    candidates: tuple[Candidate, ...] = ()
    written: str = ""

    def __str__(self) -> str:
        return self.written


def read_route(reader: Reader) -> Plan:
    """Parse the branches of a route, by stated or by found languages."""

    def branch() -> tuple[str, Plan]:
        key = reader.take()
        reader.expect(":")
        return key if key in (AUTO, ELSE) else parse_tag(key), reader.plan()

    pairs = reader.separated(branch)
    if AUTO not in dict(pairs):
        return Route(tuple(pairs))
    stated = next((key for key, _ in pairs if key not in (AUTO, ELSE)), None)
    others = [plan for key, plan in pairs if key == ELSE]
    if stated is not None or len(others) > 1:
        told = "two branches for *" if stated is None else f"the branch {stated} beside auto"
        raise reader.fault(f"a route by what is found in texts has {told}", hint="have auto and one *")
    by = reader.take() if reader.passed(";") else OWN
    return Auto(tuple(plan for key, plan in pairs if key == AUTO), next(iter(others), None), by)


def spelled_out(plan: Plan, names: Names) -> Plan:
    """Return a plan in which `lang/*` is replaced by the modules in that folder; it prints as before.

    names: returns the names of all modules; called where a plan has `lang/*`. Raises PlanError when no module
    lies in the folder.
    """
    plan = plan.spelled_out(names) if isinstance(plan, Auto) else plan
    return plan.over([spelled_out(inner, names) for inner in plan.plans])


def by_name(plan: Plan, names: Names) -> Plan:
    """Return a plan in which `lang/*` is replaced by the modules in that folder, and that prints as them.

    The text means the same when the folder has other modules. names and errors: as for `spelled_out`.
    """
    plan = spelled_out(plan, names)

    def unwritten(plan: Plan) -> Plan:
        plan = replace(plan, written="") if isinstance(plan, Auto) else plan
        return plan.over(list(map(unwritten, plan.plans)))

    return unwritten(plan)


def check_every(plan: Plan) -> None:
    """Raise PlanError where `lang/*` stands elsewhere than once in a branch `auto`."""
    branches = [branch for auto in walk(plan) if isinstance(auto, Auto) for branch in auto.branches]
    inside = [_every(branch) for branch in branches]
    if sum(map(len, inside)) < len(found := _every(plan)) or any(len(own) > 1 for own in inside):
        raise PlanError(
            f"{found[0]} stands for one module after another, so its place is once in a branch of auto",
            where="--plan",
            hint=f"write route(auto: {found[0]}, *: none)",
        )


def listener(plan: Plan) -> Identify | None:
    """Return what finds the language of a row's text for a plan with loaded modules.

    It is told the text and returns the language, `UNKNOWN` where it finds none and a branch `*` is for such
    texts, or None where no branch is. The routes of one plan find it together, among the languages of all.
    None stands for a plan that does not look. Raises PlanError when its routes go by different things.
    """
    by_language = [own for own in walk(plan) if own.by_language]
    routes = _found(plan)
    if not routes:
        return None
    if len(routes) < len(by_language) or len({own.by for own in routes}) > 1:
        raise PlanError(
            f"the routes in {str(plan)!r} do not go by one thing: languages that rows state, or found ones",
            where="--plan",
            hint="write auto in all of them, or in none",
        )
    identify = IDENTIFIERS[routes[0].by]([own for route in routes for own in route.candidates])

    def heard(text: str) -> str | None:
        found = identify(text) or UNKNOWN
        return found if all(route.takes(found) for route in routes) else None

    return heard


def divider(plan: Plan) -> Divide | None:
    """Return what cuts the words of a row into runs, for a plan that tells them apart; None for any other."""
    identify, routes = listener(plan), _found(plan)
    if identify is None or routes[0].by != WORDS:
        return None
    return dividing([own for route in routes for own in route.candidates], identify)


def tells_words(plan: Plan) -> bool:
    """Whether a plan with loaded modules tells runs of words apart."""
    return any(own.by == WORDS for own in _found(plan))


def _found(plan: Plan) -> list[Found]:
    return [own for own in walk(plan) if isinstance(own, Found)]


def _every(plan: Plan) -> list[Every]:
    return [inner for inner in walk(plan) if isinstance(inner, Every)]


def _each(branch: Plan, names: Names) -> list[Plan]:
    """Return the branch alone, or one for each module that its `lang/*` stands for."""
    if not (every := _every(branch)):
        return [branch]
    known = list(names())
    found = every[0].among(known)
    if not found:
        raise PlanError(f"no module lies in {every[0].folder}/", where="--plan", choices=known)
    return [replaced(branch, {every[0]: Named(name)}) for name in found]


def _candidate(branch: Plan) -> Candidate:
    """Return the language of a branch and what is known of it, or raise PlanError when it is not one."""
    leaves = [inner for inner in walk(branch) if isinstance(inner, Loaded) and inner.module.facts.language]
    languages = list(dict.fromkeys(str(leaf.module.facts.language) for leaf in leaves))
    if len(languages) != 1:
        told = f"modules of {' and '.join(languages)}" if languages else "no language module"
        raise PlanError(
            f"the branch auto: {branch} has {told}, and a branch is for one language",
            where="--plan",
            hint="write auto: lang/swh",
        )
    profile = next((leaf.module.facts.profile for leaf in leaves if leaf.module.facts.profile), "")
    return Candidate(language=languages[0], name=str(leaves[0]), profile=profile)


def _check_different(candidates: Sequence[Candidate]) -> None:
    """Raise PlanError, which names both, when two branches are of one language."""
    first: dict[str, str] = {}
    for own in candidates:
        if own.language in first:
            raise PlanError(
                f"{first[own.language]} and {own.name} are both of {own.language}, and a row takes one",
                where="--plan",
                hint="leave one of them out",
            )
        first[own.language] = own.name
