"""Modules as one version of xling saved them, with what it computed: later versions must compute the same.

    PYTHONPATH=CHECKOUT:CHECKOUT/tests python tests/samples/record.py

CHECKOUT holds the version whose modules are kept; what lies here was recorded with commit c4fc76e. A folder
for each family of encoders: `base` (random, in half precision, which float32 holds exactly), `store` (the
modules, files of the version itself), `outputs.safetensors` (a batch and, under the text of each plan, its
last states or its scores) and `expected.json` (facts of the modules, and predictions for texts).

Record again only to add modules of a later version, in another folder: these files show that the old ones
are still read.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file
from support.making import batch, facts, own_vocabulary
from support.tiny import tiny_base
from torch import Tensor

import xling
from xling.bases.base import Base, load_base
from xling.composition.composed import Composition
from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.makers.composed_model import compose
from xling.modules.biaffine import BiaffineConfig
from xling.modules.kind import PartConfig
from xling.modules.module import Module
from xling.modules.registry import PRESETS
from xling.store.store import Store
from xling.tasks.registry import task_named

HERE = Path(__file__).parent
WHOLE = "bert"  # the family with every module; the others have those whose reading depends on the family
FAMILIES = (WHOLE, "roberta", "modernbert")
EVERYWHERE = ("madx", "lora")
FLOAT16 = "full"
ROWS = ("swh", "nqo", "und")  # the language of each row of the batch
LABELS = {
    "tagging": ("O", "B-X", "I-X"),
    "classification": ("no", "yes"),
    "parsing": ("nsubj", "obj", "root"),
    "pos": ("NOUN", "VERB", "X"),
    "intent-slots": ("O", "B-x", "I-x", "intent:ask", "intent:tell"),
    "multi-label": ("glad", "sad"),
    "question-answering": ("start", "end"),
    "multiple-choice": ("right",),
}
PLANS = (
    "none",
    "lang/madx >> task/tagging",
    "lang/lora >> lang/madx",
    "mean(lang/madx, lang/lora; 0.7, 0.3) >> task/classification",
    "route(swh: lang/lora, nqo: lang/madx, *: none) >> task/tagging",
)
MORE_PLANS = (
    "lang/bottleneck >> lang/parallel >> lang/full",
    "route(swh: lang/lora, nqo: lang/lt-sft, *: none)",
    "mean(lang/houlsby, lang/ia3)",
    "average(lang/bottleneck, lang/bottleneck-again; 2, 1)",
    "lang/own-vocabulary >> task/parsing",
    "route(swh: lang/bottleneck, nqo: lang/own-vocabulary, *: none) >> task/tagging",
)
_WORDS = [["amina", "anaishi", "nairobi"], ["juma", "alisoma", "kitabu", "katika", "shule"]]
_TEXTS = ["amina alisoma kitabu leo", "moshi na dodoma"]
_PAIRS = [["amina alisoma", "kitabu leo"], ["moshi na dodoma", "mtoto ya shule"]]
TEXTS: dict[str, Sequence[Any]] = {
    "tagging": _WORDS,
    "classification": _TEXTS,
    "parsing": _WORDS,
    "pos": _WORDS,
    "intent-slots": _WORDS,
    "multi-label": _PAIRS,
    "question-answering": [{"context": "amina anaishi nairobi na juma", "question": "nairobi ya amina"}],
    "multiple-choice": [{"context": "amina alisoma", "question": "effect", "choices": ["leo", "kesho"]}],
}
PRINTS = ("base_fingerprint", "tokenizer_fingerprint")
FACTS = ("language", "source", "task", "labels", *PRINTS, "licence", "seed")


def half_base(family: str, folder: Path) -> Base:
    """A tiny base whose weights were rounded to half precision, opened from its folder."""
    tiny_base(family, folder)
    weights = folder / "model.safetensors"
    save_file({name: value.half() for name, value in load_file(weights).items()}, weights, {"format": "pt"})
    for path in folder.glob("*.json"):
        path.write_text(dumped(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    return replace(load_base(folder), id=f"tiny/{family}")


def dumped(value: Any) -> str:
    """Short JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def moved(base: Base, configs: Sequence[PartConfig], *, seed: int, **named: Any) -> Module:
    """A module whose every parameter was moved, with the facts that a training would give it."""
    cards = (("made-up", f"sha256:{seed:064x}"),)
    told = {"recipe": "samples", "cards": cards, "licence": "CC-BY-4.0", "steps": 10 * seed, "threads": 1}
    module = Module.fresh(configs, base.shape, facts(base, seed=seed, xling_version="0.1.0", **told, **named))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in (value for network in module.networks for value in network.parameters()):
            value.add_(0.2 * torch.randn(value.shape, generator=generator))
    return replace(module, scores={"loss": 1.5 + seed})


def task_module(base: Base, task: str, seed: int) -> Module:
    """A bottleneck under the task's own head."""
    labels = LABELS[task]
    small = {"arc_size": 4, "relation_size": 3}
    head = BiaffineConfig(relations=3, **small) if task == "parsing" else task_named(task).head(labels, base)
    named = {"task": task, "labels": labels, "source": "eng", "below": "lang/madx"}
    return moved(base, (*PRESETS["bottleneck"], head), seed=seed, **named)


def modules(base: Base, family: str) -> Iterator[tuple[str, Module]]:
    """Every module of a family, under its name."""
    presets, tasks = (tuple(PRESETS), tuple(LABELS)) if family == WHOLE else (EVERYWHERE, tuple(LABELS)[:2])
    for seed, name in enumerate(presets, 1):
        yield f"lang/{name}", moved(base, PRESETS[name], seed=seed, language="swh")
    for seed, task in enumerate(tasks, 50):
        yield f"task/{task}", task_module(base, task, seed)
    if family == WHOLE:
        yield "lang/bottleneck-again", moved(base, PRESETS["bottleneck"], seed=90, language="yor")
        yield "lang/own-vocabulary", own_vocabulary(base, seed=91).with_facts(language="nqo")


def outputs(base: Base, store: Store, plans: Sequence[str]) -> dict[str, Tensor]:
    """The batch, and what each plan computes of it: scores where it has a task module, else states."""
    ids, mask = batch(base, rows=len(ROWS), length=5, seed=7)
    found = {"ids": ids, "mask": mask}
    for plan in plans:
        composition = Composition(base, grow(parse(plan), store.get))
        call = composition.scores if "task/" in plan else composition
        with torch.no_grad():
            found[plan] = call(ids, mask, ROWS).contiguous()
    return found


def predictions(base: Base, store: Store) -> Iterator[dict[str, Any]]:
    """What each task module predicts for texts, a language module under it."""
    for task in (name.removeprefix("task/") for name in store.names() if name.startswith("task/")):
        plan, given = f"lang/madx >> task/{task}", TEXTS[task]
        rows = compose(base, plan, store=store).predict(given, language="swh")
        yield {"plan": plan, "language": "swh", "inputs": given, "rows": rows}


def expected(base: Base, store: Store) -> dict[str, Any]:
    """What is not a tensor."""
    libraries = {library.__name__: library.__version__ for library in (torch, transformers, tokenizers)}
    told = {
        name: {**{fact: getattr(module.facts, fact) for fact in FACTS}, "scores": dict(module.scores)}
        for name, module in store
    }
    recorded = {"commit": commit(), **libraries}
    return {"recorded": recorded, "rows": ROWS, "modules": told, "predictions": [*predictions(base, store)]}


def commit() -> str:
    """That of the code that runs."""
    said = subprocess.run(
        ["git", "-C", str(Path(xling.__file__).parent), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.strip()


def record(family: str, folder: Path) -> None:
    """Fill a family's folder."""
    base = half_base(family, folder / "base")
    for name, module in modules(base, family):
        module.save(folder / "store" / name, float16=name == f"lang/{FLOAT16}")
    store = Store(folder / "store")
    plans = (*store.names(), *PLANS, *(MORE_PLANS if family == WHOLE else ()))
    computed = outputs(base, store, plans)
    same = [plan for plan in plans if plan != "none" and torch.equal(computed[plan], computed["none"])]
    assert not same, f"these plans change nothing: {same}"
    save_file(computed, folder / "outputs.safetensors")
    (folder / "expected.json").write_text(dumped(expected(base, store)), encoding="utf-8")


def without_bfloat16() -> None:
    """That version predicted in bfloat16 where the processor has units for it, and float32 elsewhere."""
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        setattr(torch.cpu, name, lambda: False)


def main() -> None:
    """Record the families."""
    torch.set_num_threads(1)
    without_bfloat16()
    for family in FAMILIES:
        with tempfile.TemporaryDirectory() as made:
            record(family, Path(made))
            shutil.rmtree(HERE / family, ignore_errors=True)
            shutil.copytree(made, HERE / family)


if __name__ == "__main__":
    main()
