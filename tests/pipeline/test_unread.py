"""A recipe for a language that the base cannot read: vocabulary, MLM, alignment, and the stages between."""

from __future__ import annotations

import json

import pytest
import yaml
from support.foreign_text import SPELLED
from support.tiny import TEXTS
from support.tiny_recipe import KINDS, write, write_recipe

from xling.errors import InputError
from xling.modules.module import Module
from xling.pipeline.loading import load_recipe
from xling.pipeline.run import Workplace, run_recipe
from xling.pipeline.stages import Stages


@pytest.fixture
def recipe(bert, tmp_path):
    """The tiny recipe with N'Ko as its target: the same sentences in other letters."""
    path = write_recipe(tmp_path / "x", bert.id)
    data = tmp_path / "x/data"
    spelled = dict(zip(TEXTS, SPELLED, strict=True))
    (data / "nqo.txt").write_text("\n".join(SPELLED) + "\n", encoding="utf-8")
    kinds = {
        own: KINDS.get(word, "O")
        for line in TEXTS
        for word, own in zip(line.split(), spelled[line].split(), strict=True)
    }
    text = "\n".join("".join(f"{w} {kinds[w]}\n" for w in line.split()) for line in SPELLED[100:])
    (data / "nqo-test.txt").write_text(text, encoding="utf-8")
    rows = ["nqo\teng", *map("\t".join, zip(SPELLED, TEXTS, strict=True))]
    (data / "nqo.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for card in ("spans", "plain"):
        values = yaml.safe_load((tmp_path / f"x/{card}.yaml").read_text())
        write(tmp_path / f"x/{card}.yaml", {**values, "languages": {"eng": "eng", "nqo": "nqo"}})
    write(tmp_path / "x/pairs.yaml", {
        "title": "Pairs", "task": "parallel", "format": "table", "splits": ["pairs"], "source": "made up",
        "citation": "none", "licence": {"id": "CC0-1.0"}, "languages": {"nqo": "nqo"},
        "layout": "{upstream}.tsv", "columns": {"text": "{upstream}", "pair": "eng", "label": None},
    })  # fmt: skip
    values = yaml.safe_load(path.read_text())
    training = values["language_modules"]["training"]
    pairs = {"card": str(tmp_path / "x/pairs.yaml"), "split": "pairs"}
    values["targets"] = ["nqo"]
    values["controls"] = ["romanised"]
    values["language_modules"] |= {
        "kind": "bottleneck",
        "under_task": "none",
        "objectives": ["mlm", "alignment"],
        "vocabulary": {"size": 30, "init": "bilingual", "parallel": pairs,
                       "source_text": {"card": str(tmp_path / "x/plain.yaml"), "split": "train"}},
        "alignment": {"pairs": pairs, "training": training},
    }  # fmt: skip
    return write(path, values)


def run(recipe, folder, changes=()):
    said = []
    place = Workplace(
        out=folder, stages=Stages(folder / "stages"), data_root=recipe.parent / "data", say=said.append
    )
    path = run_recipe(load_recipe(recipe, changes), place)
    return json.loads(path.read_text(encoding="utf-8")), [line for line in said if " stand in " not in line]


def test_from_letters_to_scores(recipe, tmp_path):
    results, said = run(recipe, tmp_path / "runs")
    cells = {(cell["language"], cell["condition"]): cell["plan"] for cell in results["cells"]}
    assert cells == {
        ("eng", "none"): "task/ner-alone",
        ("nqo", "none"): "task/ner-alone",
        ("nqo", "romanised"): "task/ner-alone",
        ("nqo", "target"): "lang/nqo >> task/ner-alone",
    }
    names = [stage["name"] for stage in results["stages"] if not stage["name"].startswith("predict/")]
    assert names == ["lang/nqo/vocabulary", "lang/nqo", "lang/nqo/aligned", "task/ner-alone"]
    module = Module.load(tmp_path / "runs/tiny/modules/lang/nqo")
    assert [part.config.kind for part in module.parts] == ["vocabulary", "bottleneck"]
    assert {"pseudo_perplexity_after", "retrieved_after"} <= set(module.scores)
    again, said = run(recipe, tmp_path / "runs")
    assert again["cells"] == results["cells"] and all(line.endswith("kept") for line in said)


@pytest.mark.parametrize(
    ("change", "rerun"),
    [
        ("language_modules.alignment.tokens=0.5", ["lang/nqo/aligned", "predict/nqo/target/0"]),
        (
            "language_modules.vocabulary.init=moments",
            ["lang/nqo/vocabulary", "lang/nqo", "lang/nqo/aligned", "predict/nqo/target/0"],
        ),
        ("controls=[]", []),
    ],
)
def test_one_changed_key_reruns_what_depends_on_it(recipe, tmp_path, change, rerun):
    run(recipe, tmp_path / "runs")
    _, said = run(recipe, tmp_path / "runs", [change])
    assert [line.split(":")[0] for line in said if not line.endswith("kept")] == rerun


def test_without_objectives_the_control_stands_alone(recipe, tmp_path):
    results, _ = run(recipe, tmp_path / "runs", ["language_modules.objectives=[]", "controls=[]"])
    assert {cell["condition"] for cell in results["cells"]} == {"none"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("language_modules.alignment=null", "alignment: say which pairs"),
        ("language_modules.init=source", "init: source needs a source module"),
        ("language_modules.objectives=[mml]", "objectives.0: should be 'mlm' or 'alignment'"),
        ("language_modules.vocabulary.methd=trim", "methd: no such key, did you mean method"),
    ],
)
def test_what_does_not_go_together(recipe, change, words):
    with pytest.raises(InputError, match=words):
        load_recipe(recipe, [change])


def test_text_without_pairs_is_aligned_with_its_gloss(recipe, tmp_path):
    values = yaml.safe_load(recipe.read_text())
    section, pairs = values["language_modules"], values["language_modules"]["vocabulary"]["parallel"]
    section |= {"objectives": ["alignment"], "vocabulary": None}
    section["alignment"] = {"gloss": section["text"], "training": section["training"]}
    with pytest.raises(InputError, match="alignment.gloss: there is no lexicon to gloss by"):
        load_recipe(write(recipe, values))
    load_recipe(write(recipe, {**values, "words": {"pairs": pairs}}))
    run(recipe, tmp_path / "runs")
    module = Module.load(tmp_path / "runs/tiny/modules/lang/nqo")
    assert module.scores["train_pairs"] > 0
    del section["alignment"]["gloss"]
    with pytest.raises(InputError, match="alignment: name the card of pairs, of text to gloss, or both"):
        load_recipe(write(recipe, values))
