"""The README of a module, made from its facts and scores alone."""

from __future__ import annotations

from pathlib import Path

from xling.files import write_atomically
from xling.modules.module import Module

CARD = "README.md"


def write_card(module: Module, name: str, folder: Path) -> Path:
    """Write `README.md` beside the weights; it can be made again at any time."""
    path = folder / CARD
    write_atomically(path, card_text(module, name).encode("utf-8"))
    return path


def card_text(module: Module, name: str) -> str:
    """Markdown: what the module is, what it was made from, how to use it, how it scored."""
    facts = module.facts
    kinds = " + ".join(part.config.kind for part in module.parts)
    about = f"language {facts.language}" if facts.language else f"task {facts.task} learned in {facts.source}"
    rows = {
        "parts": kinds,
        "base": f"{facts.base} {facts.base_revision or ''} `{facts.base_fingerprint[:19]}`",
        "tokenizer": f"`{facts.tokenizer_fingerprint[:19]}`",
        "on top of": ", ".join(f"{below} `{checksum[:19]}`" for below, checksum in facts.below),
        "labels": ", ".join(facts.labels),
        "residual convention": _stacking(module),
        "data": ", ".join(f"{card} `{checksum[:19]}`" for card, checksum in facts.cards),
        "licence": facts.licence,
        "training": _training(module),
        "xling": facts.xling_version,
        **{key.replace("_", " "): value for key, value in module.scores.items()},
    }
    said = {key: value for key, value in rows.items() if value not in (None, "")}
    table = "\n".join(f"| {key} | {value} |" for key, value in said.items() if not isinstance(value, list))
    below = " >> ".join(own for own, _ in facts.below)
    plan = f"{name}" if facts.language else f"{below or 'none'} >> {name}"
    return (
        f"# {name}\n\nA module of xling: {about}.\n\n| | |\n|---|---|\n{table}\n\n"
        f"```python\nimport xling\n\nbase = xling.load_base({facts.base!r})\n"
        f'model = xling.compose(base, "{plan}", store=xling.Store("."))\n```\n'
    )


def _training(module: Module) -> str:
    facts = module.facts
    said = f"{facts.steps} steps, seed {facts.seed}, {facts.threads} threads"
    return f"{said}, {facts.precision}" if facts.precision else said


def _stacking(module: Module) -> str | None:
    part = module.part("bottleneck")
    return None if part is None else part.config.model_dump()["stacking"]
