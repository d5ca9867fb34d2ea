"""`xling module weigh`: the weights of a sum by a file of labelled examples, printed as a plan."""

from __future__ import annotations

import json

import pytest
from support.tiny import TEXTS
from support.writing import table


@pytest.fixture
def words(shell, bert, tmp_path):
    """The arguments of a search over two trained task modules."""
    told = ("--base", bert.id, "--task", "classification", "--quiet")
    for seed in ("0", "1"):
        shell("train", "task", *told, "--source-language", "eng", "--train", table(tmp_path), "--set",
              "steps=2", "--seed", seed, "--out", tmp_path / "task" / seed)  # fmt: skip
    return (*told, "--store", tmp_path, "--data", table(tmp_path), "--plan", "sum(task/0, task/1)")


def test_the_printed_plan_has_the_printed_score(shell, words, bert, tmp_path):
    found = shell("module", "weigh", *words, "--method", "gradient", "--set", "steps=3", "--json")
    told = json.loads(found.out)
    assert found.status == 0 and not found.err
    assert told["plan"].startswith("sum(task/0, task/1; ") and told["method"] == "gradient"
    scored = json.loads(shell("evaluate", "--base", bert.id, "--task", "classification", "--store", tmp_path,
                              "--data", table(tmp_path), "--plan", told["plan"], "--json").out)  # fmt: skip
    assert (scored["value"], scored["metric"], scored["examples"]) == tuple(
        told[key] for key in ("value", "metric", "examples")
    )


def test_text_of_each_module_chooses(shell, words, tmp_path):
    for name, text in (("0", "amina anaishi nairobi"), ("1", "juma alisoma kitabu")):
        (tmp_path / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
    texts = (word for name in "01" for word in ("--text", f"task/{name}={tmp_path / name}.txt"))
    ended = shell("module", "weigh", *words, "--method", "soup", *texts)
    assert ended.status == 0 and "task/" in ended.out and "loss_of_mean" in ended.out


def test_the_printed_plan_names_the_languages_it_found_and_means_the_same_in_a_larger_store(
    shell, words, bert, tmp_path
):
    def language(tag, first):
        text = tmp_path / f"{tag}.txt"
        text.write_text("\n".join(TEXTS[first::3]), encoding="utf-8")
        shell("train", "language", "--base", bert.id, "--language", tag, "--text", text, "--quiet", "--set",
              "steps=3", "--set", "learning_rate=0.1", "--out", tmp_path / "lang" / tag)  # fmt: skip

    def score(plan):
        told = ("--base", bert.id, "--task", "classification", "--store", tmp_path, "--plan", plan)
        return json.loads(shell("evaluate", *told, "--data", table(tmp_path), "--json").out)["value"]

    language("swh", 0)
    language("hau", 1)
    plan = "route(auto: lang/* >> sum(task/0, task/1), *: task/0)"
    found = shell("module", "weigh", *words[:-1], plan, "--method", "gradient", "--set", "steps=2", "--json")
    told = json.loads(found.out)
    assert found.status == 0, found.err
    assert told["plan"].startswith("route(auto: lang/hau >> sum(task/0, task/1; ")
    assert "auto: lang/swh >> sum(task/0, task/1; " in told["plan"] and "*" in told["plan"].split(", ")[-1]
    assert "lang/*" not in told["plan"] and score(told["plan"]) == told["value"]
    language("yor", 2)
    assert score(told["plan"]) == told["value"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--method", "hub"), ("--method", "'hub'", "choose from lorahub, gradient")),
        (("--method", "gradient", "--set", "steps=0"), ("--method gradient", "steps")),
        (("--method", "gradient", "--set", "steps"), ("--set", "steps=100")),
        (("--method", "soup"), ("--text", "task/0 has no text")),
        (("--method", "soup", "--text", "a.txt"), ("--text", "PLAN=FILE")),
        (("--plan", "task/0"), ("--plan", "no sums without weights", "sum(task/a, task/b)")),
        (("--task", "tagging"), ("--task", "the plan's task is classification")),
    ],
)
def test_a_slip_is_refused(shell, words, more, said):
    shell("module", "weigh", *words, *more).refused(*said)
