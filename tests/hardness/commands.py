"""The commands that write, on tiny files: what is killed, and what races."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.tiny import TEXTS, tiny_base
from support.tiny_recipe import write_recipe
from support.writing import conll, table

from hardness.forked import run, warm

STEPS = ("--set", "steps=4", "--set", "checkpoint_every=1", "--set", "batch_tokens=64")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command with its words, in which `{files}` is the folder of its inputs.

    refuses: whether it refuses, in place of keeping it, a result that is there.
    """

    words: str
    refuses: bool = False

    def told(self, files: Path) -> list[str]:
        return [*self.words.format(files=files, steps=" ".join(STEPS)).split(), "--quiet"][: _quiet(self)]


def _quiet(command: Command) -> int | None:
    """Commands that never say anything have no --quiet."""
    return -1 if command.words.split()[0] in ("recipe", "retrieve", "module", "evaluate", "report") else None


_TRAIN = (
    "train language --base {files}/base --language swh --text {files}/text.txt --out out/lang/swh {steps}"
)
_PLAN = "--base {files}/base --store {files}/store --plan task/ner"
_RETRIEVE = (
    "retrieve --base {base} --language swh --other-language eng --pairs {{files}}/pairs.tsv "
    "--out out/found.json"
)
COMMANDS: Mapping[str, Command] = {
    "run": Command(words="run {files}/recipe/tiny.yaml --data-root {files}/recipe/data --out out"),
    "run lt-sft": Command(
        words="run {files}/recipe/tiny.yaml --data-root {files}/recipe/data --out out --set name=sparse "
        "--set language_modules.kind=lt-sft --set language_modules.options.k=0.1"
    ),
    "ablate": Command(words="ablate {files}/recipe/tiny.yaml --data-root {files}/recipe/data --out out"),
    "train language": Command(words=_TRAIN),
    "train language lt-sft": Command(words=_TRAIN + " --kind lt-sft --set parts.k=0.1"),
    "train language, no head": Command(words=_TRAIN.replace("/base", "/headless")),
    "train task": Command(
        words="train task --base {files}/base --task tagging --source-language eng --out out/task/ner "
        "--train {files}/train.conll --dev {files}/train.conll {steps}"
    ),
    "train fusion": Command(
        words="train task --base {files}/base --task tagging --source-language eng --out out/fusion/ner "
        "--plan fuse(task/ner) --store {files}/store --kind fusion --train {files}/train.conll {steps}"
    ),
    "train hypernetwork": Command(
        words="train hypernetwork --base {files}/base --text swh={files}/text.txt --source-language eng "
        "--train tagging={files}/train.conll --out out/hyper/x --set parts.source=8 {steps}"
    ),
    "train hypernetwork further": Command(
        words="train hypernetwork --base {files}/base --text eng={files}/text.txt --plan lang/lora>>new "
        "--init {files}/store/hyper/x --store {files}/store --out out/hyper/further {steps}"
    ),
    "module generate": Command(
        words="module generate hyper/x --language swh --store {files}/store --out out/lang/made",
        refuses=True,
    ),
    "train lexicon": Command(
        words="train language --base {files}/base --language swh --kind lexicon --out out/words/swh "
        "--pairs {files}/pairs.tsv"
    ),
    "vocabulary build": Command(
        words="vocabulary build --base {files}/base --language swh --text {files}/text.txt --size 34 "
        "--out out/lang/voc"
    ),
    "module import": Command(
        words="module import {files}/exported --format peft --base {files}/base --language swh "
        "--out out/lang/imported",
        refuses=True,
    ),
    "module export": Command(
        words="module export lang/lora --format peft --store {files}/store --out out/exported", refuses=True
    ),
    "module merge": Command(
        words="module merge --base {files}/base --store {files}/store --plan lang/lora>>task/plain "
        "--out out/merged",
        refuses=True,
    ),
    "predict": Command(words="predict " + _PLAN + " --input {files}/train.conll --output out/p.jsonl"),
    "evaluate": Command(
        words="evaluate " + _PLAN + " --task tagging --data {files}/train.conll --out out/scores.json"
    ),
    "project": Command(
        words="project --task {files}/store/task/ner --pairs {files}/pairs.tsv --language swh "
        "--out out/projected.jsonl",
        refuses=True,
    ),
    "retrieve": Command(words=_RETRIEVE.format(base="{files}/base")),
    "retrieve, embedded base": Command(words=_RETRIEVE.format(base="embedded:multilingual-e5-small")),
    "recipe new": Command(
        words="recipe new --language swh --task tagging --test {files}/train.conll "
        "--train {files}/train.conll --dev {files}/train.conll --base {files}/base --licence CC0-1.0 "
        "--out out/mine",
        refuses=True,
    ),
    "submit": Command(
        words="submit masakhaner --predictions {files}/p.jsonl --test-file {files}/swa.txt --out out/s.zip"
    ),
}  # fmt: skip

SEEN_WHILE_WRITTEN = (
    "module list --store out/tiny/modules",
    "module verify task/ner-alone --store out/tiny/modules",
    "predict --base {files}/base --store out/tiny/modules --plan task/ner-alone --input {files}/train.conll "
    "--output seen/p.jsonl",
)


def inputs(files: Path) -> Path:
    """Make the inputs of all commands below a folder, and return it."""
    warm()
    files.mkdir(parents=True)
    tiny_base("bert", files / "base")
    tiny_base("bert", files / "headless", head=False, seed=1)
    (files / "text.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    conll(files)
    table(files)
    write_recipe(files / "recipe", str(files / "base"))
    pairs = [f"{line}\t{line.upper()}" for line in TEXTS[:40]]
    (files / "pairs.tsv").write_text("\n".join(["swh\teng", *pairs]) + "\n", encoding="utf-8")
    (files / "swa.txt").write_text("amina\nnairobi\n\njuma\n", encoding="utf-8")
    rows = ('{"id": "0", "tokens": ["amina", "nairobi"], "tags": ["B-PER", "O"]}',
            '{"id": "1", "tokens": ["juma"], "tags": ["B-PER"]}')  # fmt: skip
    (files / "p.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for words in (
        COMMANDS["train task"].words.replace("out/task/ner", "{files}/store/task/plain") + " --kind head",
        COMMANDS["train task"].words.replace("out/", "{files}/store/"),
        _TRAIN.replace("out/lang/swh", "{files}/store/lang/lora") + " --kind lora",
        COMMANDS["train hypernetwork"].words.replace("out/", "{files}/store/"),
        "module export lang/lora --format peft --store {files}/store --out {files}/exported",
    ):
        ended = run(Command(words=words).told(files), files)
        assert ended.status == 0, ended.err
    return files
