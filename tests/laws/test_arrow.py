"""The laws over plans in which each token chooses its LoRA modules."""

from __future__ import annotations

import json

import pytest
import torch
from support.making import LABELS, batch, disturbed, facts, fresh, own_vocabulary, task_module
from support.tiny import FAMILY_NAMES, TEXTS

import xling
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.forms.route import Route
from xling.composition.grammar import parse
from xling.composition.merging import merge_node
from xling.errors import PlanError
from xling.modules.linear_sites import site_of
from xling.modules.lora import Lora, LoraConfig
from xling.modules.module import Module
from xling.training.specs import TrainingSettings

FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)


@pytest.fixture(scope="module")
def shelves(bases):
    """Modules by name for each family, made once."""
    return {family: shelf(base) for family, base in bases.items()}


def shelf(base) -> dict[str, Module]:
    made = {name: disturbed(base, "lora", std=0.2, seed=n) for n, name in enumerate("abcd")}
    kinds = {"bottle": "bottleneck", "ia3": "ia3", "full": "full", "madx": "madx"}
    made |= {name: disturbed(base, kind, std=0.2, seed=7) for name, kind in kinds.items()}
    made |= {"new-1": fresh(base, "lora", seed=1), "voc": own_vocabulary(base, seed=3)}
    made |= {"t": task_module(base, "tagging", 3), "u": task_module(base, "tagging", 4)}
    for name, head in (("ta", "t"), ("ub", "u")):  # task modules of LoRA and a head
        parts = (*made[name[1]].parts, *made[head].parts)
        made[name] = Module(parts, made[head].facts)
    return made


def found(base, modules, plan: str, rows=(), *, length: int = 6):
    """States and, where there is a head, scores."""
    ids, mask = batch(base, rows=max(3, len(rows)), length=length, seed=3)
    composition = Composition(base, grow(parse(plan), lambda own: modules[own.name]))
    with torch.no_grad():
        states = composition(ids, mask, rows)
        return (
            torch.cat([states, composition.scored(states, mask, rows)], -1) if composition.labels else states
        )


def copied(module: Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in module.tensors().items()}


def near(one, other, tolerance=1e-5) -> bool:
    return (one - other).abs().max() <= tolerance * max(1.0, float(other.abs().max()))


@FAMILIES
@pytest.mark.parametrize(
    ("plan", "same"),
    [
        ("arrow(a)", "a"),
        ("arrow(a, a, a; 2, 0.1) >> t", "a >> t"),
        ("arrow(ta)", "ta"),
        ("arrow(a, b, c; 3, 1e9) >> t", "mean(a, b, c) >> t"),  # no score matters
        ("arrow(ta, ub; 2, 1e9)", "mean(ta, ub)"),
        ("bottle >> arrow(a) >> b >> t", "bottle >> a >> b >> t"),
        ("arrow(a) >> full", "a >> full"),
        ("ia3 >> arrow(a)", "ia3 >> a"),
        ("madx >> arrow(a) >> t", "madx >> a >> t"),
        ("sum(arrow(a), b; 0.5, -2) >> t", "sum(a, b; 0.5, -2) >> t"),
        ("mean(arrow(a), bottle, none) >> t", "mean(a, bottle, none) >> t"),
        ("arrow(a) >> arrow(b, b; 1)", "a >> b"),
        ("arrow(new-1, new-1)", "none"),
        ("arrow(a, new-1; 1)", "a"),  # what changes nothing is never the best
    ],
)  # fmt: skip
def test_where_nothing_is_chosen_it_is_what_stands_in_it(bases, shelves, family, plan, same):
    modules = shelves[family]
    assert near(found(bases[family], modules, plan), found(bases[family], modules, same))


@FAMILIES
@pytest.mark.parametrize(("top_k", "temperature"), [(1, 1.0), (2, 0.3), (3, 1.0)])
def test_each_token_chooses_as_the_paper_has_it(bases, shelves, family, top_k, temperature):
    """Written out with whole changes: the prototype by a full SVD, the shares token by token."""
    base, modules = bases[family], shelves[family]
    seen = {}
    composition = Composition(base, grow(parse(f"arrow(a, b, c; {top_k}, {temperature})"),
                                         lambda own: modules[own.name]))  # fmt: skip
    with torch.no_grad(), composition.observing(seen.__setitem__):
        composition(*batch(base, rows=3, length=6, seed=3))
    chosen = set()
    for place, state in seen.items():
        site = site_of(place, base.shape)
        plain = base.encoder.get_submodule(site.weight.removesuffix(".weight"))(state.inputs)
        moved = state.outputs - plain[..., site.start : site.stop]
        changes = [own for name in "abc" if (own := whole(modules[name], place)) is not None]
        expected = torch.zeros_like(moved)
        for row, at in ((row, at) for row in range(len(moved)) for at in range(moved.shape[1])):
            own = state.inputs[row, at]
            scores = [float((torch.linalg.svd(change)[2][0] @ own).abs()) for change in changes]
            best = sorted(range(len(scores)), key=lambda n: -scores[n])[:top_k]
            shares = torch.tensor([scores[n] / temperature for n in best]).softmax(0)
            for share, number in zip(shares, best, strict=True):
                expected[row, at] += share * (changes[number] @ own)
            chosen |= {tuple(best)} if best else set()
        assert near(moved, expected, 1e-4), place
    assert len(chosen) > 1


def whole(module: Module, place: str) -> torch.Tensor | None:
    """The change of one site as one matrix."""
    (lora,) = (own for own in module.networks if isinstance(own, Lora))
    key = place.replace(".", "/")
    return lora.config.scale * (lora.up[key] @ lora.down[key]).detach() if key in lora.down else None


@FAMILIES
def test_modules_of_different_ranks_scales_and_sites_go_together(bases, family):
    """At a site only those are chosen from that act there."""
    base = bases[family]
    modules = {
        "a": moved(base, rank=2, sites=("attention.query",), seed=1),
        "b": moved(base, rank=5, alpha=3.0, sites=("ffn.down", "attention.value"), seed=2),
        "c": moved(base, rank=3, rank_stabilised=True, leave_out=(0,), seed=3),
    }
    apart = found(base, modules, "arrow(a, b; 1)")
    assert near(apart, found(base, modules, "a >> b"))
    assert not near(found(base, modules, "arrow(a, b, c; 1)"), apart, 1e-3)


def moved(base, *, seed: int, **options) -> Module:
    module = Module.fresh((LoraConfig(**options),), base.shape, facts(base, language="swh"))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in module.networks[0].parameters():
            value.add_(0.2 * torch.randn(value.shape, generator=generator))
    return module


@FAMILIES
def test_a_mixed_batch_equals_its_rows_alone(bases, shelves, family):
    base, modules = bases[family], shelves[family]
    languages = ["yor", "swh", "nqo", "hau", "yor"]
    ways = {"swh": "arrow(a, b, c; 2)", "yor": "arrow(b, d; 1)", "nqo": "voc >> arrow(a, d)", "hau": "bottle"}
    route = f"route({', '.join(f'{tag}: {plan}' for tag, plan in ways.items())})"
    together = found(base, modules, f"sum({route}, d; 0.8, 0.3) >> t", languages)
    ids, mask = batch(base, rows=5, length=6, seed=3)
    for row, language in enumerate(languages):
        node = grow(parse(f"sum({ways[language]}, d; 0.8, 0.3) >> t"), lambda own: modules[own.name])
        composition, kept = Composition(base, node), mask[row].bool()
        with torch.no_grad():
            states = composition(ids[row : row + 1], mask[row : row + 1])
            alone = torch.cat([states, composition.scored(states, mask[row : row + 1])], -1)[0]
        assert near(together[row][kept], alone[kept])


def test_one_plan_in_two_branches_goes_row_by_row(bert, shelves):
    """Rows that pass the same weights share a pass, and only some of them go by the arrow in it."""
    modules, languages = shelves["bert"], ["yor", "swh", "yor"]
    shared = grow(parse("arrow(a, b; 1)"), lambda own: modules[own.name])
    routed = Route((("swh", shared), ("*", shared.over(shared.plans[::-1]))))
    ids, mask = batch(bert, rows=3, length=6, seed=3)
    with torch.no_grad():
        together = Composition(bert, routed.grown())(ids, mask, languages)
        assert near(together, Composition(bert, shared)(ids, mask))


@FAMILIES
def test_base_and_modules_are_untouched_and_loaded_ones_choose_alike(bases, shelves, family, tmp_path):
    base, modules = bases[family], shelves[family]
    states = {name: value.clone() for name, value in base.encoder.state_dict().items()}
    before = {name: copied(modules[name]) for name in "abc"}
    plan = "arrow(a, b, c; 2) >> t"
    first = found(base, modules, plan)
    assert not near(first, found(base, modules, "mean(a, b, c) >> t"), 1e-3)
    for name in "abct":
        modules[name].save(tmp_path / name)
    loaded = {name: Module.load(tmp_path / name) for name in "abct"}
    assert torch.equal(found(base, loaded, plan), first)
    assert all(torch.equal(value, states[name]) for name, value in base.encoder.state_dict().items())
    for name, tensors in before.items():
        assert all(torch.equal(value, tensors[key]) for key, value in modules[name].tensors().items())


def test_another_plan_leaves_nothing_of_it(bert, shelves):
    modules, (ids, mask) = shelves["bert"], batch(bert, rows=2, length=5, seed=1)
    composition = Composition(bert)
    with torch.no_grad():
        alone = composition(ids, mask)
        composition.activate(grow(parse("arrow(a, b; 1)"), lambda own: modules[own.name]))
        assert not near(composition(ids, mask), alone, 1e-3)
        composition.activate(grow(parse("arrow(c, d; 1)"), lambda own: modules[own.name]))
        other = Composition(bert, grow(parse("arrow(c, d; 1)"), lambda own: modules[own.name]))
        assert torch.equal(composition(ids, mask), other(ids, mask))
        composition.activate(grow(parse("none"), lambda own: modules[own.name]))
        assert torch.equal(composition(ids, mask), alone)


def test_in_half_precision_it_is_near(bert, shelves):
    modules = shelves["bert"]
    expected = found(bert, modules, "arrow(a, b, c; 3) >> t")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert near(found(bert, modules, "arrow(a, b, c; 3) >> t").float(), expected, 0.05)


@FAMILIES
def test_a_task_module_is_trained_on_it_and_only_that(bases, shelves, family, tmp_path):
    base = bases[family]
    below = {f"lang/{name}": shelves[family][name] for name in "abc"}
    before = {
        name: {key: value.clone() for key, value in own.tensors().items()} for name, own in below.items()
    }
    spans = [
        xling.TaggedSentence(
            tuple(line.split()), tuple("O" for _ in line.split()[1:]) + ("B-X",), str(n), "swh"
        )
        for n, line in enumerate(TEXTS[:8])
    ]
    settings = TrainingSettings(steps=3, learning_rate=0.05, batch_tokens=128, precision="float32")
    plan = "arrow(lang/a, lang/b, lang/c; 2)"
    ner = xling.train_task(base, spans, task="tagging", settings=settings, modules=below, below=plan)
    assert ner.facts.making["plan"].startswith(plan)
    for name, module in below.items():
        assert all(torch.equal(value, before[name][key]) for key, value in module.tensors().items())
        module.save(tmp_path / name)
    ner.save(tmp_path / "task/ner")
    inputs = [line.split() for line in TEXTS[:4]]
    kept = xling.compose(base, f"{plan} >> task/ner", store=xling.Store(tmp_path))
    memory = xling.compose(base, f"{plan} >> task/ner", modules={**below, "task/ner": ner})
    assert json.dumps(kept.predict(inputs)) == json.dumps(memory.predict(inputs))


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("arrow(a, bottle)", "bottle is made of bottleneck, and arrow chooses among LoRA modules"),
        ("arrow(madx)", "madx is made of bottleneck and invertible, and arrow"),
        ("arrow(t, t)", "t is a head alone, and arrow chooses"),
        ("arrow(a, mean(b, c))", r"arrow takes names of modules, not 'mean\(b, c\)'"),
        ("arrow(a, none)", "arrow takes names of modules, not 'none'"),
        ("arrow(a, b; 3)", "arrow of 2 modules cannot take 3 of them"),
        ("arrow(a, b; 0)", "takes at least one of its modules, not 0"),
        ("arrow(a, b; 1.5)", "'1.5' is no whole number"),
        ("arrow(a, b; 1, 0)", "the temperature of arrow must be above zero: 0.0"),
        ("arrow(a, b; 1, nan)", "the temperature of arrow must be above zero: nan"),
        ("arrow(a, b; 1, x)", "'x' is no weight"),
        ("arrow(a, new)", "new is the one to train"),
        ("arrow(ta, b)", "only some of the plans side by side have a task module"),
        ("arrow(a, b) >> ia3", "ia3 scales weights, and cannot scale what arrow\\(a, b; 2\\) below it adds"),
        ("mean(arrow(a), b) >> t >> sum(ia3; 2)", "ia3 scales weights, and cannot scale"),
        ("drop(arrow(a, b); 0)", "a changes weights, and drop leaves out"),
        ("emea(arrow(a, b), bottle)", "a does more than add to states, and emea acts on nothing else"),
    ],
)
def test_what_does_not_go_into_it_is_told(bert, shelves, plan, said):
    modules = {**shelves["bert"], "new": shelves["bert"]["a"]}
    with pytest.raises(PlanError, match=said) as refused:
        grow(parse(plan), lambda own: modules[own.name])
    assert "\n" not in str(refused.value)


def test_it_does_not_merge(bert, shelves):
    node = grow(parse("arrow(a, b) >> t"), lambda own: shelves["bert"][own.name])
    with pytest.raises(PlanError, match="each token chooses its modules in it, and a plain"):
        merge_node(bert, node, LABELS)


def test_it_prints_and_reads():
    for text in ("arrow(lang/a, lang/b; 2)", "arrow(a; 1)", "arrow(a, b, c; 1, 0.25) >> task/ner"):
        assert str(parse(text)) == text and parse(str(parse(text))) == parse(text)
    assert str(parse("arrow(a, b, c, d)")) == "arrow(a, b, c, d; 3)"
    assert str(parse("arrow(a, b; 1, 1.0)")) == "arrow(a, b; 1)"
    assert str(parse("arrow(a@1f, b)")) == "arrow(a@1f, b; 2)"
