"""A recipe from a user's own files: written, run, refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from support.tiny import TEXTS
from support.tiny_recipe import KINDS

from xling.corpora.cards import load_card
from xling.corpora.checks import check
from xling.corpora.source import load
from xling.errors import InputError
from xling.jobs.new_recipe import Wishes, new_recipe
from xling.pipeline.loading import packaged_recipe
from xling.tasks.registry import TASKS, task_named


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A user's folder, and the user in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XLING_DATA", raising=False)
    parts = {"train": TEXTS[0:80:2], "dev": TEXTS[80:100:2], "test": TEXTS[1:40:2]}
    for name, lines in parts.items():
        text = "\n".join("".join(f"{w} {KINDS.get(w, 'O')}\n" for w in line.split()) for line in lines)
        Path(f"{name}.conll").write_text(text, encoding="utf-8")
    Path("texts").mkdir()
    for number in range(2):
        Path(f"texts/{number}.txt").write_text("\n".join(TEXTS[number::2]) + "\n", encoding="utf-8")
    return {name: Path(f"{name}.conll") for name in parts} | {"text": Path("texts")}


def command(base: str, **more: object) -> list[object]:
    options = {
        "--language": "kgy",
        "--task": "tagging",
        "--test": "test.conll",
        "--train": "train.conll",
        "--dev": "dev.conll",
        "--base": base,
        "--out": "mine/kgy",
    } | {f"--{key.replace('_', '-')}": value for key, value in more.items()}
    return ["recipe", "new", *(word for pair in options.items() if pair[1] for word in pair)]


def test_what_it_writes_runs_from_anywhere(shell, bert, files, tmp_path, monkeypatch):
    ended = shell(*command(bert.id, text="texts", source_text="texts/0.txt"), "--json")
    assert ended.status == 0, ended.err
    said = json.loads(ended.out)
    assert (said["kgy/test"], said["next"]) == (20, "xling run mine/kgy/recipe.yaml")
    assert said["kgy/train"] == len(TEXTS)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    short = {
        "seeds": "[0]",
        "language_modules.training.steps": 2,
        "language_modules.held_out": 4,
        "task_module.training": "{steps: 2, batch_tokens: 64, evaluate_every: 0, learning_rate: 0.01}",
    }
    changes = [word for key, value in short.items() for word in ("--set", f"{key}={value}")]
    ended = shell("run", tmp_path / "mine/kgy/recipe.yaml", "--quiet", "--json", *changes)
    assert ended.status == 0, ended.err
    results = json.loads(Path("runs/kgy-tagging/results.json").read_text("utf-8"))
    conditions = {(cell["language"], cell["condition"]) for cell in results["cells"]}
    assert ("kgy", "target") in conditions and ("eng", "source") in conditions
    ended = shell("ablate", tmp_path / "mine/kgy/recipe.yaml", "--quiet", "--json", *changes)
    assert {row["condition"] for row in json.loads(ended.out)} == {"none", "source", "removed", "target"}
    facts = json.loads(Path("runs/kgy-tagging/modules/task/tagging/module.json").read_text("utf-8"))
    assert {name for name, _ in facts["cards"]} == {"data"}, "no paths of the machine that it was made on"


def test_without_text_there_is_the_control_alone(bert, files):
    out = Path("mine")
    new_recipe(
        Wishes(
            language="kgy",
            task="tagging",
            test=files["test"],
            train=files["train"],
            dev=files["dev"],
            base=bert.id,
        ),
        out,
    )
    recipe = yaml.safe_load((out / "recipe.yaml").read_text("utf-8"))
    assert recipe["language_modules"]["objectives"] == []
    assert recipe["language_modules"]["under_task"] == "none"
    assert recipe["task"]["source_test"] == {"card": "data.yaml", "split": "dev"}
    assert sorted(path.name for path in out.iterdir()) == ["data.yaml", "recipe.yaml"]


def test_the_cards_know_their_files(bert, files):
    wishes = Wishes(
        language="kgy",
        task="tagging",
        test=files["test"],
        train=files["train"],
        dev=files["dev"],
        text=files["text"],
        base=bert.id,
    )
    new_recipe(wishes, Path("mine"))
    for name in ("data", "text"):
        card = load_card(Path(f"mine/{name}.yaml"))
        assert [state.state for state in check(card, Path())] == ["ok"] * len(card.files)
    assert len(load(load_card(Path("mine/data.yaml")), "kgy", "test")) == 20
    files["test"].write_text("Amina B-PER\n\n", encoding="utf-8")
    states = {Path(own.path).name: own for own in check(load_card(Path("mine/data.yaml")), Path())}
    assert (states["test.conll"].state, states["test.conll"].found_count) == ("changed", 1)


def test_the_shell_checks_such_a_card_without_a_data_root(shell, bert, files):
    assert shell(*command(bert.id)).status == 0
    assert shell("data", "check", "mine/kgy/data.yaml").status == 0
    files["dev"].unlink()
    shell("data", "check", "mine/kgy/data.yaml").refused("1 of 3 files missing", "dev.conll (missing)")
    files["test"].unlink()
    shell("run", "mine/kgy/recipe.yaml", "--quiet").refused("dev is not at hand", "dev.conll is missing")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"language": "xq"}, ("no language has the tag 'xq'",)),
        ({"task": "translation"}, ("--task", "no task is called 'translation'", "tagging")),
        ({"dev": ""}, ("--dev", "is missing", "give --train and --dev, or neither")),
        ({"train": ""}, ("--train", "is missing")),
        ({"source": "kgy"}, ("--source", "source and target are both kgy")),
        ({"train": "", "dev": "", "source_test": "dev.conll"}, ("--source-test", "goes with --train")),
        ({"train": "", "dev": "", "source": "deu"}, ("--source", "has tagging data in eng only")),
        ({"source_text": "texts"}, ("--source-text", "goes with --text")),
        ({"test": "tset.conll"}, ("test is not at hand", "tset.conll is missing")),
        ({"licence": "GPL"}, ("data.yaml", "no licence 'GPL'")),
        ({"out": "texts"}, ("--out", "texts is there already")),
    ],
)
def test_wishes_that_cannot_be_met(shell, bert, files, changed, words):
    shell(*command(bert.id, **changed)).refused(*words)
    assert not Path("mine").exists() or not any(Path("mine").iterdir())


def test_faults_in_a_file_are_named_by_line(shell, bert, files):
    files["test"].write_text("Amina B-PER\nanaishi\n\n", encoding="utf-8")
    shell(*command(bert.id)).refused("test.conll:2")
    files["test"].write_text("Amina B-GOD\n\n", encoding="utf-8")
    shell(*command(bert.id)).refused("label 'B-GOD' is not among the training labels", "B-LOC", "test.conll")
    assert not any(Path("mine").iterdir())


def test_what_is_missing_is_asked_for_on_a_terminal(shell, bert, files, monkeypatch):
    shell("recipe", "new", "--base", bert.id).refused("--language", "is missing", "run this on a terminal")
    terminal = io.StringIO("kgy\ntagging\ntest.conll\n\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    ended = shell("recipe", "new", "--base", bert.id, "--train", "train.conll", "--dev", "dev.conll")
    assert ended.status == 0, ended.err
    assert Path("recipes/kgy-tagging/recipe.yaml").is_file()


def test_every_task_has_a_template():
    for name in TASKS:
        assert packaged_recipe(f"_base/{task_named(name).template}.yaml")["task_module"]


def test_a_card_names_files_of_its_own_splits(tmp_path):
    values = {
        "title": "x", "task": "tagging", "format": "own", "source": "x", "citation": "x",
        "licence": {"id": "MIT"}, "languages": {"swh": "swh"}, "splits": ["test"],
    }  # fmt: skip
    card = tmp_path / "card.yaml"
    card.write_text(yaml.safe_dump({**values, "files": {"swh/train": "a.conll"}}))
    with pytest.raises(
        InputError, match=r"files.swh/train: no language/split of this card, such as swh/test"
    ):
        load_card(card)
    card.write_text(yaml.safe_dump({**values, "files": {"swh/test": "a"}, "labels": {"DATE": "O"}}))
    with pytest.raises(InputError, match="labels: files of the format own are taken as they stand"):
        load_card(card)


def test_pairs_and_a_dictionary_make_a_lexicon_and_tell_how_many_words_they_hold(shell, bert, files):
    lines = [f"{line}\t{line.upper()}" for line in TEXTS[:60]]
    Path("pairs.tsv").write_text("\n".join(["kgy\teng", *lines]) + "\n", encoding="utf-8")
    Path("words.tsv").write_text("amina\tjuma\t1\namina\tleo\t2\n", encoding="utf-8")
    ended = shell(*command(bert.id, pairs="pairs.tsv", lexicon="words.tsv", text="texts"), "--json")
    assert ended.status == 0, ended.err
    said = json.loads(ended.out)
    assert (
        said["task's words in the text"] == said["task's words in the pairs"] == "100% (100% without marks)"
    )
    assert said["task's words in the dictionary"].endswith("% without marks)")
    assert (
        "pairs hold 100%" in said["if the base reads the language"]
        and "nqo" in said["if the base cannot read it"]
    )
    recipe = yaml.safe_load(Path("mine/kgy/recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["words"]["dictionary"]["card"] == "dictionary.yaml"
    card = load_card("mine/kgy/dictionary.yaml")
    assert [(row.text, row.pair) for row in load(card, "kgy", "train")] == [("amina", "leo")]
    assert check(load_card("mine/kgy/pairs.yaml"), Path())[0].state == "ok"
    short = {
        "seeds": "[0]", "language_modules.objectives": "[]",
        "task_module.training": "{steps: 2, batch_tokens: 64, evaluate_every: 0, learning_rate: 0.01}",
    }  # fmt: skip
    changes = [word for key, value in short.items() for word in ("--set", f"{key}={value}")]
    ended = shell("run", "mine/kgy/recipe.yaml", "--quiet", "--json", *changes)
    assert ended.status == 0, ended.err
    results = json.loads(Path("runs/kgy-tagging/results.json").read_text("utf-8"))
    assert {cell["condition"] for cell in results["cells"]} == {"none", "gloss", "vote"}


def test_a_card_of_pairs_is_named_and_faulty_pairs_leave_no_folder(shell, bert, files):
    shell(*command(bert.id, pairs="none.tsv")).refused("none.tsv", "no such file")
    shell(*command(bert.id, pairs="paralel")).refused("'paralel'", "parallel")
    Path("words.tsv").write_text("amina\n", encoding="utf-8")
    shell(*command(bert.id, lexicon="words.tsv")).refused("words.tsv:1", "1 columns")
    shell(*command(bert.id, pairs="parallel")).refused("parallel", "kgy")
    assert not Path("mine/kgy").exists()
