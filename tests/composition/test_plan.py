"""The grammar of plans: every value prints to a text that reads back as itself; bad nestings are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.composition.contents import named
from xling.composition.forms.auto import Auto
from xling.composition.forms.average import Average
from xling.composition.forms.fuse import Fuse
from xling.composition.forms.mean import Mean
from xling.composition.forms.route import Route
from xling.composition.forms.single import Empty, Every, Named
from xling.composition.forms.stack import Stack, stack
from xling.composition.forms.sum import Sum
from xling.composition.forms.vote import Vote
from xling.composition.grammar import parse
from xling.composition.identifying import IDENTIFIERS
from xling.errors import InputError, PlanError

NAMES = st.builds(
    Named,
    st.from_regex(r"[a-z]{1,4}/[a-z0-9_]{1,5}(\.[0-9])?", fullmatch=True),
    st.none() | st.from_regex(r"(sha256:)?[0-9a-f]{8}", fullmatch=True),
)
SHARES = st.floats(0.001, 100.0)


FREE = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, -1e-9])


def weighted(kind, plans, *, least=2, numbers=SHARES):
    def with_weights(parts):
        weights = st.lists(numbers, min_size=len(parts), max_size=len(parts)).map(tuple)
        return st.builds(kind, st.just(tuple(parts)), st.just(()) | weights)

    return st.lists(plans, min_size=least, max_size=4).flatmap(with_weights)


LEAVES = st.just(Empty()) | NAMES | weighted(Average, NAMES)
FLAT = st.recursive(
    LEAVES,
    lambda inner: (
        weighted(Mean, inner)
        | weighted(Sum, inner, least=1, numbers=FREE)
        | st.lists(inner, min_size=2, max_size=3).map(lambda p: stack(*p))
    ),
    max_leaves=6,
)
KEYS = st.lists(st.sampled_from(["swh", "yor", "nqo", "srp_Latn", "*"]), min_size=1, max_size=4, unique=True)
ROUTES = KEYS.flatmap(lambda keys: st.tuples(*[st.tuples(st.just(key), FLAT) for key in keys]).map(Route))
EACH = st.from_regex(r"[a-z]{1,4}(/[a-z]{1,3})?", fullmatch=True).map(Every)
AUTOS = st.builds(
    Auto,
    st.lists(FLAT | EACH | st.tuples(EACH, NAMES).map(lambda pair: stack(*pair)), min_size=1, max_size=3).map(
        tuple
    ),
    st.none() | FLAT,
    st.sampled_from(tuple(IDENTIFIERS)),
)
VOTES = st.recursive(
    FLAT | ROUTES | AUTOS,
    lambda inner: weighted(Vote, inner) | FLAT.map(lambda plan: Route((("swh", Vote((plan,))), ("*", plan)))),
    max_leaves=4,
)
PLANS = VOTES | st.tuples(ROUTES | AUTOS, FLAT).map(lambda pair: stack(*pair))


@given(plan=PLANS)
def test_law_5_text_reads_back_as_the_same_value(plan):
    again = parse(str(plan))
    assert again == plan
    assert hash(again) == hash(plan)
    assert str(again) == str(plan)


@given(one=PLANS, other=PLANS)
def test_equal_plans_are_those_of_equal_text(one, other):
    assert (one == other) == (str(one) == str(other))


def test_stacks_are_flat_and_parentheses_group():
    assert parse("(a >> b) >> c") == parse("a >> (b >> c)") == Stack((Named("a"), Named("b"), Named("c")))
    assert parse("mean((a >> b), none)") == Mean((stack(Named("a"), Named("b")), Empty()))


def test_equal_weights_are_no_weights():
    assert parse("mean(a, b; 2, 2)") == parse("mean(a, b)") != parse("mean(a, b; 2, 1)")


def test_the_weights_of_a_sum_are_as_they_are_written():
    assert parse("sum(a, b; 2, 2)") == Sum((Named("a"), Named("b")), (2.0, 2.0)) != parse("sum(a, b; 1, 1)")
    assert parse("sum(a, b; -0.2, 1e-3)") == parse("sum(a, b; - 0.2, 0.001)")
    assert str(parse("sum(a; -0)")) == "0.0 * a"


def test_a_number_before_a_plan_is_its_strength_and_binds_tighter_than_a_stack():
    assert parse("0.5 * a >> b") == parse("sum(a; 0.5) >> b") == parse("(0.5*a) >> b")
    assert parse("0.5 * (a >> b)") == parse("sum(a >> b; 0.5)") != parse("0.5 * a >> b")
    assert str(parse("- 0.2 * mean(a, 1e-3*b)")) == "-0.2 * mean(a, 0.001 * b)"
    assert str(parse("sum(a >> b; 2)")) == "2.0 * (a >> b)"
    assert parse("0.5 * 0.5 * a") == Sum((Sum((Named("a"),), (0.5,)),), (0.5,))
    assert parse("route(swh: 0.5 * a, *: none)") == parse("route(swh: sum(a; 0.5), *: none)")
    assert parse("route(auto: 0.5 * lang/*, *: none)") == parse("route(auto: sum(lang/*; 0.5), *: none)")


def test_fuse_names_the_module_that_combines_behind_a_semicolon():
    plan = parse("fuse(a >> b, c; fusion/ac@12345678)")
    assert isinstance(plan, Fuse) and str(plan) == "fuse(a >> b, c; fusion/ac@12345678)"
    assert [part.name for part in named(plan)] == ["a", "b", "c", "fusion/ac"]


def test_route_reads_any_spelling_of_a_language():
    assert parse("route(sw: a, *: none)") == parse("route(swh: a, *: none)")


def test_names_are_found_from_left_to_right():
    plan = parse("route(swh: mean(a, b), *: none) >> average(c, d)")
    assert [part.name for part in named(plan)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the plan is empty"),
        ("a >>", "nothing stands after >>"),
        ("a b", "expected >> before 'b'"),
        ("(a", "expected ')' before its end"),
        ("a/../b", "is no module name"),
        ("mean(a)", "mean takes at least two plans, not 1"),
        ("mean(a, b; 1)", "mean of 2 plans has 1 weights"),
        ("mean(a, b; 0, 1)", "must be above zero"),
        ("mean(a, b; x, 1)", "'x' is no weight"),
        ("sum()", "')' is no module name"),
        ("sum(a, b; 1)", "sum of 2 plans has 1 weights"),
        ("sum(a; inf)", "the weights of sum must be finite"),
        ("sum(a; --1)", "'--' is no weight"),
        ("a * b", "'a' is no weight"),
        ("0.5 *", "something is missing at the end"),
        ("- a", "'-a' is no weight"),
        ("-1 a", "expected '*' before 'a'"),
        ("a >> inf * b", "the weights of sum must be finite"),
        ("0.5 * vote(a, b)", "combines the scores of complete plans"),
        ("sum(vote(a, b), c; 1, 1)", "combines the scores of complete plans"),
        ("average(a, none)", "average takes names of modules, not 'none'"),
        ("average(a, b >> c)", "average takes names of modules, not 'b >> c'"),
        ("route()", "expected ':' before its end"),
        ("route(swh: a, swh: b)", "route has two branches for swh"),
        ("route(swh: a, sw: b)", "route has two branches for swh"),
        ("route(swh: a >> route(yor: b), *: c)", "a route inside the branch swh of a route"),
        ("fuse(; b)", "';' is no module name"),
        ("fuse(a, b; none)", "'none' is no module name"),
        ("route(swh a)", "expected ':' before 'a'"),
        ("vote()", "')' is no module name"),
        ("vote(a, b; 1)", "vote of 2 plans has 1 weights"),
        ("vote(a, b; 0, 1)", "must be above zero"),
        ("route(swh: vote(a, route(yor: b)), *: c)", "a route inside the branch swh of a route"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_rule(text, words):
    with pytest.raises(PlanError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_language_is_named():
    with pytest.raises(InputError, match="xxxx"):
        parse("route(xxxx: a)")
