"""The laws over FLARE, which reads the paired text of each row in LoRA's bottleneck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from support.killed import Killed
from support.making import LABELS, batch, disturbed, facts, own_vocabulary, task_module
from support.tiny import FAMILY_NAMES, TEXTS

import xling
from xling.bases.base import run_encoder
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.composition.merging import merge_node
from xling.composition.onnx import check_one_way
from xling.errors import InputError, PlanError, XlingError
from xling.modules.flare import FlareConfig
from xling.modules.linear_sites import site_of
from xling.modules.lora import Lora, LoraConfig
from xling.modules.module import Module
from xling.pairs import Paired
from xling.sites import LinearState, Rows

FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
FUSIONS = ("add", "add-relu", "mul", "cross-attention")
EVERY = pytest.mark.parametrize("fusion", FUSIONS)
SHORT = xling.TrainingSettings(steps=3, batch_tokens=64)


def flare(base, fusion: str = "add-relu", *, moved: float = 0.3, **options) -> Module:
    """A module with every parameter moved."""
    config = FlareConfig.model_validate({"fusion": fusion, "rank": 3, **options})
    module = Module.fresh((config,), base.shape, facts(base, task="tagging", source="eng", seed=4))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for value in module.networks[0].parameters():
            value.add_(moved * torch.randn(value.shape, generator=generator))
    return module


def on(base, plan: str, **modules: Module) -> Composition:
    return Composition(base, grow(parse(plan), lambda own: modules[own.name]))


def near(one, other, tolerance: float = 1e-5) -> bool:
    return bool((one - other).abs().max() <= tolerance)


@EVERY
@FAMILIES
def test_it_computes_what_its_definition_says(bases, family, fusion):
    """Written out piece by piece, with what plain linear layers of the base read."""
    base, module = bases[family], flare(bases[family], fusion, ahead=1)
    ids, mask = batch(base, rows=2, length=6, seed=1)
    pairs, seen, other = batch(base, rows=2, length=4, seed=2), {}, {}
    composition, plain = Composition(base, [module]), Composition(base)
    with torch.no_grad():
        with composition.observing(seen.__setitem__):
            composition(ids, mask, pairs=pairs)
        with plain.observing(other.__setitem__):
            plain(*pairs)
    network, acts = module.networks[0], 0
    for place, state in seen.items():
        key, site = place.replace(".", "/"), site_of(place, base.shape)
        linear = base.encoder.get_submodule(site.weight.removesuffix(".weight"))
        change = state.outputs - linear(state.inputs)[..., site.start : site.stop]
        if key not in network.down:
            assert near(change, 0 * change)
            continue
        acts += 1
        down, up = network.down[key].detach(), network.up[key].detach()
        above = other[
            f"{base.shape.layers - 1}.{place.partition('.')[2]}"
        ].inputs  # the next layer, or the last
        for row in range(2):
            t = state.inputs[row] @ down.T
            x = (above[row] @ down.T)[: int(pairs[1][row].sum())]
            fitted = torch.cat([x, torch.zeros(6, 3)])[:6]
            if fusion == "cross-attention":
                q, k, v = network.attention[key].detach()
                shares = ((t @ q.T) @ (x @ k.T).T / 3**0.5).softmax(-1)
                fused = t + shares @ (x @ v.T)
            else:
                fused = {"add": t + fitted, "add-relu": (t + fitted).relu(), "mul": t * fitted}[fusion]
            assert near(change[row], 16 / 3 * fused @ up.T, 1e-4), (place, row)
    assert acts == 2 * base.shape.layers


@EVERY
@FAMILIES
def test_a_fresh_one_is_the_identity_and_the_base_is_untouched(bases, family, fusion):
    base = bases[family]
    config = FlareConfig.model_validate({"fusion": fusion})
    fresh = Module.fresh((config,), base.shape, facts(base, task="tagging"))
    ids, mask = batch(base, rows=2, length=5, seed=1)
    pairs = batch(base, rows=2, length=7, seed=2)
    before = {name: value.clone() for name, value in base.encoder.state_dict().items()}
    hooks = [len(module._forward_hooks) for module in base.encoder.modules()]
    with torch.no_grad():
        plain = run_encoder(base.encoder, base.family, ids, mask)
        assert torch.equal(Composition(base, [fresh])(ids, mask, pairs=pairs), plain)
        assert not torch.equal(Composition(base, [flare(base, fusion)])(ids, mask, pairs=pairs), plain)
        assert torch.equal(run_encoder(base.encoder, base.family, ids, mask), plain)
    assert all(torch.equal(value, before[name]) for name, value in base.encoder.state_dict().items())
    assert hooks == [len(module._forward_hooks) for module in base.encoder.modules()]


@EVERY
@FAMILIES
def test_its_numbers_are_those_of_the_formula(bases, family, fusion):
    base = bases[family]
    module = flare(base, fusion, sites=("attention.query", "ffn.down"), leave_out=(0,))
    hidden, inner, layers = base.shape.hidden, 32, base.shape.layers - 1
    square = 3 * 9 if fusion == "cross-attention" else 0
    wanted = layers * (3 * (hidden + hidden) + square + 3 * (inner + hidden) + square)
    held = sum(value.numel() for value in module.tensors().values())
    assert held == wanted == module.parts[0].config.numbers(base.shape)


@pytest.mark.parametrize("fusion", ["add", "cross-attention", "mul"])
def test_where_nothing_is_paired_it_is_lora_or_nothing(bert, fusion):
    network = flare(bert, fusion).networks[0]
    lora = Lora(LoraConfig(rank=3), dict(network.down), dict(network.up))
    inputs = torch.randn(2, 5, bert.shape.hidden)
    nothing = Paired({"0.attention.query": torch.randn(2, 4, bert.shape.hidden)}, torch.zeros(2, 4).long())
    state = LinearState(inputs, torch.zeros_like(inputs), Rows(paired=nothing))
    with torch.no_grad():
        added = network.added("0.attention.query", state)
        change = lora.config.scale * lora.up["0/attention/query"] @ lora.down["0/attention/query"]
    assert near(added, 0 * added if fusion == "mul" else inputs @ change.T)


@EVERY
@FAMILIES
def test_rows_of_a_mixed_batch_are_as_alone(bases, family, fusion):
    base, module = bases[family], flare(bases[family], fusion)
    low, head = disturbed(base, "madx", std=0.2, seed=1), task_module(base, "tagging", 3)
    composition = on(base, "route(swh: l >> f, *: f) >> t", f=module, l=low, t=head)
    ids, mask = batch(base, rows=3, length=6, seed=1)
    pairs, languages = batch(base, rows=3, length=9, seed=2), ["swh", "hau", "swh"]
    with torch.no_grad():
        mixed = composition.scores(ids, mask, languages, pairs=pairs)
        for row, language in enumerate(languages):
            own, length, other = slice(row, row + 1), int(mask[row].sum()), int(pairs[1][row].sum())
            pair = (pairs[0][own, :other], pairs[1][own, :other])
            alone = composition.scores(ids[own, :length], mask[own, :length], [language], pairs=pair)
            assert near(mixed[own, :length], alone)
        turned = (pairs[0].flip(0), pairs[1].flip(0))
        assert not near(mixed[:1], composition.scores(ids, mask, languages, pairs=turned)[:1], 1e-3)


@pytest.mark.parametrize(
    ("plan", "same"),
    [
        ("mean(f, f)", "f"),
        ("sum(f; 1)", "f"),
        ("drop(f; 0, 1)", "none"),
        ("route(*: f)", "f"),
        ("average(f, f)", "f"),
        ("w >> f", "route(swh: w, *: w) >> f"),
    ],
)
def test_every_form_treats_it_as_what_it_is(base, plan, same):
    modules = {"f": flare(base), "w": disturbed(base, "lora", std=0.2, seed=1)}
    ids, mask = batch(base, rows=2, length=6, seed=1)
    pairs, languages = batch(base, rows=2, length=5, seed=2), ["swh", "eng"]
    with torch.no_grad():
        one, two = (on(base, own, **modules)(ids, mask, languages, pairs=pairs) for own in (plan, same))
    assert near(one, two)


@EVERY
@FAMILIES
def test_saved_and_loaded_it_is_equal(bases, family, fusion, tmp_path):
    base, module = bases[family], flare(bases[family], fusion)
    module.save(tmp_path)
    loaded, ours = Module.load(tmp_path), module.tensors()
    assert all(torch.equal(value, ours[name]) for name, value in loaded.tensors().items())
    ids, mask = batch(base, rows=2, length=5, seed=1)
    pairs = batch(base, rows=2, length=7, seed=2)
    with torch.no_grad():
        assert torch.equal(*(Composition(base, [own])(ids, mask, pairs=pairs) for own in (module, loaded)))


def sentences(count: int, language: str, *, translated: bool = True) -> list[xling.TaggedSentence]:
    return [
        xling.TaggedSentence(
            tuple(text.split()),
            tuple("B-PER" if word in ("amina", "juma") else "O" for word in text.split()),
            str(number),
            language,
            (TEXTS[number + 40],) if translated else None,
        )
        for number, text in enumerate(TEXTS[:count])
    ]


def trained(base, rows: Sequence[xling.TaggedSentence], **further) -> Module:
    further = {"settings": SHORT, "source_language": "eng", **further}
    return xling.train_task(base, rows, rows[:4], task="tagging", kind="flare", **further)


def test_it_trains_on_pairs_and_predicts_by_them(base):
    own, low = trained(base, sentences(12, "eng", translated=False)), disturbed(base, "madx", std=0.1, seed=1)
    other = trained(base, sentences(12, "eng"), below="l", modules={"l": low})
    assert [part.config.kind for part in other.parts] == ["flare", "head"]
    assert not torch.equal(
        own.tensors()["flare.up.0/attention/query"], other.tensors()["flare.up.0/attention/query"]
    )
    model = xling.compose(base, "l >> t", modules={"l": low, "t": moved(other)})
    one, two = sentences(2, "swh")
    scores = [label_logs(model, [row]) for row in (one, replace(one, translation=("juma",)))]
    assert not near(*scores, 1e-4)
    spoken = model.predict([one.tokens, two.tokens], language="swh", translations=["juma", *two.translation])
    written = model.predict([replace(one, translation=("juma",)), two])
    assert [row["tags"] for row in spoken] == [row["tags"] for row in written]
    with pytest.raises(InputError, match="translations: 1 translations of 2 inputs"):
        model.predict([one.tokens, two.tokens], language="swh", translations=["juma"])
    together = label_logs(model, [two, one])
    assert near(together[len(two.tokens) :], scores[0])


def moved(module: Module) -> Module:
    found = module.continued(module.facts)
    with torch.no_grad():
        for value in found.networks[0].parameters():
            value.add_(0.3 * torch.randn(value.shape, generator=torch.Generator().manual_seed(1)))
    return found


def label_logs(model, rows) -> torch.Tensor:
    return torch.cat([own.logs for own in model.label_scores(rows)])


def test_without_a_translation_a_gloss_or_the_source_s_own_text_stands_for_it(bert):
    task = moved(trained(bert, sentences(6, "eng", translated=False)))
    lexicon = xling.make_lexicon(language="swh", dictionary=[("amina", "juma")])
    modules = {"w": lexicon, "t": task}
    plain, glossed = (xling.compose(bert, plan, modules=modules) for plan in ("t", "w >> t"))
    bare = xling.TaggedSentence(("amina", "na", "mtoto"), None, "7", "swh")
    given = replace(bare, translation=("juma na mtoto",))
    assert near(label_logs(glossed, [bare]), label_logs(plain, [given]))
    assert near(label_logs(glossed, [replace(bare, translation=("leo",))]),
                label_logs(plain, [replace(bare, translation=("leo",))]))  # fmt: skip
    source = replace(bare, language="eng")
    assert near(
        label_logs(plain, [source]), label_logs(plain, [replace(source, translation=("amina na mtoto",))])
    )
    assert not near(label_logs(plain, [source]), label_logs(plain, [given]), 1e-4)
    with pytest.raises(
        InputError, match="example 7 in swh has no translation, and the plan reads one"
    ) as told:
        plain.predict([bare])
    assert "words/swh >> ..." in str(told.value) and "\n" not in str(told.value)


def test_a_row_of_another_vocabulary_is_paired_in_the_base_s_pieces(bert):
    task = moved(trained(bert, sentences(6, "eng")))
    model = xling.compose(bert, "v >> t", modules={"v": own_vocabulary(bert, seed=1), "t": task})
    row = xling.TaggedSentence(("ߊߓ", "ߋߔ"), None, "1", "swh", ("amina na juma",))
    assert not near(label_logs(model, [row]), label_logs(model, [replace(row, translation=("leo",))]), 1e-4)
    ids, mask = batch(bert, rows=1, length=5, seed=1)
    with pytest.raises(PlanError, match="reads a translation of each text in the base's own pieces"):
        model.composition(ids, mask)


def test_killed_and_resumed_it_ends_with_the_same_bytes(bert, tmp_path):
    rows, settings = sentences(12, "eng"), xling.TrainingSettings(steps=6, batch_tokens=64, evaluate_every=2)
    whole = trained(bert, rows, settings=settings)
    with pytest.raises(KeyboardInterrupt):
        session = xling.Session(checkpoints=tmp_path / "kept", reporter=Killed(5))
        trained(bert, rows, settings=settings, session=session)
    resumed = trained(bert, rows, settings=settings, session=xling.Session(checkpoints=tmp_path / "kept"))
    for name, module in (("whole", whole), ("resumed", resumed)):
        module.save(tmp_path / name)
    one, two = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "resumed"))
    assert one == two


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (
            lambda base, node: merge_node(base, node, LABELS),
            "f reads a translation beside each text, and a plain",
        ),
        (lambda base, node: check_one_way(node), "f reads a translation beside each text, and a graph"),
        (lambda base, node: on(base, "fuse(f, b; f)", f=flare(base), b=flare(base)), "no part that combines"),
        (lambda base, node: on(base, "emea(f)", f=flare(base)), "f does more than add to states"),
        (
            lambda base, node: on(base, "arrow(f)", f=flare(base)),
            "f is made of flare, and arrow chooses among",
        ),
        (
            lambda base, node: on(base, "f >> i", f=flare(base), i=disturbed(base, "ia3", std=0.1, seed=1)),
            "i scales weights, and cannot scale what f below it adds",
        ),
        (lambda base, node: flare(base, sites=("attention.gate",)), "no linear site 'attention.gate'"),
        (
            lambda base, node: xling.train_language(
                base, TEXTS[:9], language="swh", kind="flare", settings=SHORT
            ),
            "flare reads a translation of each text, and a language is learned from text alone",
        ),
    ],
)
def test_what_it_cannot_do_is_told(bert, refused, said):
    modules = {"f": flare(bert), "t": task_module(bert, "tagging", 3)}
    node = grow(parse("f >> t"), lambda own: modules[own.name])
    with pytest.raises(XlingError, match=said) as told:
        refused(bert, node)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("task", "inputs", "given"), [
    ("classification", ("amina", "juma"), ("leo", "kesho")),
    ("multiple-choice", {"context": "amina", "question": "effect", "choices": ["juma", "leo"]}, ("leo",) * 4),
    ("question-answering", {"context": "amina na juma", "question": "juma"}, ("leo na kesho", "leo")),
])  # fmt: skip
def test_of_several_texts_each_has_its_translation(bert, task, inputs, given):
    own = task_module(bert, task, 3, ("start", "end") if task == "question-answering" else LABELS)
    model = xling.compose(bert, "f >> t", modules={"f": flare(bert), "t": own})
    example = replace(model.task.example(inputs, "7", "swh"), translation=given)
    assert model.predict([example]) != model.predict(
        [replace(example, translation=given[::-1][:-1] + ("na",))]
    )
    with pytest.raises(
        InputError, match=f"example 7 has {len(given)} texts .* and 1 translation; give one for each"
    ):
        model.predict([replace(example, translation=("leo",))])
