"""A whole experiment in small: two languages, a tagging task, cards and data of its own."""

from __future__ import annotations

from pathlib import Path

import yaml

from support.tiny import TEXTS, WORDS

KINDS = {"amina": "B-PER", "juma": "B-PER", "nairobi": "B-LOC", "dodoma": "B-LOC", "moshi": "B-LOC"}


def write_recipe(folder: Path, base: str, *, steps: int = 4, checkpoint_every: int = 2) -> Path:
    """Write data, cards and recipe below `folder`; paths in them are relative to its parent's cwd."""
    data = folder / "data"
    data.mkdir(parents=True)
    for number, language in enumerate(("eng", "swh")):
        lines = TEXTS[number::2]
        (data / f"{language}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for split, part in (("train", lines[:40]), ("dev", lines[40:50]), ("test", lines[50:])):
            text = "\n".join("".join(f"{w} {KINDS.get(w, 'O')}\n" for w in line.split()) for line in part)
            (data / f"{language}-{split}.txt").write_text(text, encoding="utf-8")
    assert set(KINDS) <= set(WORDS)
    shared = {"source": "made up", "citation": "none", "licence": {"id": "CC0-1.0"}}
    languages = {"eng": "eng", "swh": "swh"}
    spans = {"title": "Spans", "task": "tagging", "format": "conll", "splits": ["train", "dev", "test"]}
    write(
        folder / "spans.yaml", spans | shared | {"languages": languages, "layout": "{upstream}-{split}.txt"}
    )
    text = {"title": "Text", "task": "text", "format": "text", "splits": ["train"]}
    write(folder / "plain.yaml", text | shared | {"languages": languages, "layout": "{upstream}.txt"})
    training = {
        "steps": steps,
        "batch_tokens": 64,
        "max_length": 32,
        "checkpoint_every": checkpoint_every,
        "learning_rate": 0.01,
        "evaluate_every": max(1, steps // 2),
        "base_dropout": True,
    }
    card = str(folder / "spans.yaml")
    return write(
        folder / "tiny.yaml",
        {
            "name": "tiny",
            "base": base,
            "source": "eng",
            "targets": ["swh"],
            "task": {
                "name": "tagging",
                "title": "ner",
                "train": {"card": card, "split": "train"},
                "dev": {"card": card, "split": "dev"},
                "test": {"card": card, "split": "test"},
            },
            "language_modules": {
                "text": {"card": str(folder / "plain.yaml"), "split": "train"},
                "held_out": 4,
                "kind": "madx",
                "training": training,
            },
            "task_module": {"kind": "bottleneck", "options": {"reduction_factor": 2}, "training": training},
        },
    )


def write(path: Path, value: dict) -> Path:
    """YAML."""
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    return path
