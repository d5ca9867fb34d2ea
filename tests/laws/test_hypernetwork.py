"""The laws over hypernetworks: each row has its own bottleneck, which is equal to an ordinary one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from support.making import LABELS, MODULES, SHARED, batch, disturbed, facts, task_module
from support.tiny import FAMILY_NAMES

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.composition.onnx import check_one_way
from xling.errors import InputError, PlanError
from xling.makers.generated import generate
from xling.modules.hypernetwork import MLM, Hypernetwork, HypernetworkConfig
from xling.modules.module import Module, Part
from xling.modules.registry import preset
from xling.sites import PLACES, Rows
from xling.training.phases import Course, train_module
from xling.training.specs import TrainingSettings
from xling.typology import traits

FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
EVERY = pytest.mark.parametrize("name", SHARED)
BY_LANGUAGE = pytest.mark.parametrize("name", [own for own, (c,) in SHARED.items() if "language" in c.inputs])
BY_TASK = pytest.mark.parametrize("name", [own for own, (c,) in SHARED.items() if "task" in c.inputs])
TAGS = ("swh", "hau", "swh", "eng")


def shared(
    base: Base,
    name: str,
    *,
    heads: tuple[str, ...] = (),
    seed: int = 7,
    moved: float = 0.3,
    **options: object,
) -> Module:
    """A hypernetwork with every parameter moved, and heads of tasks."""
    config = MODULES[name][0].model_copy(update=options)
    known = config.shared_by(config.tasks, ["swh", "hau", "eng"])
    module = Module.fresh([known], base.shape, facts(base, language="und"))
    with torch.no_grad():
        for value in module.networks[0].parameters():
            value.add_(moved * torch.randn(value.shape, generator=torch.Generator().manual_seed(seed)))
    parts = [
        Part(own.config, f"head-{task}", own.network)
        for task in heads
        for own in task_module(base, task, len(task)).parts
    ]
    labelled = {
        "heads": tuple((task, LABELS) for task in heads),
        "task": heads[0] if heads else None,
        "labels": LABELS if heads else (),
    }
    return replace(module, parts=(*module.parts, *parts)).with_facts(**labelled)


def composed(base: Base, plan: str, **modules: Module) -> Composition:
    return Composition(base, grow(parse(plan), lambda own: modules[own.name]))


def states(base: Base, plan: str, ids, mask, languages=(), **modules: Module):
    with torch.no_grad():
        return composed(base, plan, **modules)(ids, mask, languages)


def close(one, two, atol: float = 1e-5) -> bool:
    return bool(torch.allclose(one, two, atol=atol))


@EVERY
@FAMILIES
def test_its_numbers_are_those_of_the_definition(bases, family, name):
    base = bases[family]
    config, hidden = SHARED[name][0], base.shape.hidden
    counts = {
        "task": len(config.tasks),
        "language": 4,
        "layer": base.shape.layers,
        "place": len(config.places),
    }
    width = hidden // config.reduction_factor if hidden >= config.reduction_factor else 1
    e, s, k = config.size, config.source, len(config.inputs)
    generated = 2 * hidden * int(width) + hidden + int(width)
    wanted = (
        e * sum(counts[own] for own in config.inputs) + (k * e + 1) * s + (s + 1) * s + (s + 1) * generated
    )
    module = Module.fresh([config], base.shape, facts(base, language="und"))
    assert sum(value.numel() for value in module.tensors().values()) == wanted == config.numbers(base.shape)


@EVERY
@FAMILIES
def test_rows_of_a_mixed_batch_are_as_alone(bases, family, name):
    base, module = bases[family], shared(bases[family], name)
    ids, mask = batch(base, rows=4, length=8, seed=5)
    mixed = states(base, "h", ids, mask, TAGS, h=module)
    for row, tag in enumerate(TAGS):
        own = slice(row, row + 1)
        length = int(mask[own].sum())
        alone = states(base, "h", ids[own, :length], mask[own, :length], [tag], h=module)
        assert close(mixed[own, :length], alone)
    same = states(base, "h", ids, mask, ["swh"] * 4, h=module)
    assert close(mixed[:1], same[:1]) and close(mixed, same) == (name == "hyperformer++")


FORMS = (
    "mean(h, a)", "sum(h, a; 0.5, -2)", "drop(h; 0)", "emea(h, a)", "fuse(h, a; f)", "a >> h", "h >> l",
    "route(swh: h, hau: a >> h, *: none)", "average(h, k)", "h >> k",
)  # fmt: skip


@EVERY
@pytest.mark.parametrize("plan", FORMS)
def test_in_every_form_of_plan_rows_are_as_alone(bert, name, plan):
    known = {"h": shared(bert, name), "k": shared(bert, name, seed=8)}
    known |= {
        "a": disturbed(bert, "bottleneck", std=0.3, seed=1),
        "l": disturbed(bert, "lora", std=0.3, seed=2),
    }
    known["f"] = Module.fresh(preset("fusion", {"places": PLACES}), bert.shape, facts(bert, task="tagging"))
    ids, mask = batch(bert, rows=4, length=8, seed=5)
    mixed = states(bert, plan, ids, mask, TAGS, **known)
    assert not close(
        mixed, states(bert, plan, ids, mask, TAGS, **{**known, "h": shared(bert, name, moved=0.0)})
    )
    for row, tag in enumerate(TAGS):
        own, length = slice(row, row + 1), int(mask[row].sum())
        alone = states(bert, plan, ids[own, :length], mask[own, :length], [tag], **known)
        assert close(mixed[own, :length], alone)


@EVERY
@FAMILIES
@pytest.mark.parametrize("options", [{}, {"stacking": "madx"}, {"reads": "residual", "leave_out": (0,)}])
def test_what_it_generates_is_an_ordinary_module(bases, family, name, options):
    base, module = bases[family], shared(bases[family], name, heads=("tagging", "pos"), **options)
    below = disturbed(base, "madx", std=0.2, seed=3)
    ids, mask = batch(base, rows=3, length=7, seed=2)
    for language, task in (("swh", "tagging"), ("hau", "pos"), ("hau", None)):
        made = generate(module, language=language, task=task)
        assert [part.config.kind for part in made.parts] == ["bottleneck", *(["head"] if task else [])]
        assert (made.facts.task, made.facts.language) == (task, None if task else language)
        one = composed(base, "below >> h", below=below, h=module.of_task(task))
        two = composed(base, "below >> g", below=below, g=made)
        with torch.no_grad():
            own = one(ids, mask, [language] * 3)
            assert close(own, two(ids, mask), atol=1e-6)
            assert not close(own, states(base, "below", ids, mask, below=below), atol=1e-3)
            if task:
                assert close(one.scores(ids, mask, [language] * 3), two.scores(ids, mask), atol=1e-6)


@BY_TASK
@FAMILIES
def test_the_head_that_scores_tells_the_task(bases, family, name):
    base, module = bases[family], shared(bases[family], name, heads=("tagging", "pos"))
    ids, mask = batch(base, rows=2, length=6, seed=4)
    (network, *_) = module.networks
    weights = {
        task: network.weights(0, "after_ffn", Rows(["swh"], task=task))["up.weight"]
        for task in (None, MLM, "tagging", "pos")
    }
    assert torch.equal(weights[None], weights[MLM]) and not close(weights["tagging"], weights["pos"])
    bare, languages = module.of_task(None), ["swh", "hau"]
    above = task_module(base, "pos", 3)
    found = {
        "own": states(base, "h", ids, mask, languages, h=module),
        "above": states(base, "h >> t", ids, mask, languages, h=module, t=above),
        "none": states(base, "h", ids, mask, languages, h=bare),
    }
    assert close(found["own"], states(base, "h", ids, mask, languages, h=module.of_task("tagging")))
    assert close(found["above"], states(base, "h", ids, mask, languages, h=module.of_task("pos")))
    assert not close(found["own"], found["above"]) and not close(found["own"], found["none"])


@BY_LANGUAGE
def test_without_a_language_the_head_of_a_task_is_generated(bert, name):
    module = shared(bert, name, heads=("tagging", "pos"))
    head = generate(module, task="pos")
    assert [part.prefix for part in head.parts] == ["head-pos"]
    ids, mask = batch(bert, rows=4, length=6, seed=4)
    one, two = composed(bert, "h >> p", h=module, p=head), composed(bert, "h", h=module.of_task("pos"))
    with torch.no_grad():
        assert torch.equal(one.scores(ids, mask, TAGS), two.scores(ids, mask, TAGS))
    assert composed(bert, "h", h=module).labels == LABELS


@FAMILIES
def test_scaled_what_is_generated_begins_alike_and_moves_less(bases, family):
    shape, spread = bases[family].shape, {}
    for rescale in (False, True):
        options = {"rescale": rescale, "source": 256, "up_std": 0.02}
        config = preset("hyper-x", options)[0].shared_by([MLM], ["swh"])
        network = Hypernetwork(config, shape, torch.Generator().manual_seed(1))
        begun = network.weights(0, "after_ffn", Rows(["swh"]))["down.weight"].detach()
        with torch.no_grad():
            network.generators["down/weight"].weight.add_(0.1)
        moved = network.weights(0, "after_ffn", Rows(["swh"]))["down.weight"].detach() - begun
        spread[rescale] = begun, moved
    assert close(spread[False][0], spread[True][0])
    assert close(spread[False][1], 16 * spread[True][1], atol=1e-4)


@pytest.mark.parametrize("rescale", [False, True])
@pytest.mark.parametrize("source", [8, 256])
def test_in_a_step_a_generated_weight_moves_about_as_far_as_a_stored_one(bert, rescale, source):
    (config,) = preset("hyper-x", {"rescale": rescale, "source": source})
    config = config.shared_by([MLM], ["swh"])
    module = Module.fresh([config], bert.shape, facts(bert, language="und"))
    (network,) = module.networks
    before = network.weights(0, "after_ffn", Rows(["swh"]))["up.weight"].detach()

    class Raised:
        """The sum of what is generated for a site."""

        higher_is_better = None

        def passes_per_epoch(self):
            return 1

        def loss(self, number):
            return network.weights(0, "after_ffn", Rows(["swh"]))["up.weight"].sum(), 1

        def evaluate(self):
            return None

    settings = TrainingSettings(steps=1, learning_rate=1e-3, warmup_fraction=0.0)
    train_module(module, Course(shape=bert.shape, objective_of=lambda trained: Raised(), settings=settings))
    moved = (network.weights(0, "after_ffn", Rows(["swh"]))["up.weight"].detach() - before).mean()
    assert 0.3e-3 < -moved < 2e-3


@BY_LANGUAGE
def test_by_traits_it_serves_a_language_without_text(bert, name):
    module = shared(bert, name, language="typology")
    ids, mask = batch(bert, rows=3, length=7, seed=2)
    config = module.parts[0].config
    assert {"family: Bantu", "script: Latn"} <= set(config.traits)
    assert config.numbers(bert.shape) == sum(value.numel() for value in module.tensors().values())
    mixed = states(bert, "h", ids, mask, ["swh", "zul", "eng"], h=module)
    made = generate(module, language="zul")
    own = int(mask[1].sum())
    alone = states(bert, "g", ids[1:2, :own], mask[1:2, :own], g=made)
    assert close(mixed[1:2, :own], alone) and not close(mixed, states(bert, "none", ids, mask))
    with pytest.raises(InputError, match="nothing is known of"):
        states(bert, "h", ids, mask, ["swh", "swh", "rmn"], h=module)


@BY_LANGUAGE
def test_traits_are_summed_over_the_root_of_their_number(bert, name):
    config = MODULES[name][0]
    one, two = (
        Hypernetwork(own.shared_by([MLM], ["swh"]), bert.shape, torch.Generator().manual_seed(1))
        for own in (config, config.model_copy(update={"language": "typology"}))
    )
    others = {key: value for key, value in one.state_dict().items() if "language" not in key}
    two.load_state_dict(others, strict=False)
    with torch.no_grad():
        for key, value in (*one.embeddings.items(), *two.embeddings.items()):
            value.fill_(1.0 if key in two.embeddings else len(traits("swh")) ** 0.5)
        found = [own.weights(0, "after_ffn", Rows(["swh"]))["down.weight"] for own in (one, two)]
    assert close(*found) and found[0].std() > 0


@BY_LANGUAGE
def test_languages_begin_near_each_other(bert, name):
    """So that what is learned of a task in one language serves one with text alone, as layers need not."""
    (module,) = shared(bert, name, moved=0.0).networks
    assert isinstance(module, Hypernetwork)

    def weights(layer: int, tag: str) -> torch.Tensor:
        return module.weights(layer, "after_ffn", Rows([tag]))["down.weight"]

    with torch.no_grad():
        own = weights(0, "swh")
        apart = [float((own - other).norm()) for other in (weights(0, "hau"), weights(1, "swh"))]
    assert 0 < 4 * apart[0] < apart[1]


@BY_LANGUAGE
def test_a_language_without_an_embedding_is_named(bert, name):
    module = shared(bert, name)
    ids, mask = batch(bert, rows=2, length=5, seed=1)
    for languages, told in ((("swh", "yor"), "'yor'"), ((), "'und'")):
        with pytest.raises(
            InputError, match=f"no embedding of the language {told}; choose from swh, hau, eng"
        ):
            states(bert, "h", ids, mask, languages, h=module)
    with pytest.raises(PlanError, match="goes by language, and a graph has one way"):
        check_one_way(grow(parse("h"), lambda own: module))
    for words in ({}, {"language": "yor"}):
        with pytest.raises(InputError, match="choose from swh, hau, eng"):
            generate(module, **words)


@BY_TASK
def test_a_task_without_an_embedding_is_named(bert, name):
    config = SHARED[name][0].shared_by([MLM, "pos"], ["swh"])
    module = Module.fresh([config], bert.shape, facts(bert, language="und"))
    ids, mask = batch(bert, rows=1, length=5, seed=1)
    with pytest.raises(InputError, match="no embedding of the task 'tagging'; choose from mlm, pos"):
        states(bert, "h >> t", ids, mask, ["swh"], h=module, t=task_module(bert, "tagging", 1))
    with pytest.raises(InputError, match="no head for 'tagging'"):
        generate(module, language="swh", task="tagging")
    with pytest.raises(InputError, match="a bottleneck module generates none"):
        generate(disturbed(bert, "bottleneck", std=0.1, seed=1), language="swh")


def test_heads_and_their_labels_are_saved(bert, tmp_path):
    module = shared(bert, "hyper-x", heads=("pos", "tagging"))
    module.save(tmp_path)
    loaded = Module.load(tmp_path)
    assert loaded.facts.heads == (("pos", LABELS), ("tagging", LABELS)) and loaded.facts == module.facts
    ids, mask = batch(bert, rows=2, length=5, seed=1)
    for task in ("pos", "tagging"):
        one, two = (composed(bert, "h", h=own.of_task(task)) for own in (module, loaded))
        with torch.no_grad():
            assert torch.equal(*(own.scores(ids, mask, ["swh", "hau"]) for own in (one, two)))


@EVERY
def test_many_layers_are_read_back(bert, tmp_path, name):
    """However few tensors a hypernetwork has beside its layers' embeddings."""
    deep = replace(bert.shape, layers=70, parameters={}, linear={})
    config: HypernetworkConfig = MODULES[name][0].shared_by([MLM], ["swh"])
    stated = replace(facts(bert, language="und"), layers=70)
    Module.fresh([config], deep, stated).save(tmp_path)
    assert Module.load(tmp_path).parts[0].config == config
