"""What lies in --out belongs to these settings, data and seed, or is refused with what differs."""

from __future__ import annotations

import json

import pytest
from support.tiny_recipe import write_recipe
from support.writing import conll, table

from xling.modules.module import Module
from xling.pipeline import stages
from xling.training.reporting import Log


@pytest.fixture
def train(shell, bert, text_file, tmp_path):
    """Train a language module into one folder; changes are added to the command."""

    def go(*changes: object, text=text_file, language="swh"):
        return shell("train", "language", "--base", bert.id, "--language", language, "--text", text, "--out",
                     tmp_path / "out", "--set", "steps=4", "--set", "checkpoint_every=1", "--json",
                     *changes)  # fmt: skip

    return go


@pytest.fixture
def interrupted(monkeypatch):
    """The third step of a training is interrupted."""

    def at_third(log, tick):
        if tick.step == 3:
            raise KeyboardInterrupt
        original(log, tick)

    original = Log.tick
    monkeypatch.setattr(Log, "tick", at_third)
    return lambda: monkeypatch.setattr(Log, "tick", original)


OTHERS = {
    "seed": (("--seed", 7), "seed was 0, now 7"),
    "rate": (("--set", "learning_rate=0.1"), "settings.learning_rate was 0.001, now 0.1"),
    "length": (("--set", "steps=9"), "settings.steps was 4, now 9"),
    "kind": (("--kind", "lora"), "kind was madx, now lora"),
    "part": (("--set", "parts.reduction_factor=4"), "options.reduction_factor was None, now 4"),
}


@pytest.mark.parametrize(("changes", "told"), OTHERS.values(), ids=OTHERS)
def test_a_finished_module_is_given_to_its_own_command_alone(train, tmp_path, changes, told):
    assert train().status == 0
    before = (tmp_path / "out/weights.safetensors").read_bytes()
    train(*changes).refused("a module that was made otherwise is here", told, "--fresh", "another --out")
    assert (tmp_path / "out/weights.safetensors").read_bytes() == before
    again = train()
    assert again.status == 0 and "holds a finished module" in again.err
    assert train(*changes, "--fresh").status == 0
    assert (tmp_path / "out/weights.safetensors").read_bytes() != before


def test_other_text_and_another_language_are_told(train, tmp_path):
    assert train().status == 0
    other = tmp_path / "other.txt"
    other.write_text("amina anaishi nairobi\njuma alisoma kitabu\n", encoding="utf-8")
    train(text=other).refused("data.text differs")
    train(language="hau").refused("language was swh, now hau")


@pytest.mark.parametrize(("changes", "told"), OTHERS.values(), ids=OTHERS)
def test_simpletuner_1172_a_checkpoint_is_gone_on_from_by_its_own_command_alone(
    train, interrupted, tmp_path, changes, told
):
    assert train().status == 1
    kept = {path: path.read_bytes() for path in (tmp_path / "out/checkpoints").rglob("*.safetensors")}
    assert kept
    interrupted()
    train(*changes).refused("made otherwise", told, "--fresh")
    assert {path: path.read_bytes() for path in kept} == kept
    assert train().status == 0
    steps = [json.loads(line)["step"] for line in (tmp_path / "out/log.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4]


def test_alignment_too(shell, bert, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("swh\teng\namina anaishi\tjuma\nkitabu leo\tkesho\n", encoding="utf-8")
    words = ["train", "language", "--base", bert.id, "--language", "swh", "--parallel", pairs, "--kind",
             "bottleneck", "--out", tmp_path / "out", "--set", "steps=2"]  # fmt: skip
    assert shell(*words).status == 0
    again = shell(*words)
    assert again.status == 0 and "holds a finished module" in again.err
    shell(*words, "--seed", 3).refused("seed was 0, now 3")
    pairs.write_text("swh\teng\namina anaishi\tjuma\nkitabu leo\tmoshi\n", encoding="utf-8")
    shell(*words).refused("data.pairs differs")


def test_tasks_too(shell, bert, tmp_path):
    words = ["train", "task", "--base", bert.id, "--task", "tagging", "--source-language", "eng", "--out",
             tmp_path / "out", "--set", "steps=2"]  # fmt: skip
    first = conll(tmp_path)
    assert shell(*words, "--train", first).status == 0
    shell(*words, "--train", conll(tmp_path, "more.conll", times=7)).refused("data.train differs")
    dev = tmp_path / "dev.conll"
    dev.write_text("leo O\nmtoto O\n", encoding="utf-8")
    shell(*words, "--train", first, "--dev", dev).refused("data.dev differs")
    assert shell(*words, "--train", first).status == 0
    words[5:6] = ["classification"]
    shell(*words, "--train", table(tmp_path)).refused("task was tagging, now classification")


def test_a_module_keeps_what_made_it_and_what_lies_below(shell, bert, train, tmp_path):
    assert train().status == 0
    ended = shell("train", "task", "--base", bert.id, "--task", "tagging", "--source-language", "eng",
                  "--out", tmp_path / "ner", "--language-module", tmp_path / "out",
                  "--train", conll(tmp_path),
                  "--set", "steps=2", "--set", "learning_rate=3e-4")  # fmt: skip
    assert ended.status == 0, ended.err
    facts, below = Module.load(tmp_path / "ner").facts, Module.load(tmp_path / "out")
    assert facts.making["settings"]["learning_rate"] == 3e-4 and facts.making["kind"] == "bottleneck"
    ((name, fingerprint),) = facts.below
    assert name.endswith("/out") and fingerprint.startswith("sha256:")
    assert facts.making["modules"] == {name: fingerprint}
    assert facts.making["plan"] == f"{name} >> new"
    assert below.facts.making["data"]["text"].startswith("sha256:")
    assert f"{fingerprint[:19]}" in (tmp_path / "ner/README.md").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    """A folder of somebody else, with names that a training writes too."""
    for name in ("checkpoints/mine.pt", "README.md", "module.json", "log.jsonl", "src/code.py"):
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    return tmp_path / "out"


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("changes", [(), ("--fresh",)], ids=["plain", "fresh"])
def test_somebody_elses_folder_is_refused_and_stays(train, project, changes):
    before = content(project)
    train(*changes).refused("files that xling did not write there", "checkpoints", "does not exist")
    assert content(project) == before


def test_a_record_or_weights_of_somebody_else_do_not_make_it_ours(train, project):
    for name in ("stage.json", "weights.safetensors"):
        (project / name).write_text('{"stage": 1}')
        before = content(project)
        train("--fresh").refused(name)
        assert content(project) == before
        (project / name).unlink()


@pytest.mark.parametrize("changes", [(), ("--fresh",)], ids=["plain", "fresh"])
def test_somebody_elses_checkpoints_beside_a_module_stay(train, tmp_path, changes):
    assert train().status == 0
    mine = {"checkpoints/best.pt": b"mine", "checkpoints/own/step-1.bin": b"mine", "notes.txt": b"mine"}
    for name, data in mine.items():
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_bytes(data)
    assert train(*changes).status == 0
    assert {name: (tmp_path / "out" / name).read_bytes() for name in mine} == mine


@pytest.mark.parametrize("name", ["README.md", "module.json"])
def test_somebody_elses_file_in_the_place_of_one_of_a_modules_is_not_replaced(train, tmp_path, name):
    assert train().status == 0
    (tmp_path / "out" / name).write_text("# mine\n")
    train("--fresh").refused("files that xling did not write there", name)
    assert (tmp_path / "out" / name).read_text() == "# mine\n"


def test_a_lock_does_not_make_a_folder_that_of_a_run(shell, tmp_path):
    recipe = write_recipe(tmp_path / "exp", "nowhere")
    folder = tmp_path / "out/tiny"
    folder.mkdir(parents=True)
    for name in (".lock", "report.html", "thesis.txt"):
        (folder / name).write_text("")
    ended = shell("run", recipe, "--data-root", tmp_path / "exp/data", "--out", tmp_path / "out")
    ended.refused("files that xling did not write there: report.html, thesis.txt")


def test_a_fresh_training_that_is_interrupted_goes_on_without_fresh(train, interrupted, tmp_path):
    ended = train("--fresh")
    assert ended.status == 1 and "without --fresh, the same command goes on" in ended.err
    interrupted()
    assert train().status == 0
    steps = [json.loads(line)["step"] for line in (tmp_path / "out/log.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4]


@pytest.mark.parametrize("where", ["write_card", "finish", "_clear"])
def test_killed_after_the_weights_the_same_command_puts_all_right(train, tmp_path, monkeypatch, where):
    def killed(*given):
        raise KeyboardInterrupt

    assert train().status == 0
    (tmp_path / "out").rename(tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(stages, where, killed)
        assert train().status == 1
    assert (tmp_path / "out/weights.safetensors").is_file() and (tmp_path / "out/checkpoints").is_dir()
    assert train().status == 0
    assert not (tmp_path / "out/checkpoints").exists()
    for file in ("weights.safetensors", "module.json", "README.md"):
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert "seconds" in json.loads((tmp_path / "out/stage.json").read_text())
