"""The laws of lexicons: what is read is the gloss, what is said is about the user's own words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.making import disturbed, task_module
from support.tiny import WORDS
from support.writing import conll

import xling
from xling.composition.contents import grow, rewrites
from xling.composition.grammar import parse
from xling.data.examples import TEXTS
from xling.errors import PlanError
from xling.modules.lexicon import FILE, HEADER, Lexicon
from xling.modules.module import Module, Part
from xling.store.store import Store
from xling.tasks.registry import TASKS, task_named

# "so" becomes two words in one token
GLOSSES = {"maji": "amina", "moto": "juma", "so": "moshi na"}
LABELS_OF = {
    "classification": ("a", "b", "c"),
    "multi-label": ("a", "b", "c"),
    "tagging": ("B-X", "I-X", "O"),
    "pos": ("NOUN", "VERB", "X"),
    "parsing": ("nsubj", "obj", "root"),
    "intent-slots": ("B-X", "I-X", "O", "intent:a", "intent:b"),
    "multiple-choice": ("right",),
}
OWN = ["maji na moto", "so katika leo", "kesho maji", "min so moto (maji), leo!"]
READ = ["amina na juma", "moshi na katika leo", "kesho amina", "min moshi na juma (amina), leo!"]
USERS = {*TEXTS, "premise", "hypothesis"}  # what a row of predictions repeats of the input
EVERY = pytest.mark.parametrize("task", LABELS_OF)


def items(task: str, texts: list[str]) -> list[object]:
    """What a user gives a task."""
    if task == "multiple-choice":
        return [{"context": text, "question": "leo", "choices": [texts[0], text]} for text in texts]
    if task in ("classification", "multi-label"):
        return [*texts, (texts[0], texts[1])]
    return [text.split() for text in texts]


def lexicon(words: dict[str, str] = GLOSSES, language: str = "swh") -> Module:
    pairs = list(words.items()) or [("zzz", "zzz")]  # a lexicon of no words is only made by a part itself
    made = xling.make_lexicon(language=language, dictionary=pairs)
    return made if words else Module((_empty(made),), made.facts)


def _empty(made: Module) -> Part:
    network = Lexicon.of([], "eng")
    return replace(made.parts[0], config=network.config, network=network)


def on(base, task: str, plan: str, **modules: Module) -> xling.ComposedModel:
    found = {"task/x": task_module(base, task, 1, LABELS_OF[task])}
    found |= {f"lang/{name}": module for name, module in modules.items()}
    return xling.compose(base, plan, modules=found)


def test_every_task_that_reads_a_gloss_is_in_these_laws():
    assert set(TASKS) - set(LABELS_OF) == {"question-answering"}


@EVERY
@pytest.mark.parametrize("words", [{}, {word: word for word in (*GLOSSES, *WORDS)}], ids=["empty", "itself"])
def test_a_lexicon_that_says_nothing_new_is_none(base, task, words):
    texts = [*OWN, " maji  na\tmoto\n\u3000leo "]
    plain = on(base, task, "task/x").predict(items(task, texts), language="swh")
    glossed = on(base, task, "lang/swh >> task/x", swh=lexicon(words)).predict(
        items(task, texts), language="swh"
    )
    assert glossed == plain


@EVERY
@pytest.mark.parametrize("plan", ["task/x", "lang/eng >> task/x"])
def test_a_gloss_is_read_and_the_answer_is_about_the_users_words(bert, task, plan):
    eng = disturbed(bert, "bottleneck", std=0.3, seed=5)
    model = on(bert, task, f"lang/dik >> {plan}", dik=lexicon(language="dik"), eng=eng)
    plain = on(bert, task, plan, eng=eng)
    said, unread = (one.predict(items(task, OWN), language="dik") for one in (model, plain))
    # a token stays one unit although its gloss has two words
    read = [[GLOSSES.get(word, word) for word in text.split()] for text in OWN]
    read = [[word.replace("(maji),", "(amina),") for word in text] for text in read]
    texts = task in ("classification", "multi-label", "multiple-choice")
    wanted = plain.predict(items(task, READ) if texts else read, language="dik")
    for row, own, user in zip(said, wanted, unread, strict=True):
        assert row.keys() == own.keys()
        for key, value in row.items():
            if key not in ("spans", "slots"):  # they quote the tokens; see below
                assert value == (user if key in USERS else own)[key], key
            if key in ("tags", "heads", "relations"):
                assert len(value) == len(user["tokens"])
    assert said != unread


@pytest.mark.parametrize("task", ["tagging", "intent-slots"])
def test_spans_quote_the_users_tokens(bert, task):
    model = on(bert, task, "lang/swh >> task/x", swh=lexicon())
    rows = model.predict([text.split() for text in OWN])
    spans = [(row, span) for row in rows for span in row.get("spans", row.get("slots", []))]
    assert spans
    for row, span in spans:
        assert span["text"] == " ".join(row["tokens"][span["start"] : span["end"]])
    assert any(span["text"] in ("so", "maji") for _, span in spans)


def test_question_answering_says_why_it_reads_no_gloss(bert):
    found = {"task/x": task_module(bert, "question-answering", 1, ("start", "end")), "lang/swh": lexicon()}
    model = xling.compose(bert, "lang/swh >> task/x", modules=found)
    with pytest.raises(PlanError, match="rewrites the text, in which an answer is a span"):
        model.predict([{"context": "maji na moto", "question": "so"}], language="swh")


@EVERY
def test_rows_of_a_mixed_batch_are_read_as_each_alone(bert, task):
    plan = "route(swh: lang/swh, yor: none, *: none) >> task/x"
    routed = on(bert, task, plan, swh=lexicon())
    work, languages = task_named(task), ["swh", "yor", "hau", "swh", "yor"]
    given = list(zip(items(task, [*OWN, OWN[0]]), languages, strict=False))
    examples = [work.example(item, str(number), tag) for number, (item, tag) in enumerate(given)]
    mixed = routed.predict(examples)
    for example, row in zip(examples, mixed, strict=True):
        branch = "lang/swh >> task/x" if example.language == "swh" else "task/x"
        (alone,) = on(bert, task, branch, swh=lexicon()).predict([example])
        assert _near(row, alone)
    assert mixed != on(bert, task, "task/x").predict(examples)


def _near(one, two) -> bool:
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(_near(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(_near, one, two))
    return one == pytest.approx(two, abs=2e-6) if isinstance(one, float) else one == two


def test_it_stands_leftmost(bert):
    eng = disturbed(bert, "bottleneck", std=0.3, seed=5)
    with pytest.raises(PlanError, match="lang/dik rewrites the text, and stands above.*write it leftmost"):
        on(bert, "classification", "lang/eng >> lang/dik >> task/x", eng=eng, dik=lexicon())
    two = on(bert, "tagging", "lang/dik >> lang/b >> task/x", dik=lexicon(), b=lexicon({"juma": "leo"}))
    one = on(bert, "tagging", "lang/dik >> task/x", dik=lexicon({**GLOSSES, "moto": "leo", "juma": "leo"}))
    assert two.predict([["moto", "juma"]])[0]["tags"] == one.predict([["moto", "juma"]])[0]["tags"]


@pytest.fixture
def store(bert, tmp_path: Path) -> Store:
    """A lexicon and a task module on disk."""
    found = Store(tmp_path / "store")
    found.add("lang/swh", lexicon())
    found.add("task/x", task_module(bert, "classification", 1))
    found.add("task/ner", task_module(bert, "tagging", 1, ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")))
    return found


def test_no_plain_model_no_graph_and_no_other_library_has_words(bert, store, tmp_path, shell):
    words = ["--base", bert.id, "--plan", "lang/swh >> task/x", "--store", store.root]
    shell("module", "merge", *words, "--out", tmp_path / "a").refused("--plan", "rewrites the text", "merge")
    shell("module", "onnx", *words, "--out", tmp_path / "a.onnx").refused("--plan", "rewrites the text")
    for name in ("peft", "adapterhub", "composable-sft"):
        shell("module", "export", "lang/swh", "--format", name, "--store", store.root, "--out",
              tmp_path / "a").refused("lang/swh", "serves every base", FILE)  # fmt: skip
    assert not list(tmp_path.glob("a*"))


def test_it_is_listed_shown_and_its_card_says_what_it_is(store, shell):
    row = next(row for row in json.loads(shell("module", "list", "--store", store.root, "--json").out)
               if row["name"] == "lang/swh")  # fmt: skip
    assert row == {
        "name": "lang/swh",
        "parts": "lexicon",
        "for": "swh",
        "base": "every base",
        "steps": 0,
        "licence": "",
    }
    assert "every base" in shell("module", "list", "--store", store.root).out
    facts = json.loads(shell("module", "show", "lang/swh", "--store", store.root, "--json").out)
    assert facts["parts"][0]["config"] == {
        "kind": "lexicon",
        "entries": 3,
        "source": "eng",
        "romanised": False,
        "spellings": {},
    }
    assert facts["base"] is None and facts["scores"]["from_dictionary"] == 3
    card = (store.root / "lang/swh/README.md").read_text(encoding="utf-8")
    for line in ("| parts | lexicon |", "| base | every base |", "| entries | 3 |"):
        assert line in card
    assert "steps" not in card and "tokenizer" not in card and "None" not in card


def test_a_table_that_was_changed_by_hand_is_told_and_becomes_a_module_again(bert, store, shell, tmp_path):
    table = store.root / "lang/swh" / FILE
    told = ("module", "verify", "lang/swh", "--store", store.root, "--base", bert.id)
    ended = shell(*told, "--json")
    assert ended.status == 0 and json.loads(ended.out)["state"] == "ok", ended.err
    assert table.read_text(encoding="utf-8").splitlines()[:2] == [HEADER, "maji\tamina\t1"]
    table.write_text(table.read_text(encoding="utf-8") + "baba\tleo\t1\n", encoding="utf-8")
    shell(*told).refused(f"{table}: differs from the module", f"--lexicon {table}")
    made = ("train", "language", "--kind", "lexicon", "--language", "swh", "--lexicon", table)
    ended = shell(*made, "--out", tmp_path / "mended/lang/swh")
    assert ended.status == 0, ended.err
    loaded = Module.load(tmp_path / "mended/lang/swh")
    assert loaded.networks[0].rewritten(["Baba,", "maji"], "swh") == ["Leo,", "amina"]
    assert loaded.files()[FILE] == table.read_bytes()


def test_a_damaged_table_in_the_weights_is_told(store, shell):
    path = store.root / "lang/swh/weights.safetensors"
    path.write_bytes(path.read_bytes().replace(b"maji\tamina", b"maji amina"))
    shell("module", "verify", "lang/swh", "--store", store.root).refused(str(path), "lexicon")


def test_it_is_evaluated_predicted_with_and_retrieves_on_the_command_line(bert, store, shell, tmp_path):
    plan = ("--base", bert.id, "--plan", "lang/swh >> task/ner", "--store", store.root, "--language", "swh")
    data = conll(tmp_path)
    data.write_text(data.read_text(encoding="utf-8").replace("amina", "maji"), encoding="utf-8")
    ended = shell("evaluate", *plan, "--task", "tagging", "--data", data, "--json")
    assert ended.status == 0, ended.err
    ended = shell("predict", *plan, "--input", data, "--output", tmp_path / "out.conll")
    assert ended.status == 0, ended.err
    assert (tmp_path / "out.conll").read_text(encoding="utf-8").startswith("maji ")
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("swh\teng\nmaji\tamina\nmoto\tjuma\n", encoding="utf-8")
    words = ("--base", bert.id, "--pairs", pairs, "--language", "swh", "--other-language", "eng", "--json")
    found = json.loads(shell("retrieve", *words, "--plan", "lang/swh", "--store", store.root).out)
    assert {row["value"] for row in found["results"]} == {100.0}


def test_a_training_cannot_go_on_from_what_is_not_trained(bert, store, shell, tmp_path, text_file):
    words = ("--base", bert.id, "--language", "swh", "--text", text_file, "--out", tmp_path / "out")
    for option in ("--init", "--vocabulary"):
        ended = shell("train", "language", *words, option, store.root / "lang/swh", "--set", "steps=1")
        ended.refused(option, "lexicon")
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("swh\teng\nmaji\tamina\nmoto\tjuma\n", encoding="utf-8")
    ended = shell("train", "language", "--base", bert.id, "--language", "swh", "--parallel", pairs, "--init",
                  store.root / "lang/swh", "--out", tmp_path / "out", "--set", "steps=1")  # fmt: skip
    ended.refused("--init", "lexicon")


def test_a_task_module_learns_on_glosses(bert, store, shell, tmp_path):
    ended = shell("train", "task", "--base", bert.id, "--task", "tagging", "--train", conll(tmp_path),
                  "--source-language", "eng", "--language-module", store.root / "lang/swh", "--set",
                  "steps=2", "--out", tmp_path / "task/ner")  # fmt: skip
    assert ended.status == 0, ended.err
    assert [name for name, _ in Module.load(tmp_path / "task/ner").facts.below] == ["lang/swh"]


def test_a_lexicon_has_no_strength(base):
    words = xling.make_lexicon([], language="swh", dictionary=list(GLOSSES.items()))
    modules = {"words": words, "lang": disturbed(base, "bottleneck", std=0.1, seed=1)}
    for text in ("0.5 * words", "2 * (words >> lang)", "0.5 * words >> lang"):
        with pytest.raises(PlanError, match=r"words rewrites the text, which .* cannot do at a strength"):
            grow(parse(text), lambda name: modules[name.name])
    assert rewrites(grow(parse("words >> 0.5 * lang"), lambda name: modules[name.name]))
    assert rewrites(grow(parse("1 * words"), lambda name: modules[name.name]))
