"""What a prediction costs under modules that are combined, beside the task module alone.

    python benchmarks/between_cost.py

Names are tagged in sentences of the CLDR under a task module alone and under each plan, in turns, in one
process; their medians are compared. The modules are untrained but moved, which changes what is predicted and
not what it takes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import torch
from ledger import Row, append, here, in_turns
from make_results import DOCS

import xling
from xling.bases.base import Base, load_base
from xling.composition.fitting import base_facts
from xling.data import cldr
from xling.makers.composed_model import ComposedModel
from xling.modules.hypernetwork import HypernetworkConfig
from xling.modules.module import Module
from xling.modules.profile import Profile
from xling.modules.registry import learning_preset, preset
from xling.tasks.registry import task_named

QUESTION = "between-cost"
LANGUAGE, OTHERS = "swh", ("hau", "ibo", "yor")
FOUR = f"lang/{LANGUAGE}, {', '.join(f'lang/{tag}' for tag in OTHERS)}"
ALONE = "alone"
PLANS = {
    ALONE: "task/ner",
    "own": f"lang/{LANGUAGE} >> task/ner",
    "related": "mean(lang/hau, lang/ibo) >> task/ner",
    "vote of two": "vote(task/ner, task/ner)",
    "emea-1": "emea(lang/hau, lang/ibo; 1) >> task/ner",
    "emea-10": "emea(lang/hau, lang/ibo; 10) >> task/ner",
    "fusion of four": f"fuse({FOUR}; fusion/four) >> task/ner",
    "scalearn of four": f"fuse({FOUR}; scalearn/four) >> task/ner",
    "auto of four": f"route({', '.join(f'auto: {name}' for name in FOUR.split(', '))}, *: none) >> task/ner",
    "hyper-x": "hyper/x",
    "arrow of four": f"arrow({FOUR.replace('lang', 'lora')}; 2) >> task/ner",
}


def modules(base: Base) -> Mapping[str, Module]:
    """Return the modules that the plans name."""
    labels = tuple(f"{own}-{kind}" for kind in ("PER", "LOC", "ORG") for own in "BI") + ("O",)
    head, shape = task_named("tagging").head(labels, base), base.shape
    of_task = base_facts(base, task="tagging", labels=labels)
    network = preset("hyper-x", {"source": 32})[0]
    assert isinstance(network, HypernetworkConfig)
    shared = network.shared_by(["tagging"], [LANGUAGE, *OTHERS])
    made = {
        "task/ner": Module.fresh([*preset("bottleneck"), head], shape, of_task),
        "hyper/x": Module.fresh([shared, head], shape, of_task),
        "fusion/four": Module.fresh(learning_preset("fusion", branches=4), shape, base_facts(base)),
        "scalearn/four": Module.fresh(learning_preset("scalearn", branches=4), shape, base_facts(base)),
    }
    for tag in (LANGUAGE, *OTHERS):
        facts = base_facts(base, language=tag, profile=str(Profile.of(cldr.text(tag))))
        made[f"lang/{tag}"] = Module.fresh(preset("bottleneck"), shape, facts)
        made[f"lora/{tag}"] = Module.fresh(preset("lora"), shape, facts)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for network in (network for module in made.values() for network in module.networks):
            for value in network.parameters():
                value.add_(torch.randn(value.shape, generator=generator) * 0.01)
    return made


def measure(base: Base, options: argparse.Namespace) -> list[Row]:
    """Return a row for each plan: how many times as long it takes as the task module alone."""
    found = modules(base)
    sentences = [own.tokens for own in cldr.sentences(LANGUAGE, "test", count=options.rows)]
    models = {name: xling.compose(base, plan, modules=found) for name, plan in PLANS.items()}

    def reading(model: ComposedModel) -> Callable[[int], None]:
        def read(number: int) -> None:
            model.predict(sentences, language=LANGUAGE)

        return read

    times = in_turns({name: reading(model) for name, model in models.items()}, options.runs)
    middle = {name: median(own) for name, own in times.items()}
    return [
        {
            "question": QUESTION,
            "plan": PLANS[name],
            "times as long": round(middle[name] / middle[ALONE], 2),
            "ms a sentence": round(1000 * middle[name] / len(sentences), 2),
            "rounds": options.runs,
            "sentences": len(sentences),
            "threads": torch.get_num_threads(),
            "base": options.base,
            **here(),
        }
        for name in PLANS
    ]


def main() -> None:
    """Measure, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=DOCS / "results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for row in measure(load_base(options.base), options):
        append(options.out, [row])
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
