"""The laws of `route(auto: ...)`: each row goes by the language that its own text is in."""

from __future__ import annotations

import json
from functools import cache

import pytest
import torch
from support.foreign_text import SPELLED
from support.making import NAMES, disturbed, own_vocabulary, task_module
from support.tiny import FAMILY_NAMES, TEXTS

import xling
from xling.composition.composed import Composition
from xling.composition.forms.auto import spelled_out
from xling.composition.grammar import parse
from xling.data.text import deduplicate
from xling.errors import InputError, PlanError
from xling.jobs.profiling import profile_module
from xling.modules.module import Module
from xling.modules.profile import Profile
from xling.store.lineage import module_fingerprint
from xling.store.store import Store, content_fingerprint

KINDS = pytest.mark.parametrize("kind", [*NAMES, "vocabulary"])
FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
BACKWARDS = [line[::-1] for line in TEXTS]
TEXT_OF = {"swh": TEXTS, "hau": BACKWARDS}
ROWS = [TEXTS[70], SPELLED[3], BACKWARDS[71], BACKWARDS[90], TEXTS[81]]
PARTS = ("swh", None, "hau", "hau", "swh")  # where the rows belong
PLAN = "route(auto: lang/swh, auto: lang/hau, *: none) >> task/ner"


def spoken(module: Module, language: str, lines: list[str] | None = None) -> Module:
    """A module as it is made from text of a language."""
    found = Profile.of(lines or TEXT_OF[language])
    return module.with_facts(language=language, profile=str(found))


@cache
def shelf(base, kind: str = "madx") -> dict[str, Module]:
    made = [
        own_vocabulary(base, seed=n) if kind == "vocabulary" else disturbed(base, kind, std=0.3, seed=n)
        for n in (1, 2)
    ]
    tongues = {f"lang/{tag}": spoken(own, tag) for tag, own in zip(TEXT_OF, made, strict=True)}
    heads = {"task/ner": "tagging", "task/topic": "classification", "task/topic2": "classification"}
    labels = {"tagging": ("B-X", "I-X", "O"), "classification": ("a", "b", "c")}
    tasks = {
        name: task_module(base, task, seed, labels[task]) for seed, (name, task) in enumerate(heads.items())
    }
    return {**tongues, **tasks}


def on(base, plan: str, kind: str = "madx", **more: Module) -> xling.ComposedModel:
    return xling.compose(base, plan, modules={**shelf(base, kind), **more})


def logs(model, rows=tuple(ROWS), language="und") -> list[torch.Tensor]:
    split = model.task.name == "tagging"
    examples = [
        model.task.example(row.split() if split else row, str(number), language)
        for number, row in enumerate(rows)
    ]
    return [own.logs for own in model.label_scores(examples)]


def near(one, other) -> bool:
    return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(one, other, strict=True))


@KINDS
@FAMILIES
def test_a_mixed_batch_equals_each_row_alone_through_its_plan(bases, family, kind):
    base = bases[family]
    found = logs(on(base, PLAN, kind))
    for row, language, own in zip(ROWS, PARTS, found, strict=True):
        alone = on(base, f"lang/{language} >> task/ner" if language else "task/ner", kind)
        assert near([own], logs(alone, [row]))
    swapped = logs(on(base, PLAN.replace("swh", "x").replace("hau", "swh").replace("x", "hau"), kind))
    assert near(found, swapped)
    assert not near(found, logs(on(base, "lang/swh >> task/ner", kind)))


@KINDS
@FAMILIES
def test_one_branch_equals_it_on_rows_that_it_recognises(bases, family, kind):
    base, rows = bases[family], TEXTS[60:64]
    found = logs(on(base, "route(auto: lang/swh) >> task/ner", kind), rows)
    assert near(found, logs(on(base, "lang/swh >> task/ner", kind), rows))
    within = logs(on(base, "route(auto: lang/swh >> task/ner)", kind), rows)
    assert near(found, within)


@FAMILIES
def test_it_stands_in_votes_and_votes_stand_in_it(bases, family):
    base = bases[family]
    p, q = "route(auto: lang/swh, auto: lang/hau, *: none) >> task/topic", "task/topic2"
    found = logs(on(base, f"vote({p}, {q}; 3.0, 1.0)"))
    one, two = logs(on(base, p)), logs(on(base, q))
    mean = [(0.75 * a.exp() + 0.25 * b.exp()).log() for a, b in zip(one, two, strict=True)]
    assert near(found, mean)
    inside = (
        "route(auto: vote(lang/swh >> task/topic, task/topic2), auto: lang/hau >> task/topic, *: task/topic)"
    )
    for row, language, own in zip(ROWS, PARTS, logs(on(base, inside)), strict=True):
        alone = {
            "swh": "vote(lang/swh >> task/topic, task/topic2)",
            "hau": "lang/hau >> task/topic",
            None: "task/topic",
        }[language]
        assert near([own], logs(on(base, alone), [row]))


def test_several_routes_of_a_plan_find_the_language_together(bert):
    """`route(auto: lang/swh, *: none)` alone would not know what else a row may be in."""
    plan = "vote(route(auto: lang/swh, *: none) >> task/topic, route(auto: lang/hau, *: none) >> task/topic)"
    for row, language, own in zip(ROWS, PARTS, logs(on(bert, plan)), strict=True):
        ways = [f"{f'lang/{tag} >> ' if tag == language else ''}task/topic" for tag in ("swh", "hau")]
        assert near([own], logs(on(bert, f"vote({', '.join(ways)})"), [row]))


def test_what_rows_state_is_kept_and_does_not_matter(bert):
    model = on(bert, PLAN)
    words = [row.split() for row in ROWS]
    stated = model.predict(words, language="yor")
    assert {row["language"] for row in stated} == {"yor"}
    plain = model.predict(words)
    assert [{**row, "language": "und"} for row in stated] == [{**row, "language": "und"} for row in plain]
    assert near(logs(model), logs(model, language="hau"))


def test_a_text_that_no_branch_is_for_is_named(bert):
    model = on(bert, "route(auto: lang/swh, auto: lang/hau) >> task/ner")
    model.predict([ROWS[0].split()])
    with pytest.raises(InputError, match=r"the text of example 1 is in none of the languages .*add \*: none"):
        model.predict([row.split() for row in ROWS])


def test_a_task_module_learns_on_rows_as_the_plan_finds_them(bert):
    examples = [xling.TaggedSentence(tuple(row.split()), ("O",) * len(row.split()), str(n), "eng")
                for n, row in enumerate(ROWS)]  # fmt: skip
    labelled = [
        xling.TaggedSentence(own.tokens, ("B-X", *own.tags[1:]), own.id, own.language) for own in examples
    ]
    settings = xling.TrainingSettings(steps=3)
    made = []
    for below, rows in (
        ("route(auto: lang/*, *: none)", labelled),
        (
            "route(swh: lang/swh, hau: lang/hau, *: none)",
            [xling.TaggedSentence(own.tokens, own.tags, own.id, tag or "yor")
             for own, tag in zip(labelled, PARTS, strict=True)],
        ),
    ):  # fmt: skip
        made.append(
            xling.train_task(bert, rows, task="tagging", kind="bottleneck", source_language="eng",
                             below=below, modules=shelf(bert), settings=settings)
        )  # fmt: skip
    one, other = (module.tensors() for module in made)
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_every_module_of_a_folder_stands_for_itself(bert, tmp_path):
    store = Store(tmp_path / "store")
    for name, module in shelf(bert).items():
        store.add(name, module)
    text = "route(auto: lang/*, *: none) >> task/ner"
    model = xling.compose(bert, text, store=store)
    assert str(model.plan) == text
    assert near(logs(model), logs(on(bert, PLAN)))
    assert near(logs(on(bert, text)), logs(on(bert, PLAN)))
    store.add("lang/nqo", spoken(disturbed(bert, "lora", std=0.3, seed=4), "nqo", SPELLED[:60]))
    more = logs(xling.compose(bert, text, store=store))
    assert not near([more[1]], [logs(model)[1]])
    assert near(more[:1] + more[2:], logs(model)[:1] + logs(model)[2:])
    with pytest.raises(PlanError, match=r"no module lies in words/; choose from lang/hau"):
        xling.compose(bert, "route(auto: words/*, *: none) >> task/ner", store=store)
    plan = spelled_out(
        parse("route(auto: lang/* >> task/ner)"), lambda: ("lang/a", "lang/a/b", "c", "lang/d")
    )
    assert [str(own) for own in plan.plans] == ["lang/a >> task/ner", "lang/d >> task/ner"]


def test_the_profile_is_a_fact_of_the_module(bert, tmp_path):
    module = xling.train_language(
        bert, TEXTS, language="swh", kind="bottleneck", settings=xling.TrainingSettings(steps=1)
    )
    assert module.facts.profile.startswith("ngrams -")
    again = Module.load(module.save(tmp_path / "swh"))
    assert again.facts.profile == module.facts.profile
    before = content_fingerprint(tmp_path / "swh")
    module.with_facts(profile="").save(tmp_path / "swh")
    assert content_fingerprint(tmp_path / "swh") != before
    further = xling.train_language(
        bert, BACKWARDS, language="swh", init=module, settings=xling.TrainingSettings(steps=1)
    )
    assert further.facts.profile not in ("", module.facts.profile)


def test_lexicons_and_centres_have_one_where_there_is_text(bert):
    pairs = list(zip(TEXTS, BACKWARDS, strict=True))
    lexicon = xling.make_lexicon(pairs, language="swh")
    assert lexicon.facts.profile == str(Profile.of(TEXTS))
    assert xling.make_lexicon(dictionary=[("kitabu", "book")], language="swh").facts.profile == ""
    ner = shelf(bert)["task/ner"]
    model = xling.compose(
        bert, "route(auto: words, *: none) >> task/ner", modules={"words": lexicon, "task/ner": ner}
    )
    assert [model.composition.identify(row) for row in ROWS] == ["swh", "und", "und", "und", "swh"]


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("route(auto: lang/swh, auto: other, *: none) >> task/ner", "lang/swh and other are both of swh"),
        ("route(auto: task/ner, *: task/ner)", "auto: task/ner has no language module"),
        ("route(auto: lang/swh >> lang/hau, *: none) >> task/ner", "has modules of swh and hau"),
        ("route(auto: lang/swh, auto: old, *: none) >> task/ner", "old has no profile.*xling module profile"),
        ("route(auto: old, auto: older) >> task/ner", "old and older have no profile"),
        ("route(auto: bad) >> task/ner", "bad: what it keeps is no profile.*profile bad --text"),
        ("route(auto: lang/swh, *: none) >> route(swh: task/ner)", "do not go by one thing.*auto in all"),
        ("route(auto: lang/swh >> task/ner, *: none)", "only some of the plans side by side"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(bert, plan, told):
    lang = shelf(bert)["lang/swh"]
    more = {
        "other": lang,
        "old": lang.with_facts(language="yor", profile=""),
        "older": lang.with_facts(language="nqo", profile=""),
        "bad": lang.with_facts(profile="ngrams of old"),
    }
    with pytest.raises(PlanError, match=told):
        on(bert, plan, **more)


@pytest.mark.parametrize("text", ["lang/* >> t", "mean(lang/*, b)", "route(auto: a, *: lang/*)",
                                  "route(auto: lang/* >> lang/*)", "route(swh: lang/*)"])  # fmt: skip
def test_every_module_stands_in_a_branch_of_auto_alone(text):
    with pytest.raises(
        PlanError, match=r"lang/\* stands for one module after another.*write route\(auto: lang/"
    ):
        parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("route(auto: a, swh: b)", "has the branch swh beside auto"),
        ("route(auto: a, *: b, *: c)", r"has two branches for \*"),
        ("route(auto: a; guess)", "no way to find languages is called 'guess'; choose from profile, lingua"),
        ("route(auto: route(auto: a))", "a route inside the branch auto"),
        ("route(auto: a, *: route(swh: b))", r"a route inside the branch \*"),
    ],
)
def test_nestings_and_keys_are_refused_when_they_are_parsed(text, told):
    with pytest.raises(InputError, match=told):
        parse(text)


def test_modules_of_a_folder_need_a_store(bert):
    with pytest.raises(PlanError, match="stands for the modules of a store"):
        Composition(bert, xling.composition.contents.grow(parse("route(auto: lang/*)"), lambda own: None))


def test_it_is_predicted_and_evaluated_on_the_command_line(bert, tmp_path, shell):
    store = Store(tmp_path / "store")
    for name, module in shelf(bert).items():
        store.add(name, module.with_facts(profile=""))
    text, data = tmp_path / "text.txt", tmp_path / "data.conll"
    data.write_text("".join("".join(f"{word} O\n" for word in row.split()) + "\n" for row in ROWS))
    words = ["--base", bert.id, "--plan", "route(auto: lang/*, *: none) >> task/ner", "--store", store.root]
    out = tmp_path / "out.jsonl"
    shell("predict", *words, "--input", data, "--output", out).refused(
        "lang/hau and lang/swh have no profile", "xling module profile NAME --text FILE"
    )
    for language, lines in TEXT_OF.items():
        text.write_text("\n".join(lines), encoding="utf-8")
        before = Store(store.root).get(f"lang/{language}")
        ended = shell(
            "module", "profile", f"lang/{language}", "--text", text, "--store", store.root, "--json"
        )
        assert ended.status == 0, ended.err
        assert json.loads(ended.out)["language"] == language
        after = Store(store.root).get(f"lang/{language}")
        assert after.facts.profile == str(Profile.of(deduplicate(lines)))
        assert module_fingerprint(after) == module_fingerprint(before)
    assert shell("module", "verify", "--store", store.root).status == 0
    ended = shell("predict", *words, "--input", data, "--output", out, "--language", "eng")
    assert ended.status == 0, ended.err
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    wanted = on(bert, PLAN).predict([row.split() for row in ROWS], language="eng")
    assert [row["tags"] for row in rows] == [row["tags"] for row in wanted]
    assert {row["language"] for row in rows} == {"eng"}
    ended = shell("evaluate", *words, "--task", "tagging", "--data", data, "--out", tmp_path / "score.json")
    assert ended.status == 0, ended.err
    assert json.loads((tmp_path / "score.json").read_text())["plan"] == words[3]


def test_a_module_without_a_language_and_a_text_without_letters_have_no_profile(bert, tmp_path):
    store, text = Store(tmp_path / "store"), tmp_path / "text.txt"
    for name, module in shelf(bert).items():
        store.add(name, module)
    text.write_text("7 + 7\n")
    with pytest.raises(InputError, match="task/ner is of no language"):
        profile_module(store, "task/ner", [text])
    with pytest.raises(InputError, match="this text has no letters"):
        profile_module(store, "lang/swh", [text])


def test_a_module_of_half_precision_stays_one(bert, tmp_path):
    store, text = Store(tmp_path / "store"), tmp_path / "text.txt"
    text.write_text("\n".join(TEXTS))
    module = shelf(bert)["lang/swh"]
    module.save(store.root / "lang/swh", float16=True)
    before = (store.root / "lang/swh/weights.safetensors").stat().st_size
    profile_module(store, "lang/swh", [text])
    assert abs((store.root / "lang/swh/weights.safetensors").stat().st_size - before) < 100
    assert module_fingerprint(Store(store.root).get("lang/swh")) == module_fingerprint(module.rounded())


def test_a_library_tells_languages_too(bert):
    pytest.importorskip("lingua")
    modules = {
        **shelf(bert),
        "lang/eng": shelf(bert)["lang/hau"].with_facts(language="eng", profile=""),
        "lang/swh": shelf(bert)["lang/swh"].with_facts(profile=""),
    }
    plan = "route(auto: lang/swh, auto: lang/eng, *: none; lingua) >> task/ner"
    model = xling.compose(bert, plan, modules=modules)
    assert str(model.plan) == plan
    rows = ["Watoto wote wanakwenda shuleni asubuhi na mapema kila siku.",
            "All the children go to school early every morning.",
            "Alle Kinder gehen jeden Morgen früh in die Schule."]  # fmt: skip
    assert [model.composition.identify(row) for row in rows] == ["swh", "eng", "und"]
    with pytest.raises(
        PlanError, match="lingua does not know hau, the language of lang/hau; choose from afr"
    ):
        xling.compose(bert, "route(auto: lang/hau; lingua) >> task/ner", modules=shelf(bert))


def test_a_library_that_is_not_installed_is_said(bert, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lingua", None)
    with pytest.raises(
        InputError, match=r"lingua-language-detector is not installed; pip install 'xling\[lingua\]'"
    ):
        on(bert, "route(auto: lang/swh; lingua) >> task/ner")
