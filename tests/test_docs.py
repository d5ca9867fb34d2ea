"""README and docs are true: every block of shell or Python in them runs, in order, in one folder a document.

A tiny base stands for the embedded one and small files for the reader's; trainings are cut short by options
that are added to a line, and what the line itself sets stays as it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.foreign_text import SPELLED
from support.tiny import TEXTS, WORDS
from support.tiny_recipe import KINDS

import xling
from xling.bases.base import load_base
from xling.composition.grammar import parse as parse_plan
from xling.data.conll import read_conll
from xling.modules.registry import PRESETS
from xling.tasks.registry import TASKS
from xling.training.specs import TrainingSettings
from xling.vocabulary.initialisers.registry import INITIALISERS

ROOT = Path(__file__).parents[1]
BASE = "embedded:multilingual-e5-small"


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


def tagged(texts: list[str]) -> str:
    return "\n".join("".join(f"{w} {KINDS.get(w, 'O')}\n" for w in text.split()) for text in texts)


def table(texts: list[str], header: str, *labels: str) -> str:
    rows = (f"{number}\t{text}\t{labels[number % len(labels)]}" for number, text in enumerate(texts))
    return lines(header, *rows)


PLAIN = lines(*TEXTS)
NKO = {
    "nqo/all.txt": lines(*SPELLED),
    "nqo-eng.tsv": lines("nqo\teng", *map("\t".join, zip(SPELLED, TEXTS, strict=True))),
}
SPLITS = {"train": TEXTS[:60], "dev": TEXTS[60:80], "test": TEXTS[80:]}
TOPICS = ("politics", "sports", "travel")
MY_DATA = {
    **{f"my_data/conll2003_en/eng/{split}.txt": tagged(texts) for split, texts in SPLITS.items()},
    **{f"my_data/masakhaner2/{tag}/test.txt": tagged(TEXTS[80:]) for tag in ("swa", "hau")},
    **{
        f"my_data/mafand_pairs/{tag}.tsv": lines(
            f"{tag}\teng", *map("\t".join, zip(SPELLED, TEXTS, strict=True))
        )
        for tag in ("swa", "hau", "ibo", "kin", "sna", "xho", "zul")
    },
    **{f"my_data/mlm/{name}.txt": PLAIN for name in ("swa", "hau", "eng_Latn")},
    **{
        f"my_data/sib200/{name}/{split}.tsv": table(texts, "index_id\ttext\tcategory", *TOPICS)
        for name in ("swh_Latn", "eng_Latn")
        for split, texts in SPLITS.items()
    },
}


@dataclass(frozen=True)
class Document:
    """What stands for a document's placeholders. files: by path; before: commands that make the others.

    commands: those in its prose, and what they leave out. options: those in its prose, and a command that
    they are added to.
    """

    files: Mapping[str, str]
    before: tuple[str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


LANGUAGE = f"xling train language --base {BASE} --language swh --text swh/ --out new/lang/swh"
TASK = f"xling train task --base {BASE} --source-language eng"
TAGS = f"{TASK} --task tagging --train train.conll --out new/task/ner"
TOPIC = f"{TASK} --task classification --train train.tsv --out new/task/topic"
SHARED = f"xling train hypernetwork --base {BASE} --text swh=swh/ --text zul=zul/ --out new/hyper/x"
FUSED = f"{TAGS} --kind fusion --store . --plan 'fuse(none, none)'"  # no module to make first
NEW_PIECES = f"xling vocabulary build --base {BASE} --language nqo --text nqo/ --out new/vocabulary/nqo"
ALIGNED = f"xling train language --base {BASE} --language nqo --parallel nqo-eng.tsv --out new/lang/nqo"
READER = {
    **{name: PLAIN for name in ("swh/all.txt", "zul/all.txt")},
    **{f"{split}.conll": tagged(texts) for split, texts in SPLITS.items()},
    "train.tsv": table(SPLITS["train"], "id\ttext\tlabel", *TOPICS),
}
DOCUMENTS = {
    "README.md": Document(
        {
            **{name: PLAIN for name in ("my_text/all.txt", "english/all.txt", "sentences.txt")},
            **READER, **NKO, **MY_DATA,
        },
        options={
            "--minutes 10": LANGUAGE,
            "--set minutes=10": TAGS,
            "--set learning_rate=3e-4": LANGUAGE,
            "--set precision=float32": LANGUAGE,
            "--set parts.reduction_factor=4": LANGUAGE,
            "--set parts.stacking=madx": TAGS,
        },
    ),
    "docs/your_language.md": Document(
        {
            "vec/test.tsv": table(SPLITS["test"], "id\ttext\tlabel", *TOPICS),
            **{f"eng/{split}.tsv": table(SPLITS[split], "id\ttext\tlabel", *TOPICS) for split in SPLITS},
            **{name: PLAIN for name in ("vec/text/all.txt", "ita.txt", "spa.txt", "eng.txt")},
            "vec/pairs.tsv": lines("vec\teng", *map("\t".join, zip(SPELLED, TEXTS, strict=True))),
            "vec/dictionary.tsv": lines("ka\thouse"),
            "vec/unlabelled.tsv": lines("id\ttext", *(f"{n}\t{text}" for n, text in enumerate(TEXTS))),
            "ha_test_participants.tsv": lines("ID\ttweet", "ha_1\tamina", "ha_2\tjuma"),
            "hau.jsonl": lines(*(f'{{"id": "ha_{n}", "text": "x", "label": "neutral"}}' for n in (1, 2))),
        },
        commands={"xling data check recipes/vec/data.yaml": ""},
        options={
            "--set romanised=true":
                "xling train language --kind lexicon --language vec --pairs vec/pairs.tsv --out latin",
        },
    ),
    "docs/vocabulary.md": Document(
        {**READER, **NKO},
        commands={
            "xling train language --language bnt --text swh=swh/ --text zul=zul/ --alpha 0.3":
                f"--base {BASE} --out modules/lang/bnt",
        },
        options={
            "--init romanised": NEW_PIECES,
            "--rank N": NEW_PIECES,
        },
    ),
    "docs/language_modules.md": Document(
        {
            **READER, **{name: PLAIN for name in ("swh.txt", "eng.txt", "english.txt")},
            "bam.txt": PLAIN.upper(),
            "bam-eng.tsv": lines("bam\teng", *(f"{line.upper()}\t{line}" for line in TEXTS)),
            "hau-eng.tsv": lines("hau\teng", *(f"{line}\t{line}" for line in TEXTS)),
            "words.tsv": lines("AMINA\tjuma"),
        },
        before=(
            "xling train language --kind lexicon --language bam --lexicon words.tsv "
            "--out modules/words/bam",
            TAGS.replace("new/", "modules/"),
        ),
        commands={
            "xling train language --language bnt --text swh=swh.txt --text eng=english.txt":
                f"--base {BASE} --out modules/lang/bnt",
        },
        options={
            "--set epochs=3": ALIGNED.replace("nqo", "bam"),
            "--set contrast=0 --set words=1": ALIGNED.replace("nqo", "bam"),
            "--set jitter=0.1": TAGS,
            "--set base_dropout=true": TAGS,
            "--set parts.leave_out='[0, 1, 2, 3, 4, 5, 6, 7]'": TAGS,
        },
    ),
    "docs/modules.md": Document(
        {**READER, "eng/all.txt": PLAIN},
        before=(
            f"{LANGUAGE} --kind lora",
            "xling module export lang/swh --format peft --store new --out their_lora",
            TAGS,
            "xling module export task/ner --format adapterhub --store new --out their_tagger",
        ),
        options={
            "--set stay=1": f"{LANGUAGE} --kind bottleneck",
            "parts.rank=16": f"{LANGUAGE} --kind lora --set",
            "parts.reduction_factor=8": f"{LANGUAGE} --kind houlsby --set",
            "parts.k=0.05": f"{LANGUAGE} --kind lt-sft --set",
            "parts.rate=10": f"{TAGS} --kind lt-sft --set",
            "--set parts.head='{pooling: mean}'": TOPIC,
            "--set l2=0.2": f"{TOPIC} --kind head",
            "--set parts.head='{dense: gelu}'": TAGS,
        },
    ),
    "docs/between_modules.md": Document(
        {
            **READER, "hau/all.txt": PLAIN, "few.conll": tagged(TEXTS[:4]), "test.txt": PLAIN,
            "words.tsv": lines("amina\tjuma"),
            "translated.jsonl": lines(
                *(f'{{"tokens": ["{own}"], "translation": "juma"}}' for own in WORDS)
            ),
        },
        before=(
            "xling train language --kind lexicon --language swh --lexicon words.tsv "
            "--out modules/words/swh",
            *(TAGS.replace("new/task/ner", f"modules/task/{own} --seed {n}") for n, own in enumerate("abc")),
            LANGUAGE.replace("new/", "modules/"),
        ),
        options={
            "--set parts.fusion=add": f"{TAGS} --kind flare",
            "--set parts.ahead=1": f"{TAGS} --kind flare",
            "--set parts.places='[after_attention, after_ffn]'": FUSED,
            "--set parts.leave_out='[0]'": f"{TAGS} --kind lora",
            "--set drop_layers=1": TAGS,
            "--set parts.source=32": SHARED,
            "--set parts.language=typology": SHARED,
            "--set alpha=1": SHARED,
            "--set task_share=0.3": SHARED,
            "--set parts.head='{pooling: mean}'":
                f"{SHARED} --source-language eng --train classification=train.tsv",
        },
    ),
}  # fmt: skip

# lines that are not run here, and why
LEFT_OUT = {
    "make demo": "it installs into .venv; what it then runs is run in its place",
    "make test": "it is the tests",
    ". .venv/bin/activate": "the environment of the tests stands for it",
}
# what is added to a command so that it ends soon, where its line does not say so itself
SHORT_RUN = (
    "--set seeds=[0]",
    "--set language_modules.training.steps=2",
    "--set language_modules.held_out=4",
    "--set task_module.training.steps=2",
    "--set task.train.count=20",
    "--set task.test.count=20",
)
CUT = {
    f"xling train language --base {BASE} --language swh --kind centre": (),  # one pass over the text
    "xling train language --kind lexicon": (),  # no training
    "xling train": ("--set steps=3",),
    "xling module weigh": ("--set steps=3",),
    "xling vocabulary build": ("--size 30",),
    "xling run": SHORT_RUN,
    "xling ablate": SHORT_RUN,
}


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[tuple[str, str]]:
    """Language and content of the fenced blocks that can be run."""
    return re.findall(r"^```(sh|python)\n(.*?)^```", text_of(document), flags=re.S | re.M)


def commands(block: str) -> Iterator[str]:
    """The lines of a block, continued ones joined."""
    yield from filter(str.strip, block.replace("\\\n", " ").splitlines())


def cut(line: str) -> list[str]:
    """The words of a command and what makes it end soon."""
    words = shlex.split(line, comments=True)
    short = next((CUT[start] for start in CUT if " ".join(words).startswith(start)), ())
    added = [option for option in short if option.partition("=")[0] not in line and "minutes" not in line]
    return [*words, *" ".join(added).split()]


@pytest.fixture
def folder(bert, tmp_path, monkeypatch) -> Path:
    """Where a reader works: the tiny base is the embedded one, and ten minutes are a few steps."""
    monkeypatch.setattr("xling.bases.base.embedded_folder", lambda name: bert.folder)
    monkeypatch.setattr("xling.training.loop._seconds_per_pass", lambda *_: 200.0)
    monkeypatch.setattr("torch.set_num_threads", lambda threads: None)  # the tests share the cores
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fill(folder: Path, name: str) -> Document:
    """A reader's files and, beside the README, the recipes."""
    document = DOCUMENTS[name]
    for path, content in document.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    if name == "README.md":
        (folder / "recipes").symlink_to(ROOT / "recipes")
    return document


@pytest.fixture
def runs(shell) -> Callable[[str], str]:
    """Run a line of xling; what it printed."""

    def run(line: str) -> str:
        words = cut(line)
        assert words[0] == "xling", line
        ended = shell(*words[1:])
        assert ended.status == 0, f"{' '.join(words)}\n{ended.err}"
        return ended.out

    return run


def demo() -> str:
    """What `make demo` runs."""
    (found,) = re.findall(r"^demo:.*\n\t\.venv/bin/(xling .*)", text_of("Makefile"), flags=re.M)
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_runs(name, folder, runs):
    document = fill(folder, name)
    for line in document.before:
        runs(line)
    assert blocks(name)
    for language, block in blocks(name):
        if language == "python":
            exec(compile(block, name, "exec"), {})
            continue
        for line in commands(block):
            plain = line.partition("#")[0].strip()
            if plain == "make demo":
                runs(f"{demo()} --set targets=[fao]")  # what the Python beneath it goes on with
            elif plain and plain not in LEFT_OUT:
                runs(line)
    for line, rest in document.commands.items():
        assert f"`{line}`" in " ".join(text_of(name).split())
        runs(f"{line} {rest}")


OPTIONS = [(name, option) for name, document in DOCUMENTS.items() for option in document.options]


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_an_option_that_the_prose_names_is_taken(name, option, folder, runs):
    document = fill(folder, name)
    assert f"`{option}`" in " ".join(text_of(name).split())
    runs(f"{document.options[option]} {option.replace(' N', ' 4')}")


def test_every_setting_in_backquotes_is_tried():
    for name, document in DOCUMENTS.items():
        prose = re.sub(r"^```.*?^```", "", text_of(name), flags=re.S | re.M)
        found = re.findall(r"`((?:--set )?[a-z_.]+=[^`]+|--[a-z]+ [0-9A-Z]+)`", " ".join(prose.split()))
        assert set(found) - set(document.options) <= {"parts.NAME=VALUE", "--set parts.NAME=VALUE"}, name


def test_what_is_left_out_stands_in_the_readme_and_the_makefile_has_it():
    found = [line.partition("#")[0].strip() for _, block in blocks("README.md") for line in commands(block)]
    assert set(LEFT_OUT) <= set(found)
    for target in re.findall(r"`?\bmake ([a-z-]+)`?", text_of("README.md")):
        assert re.search(rf"^{target}:", text_of("Makefile"), flags=re.M), target


def table_of(document: str, header: str) -> list[list[str]]:
    """The cells of a table, by what its header begins with."""
    (found,) = re.findall(
        rf"^\| {re.escape(header)}.*\n\|[-|]+\n((?:\|.*\n)+)", text_of(document), flags=re.M
    )
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in found.splitlines()]


def words_of(document: str, header: str) -> list[str]:
    """What stands in backquotes in the first cells of a table."""
    return [word for cells in table_of(document, header) for word in re.findall("`([^`]+)`", cells[0])]


@pytest.mark.parametrize(("document", "header", "known"), [
    ("README.md", "`--kind`", PRESETS),
    ("docs/modules.md", "`--kind`", PRESETS),
    ("README.md", "`--task`", TASKS),
    ("docs/vocabulary.md", "`--init`", INITIALISERS),
])  # fmt: skip
def test_the_tables_name_all_that_there_is(document, header, known):
    assert sorted(words_of(document, header)) == sorted(known)


def test_plans_in_the_documents_can_be_read():
    plans = [
        plan
        for name in DOCUMENTS
        for plan in re.findall(r"[`']((?:\w+\()?[^`'\n]* >> [^`'\n]*)[`']", text_of(name))
    ]
    assert len(plans) >= 6
    for plan in [*plans, *words_of("docs/modules.md", "plan")]:
        assert parse_plan(str(parse_plan(plan))) == parse_plan(plan)


def test_commands_in_the_readme_s_table_exist(shell):
    named = words_of("README.md", "command")
    assert len(named) >= 14
    for command in named:
        first, _, others = command.removeprefix("xling ").partition(" ")
        for other in others.split(", ") if others.islower() else [""]:
            usage = shell(first, *other.split(), "--help")
            assert usage.status == 0, (command, usage.err)


def test_links_and_recipes_are_there():
    for name in DOCUMENTS:
        folder = (ROOT / name).parent
        links = [link for link in re.findall(r"\]\(([^)]+)\)", text_of(name)) if not link.startswith("http")]
        for link in links:
            assert (folder / link).exists(), (name, link)
    for recipe in re.findall(r"recipes/\S+?\.yaml", text_of("README.md")):
        assert (ROOT / recipe).exists(), recipe


def test_the_calls_of_python_in_the_readme_s_prose_train_modules(folder):
    fill(folder, "README.md")
    prose = " ".join(text_of("README.md").split())
    calls = re.findall(r"`(xling\.train_\w+\([^`]*)\)`", prose)
    assert len(calls) == 2
    data = {split: read_conll(f"{split}.conll", language="eng") for split in SPLITS}
    names = {"xling": xling, "base": load_base(BASE), "lines": TEXTS, "eng": None, **data}
    for call in calls:
        module = eval(f"{call}, settings=short)", {**names, "short": TrainingSettings(steps=2)})
        module.save(folder / "kept")
        assert xling.Module.load(folder / "kept").facts == module.facts
    assert "`module.save(folder)` and `xling.Module.load(folder)`" in prose
