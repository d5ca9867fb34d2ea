"""Training hypernetworks: tasks and languages in turns, killed and resumed; ordinary modules out of them."""

from __future__ import annotations

import json

import pytest
import torch
from support.killed import Killed
from support.making import SHARED
from support.tiny import TEXTS
from support.writing import conll, table

import xling
from xling.bases.fingerprints import of_tensors
from xling.errors import InputError, MismatchError
from xling.store.lineage import module_fingerprint
from xling.training.mlm import MaskedLanguageModelling
from xling.training.specs import TrainingSettings
from xling.training.task_objective import TaskObjective

SETTINGS = TrainingSettings(
    steps=8, learning_rate=0.02, batch_tokens=128, precision="float32", checkpoint_every=1
)
SMALL = {"size": 6, "source": 8, "reduction_factor": 4}
WORDS = {"swh": TEXTS[:30], "zul": [line[::-1] for line in TEXTS[30:60]]}
SPANS = [
    xling.TaggedSentence(
        tuple(line.split()), tuple("BO"[n % 2] for n, _ in enumerate(line.split())), line, tag
    )
    for line, tag in zip(TEXTS[:16], ["eng", "swh"] * 8, strict=True)
]
NER = [
    xling.TaggedSentence(
        own.tokens, tuple("O" if t == "O" else "B-PER" for t in own.tags), own.id, own.language
    )
    for own in SPANS
]
TOPICS = [xling.LabelledText(line, "ab"[n % 2], str(n), "eng") for n, line in enumerate(TEXTS[:12])]
TASKS = {"tagging": NER, "classification": TOPICS}


def trained(base, texts=None, train=None, *, kind="hyper-x", **more):
    told = {"kind": kind, "options": SMALL, "settings": SETTINGS, **more}
    return xling.train_hypernetwork(
        base, WORDS if texts is None else texts, TASKS if train is None else train, **told
    )


@pytest.mark.parametrize("kind", SHARED)
def test_it_learns_tasks_and_languages_at_once(bert, kind):
    before = of_tensors(bert.encoder.state_dict().items())
    module = trained(bert, kind=kind)
    assert of_tensors(bert.encoder.state_dict().items()) == before
    config = module.parts[0].config
    assert config.tasks == ("mlm", "tagging", "classification")
    assert config.languages == ("swh", "zul", "eng")
    assert [part.prefix for part in module.parts] == ["hypernetwork", "head-tagging", "head-classification"]
    assert module.facts.heads == (("tagging", ("O", "B-PER", "I-PER")), ("classification", ("a", "b")))
    assert (module.facts.task, module.facts.source, module.facts.language) == ("tagging", "eng", None)
    fresh = trained(bert, kind=kind, settings=SETTINGS.model_copy(update={"learning_rate": 1e-30}))
    still = [
        name
        for name, value in module.tensors().items()
        if torch.allclose(value, fresh.tensors()[name], atol=1e-6)
    ]
    assert not still  # each task, language and layer had its turn
    assert module.scores["train_tagging"] == 16
    assert {f"pseudo_perplexity_{when}_{tag}" for when in ("before", "after") for tag in WORDS} <= set(
        module.scores
    )


def test_each_row_of_a_file_of_several_languages_has_its_own(bert):
    module = trained(bert)
    plans = {"h": module, "topic": xling.generate_module(module, task="classification")}
    for plan, rows in (("h", NER[:6]), ("h >> topic", [*TOPICS[:3]])):
        model = xling.compose(bert, plan, modules=plans)
        together = [own.logs for own in model.label_scores(rows)]
        for row, logs in zip(rows, together, strict=True):
            (alone,) = model.label_scores([row])
            assert torch.allclose(alone.logs, logs, atol=1e-5)
            task = "tagging" if plan == "h" else "classification"
            made = xling.generate_module(module, language=row.language, task=task)
            (ordinary,) = xling.compose(bert, "g", modules={"g": made}).label_scores([row])
            assert torch.allclose(ordinary.logs, logs, atol=1e-5)


def test_text_alone_and_traits_serve_a_language_of_which_there_is_none(bert):
    module = trained(bert, train={}, kind="hyper-adapter", options={**SMALL, "language": "typology"})
    assert (module.facts.task, module.facts.language, module.facts.heads) == (None, "und", ())
    spans = xling.train_task(bert, NER, task="tagging", settings=SETTINGS)
    xho = xling.generate_module(module, language="xho")
    assert (xho.facts.language, xho.facts.descent.modules[0]) == ("xho", module_fingerprint(module))
    known = {"h": module, "t": spans, "x": xho}
    texts = [line.split() for line in TEXTS[:5]]
    one, two = (
        xling.compose(bert, f"{below} >> t", modules=known).predict(texts, language="xho") for below in "hx"
    )
    assert one == two


@pytest.mark.parametrize("kind", SHARED)
def test_killed_and_resumed_it_ends_the_same(bert, tmp_path, kind):
    whole = trained(bert, kind=kind, dev={"tagging": NER[:3]})
    for steps in (3, 2):
        with pytest.raises(KeyboardInterrupt):
            session = xling.Session(checkpoints=tmp_path, reporter=Killed(steps))
            trained(bert, kind=kind, dev={"tagging": NER[:3]}, session=session)
    assert any(tmp_path.iterdir())
    resumed = trained(bert, kind=kind, dev={"tagging": NER[:3]}, session=xling.Session(checkpoints=tmp_path))
    assert all(torch.equal(value, resumed.tensors()[name]) for name, value in whole.tensors().items())
    assert (resumed.facts, resumed.scores) == (whole.facts, whole.scores)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"texts": {}, "train": {}}, "there is nothing to learn from"),
        ({"texts": {"swh": []}}, "nothing of swh is left"),
        ({"train": {"tagging": []}}, "nothing of tagging is left"),
        ({"train": {"taging": NER}}, "'taging'.*tagging"),
        ({"dev": {"pos": NER}}, "pos is not trained; choose from tagging, classification"),
        ({"kind": "bottleneck", "options": {}}, "no hypernetwork; choose from hyper-x, hyper-adapter"),
        ({"kind": "head", "options": {}}, "no hypernetwork"),
        ({"options": {"sizes": 3}}, "sizes: no such key"),
        ({"texts": {"rmn": TEXTS}, "options": {**SMALL, "language": "typology"}}, "nothing is known of"),
        ({"options": {"head": {"outputs": 7}}}, "outputs is 3 by the task"),
    ],
)
def test_what_does_not_go_together_is_told(bert, words, told):
    with pytest.raises(InputError, match=told):
        trained(bert, **words)


def test_elsewhere_it_is_not_trained(bert):
    for train in (
        lambda: xling.train_language(bert, TEXTS, language="swh", kind="hyper-adapter", settings=SETTINGS),
        lambda: xling.train_task(bert, NER, task="tagging", kind="hyper-x", settings=SETTINGS),
    ):
        with pytest.raises(
            InputError, match="several languages or tasks at once; train it with xling train hyper"
        ):
            train()


def test_only_what_it_generates_is_trained_further(bert):
    module = trained(bert, train={"tagging": NER})
    told = {"task": "tagging", "settings": SETTINGS}
    with pytest.raises(
        InputError, match="a hypernetwork is trained for all its languages and tasks; take xling train hyper"
    ):
        xling.train_task(bert, NER, **told, init=module)
    made = xling.generate_module(module, language="swh", task="tagging")
    further = xling.train_task(bert, NER, **told, init=made)
    assert [part.config for part in further.parts] == [part.config for part in made.parts]
    assert further.facts.descent.modules == tuple(sorted(map(module_fingerprint, (module, made))))


STILL = SETTINGS.model_copy(update={"learning_rate": 1e-30})


@pytest.mark.parametrize("options", [{}, {"language": "typology"}])
def test_it_goes_on_with_further_languages_and_tasks(bert, options):
    small = {**SMALL, **options}
    first = trained(bert, {"swh": WORDS["swh"]}, {"tagging": NER}, options=small)
    told = {"init": first, "options": {}, "settings": STILL}
    further = trained(bert, {"hau": WORDS["zul"]}, {"classification": TOPICS}, **told)
    before, after = first.tensors(), further.tensors()
    for name, value in before.items():
        assert torch.allclose(value, after[name], atol=1e-6), name
    added = {name.split(".", 1)[1] for name in after.keys() - before.keys() if "embeddings" in name}
    assert "embeddings.task/classification" in added
    assert any("language/" in own for own in added) and all(
        after[f"hypernetwork.{own}"].any() for own in added
    )
    config, facts = further.parts[0].config, further.facts
    assert config.tasks == ("mlm", "tagging", "classification") and config.languages == ("swh", "eng", "hau")
    assert [part.prefix for part in further.parts] == ["hypernetwork", "head-tagging", "head-classification"]
    assert facts.heads == (*first.facts.heads, ("classification", ("a", "b")))
    assert (facts.task, facts.labels, facts.source) == ("tagging", first.facts.labels, "eng")
    assert facts.descent.modules == (module_fingerprint(first),)
    one, two = (
        xling.compose(bert, "h", modules={"h": own}).label_scores(NER[:4]) for own in (first, further)
    )
    for own, other in zip(one, two, strict=True):
        assert torch.allclose(own.logs, other.logs, atol=1e-5)
    assert of_tensors(first.tensors().items()) == of_tensors(before.items())


def test_text_alone_moves_what_is_shared_and_keeps_the_heads(bert):
    first = trained(bert, {"swh": WORDS["swh"]}, {"tagging": NER})
    further = trained(bert, {"swh": WORDS["swh"]}, {}, init=first)
    before, after = first.tensors(), further.tensors()
    moved = {name for name, value in before.items() if not torch.allclose(value, after[name], atol=1e-6)}
    assert "hypernetwork.first.weight" in moved and "hypernetwork.embeddings.language/swh" in moved
    assert not any("head-" in name or name.endswith(("language/eng", "task/tagging")) for name in moved)
    assert (further.facts.task, further.facts.heads) == ("tagging", first.facts.heads)


def test_around_it_other_modules_act_and_stay(bert):
    below = xling.train_language(bert, TEXTS, language="swh", kind="madx", settings=SETTINGS)
    before = of_tensors(below.tensors().items())
    told = {"modules": {"lang/swh": below}, "settings": STILL}
    plain = trained(bert, settings=STILL)
    under = trained(bert, below="lang/swh >> new", **told)
    above = trained(bert, below="new >> lang/swh", **told)
    assert of_tensors(below.tensors().items()) == before
    assert under.facts.below == (("lang/swh", module_fingerprint(below)),)
    figures = [own.scores["pseudo_perplexity_before_zul"] for own in (plain, under, above)]
    assert len(set(figures)) == 2 and figures[1] == pytest.approx(
        figures[2], rel=1e-2
    )  # a new one adds little
    learned = trained(bert, below="lang/swh", modules={"lang/swh": below})
    known = {"lang/swh": below, "h": learned}
    scores = [
        xling.compose(bert, plan, modules=known).label_scores(NER[:2]) for plan in ("h", "lang/swh >> h")
    ]
    assert not torch.allclose(scores[0][0].logs, scores[1][0].logs, atol=1e-3)
    made = xling.generate_module(learned, language="eng", task="tagging")
    (own,) = xling.compose(bert, "lang/swh >> g", modules={**known, "g": made}).label_scores(NER[:1])
    assert torch.allclose(own.logs, scores[1][0].logs, atol=1e-5)


def test_text_is_read_as_the_plan_has_it(bert):
    words = xling.make_lexicon(
        language="swh", dictionary=[(line.split()[0], "nairobi") for line in WORDS["swh"]]
    )
    told = {"modules": {"words/swh": words}, "settings": STILL, "train": {}}
    figures = [
        trained(bert, {"swh": WORDS["swh"]}, below=below, **told).scores["pseudo_perplexity_before_swh"]
        for below in (None, "words/swh >> new")
    ]
    assert figures[0] != figures[1]


@pytest.mark.parametrize("kind", SHARED)
def test_killed_and_resumed_it_goes_on_the_same(bert, tmp_path, kind):
    below = xling.train_language(bert, TEXTS, language="swh", kind="bottleneck", settings=SETTINGS)
    first = trained(bert, {"swh": WORDS["swh"]}, {"tagging": NER}, kind=kind)
    told = {"init": first, "options": {}, "kind": kind, "below": "l >> new", "modules": {"l": below}}
    whole = trained(bert, **told)
    with pytest.raises(KeyboardInterrupt):
        trained(bert, **told, session=xling.Session(checkpoints=tmp_path, reporter=Killed(3)))
    assert any(tmp_path.iterdir())
    resumed = trained(bert, **told, session=xling.Session(checkpoints=tmp_path))
    assert all(torch.equal(value, resumed.tensors()[name]) for name, value in whole.tensors().items())
    assert (resumed.facts, resumed.scores) == (whole.facts, whole.scores)


def test_what_does_not_go_on_is_told(bert, bases):
    first = trained(bert, {"swh": WORDS["swh"]}, {"tagging": NER})
    spans = xling.train_task(bert, NER, task="tagging", settings=SETTINGS)
    known = {"task/ner": spans, "h": first}
    for words, told in (
        ({"init": spans}, "--init: a bottleneck . head module is no hypernetwork; name one that"),
        ({"init": first, "options": {"size": 7}}, "--init: size is 6 in the module to continue, not 7"),
        (
            {"init": first, "train": {"tagging": SPANS}},
            "label .B. .* unknown to the task module",
        ),
        ({"below": "new >> task/ner", "modules": known}, "--plan: a hypernetwork has its own head for each"),
        ({"below": "h >> new", "modules": known}, "--plan: a hypernetwork has its own head for each"),
        ({"below": "lang/x >> new"}, "the plan names lang/x, which is not among"),
        ({"below": "mean(new, l)", "modules": {"l": spans}}, "a hypernetwork has its own head|task module"),
    ):
        with pytest.raises(InputError, match=told):
            trained(bert, **{"options": {}, **words})
    other = next(own for own in bases.values() if own.fingerprint != bert.fingerprint)
    with pytest.raises(MismatchError, match="was made for base"):
        trained(other, init=first, options={})


def test_from_the_shell(shell, bert, tmp_path):
    for tag, lines in WORDS.items():
        (tmp_path / f"{tag}.txt").write_text("\n".join(lines), encoding="utf-8")
    tags, topics, store = conll(tmp_path), table(tmp_path), ("--store", tmp_path)
    told = ("train", "hypernetwork", "--base", bert.id, "--quiet", "--out", tmp_path / "hyper/x")
    small = [word for key, value in SMALL.items() for word in ("--set", f"parts.{key}={value}")]
    texts = [word for tag in WORDS for word in ("--text", f"{tag}={tmp_path / tag}.txt")]
    labelled = (
        "--train",
        f"tagging={tags}",
        "--train",
        f"classification={topics}",
        "--dev",
        f"tagging={tags}",
    )
    shell(*told, *texts, *labelled).refused("--source-language", "beside --train")
    shell(*told, "--text", "swh.txt").refused("--text", "'swh.txt' says not what it is of", "swh=FILE")
    shell(*told, "--train", f"taging={tags}", "--source-language", "eng").refused("'taging'; choose from")
    shell(*told, *labelled, *labelled, "--source-language", "eng").refused("tagging is there twice")
    ended = shell(*told, *texts, *labelled, "--source-language", "eng", *small, "--set", "steps=3", "--json")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["train_tagging"] == 18
    scored = shell("evaluate", "--base", bert.id, "--plan", "hyper/x", *store, "--task", "tagging",
                   "--data", tags, "--language", "zul")  # fmt: skip
    assert scored.status == 0, scored.err
    other = shell("evaluate", "--base", bert.id, "--plan", "hyper/x", *store, "--task", "tagging",
                  "--data", tags, "--language", "yor")  # fmt: skip
    other.refused("no embedding of the language 'yor'; choose from swh, zul, eng")
    for out, words in (
        ("lang/zul", ("--language", "zul")),
        ("task/topic", ("--task", "classification")),
        ("task/zul", ("--language", "zul", "--task", "tagging")),
    ):
        ended = shell("module", "generate", "hyper/x", *store, *words, "--out", tmp_path / out, "--json")
        assert ended.status == 0, ended.err
    assert json.loads(ended.out)["parts"] == "bottleneck + head"
    shell(
        "module", "generate", "hyper/x", *store, "--language", "zul", "--out", tmp_path / "lang/zul"
    ).refused("lang/zul is there already")
    verified = shell("module", "verify", *store, "--base", bert.id, "--json")
    assert verified.status == 0, verified.err
    assert {row["module"]: row["rests on"] for row in json.loads(verified.out)} == {
        "hyper/x": "", **dict.fromkeys(("lang/zul", "task/topic", "task/zul"), "hypernetwork: hyper/x"),
    }  # fmt: skip
    found = shell("module", "list", *store, "--trained-on", tmp_path / "swh.txt", "--json")
    assert [row["name"] for row in json.loads(found.out)] == ["hyper/x", "lang/zul", "task/topic", "task/zul"]
    again = (*told[:-1], tmp_path / "more/hyper/y", "--set", "steps=2")
    lines = ("--text", f"hau={tmp_path / 'swh.txt'}")
    shell(*again, *lines, "--plan", "lang/zul >> new").refused("--plan", "its modules are in a store")
    shell(*again, *lines, *store).refused("--store", "no plan names a module in it")
    shell(*again, *lines, "--init", tmp_path / "lang/zul").refused(
        "--init", "a bottleneck module is no hyper"
    )
    shell(*told, *lines, "--init", tmp_path / "hyper/x").refused("--out", "is an input of this command")
    ended = shell(*again, *lines, "--init", tmp_path / "hyper/x", "--plan", "lang/zul >> new", *store)
    assert ended.status == 0, ended.err
    kept = xling.Module.load(tmp_path / "more/hyper/y")
    assert kept.parts[0].config.languages == ("swh", "zul", "eng", "hau")
    assert [name for name, _ in kept.facts.below] == ["lang/zul"] and kept.facts.source == "eng"


def test_a_task_has_its_share_beside_the_text_of_many_languages(bert, monkeypatch):
    read = {TaskObjective: 0, MaskedLanguageModelling: 0}
    for objective in read:
        loss = objective.loss

        def counted(own, number, objective=objective, loss=loss):
            read[objective] += 1
            return loss(own, number)

        monkeypatch.setattr(objective, "loss", counted)
    settings = SETTINGS.model_copy(update={"steps": 10, "evaluate_every": 0})
    texts = {tag: TEXTS for tag in ("swh", "zul", "xho")}
    trained(bert, texts, {"tagging": NER[:4]}, settings=settings, task_share=0.3)
    assert (read[TaskObjective], read[MaskedLanguageModelling]) == (3, 7)
