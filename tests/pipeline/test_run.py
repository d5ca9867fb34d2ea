"""The main job end to end, what is kept, and what a change reruns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tiny_recipe import write_recipe

STAGES = {
    "lang/eng", "lang/swh", "task/ner", "task/ner-alone", "predict/eng/none/0", "predict/eng/source/0",
    "predict/swh/none/0", "predict/swh/source/0", "predict/swh/target/0",
}  # fmt: skip
CONTROL = {"task/ner-alone", "predict/eng/none/0", "predict/swh/none/0"}
TASKS = {name for name in STAGES if not name.startswith("lang/")}


@pytest.fixture
def recipe(bert, tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "recipe", bert.id)


@pytest.fixture
def run(shell, recipe, tmp_path):
    """Run the recipe with changes; gives the results and the stages that were not kept."""

    def go(*changes: str, out: str = "runs"):
        options = [word for change in changes for word in ("--set", change)]
        ended = shell("run", recipe, "--data-root", recipe.parent / "data", "--out", tmp_path / out,
                      "--quiet", "--json", *options)  # fmt: skip
        assert ended.status == 0, ended.err
        results = json.loads((tmp_path / out / "tiny/results.json").read_text())
        return results, {row["name"] for row in results["stages"] if not row["cached"]}

    return go


def test_the_main_job(run, tmp_path):
    results, done = run()
    assert done == STAGES
    cells = {(cell["language"], cell["condition"]): cell for cell in results["cells"]}
    assert set(cells) == {
        ("eng", "none"),
        ("eng", "source"),
        ("swh", "none"),
        ("swh", "source"),
        ("swh", "target"),
    }
    assert cells["swh", "target"]["plan"] == "lang/swh >> task/ner"
    assert cells["swh", "none"]["plan"] == "task/ner-alone"
    assert all(cell["low"] <= cell["value"] <= cell["high"] for cell in cells.values())
    assert cells["swh", "none"]["examples"] == 10
    folder = tmp_path / "runs/tiny"
    assert (folder / "report.html").is_file()
    assert len((folder / "log.jsonl").read_text().splitlines()) == 4 * 4
    row = json.loads((folder / "predictions/swh-target-0.jsonl").read_text().splitlines()[0])
    assert set(row) == {"id", "language", "tokens", "tags", "spans"}
    assert (folder / "modules/task/ner/README.md").read_text().startswith("# task/ner")
    modules = {row["name"]: row for row in results["modules"]}
    assert modules["lang/swh"]["pseudo_perplexity_after"] > 1
    assert results["cards"][0]["licence"] == "CC0-1.0"


def test_a_second_run_keeps_everything(run):
    first, _ = run()
    again, done = run()
    assert done == set()
    assert again["cells"] == first["cells"]


@pytest.mark.parametrize(
    ("change", "rerun"),
    [
        ("task.test.split=dev", {name for name in STAGES if name.startswith("predict/")}),
        ("task_module.training.learning_rate=0.02", TASKS),
        ("task.train.count=30", TASKS),
        ("language_modules.training.learning_rate=0.02", STAGES - CONTROL),
        ("targets=[eng]", set()),
        ("about=other words", set()),
        ("name=tiny", set()),
    ],
)  # fmt: skip
def test_one_changed_key_reruns_what_depends_on_it(run, change, rerun):
    run()
    assert run(change)[1] == rerun


def test_two_seeds_share_the_language_modules(run):
    run()
    results, done = run("seeds=[0, 1]")
    assert not any(name.startswith("lang/") for name in done)
    assert {"task/ner-seed1", "task/ner-alone-seed1", "predict/swh/target/1"} <= done
    assert {cell["seed"] for cell in results["cells"]} == {0, 1}


def test_what_is_edited_in_a_run_is_not_what_is_scored(run, tmp_path):
    first, _ = run()
    for path in (tmp_path / "runs/tiny/predictions").iterdir():
        path.write_text("", encoding="utf-8")
    (tmp_path / "runs/tiny/modules/lang/swh/weights.safetensors").write_bytes(b"")
    again, done = run()
    assert done == set() and again["cells"] == first["cells"]
    assert all(path.read_text(encoding="utf-8") for path in (tmp_path / "runs/tiny/predictions").iterdir())


def test_two_recipes_of_one_name_are_refused(shell, recipe, tmp_path):
    other = recipe.with_name("other.yaml")
    other.write_text(recipe.read_text("utf-8"), encoding="utf-8")
    words = ("--data-root", recipe.parent / "data", "--out", tmp_path / "runs")
    shell("run", recipe, other, *words).refused(
        "other.yaml: this recipe and ", "both called 'tiny'", "name: ..."
    )
    assert not (tmp_path / "runs").exists()


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    run()
    run(out="again")
    for name in ("lang/swh", "task/ner"):
        one, two = (
            tmp_path / out / "tiny/modules" / name / "weights.safetensors" for out in ("runs", "again")
        )
        assert one.read_bytes() == two.read_bytes()


def test_task_training_leaves_the_language_module_as_it_was(run, tmp_path):
    run("task_module.training.steps=1")
    path = tmp_path / "runs/tiny/modules/lang/eng/weights.safetensors"
    before = path.read_bytes()
    run("task_module.training.steps=6")
    assert path.read_bytes() == before


@pytest.mark.parametrize("section", ["language_modules", "task_module"])
def test_a_misspelt_kind_is_told_by_its_section(shell, recipe, section, tmp_path):
    words = (recipe, "--data-root", tmp_path / "no data", "--out", tmp_path / "runs")
    shell("run", *words, "--set", f"{section}.kind=botleneck").refused(
        f"{section}: ", "'botleneck'", "bottleneck"
    )


def test_the_language_modules_take_turns_below_the_task_module(run, tmp_path):
    results, done = run("language_modules.under_task=cycle")
    assert done == STAGES
    facts = json.loads((tmp_path / "runs/tiny/modules/task/ner/module.json").read_text())
    assert facts["making"]["plan"] == "turns(lang/eng, lang/swh) >> new"
    assert {name for name, _ in facts["below"]} == {"lang/eng", "lang/swh"}
    assert {cell["plan"] for cell in results["cells"]} >= {"lang/swh >> task/ner", "lang/eng >> task/ner"}
