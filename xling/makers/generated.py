"""Ordinary modules out of a hypernetwork: what it generates for one language and one task."""

from __future__ import annotations

from dataclasses import replace

from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.modules.hypernetwork import Hypernetwork
from xling.modules.module import Module, Part
from xling.modules.registry import KINDS
from xling.sites import EncoderShape
from xling.store.lineage import descent_through, module_fingerprint


def generate(module: Module, *, language: str | None = None, task: str | None = None) -> Module:
    """Return the bottlenecks that a hypernetwork has for rows of a language, as a module of its own.

    language: the tag of the language; without one, what depends on the language is left out.
    task: the task whose head comes with it; without one the result is a language module.

    Raises InputError when the module is no hypernetwork, or does not know the language or the task.
    """
    network = next((own for own in module.networks if isinstance(own, Hypernetwork)), None)
    if network is None:
        kinds = " + ".join(part.config.kind for part in module.parts)
        hint = "train a hypernetwork with xling train hypernetwork"
        raise InputError(f"a {kinds} module generates none", where="module generate", hint=hint)
    if language is None and task is None:
        raise InputError(
            "the module is generated for a language", where="--language", choices=network.config.languages
        )
    own = module.of_task(task)
    heads = tuple(part for part in own.parts if KINDS[part.config.kind].head)
    shape = EncoderShape(hidden=module.facts.hidden, layers=module.facts.layers)
    parts = []
    if language is not None or not network.reads_language:
        made = network.bottlenecks(language or UNKNOWN, task, shape)
        parts = [Part(made.config, made.config.kind, made)]
    known = {"language": language, "task": task, "modules": {"hypernetwork": module_fingerprint(module)}}
    facts = replace(
        own.facts,
        language=None if task else language,
        source=own.facts.source if task else None,
        heads=(),
        descent=descent_through(module),
        making={"plan": "new", **known},
    )
    return Module((*parts, *heads), facts)
