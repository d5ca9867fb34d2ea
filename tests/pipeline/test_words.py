"""A recipe with a lexicon: the text and its gloss, each alone and both together, in results and report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.tiny import TEXTS, WORDS
from support.tiny_recipe import write_recipe

from xling.modules.module import Module
from xling.pipeline.loading import load_recipe

FOREIGN = {word: f"{word}fo" for word in WORDS}


@pytest.fixture
def recipe(bert, tmp_path: Path) -> Path:
    """The tiny recipe, whose target's test text is in words of its own, with pairs and a dictionary."""
    path = write_recipe(tmp_path / "recipe", bert.id)
    data = path.parent / "data"
    test = (data / "swh-test.txt").read_text(encoding="utf-8").splitlines()
    spelled = [" ".join(FOREIGN.get(word, word) for word in line.split(" ")) for line in test]
    (data / "swh-test.txt").write_text("\n".join(spelled) + "\n", encoding="utf-8")
    lines = [(" ".join(map(FOREIGN.__getitem__, text.split())), text) for text in TEXTS[:60]]
    tables = {"pairs": lines, "words": [("aminafo", "leo"), ("ganz", "juma")]}
    for name, rows in tables.items():
        text = "\n".join(["text\tpair", *map("\t".join, rows)])
        (data / f"{name}.tsv").write_text(f"{text}\n", encoding="utf-8")
        card = {
            "title": name, "task": "parallel", "format": "table", "source": "made up", "citation": "none",
            "licence": {"id": "CC0-1.0"}, "languages": {"swh": name}, "splits": ["train"],
            "layout": "{upstream}.tsv", "columns": {"text": "text", "pair": "pair", "label": None},
        }  # fmt: skip
        (path.parent / f"{name}.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")
    return path


def spec(recipe: Path, name: str) -> str:
    return f"{{card: {recipe.parent / name}.yaml, split: train}}"


@pytest.fixture
def run(shell, recipe, tmp_path):
    def go(*changes: str):
        options = [word for change in changes for word in ("--set", change)]
        ended = shell("run", recipe, "--data-root", recipe.parent / "data", "--out", tmp_path / "runs",
                      "--quiet", "--json", *options)  # fmt: skip
        assert ended.status == 0, ended.err
        results = json.loads((tmp_path / "runs/tiny/results.json").read_text(encoding="utf-8"))
        return results, {row["name"] for row in results["stages"] if not row["cached"]}

    return go


def test_gloss_and_vote_are_scored_and_shown(run, recipe, tmp_path):
    own = (f"words.pairs={spec(recipe, 'pairs')}", f"words.dictionary={spec(recipe, 'words')}")
    results, _ = run(*own)
    cells = {cell["condition"]: cell for cell in results["cells"] if cell["language"] == "swh"}
    assert list(cells) == ["none", "source", "target", "gloss", "vote", "both"]
    assert cells["gloss"]["plan"] == "words/swh >> task/ner-alone"
    assert cells["vote"]["plan"] == "vote(task/ner-alone, words/swh >> task/ner-alone)"
    assert cells["both"]["plan"] == "vote(lang/swh >> task/ner, words/swh >> task/ner-alone)"
    assert all(cell["low"] <= cell["value"] <= cell["high"] for cell in cells.values())
    assert {cell["condition"] for cell in results["cells"] if cell["language"] == "eng"} == {"none", "source"}
    folder = tmp_path / "runs/tiny"
    rows = (folder / "predictions/swh-gloss-0.jsonl").read_text(encoding="utf-8").splitlines()
    assert all(word.endswith("fo") for word in json.loads(rows[0])["tokens"])
    page = (folder / "report.html").read_text(encoding="utf-8")
    for heading in ("text and gloss", "own module and gloss", "Gloss: the words"):
        assert heading in page
    made = Module.load(folder / "modules/words/swh")
    assert made.networks[0].rewritten(["aminafo", "jumafo", "ganz"], "swh") == ["leo", "juma", "juma"]
    assert (folder / "modules/words/swh/lexicon.tsv").is_file()
    assert {row["name"] for row in results["cards"]} >= {"pairs", "words"}
    assert run(*own)[1] == set()
    rerun = run(own[0])[1]
    assert rerun == {"words/swh", *(f"predict/swh/{name}/0" for name in ("gloss", "vote", "both"))}


def test_without_a_language_module_nothing_stands_beside_the_gloss(run, recipe):
    results, done = run(f"words.pairs={spec(recipe, 'pairs')}", "language_modules.objectives=[]")
    assert [cell["condition"] for cell in results["cells"]] == ["none", "none", "gloss", "vote"]
    assert not any(name.startswith("lang/") for name in done)


def test_a_gloss_reads_what_the_text_in_its_own_words_says(run, recipe):
    """A dictionary of every word: the gloss is the text that the tiny language was spelled from."""
    rows = "\n".join(f"{own}\t{word}" for word, own in FOREIGN.items())
    words = recipe.parent / "data/words.tsv"
    words.write_text(f"text\tpair\n{rows}\n", encoding="utf-8")
    glossed = run(f"words.dictionary={spec(recipe, 'words')}")[0]
    test = recipe.parent / "data/swh-test.txt"
    test.write_text(test.read_text(encoding="utf-8").replace("fo ", " "), encoding="utf-8")
    plain = run()[0]
    (gloss,) = (cell["value"] for cell in glossed["cells"] if cell["condition"] == "gloss")
    (none,) = (
        cell["value"] for cell in plain["cells"] if cell["condition"] == "none" and cell["language"] == "swh"
    )
    assert gloss == none


def test_a_lexicon_of_nothing_is_refused_before_anything_is_trained(shell, recipe, tmp_path):
    words = ("run", recipe, "--data-root", recipe.parent / "data", "--out", tmp_path / "runs", "--set")
    shell(*words, "words={}").refused("words", "pairs", "dictionary")
    shell(*words, f"words.pairs={spec(recipe, 'plain')}").refused("data card plain", "parallel is needed")
    shell(*words, f"words.pair={spec(recipe, 'pairs')}").refused("words.pair", "pairs")
    assert not (tmp_path / "runs/stages").exists()


def test_task_modules_are_not_made_again_for_a_lexicon(run, recipe):
    run()
    done = run(f"words.pairs={spec(recipe, 'pairs')}")[1]
    assert done == {"words/swh", *(f"predict/swh/{name}/0" for name in ("gloss", "vote", "both"))}
    assert load_recipe(recipe).words is None
