"""The facts of a module: what identifies it, how it was made, and what it descends from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from xling.errors import InputError
from xling.faults import faults

_SIZES = {"hidden": 1 << 17, "layers": 1 << 10}  # no encoder has larger ones
_STRICT = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Descent:
    """What a module descends from, directly or through other modules; sorted, each once.

    Attributes:
        files: The checksums of the files' unpacked content. Their names and places are left out, so that
            copies of the same data give the same facts.
        cards: The names of the data cards or files.
        modules: The fingerprints of the modules: below it, continued, teaching or labelling.
    """

    files: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    __pydantic_config__: ClassVar = _STRICT

    @classmethod
    def of(
        cls, *, files: Iterable[str] = (), cards: Iterable[str] = (), modules: Iterable[str] = ()
    ) -> Descent:
        """Return a descent in order; empty texts are left out."""
        ordered = (tuple(sorted(set(filter(None, own)))) for own in (files, cards, modules))
        return cls(**dict(zip(("files", "cards", "modules"), ordered, strict=True)))

    @classmethod
    def joined(cls, descents: Iterable[Descent]) -> Descent:
        """Return everything that any of some descents has."""
        whole = list(descents)
        return cls.of(
            files=(one for own in whole for one in own.files),
            cards=(one for own in whole for one in own.cards),
            modules=(one for own in whole for one in own.modules),
        )


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts that identify a module; the same run gives the same facts, so times and scores are left out.

    Attributes:
        base: The id of the base, or None for a module that serves every base; `base_revision` is its Hub
            revision, or None.
        base_fingerprint: The fingerprint of the encoder's tensors.
        tokenizer_fingerprint: The fingerprint of the base's tokenizer.
        hidden: The width of the encoder's states; `layers` is the number of its layers.
        mlm_head_fingerprint: The fingerprint of the MLM head that a language module was trained with.
        language: The canonical tag of the language, for a language module.
        profile: The character profile of that language's text (`xling.modules.profile`); empty without one.
        source: The language that a task was learned in.
        task: The name of the task, for a task module; `labels` are its label names.
        heads: The task and the labels of each head, in their order, for a module that several tasks share.
        below: The frozen modules under a task module in training: (name, fingerprint), the lowest first.
        recipe: The text of the recipe, if there was one.
        cards: The name and checksum of each data card.
        descent: The data and the modules that it descends from, in all steps.
        seed: The random seed.
        steps: The number of training steps.
        threads: The number of CPU threads.
        precision: The precision of the matrix products in training.
        making: The settings of the training and what its data were.
        licence: The strictest licence of the data.
        xling_version: The version of xling that made the module.
    """

    base: str | None = None
    base_revision: str | None = None
    base_fingerprint: str | None = None
    tokenizer_fingerprint: str | None = None
    hidden: int = 0
    layers: int = 0
    mlm_head_fingerprint: str | None = None
    language: str | None = None
    profile: str = ""
    source: str | None = None
    task: str | None = None
    labels: tuple[str, ...] = ()
    heads: tuple[tuple[str, tuple[str, ...]], ...] = ()
    below: tuple[tuple[str, str], ...] = ()
    recipe: str = ""
    cards: tuple[tuple[str, str], ...] = ()
    descent: Descent = Descent()
    seed: int = 0
    steps: int = 0
    threads: int = 0
    precision: str | None = None
    making: Mapping[str, Any] = field(default_factory=dict)
    licence: str | None = None
    xling_version: str = ""
    __pydantic_config__: ClassVar = _STRICT

    @property
    def rests_on(self) -> list[tuple[str, str]]:
        """The modules that it was made with: their names or roles (`init`), and their fingerprints."""
        return list(dict.fromkeys((*self.below, *self.making.get("modules", {}).items())))

    @property
    def ancestry(self) -> Descent:
        """What it descends from, also where an earlier version recorded only the first step."""
        own = Descent.of(
            cards=(name for name, _ in self.cards), modules=(found for _, found in self.rests_on)
        )
        return Descent.joined((self.descent, own))


_FACTS, _MADE_WITH = TypeAdapter(Facts), TypeAdapter(dict[str, str], config=_STRICT)


def read_facts(values: Mapping[str, Any], where: Path) -> Facts:
    """Return the facts that a module's file states. Raises InputError for facts that cannot be.

    values: by name. What earlier versions did not state has its default.
    """
    for name, most in _SIZES.items():
        least, most = (0, 0) if values.get("base") is None else (1, most)
        if type(values.get(name)) is not int or not least <= values[name] <= most:
            raise InputError(f"{name} = {values.get(name)!r} is no size of an encoder", where=where)
    try:
        found = _FACTS.validate_json(json.dumps({**values, "below": _below(values.get("below"))}))
        _MADE_WITH.validate_python(found.making.get("modules", {}))
    except ValidationError as error:
        raise InputError(
            f"facts that this xling cannot read: {faults(error, BaseModel)}",
            where=where,
            hint="update xling, or fetch the module again",
        ) from error
    return found


def _below(value: Any) -> Any:
    """Return names with fingerprints; earlier versions stored a single name."""
    if value is None or isinstance(value, str):
        return ((value, ""),) if value else ()
    return value
